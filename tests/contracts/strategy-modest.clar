;; Takes half of what it may.
(impl-trait .strategy-trait.strategy-trait)

(define-public (work (ustx uint))
  (stx-transfer? (/ ustx u2) tx-sender current-contract))
