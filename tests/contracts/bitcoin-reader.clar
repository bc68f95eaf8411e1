;; Reads bitcoin: who can prove that a transaction of bitcoin has paid to a script gets a coin for each satoshi,
;; once. The proof is one of simplified payment verification: the transaction, its path to the Merkle root of a
;; block, and the block's header. Needs Clarity 6.
;;
;; On a network with bitcoin under it, a header is known when its hash, turned around, is `(get-burn-block-info?
;; header-hash height)`. Here bitcoin is mocked and has no headers, so that who published the contract says which
;; ones there are.

(define-constant ERR-NOT-RELAY (err u401))
(define-constant ERR-NO-HEADER (err u404))
(define-constant ERR-NO-OUTPUT (err u405))
(define-constant ERR-BAD-PROOF (err u406))
(define-constant ERR-OTHER-SCRIPT (err u407))
(define-constant ERR-CLAIMED (err u409))
(define-constant RELAY tx-sender)
;; Pays to the hash of a witness public key that is twenty bytes of 0x22.
(define-constant SCRIPT 0x00142222222222222222222222222222222222222222)

(define-fungible-token satoshi)
(define-map roots (buff 32) (buff 32))
(define-map claimed { txid: (buff 32), output: uint } principal)

;; Hash of a block, in bitcoin's internal order: explorers show it turned around.
(define-read-only (block-hash (header (buff 80))) (sha256 (sha256 header)))

;; A header: version 4 bytes, hash of the block before 32, Merkle root 32, time 4, target 4, nonce 4.
(define-read-only (merkle-root (header (buff 80)))
  (as-max-len? (unwrap! (slice? header u36 u68) none) u32))

(define-public (relay (header (buff 80)))
  (begin
    (asserts! (is-eq tx-sender RELAY) ERR-NOT-RELAY)
    (asserts! (is-eq (len header) u80) ERR-NO-HEADER)
    (ok (map-insert roots (block-hash header) (unwrap! (merkle-root header) ERR-NO-HEADER)))))

;; Whether a transaction is in a block: with its place, the number of transactions of the block, and the hashes
;; beside the path.
(define-read-only (was-mined (block (buff 32)) (txid (buff 32)) (index uint) (count uint) (path (list 24 (buff 32))))
  (match (map-get? roots block)
    root (verify-merkle-proof txid root index count path)
    false))

(define-public (claim
    (block (buff 32))
    (transaction (buff 4096))
    (output uint)
    (index uint)
    (count uint)
    (path (list 24 (buff 32))))
  (let (
      (paid (unwrap! (get-bitcoin-tx-output? transaction output) ERR-NO-OUTPUT))
      (txid (get txid paid)))
    (asserts! (is-some (map-get? roots block)) ERR-NO-HEADER)
    (asserts! (was-mined block txid index count path) ERR-BAD-PROOF)
    (asserts! (is-eq (get script paid) SCRIPT) ERR-OTHER-SCRIPT)
    (asserts! (map-insert claimed { txid: txid, output: output } tx-sender) ERR-CLAIMED)
    (try! (ft-mint? satoshi (get amount paid) tx-sender))
    (print { event: "claimed", txid: txid, output: output, amount: (get amount paid) })
    (ok (get amount paid))))

(define-read-only (get-balance (who principal)) (ft-get-balance satoshi who))
