;; A PoX contract for a chain whose stacking is mocked.
;;
;; Who signs blocks stands in the chain's genesis, or was set by its operator: nobody becomes a stacker by a transaction, and
;; nothing is ever locked. Questions are answered truly: cycles and lengths are the chain's own, nothing is stacked, nobody
;; has delegated. Whatever would stack, lock or delegate answers ERR_STACKING_IS_MOCKED and changes nothing. Signatures of
;; signers are checked for real, so that they can be tried out.
;;
;; The node sets before these lines FIRST_BURN_HEIGHT, PREPARE_CYCLE_LENGTH, REWARD_CYCLE_LENGTH, and get-stacking-minimum.

;; stacks.js has a name for it: ERR_STACKING_UNREACHABLE.
(define-constant ERR_STACKING_IS_MOCKED 255)

(define-constant ERR_STACKING_PERMISSION_DENIED 9)
(define-constant ERR_NOT_ALLOWED 19)
(define-constant ERR_INVALID_SIGNATURE_PUBKEY 35)
(define-constant ERR_INVALID_SIGNATURE_RECOVER 36)
(define-constant ERR_SIGNER_AUTH_AMOUNT_TOO_HIGH 38)

(define-constant STACKING_IS_POSSIBLE false)
(define-constant MOST_CYCLES u12)

;; Versions 0 to 4 have hashes of 20 bytes, 5 and 6 of 32.
(define-constant LAST_VERSION_OF_20_BYTES u4)
(define-constant LAST_VERSION u6)

;; SIP-018.
(define-constant STRUCTURED_DATA_PREFIX 0x534950303138)
(define-constant SIGNER_DOMAIN { name: "pox-4-signer", version: "1.0.0", chain-id: chain-id })

;; The maps that clients look into. All but the last stay empty.

(define-map stacking-state
  { stacker: principal }
  {
    pox-addr: { version: (buff 1), hashbytes: (buff 32) },
    lock-period: uint,
    first-reward-cycle: uint,
    reward-set-indexes: (list 12 uint),
    delegated-to: (optional principal)
  })

(define-map delegation-state
  { stacker: principal }
  {
    amount-ustx: uint,
    delegated-to: principal,
    until-burn-ht: (optional uint),
    pox-addr: (optional { version: (buff 1), hashbytes: (buff 32) })
  })

(define-map reward-cycle-pox-address-list
  { reward-cycle: uint, index: uint }
  {
    pox-addr: { version: (buff 1), hashbytes: (buff 32) },
    total-ustx: uint,
    stacker: (optional principal),
    signer: (buff 33)
  })

(define-map partial-stacked-by-cycle
  { pox-addr: { version: (buff 1), hashbytes: (buff 32) }, reward-cycle: uint, sender: principal }
  { stacked-amount: uint })

(define-map allowance-contract-callers
  { sender: principal, contract-caller: principal }
  { until-burn-ht: (optional uint) })

;; The chain's cycles.

(define-read-only (burn-height-to-reward-cycle (height uint))
  (/ (- height FIRST_BURN_HEIGHT) REWARD_CYCLE_LENGTH))

(define-read-only (reward-cycle-to-burn-height (cycle uint))
  (+ FIRST_BURN_HEIGHT (* cycle REWARD_CYCLE_LENGTH)))

(define-read-only (current-pox-reward-cycle)
  (burn-height-to-reward-cycle burn-block-height))

(define-read-only (get-pox-info)
  (ok {
    min-amount-ustx: (get-stacking-minimum),
    reward-cycle-id: (current-pox-reward-cycle),
    prepare-cycle-length: PREPARE_CYCLE_LENGTH,
    first-burnchain-block-height: FIRST_BURN_HEIGHT,
    reward-cycle-length: REWARD_CYCLE_LENGTH,
    total-liquid-supply-ustx: stx-liquid-supply
  }))

;; What is stacked: nothing.

(define-read-only (is-pox-active (reward-cycle uint))
  STACKING_IS_POSSIBLE)

(define-read-only (get-stacker-info (stacker principal))
  (map-get? stacking-state { stacker: stacker }))

(define-read-only (get-delegation-info (stacker principal))
  (map-get? delegation-state { stacker: stacker }))

(define-read-only (get-check-delegation (stacker principal))
  (get-delegation-info stacker))

(define-read-only (get-reward-set-size (reward-cycle uint))
  u0)

(define-read-only (get-num-reward-set-pox-addresses (reward-cycle uint))
  u0)

(define-read-only (get-total-ustx-stacked (reward-cycle uint))
  u0)

(define-read-only (get-reward-set-pox-address (reward-cycle uint) (index uint))
  (map-get? reward-cycle-pox-address-list { reward-cycle: reward-cycle, index: index }))

(define-read-only (get-partial-stacked-by-cycle
    (pox-addr { version: (buff 1), hashbytes: (buff 32) })
    (reward-cycle uint)
    (sender principal))
  (map-get? partial-stacked-by-cycle { pox-addr: pox-addr, reward-cycle: reward-cycle, sender: sender }))

;; Whether arguments are good, apart from the mocking.

(define-read-only (check-pox-addr-version (version (buff 1)))
  (<= (buff-to-uint-be version) LAST_VERSION))

(define-read-only (check-pox-addr-hashbytes (version (buff 1)) (hashbytes (buff 32)))
  (is-eq (len hashbytes) (if (<= (buff-to-uint-be version) LAST_VERSION_OF_20_BYTES) u20 u32)))

(define-read-only (check-pox-lock-period (lock-period uint))
  (and (>= lock-period u1) (<= lock-period MOST_CYCLES)))

(define-read-only (can-stack-stx
    (pox-addr { version: (buff 1), hashbytes: (buff 32) })
    (amount-ustx uint)
    (first-reward-cycle uint)
    (num-cycles uint))
  (mocked))

(define-read-only (minimal-can-stack-stx
    (pox-addr { version: (buff 1), hashbytes: (buff 32) })
    (amount-ustx uint)
    (first-reward-cycle uint)
    (num-cycles uint))
  (mocked))

;; What a signer signs, and whether it has.

(define-read-only (get-signer-key-message-hash
    (pox-addr { version: (buff 1), hashbytes: (buff 32) })
    (reward-cycle uint)
    (topic (string-ascii 14))
    (period uint)
    (max-amount uint)
    (auth-id uint))
  (let (
      (domain (unwrap-panic (to-consensus-buff? SIGNER_DOMAIN)))
      (message (unwrap-panic (to-consensus-buff? {
        pox-addr: pox-addr,
        reward-cycle: reward-cycle,
        topic: topic,
        period: period,
        auth-id: auth-id,
        max-amount: max-amount
      }))))
    (sha256 (concat STRUCTURED_DATA_PREFIX (concat (sha256 domain) (sha256 message))))))

(define-read-only (verify-signer-key-sig
    (pox-addr { version: (buff 1), hashbytes: (buff 32) })
    (reward-cycle uint)
    (topic (string-ascii 14))
    (period uint)
    (signer-sig-opt (optional (buff 65)))
    (signer-key (buff 33))
    (amount uint)
    (max-amount uint)
    (auth-id uint))
  (let (
      ;; Without a signature an authorization would be needed, and nobody can give one.
      (signature (unwrap! signer-sig-opt (err ERR_NOT_ALLOWED)))
      (hash (get-signer-key-message-hash pox-addr reward-cycle topic period max-amount auth-id)))
    (asserts! (>= max-amount amount) (err ERR_SIGNER_AUTH_AMOUNT_TOO_HIGH))
    (ok (asserts!
      (is-eq (unwrap! (secp256k1-recover? hash signature) (err ERR_INVALID_SIGNATURE_RECOVER)) signer-key)
      (err ERR_INVALID_SIGNATURE_PUBKEY)))))

;; Contracts that may act for somebody: remembered, since contracts that stack ask for it when they are set up.

(define-read-only (get-allowance-contract-callers (sender principal) (calling-contract principal))
  (map-get? allowance-contract-callers { sender: sender, contract-caller: calling-contract }))

(define-read-only (check-caller-allowed)
  (or
    (is-eq tx-sender contract-caller)
    (match (get-allowance-contract-callers tx-sender contract-caller)
      allowed (match (get until-burn-ht allowed) until (< burn-block-height until) true)
      false)))

(define-public (allow-contract-caller (caller principal) (until-burn-ht (optional uint)))
  (begin
    (asserts! (is-eq tx-sender contract-caller) (err ERR_STACKING_PERMISSION_DENIED))
    (ok (map-set allowance-contract-callers
      { sender: tx-sender, contract-caller: caller }
      { until-burn-ht: until-burn-ht }))))

(define-public (disallow-contract-caller (caller principal))
  (begin
    (asserts! (is-eq tx-sender contract-caller) (err ERR_STACKING_PERMISSION_DENIED))
    (ok (map-delete allowance-contract-callers { sender: tx-sender, contract-caller: caller }))))

;; What would stack. The (ok ...) behind each refusal is never reached: it gives the type that callers expect.

(define-private (mocked)
  (ok (asserts! STACKING_IS_POSSIBLE (err ERR_STACKING_IS_MOCKED))))

(define-public (stack-stx
    (amount-ustx uint)
    (pox-addr { version: (buff 1), hashbytes: (buff 32) })
    (start-burn-ht uint)
    (lock-period uint)
    (signer-sig (optional (buff 65)))
    (signer-key (buff 33))
    (max-amount uint)
    (auth-id uint))
  (begin
    (try! (mocked))
    (ok { stacker: tx-sender, lock-amount: amount-ustx, signer-key: signer-key, unlock-burn-height: start-burn-ht })))

(define-public (stack-extend
    (extend-count uint)
    (pox-addr { version: (buff 1), hashbytes: (buff 32) })
    (signer-sig (optional (buff 65)))
    (signer-key (buff 33))
    (max-amount uint)
    (auth-id uint))
  (begin
    (try! (mocked))
    (ok { stacker: tx-sender, unlock-burn-height: extend-count })))

(define-public (stack-increase
    (increase-by uint)
    (signer-sig (optional (buff 65)))
    (signer-key (buff 33))
    (max-amount uint)
    (auth-id uint))
  (begin
    (try! (mocked))
    (ok { stacker: tx-sender, total-locked: increase-by })))

(define-public (delegate-stx
    (amount-ustx uint)
    (delegate-to principal)
    (until-burn-ht (optional uint))
    (pox-addr (optional { version: (buff 1), hashbytes: (buff 32) })))
  (mocked))

(define-public (revoke-delegate-stx)
  (begin
    (try! (mocked))
    (ok (get-delegation-info tx-sender))))

(define-public (delegate-stack-stx
    (stacker principal)
    (amount-ustx uint)
    (pox-addr { version: (buff 1), hashbytes: (buff 32) })
    (start-burn-ht uint)
    (lock-period uint))
  (begin
    (try! (mocked))
    (ok { stacker: stacker, lock-amount: amount-ustx, unlock-burn-height: start-burn-ht })))

(define-public (delegate-stack-extend
    (stacker principal)
    (pox-addr { version: (buff 1), hashbytes: (buff 32) })
    (extend-count uint))
  (begin
    (try! (mocked))
    (ok { stacker: stacker, unlock-burn-height: extend-count })))

(define-public (delegate-stack-increase
    (stacker principal)
    (pox-addr { version: (buff 1), hashbytes: (buff 32) })
    (increase-by uint))
  (begin
    (try! (mocked))
    (ok { stacker: stacker, total-locked: increase-by })))

(define-public (stack-aggregation-commit
    (pox-addr { version: (buff 1), hashbytes: (buff 32) })
    (reward-cycle uint)
    (signer-sig (optional (buff 65)))
    (signer-key (buff 33))
    (max-amount uint)
    (auth-id uint))
  (mocked))

(define-public (stack-aggregation-commit-indexed
    (pox-addr { version: (buff 1), hashbytes: (buff 32) })
    (reward-cycle uint)
    (signer-sig (optional (buff 65)))
    (signer-key (buff 33))
    (max-amount uint)
    (auth-id uint))
  (begin
    (try! (mocked))
    (ok reward-cycle)))

(define-public (stack-aggregation-increase
    (pox-addr { version: (buff 1), hashbytes: (buff 32) })
    (reward-cycle uint)
    (reward-cycle-index uint)
    (signer-sig (optional (buff 65)))
    (signer-key (buff 33))
    (max-amount uint)
    (auth-id uint))
  (mocked))

(define-public (set-signer-key-authorization
    (pox-addr { version: (buff 1), hashbytes: (buff 32) })
    (period uint)
    (reward-cycle uint)
    (topic (string-ascii 14))
    (signer-key (buff 33))
    (allowed bool)
    (max-amount uint)
    (auth-id uint))
  (mocked))
