;; A proposal that spends one micro-STX more than it says: the organization's allowance stops it.
(impl-trait .dao-trait.proposal-trait)

(define-constant ASKED u250000)
(define-constant GRANTEE tx-sender)

(define-read-only (describe) (ok "A quarter of an STX, honestly"))
(define-read-only (get-budget) (ok ASKED))
(define-public (execute) (stx-transfer? (+ u1 ASKED) tx-sender GRANTEE))
