;; A marketplace for the tokens of any contract with the SIP-009 trait. It keeps what is for sale, so that a sale
;; cannot fail because the seller has given the token away.
(use-trait nft-trait .sip-009-trait.nft-trait)

(define-constant ERR-WRONG-CONTRACT (err u400))
(define-constant ERR-NOT-SELLER (err u403))
(define-constant ERR-NOT-LISTED (err u404))
(define-constant ERR-NO-PRICE (err u405))
;; An allowance was broken: the token's contract has moved what is not for sale.
(define-constant ERR-MOVED-MORE (err u409))

;; Two percent of a price go to who published the contract.
(define-constant FEE-PERCENT u2)
(define-constant TREASURY tx-sender)

(define-data-var last-listing uint u0)
(define-map listings uint { seller: principal, nft: principal, id: uint, price: uint })

(define-read-only (get-listing (listing uint)) (map-get? listings listing))

;; Puts a token up for sale, for so many micro-STX. Gives the listing's number.
(define-public (list-token (nft <nft-trait>) (id uint) (price uint))
  (let ((listing (+ u1 (var-get last-listing))))
    (asserts! (> price u0) ERR-NO-PRICE)
    (try! (contract-call? nft transfer id tx-sender current-contract))
    (map-set listings listing { seller: tx-sender, nft: (contract-of nft), id: id, price: price })
    (var-set last-listing listing)
    (print { event: "listed", listing: listing, nft: (contract-of nft), id: id, price: price })
    (ok listing)))

;; Takes a token off the market.
(define-public (cancel (nft <nft-trait>) (listing uint))
  (let ((found (unwrap! (map-get? listings listing) ERR-NOT-LISTED)))
    (asserts! (is-eq tx-sender (get seller found)) ERR-NOT-SELLER)
    (try! (hand-over nft found tx-sender))
    (map-delete listings listing)
    (ok true)))

;; Buys what is listed. The caller names the token's contract again, because a call needs it as an argument; it must
;; be the one that was listed.
(define-public (buy (nft <nft-trait>) (listing uint))
  (let (
      (found (unwrap! (map-get? listings listing) ERR-NOT-LISTED))
      (price (get price found))
      (fee (/ (* price FEE-PERCENT) u100)))
    (try! (stx-transfer? (- price fee) tx-sender (get seller found)))
    (and (> fee u0) (try! (stx-transfer? fee tx-sender TREASURY)))
    (try! (hand-over nft found tx-sender))
    (map-delete listings listing)
    (print { event: "sold", listing: listing, price: price, buyer: tx-sender })
    (ok true)))

;; The token that is listed leaves the marketplace, and nothing else may: the contract of the token is a stranger's.
(define-private (hand-over (nft <nft-trait>) (found { seller: principal, nft: principal, id: uint, price: uint }) (to principal))
  (let ((id (get id found)))
    (asserts! (is-eq (contract-of nft) (get nft found)) ERR-WRONG-CONTRACT)
    (match (as-contract? ((with-nft (contract-of nft) "*" (list id)))
        (try! (contract-call? nft transfer id tx-sender to)))
      done (ok done)
      index ERR-MOVED-MORE)))
