;; A vault whose owner lets other contracts work with what is in it, and need not trust them: allowances say what
;; may leave. Needs Clarity 4.
;;
;; `as-contract?` gives `(err index)` when its body has moved more than the allowance at that index; `(err u128)`
;; when it has moved what no allowance is for. Whatever the body did is undone then.
(use-trait strategy-trait .strategy-trait.strategy-trait)

(define-constant ERR-NOT-OWNER (err u401))
;; Above the errors of allowances, which are 0 to 128.
(define-constant ALLOWANCE-BROKEN u1000)
(define-constant OWNER tx-sender)

(define-read-only (get-balances)
  { ustx: (stx-get-balance current-contract), coins: (unwrap-panic (contract-call? .coin get-balance current-contract)) })

(define-public (deposit (ustx uint) (coins uint))
  (begin
    (and (> ustx u0) (try! (stx-transfer? ustx tx-sender current-contract)))
    (and (> coins u0) (try! (contract-call? .coin transfer coins tx-sender current-contract none)))
    (ok true)))

(define-public (withdraw (ustx uint))
  (let ((owner tx-sender))
    (try! (check-owner))
    (as-contract? ((with-stx ustx)) (try! (stx-transfer? ustx tx-sender owner)))))

;; Lets a strategy work with so many micro-STX of the vault, and no coins of it.
(define-public (run (strategy <strategy-trait>) (ustx uint))
  (begin
    (try! (check-owner))
    (match (as-contract? ((with-stx ustx) (with-ft .coin "coin" u0)) (try! (contract-call? strategy work ustx)))
      done (ok done)
      index (err (+ ALLOWANCE-BROKEN index)))))

;; Tries a strategy with the caller's own assets: so many micro-STX may leave the caller, and nothing else. As a
;; post-condition says it, but the contract goes on when it is broken: gives whether the strategy kept to it.
(define-public (try-out (strategy <strategy-trait>) (ustx uint))
  (match (restrict-assets? tx-sender ((with-stx ustx)) (try! (contract-call? strategy work ustx)))
    done (ok true)
    index (begin
      (print { event: "stopped", strategy: (contract-of strategy), allowance: index })
      (ok false))))

(define-private (check-owner)
  (ok (asserts! (is-eq tx-sender OWNER) ERR-NOT-OWNER)))
