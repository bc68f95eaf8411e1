;; An organization whose members vote on proposals. A proposal is a contract: when more than half of the members are
;; for it, anybody may have the organization call it. It acts as the organization then, and may spend what its
;; budget was when it was proposed.
(use-trait proposal-trait .dao-trait.proposal-trait)

(define-constant ERR-NOT-MEMBER (err u401))
(define-constant ERR-NOT-PASSED (err u402))
(define-constant ERR-NOT-PROPOSED (err u404))
(define-constant ERR-VOTED (err u409))
(define-constant ERR-EXECUTED (err u410))
(define-constant ERR-OVER-BUDGET (err u411))
(define-constant FOUNDER tx-sender)

(define-data-var members uint u0)
(define-map is-member principal bool)
(define-map proposals principal { budget: uint, yes: uint, no: uint, executed: bool })
(define-map votes { proposal: principal, member: principal } bool)

(define-read-only (get-proposal (proposal principal)) (map-get? proposals proposal))
(define-read-only (get-members) (var-get members))

;; The founder lets members in.
(define-public (admit (who principal))
  (begin
    (asserts! (is-eq tx-sender FOUNDER) ERR-NOT-MEMBER)
    (asserts! (map-insert is-member who true) ERR-VOTED)
    (var-set members (+ u1 (var-get members)))
    (ok true)))

(define-public (propose (proposal <proposal-trait>))
  (let ((budget (try! (contract-call? proposal get-budget))) (text (try! (contract-call? proposal describe))))
    (try! (check-member))
    (asserts! (map-insert proposals (contract-of proposal) { budget: budget, yes: u0, no: u0, executed: false }) ERR-VOTED)
    (print { event: "proposed", proposal: (contract-of proposal), text: text, budget: budget })
    (ok true)))

(define-public (vote (proposal principal) (is-yes bool))
  (let ((found (unwrap! (map-get? proposals proposal) ERR-NOT-PROPOSED)))
    (try! (check-member))
    (asserts! (map-insert votes { proposal: proposal, member: tx-sender } is-yes) ERR-VOTED)
    (map-set proposals proposal
      (merge found (if is-yes { yes: (+ u1 (get yes found)), no: (get no found) } { yes: (get yes found), no: (+ u1 (get no found)) })))
    (ok true)))

(define-public (execute (proposal <proposal-trait>))
  (let ((id (contract-of proposal)) (found (unwrap! (map-get? proposals id) ERR-NOT-PROPOSED)))
    (asserts! (not (get executed found)) ERR-EXECUTED)
    (asserts! (> (* u2 (get yes found)) (var-get members)) ERR-NOT-PASSED)
    ;; First, so that a proposal that calls back finds it done.
    (map-set proposals id (merge found { executed: true }))
    (match (as-contract? ((with-stx (get budget found))) (try! (contract-call? proposal execute)))
      done (ok done)
      index ERR-OVER-BUDGET)))

(define-private (check-member)
  (ok (asserts! (default-to false (map-get? is-member tx-sender)) ERR-NOT-MEMBER)))
