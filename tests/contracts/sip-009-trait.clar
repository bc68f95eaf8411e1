;; What a contract of non-fungible tokens offers, so that marketplaces and wallets can work with it (SIP-009).
(define-trait nft-trait
  (
    ;; The largest id so far. Ids begin at 1.
    (get-last-token-id () (response uint uint))
    ;; Where to find out more about a token.
    (get-token-uri (uint) (response (optional (string-ascii 256)) uint))
    ;; Who has a token; none for one that is not there.
    (get-owner (uint) (response (optional principal) uint))
    ;; Moves a token: its id, from whom, to whom.
    (transfer (uint principal principal) (response bool uint))
  ))
