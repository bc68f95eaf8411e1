;; What can be proposed to the organization: a contract that does it.
(define-trait proposal-trait
  (
    ;; What it is about, in a sentence.
    (describe () (response (string-ascii 128) uint))
    ;; How many micro-STX of the organization's it may spend.
    (get-budget () (response uint uint))
    ;; Does it. The organization calls this, and is `tx-sender`.
    (execute () (response bool uint))
  ))
