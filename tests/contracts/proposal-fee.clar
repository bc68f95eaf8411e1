;; A proposal that changes another contract, and spends nothing.
(impl-trait .dao-trait.proposal-trait)

(define-read-only (describe) (ok "The exchange takes one percent"))
(define-read-only (get-budget) (ok u0))
(define-public (execute) (contract-call? .amm set-fee u100))
