;; What a vault can let work with its assets.
(define-trait strategy-trait
  (
    ;; Works with so many micro-STX of `tx-sender`'s, and says whether it went well.
    (work (uint) (response bool uint))
  ))
