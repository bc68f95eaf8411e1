;; Takes no STX, but a coin.
(impl-trait .strategy-trait.strategy-trait)

(define-public (work (ustx uint))
  (contract-call? .coin transfer u1 tx-sender current-contract none))
