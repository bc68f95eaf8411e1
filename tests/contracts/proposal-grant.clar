;; A proposal that spends what it says.
(impl-trait .dao-trait.proposal-trait)

(define-constant ASKED u250000)
(define-constant GRANTEE tx-sender)

(define-read-only (describe) (ok "A quarter of an STX for the author of this contract"))
(define-read-only (get-budget) (ok ASKED))
(define-public (execute) (stx-transfer? ASKED tx-sender GRANTEE))
