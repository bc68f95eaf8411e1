;; Takes one micro-STX more than it may.
(impl-trait .strategy-trait.strategy-trait)

(define-public (work (ustx uint))
  (stx-transfer? (+ ustx u1) tx-sender current-contract))
