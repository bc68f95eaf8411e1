;; A fungible token (SIP-010). Who published the contract may mint.
(impl-trait .sip-010-trait.sip-010-trait)

(define-constant ERR-NOT-OWNER (err u401))
(define-constant MINTER tx-sender)

(define-fungible-token coin u1000000000000)

(define-read-only (get-name) (ok "Example Coin"))
(define-read-only (get-symbol) (ok "COIN"))
(define-read-only (get-decimals) (ok u6))
(define-read-only (get-balance (who principal)) (ok (ft-get-balance coin who)))
(define-read-only (get-total-supply) (ok (ft-get-supply coin)))
(define-read-only (get-token-uri) (ok (some u"https://example.com/coin.json")))

;; Only who owns the tokens may send them: a contract in between, which the owner called, may not. A contract sends
;; its own with `as-contract?`, and is `tx-sender` then.
(define-public (transfer (amount uint) (from principal) (to principal) (memo (optional (buff 34))))
  (begin
    (asserts! (is-eq tx-sender from) ERR-NOT-OWNER)
    (try! (ft-transfer? coin amount from to))
    (match memo text (print text) 0x)
    (ok true)))

(define-public (mint (amount uint) (to principal))
  (begin
    (asserts! (is-eq tx-sender MINTER) ERR-NOT-OWNER)
    (ft-mint? coin amount to)))
