;; A non-fungible token (SIP-009). Anybody may make deeds for themselves.
(impl-trait .sip-009-trait.nft-trait)

(define-constant ERR-NOT-OWNER (err u401))

(define-non-fungible-token deed uint)
(define-data-var last-id uint u0)

(define-read-only (get-last-token-id) (ok (var-get last-id)))
(define-read-only (get-token-uri (id uint)) (ok (some "https://example.com/deed.json")))
(define-read-only (get-owner (id uint)) (ok (nft-get-owner? deed id)))

(define-public (transfer (id uint) (from principal) (to principal))
  (begin
    (asserts! (is-eq tx-sender from) ERR-NOT-OWNER)
    (nft-transfer? deed id from to)))

;; Gives the new deed's id.
(define-public (make)
  (let ((id (+ u1 (var-get last-id))))
    (try! (nft-mint? deed id tx-sender))
    (var-set last-id id)
    (ok id)))
