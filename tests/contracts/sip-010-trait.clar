;; What a contract of a fungible token offers, so that exchanges and wallets can work with it (SIP-010).
(define-trait sip-010-trait
  (
    ;; Moves an amount: from whom, to whom, with a memo that the contract prints.
    (transfer (uint principal principal (optional (buff 34))) (response bool uint))
    (get-name () (response (string-ascii 32) uint))
    (get-symbol () (response (string-ascii 32) uint))
    ;; How many digits of an amount are behind the point.
    (get-decimals () (response uint uint))
    (get-balance (principal) (response uint uint))
    (get-total-supply () (response uint uint))
    ;; Where to find out more about the token.
    (get-token-uri () (response (optional (string-utf8 256)) uint))
  ))
