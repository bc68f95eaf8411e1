
;; What came with epoch 4.0: staking through signer contracts, and bonds. Mocked like the rest: there are none.

(define-trait signer-manager-trait (
  (validate-stake! (principal uint uint uint uint bool (optional (buff 500))) (response bool uint))
  (checkpoint-staker (principal uint uint bool) (response bool uint))))

(define-map staker-info
  principal
  { amount-ustx: uint, first-reward-cycle: uint, num-cycles: uint, signer: principal })

(define-map signers principal (buff 33))

(define-map protocol-bonds
  uint
  { target-rate: uint, stx-value-ratio: uint, min-ustx-ratio: uint, early-unlock-bytes: (buff 683) })

(define-map protocol-bond-allowances { bond-index: uint, staker: principal } uint)

(define-map protocol-bond-memberships
  principal
  { bond-index: uint, amount-ustx: uint, signer: principal, is-l1-lock: bool, amount-sats: uint })

(define-map staker-signer-cycle-memberships
  { staker: principal, cycle: uint }
  { amount-ustx: uint, signer: principal })

(define-read-only (get-first-pox-5-reward-cycle)
  u0)

(define-read-only (get-staker-info (staker principal))
  (map-get? staker-info staker))

(define-read-only (get-signer-info (signer principal))
  (map-get? signers signer))

(define-read-only (get-protocol-bond (bond-index uint))
  (map-get? protocol-bonds bond-index))

(define-read-only (get-bond-allowance (bond-index uint) (staker principal))
  (map-get? protocol-bond-allowances { bond-index: bond-index, staker: staker }))

(define-read-only (get-bond-membership (staker principal))
  (map-get? protocol-bond-memberships staker))

(define-read-only (get-signer-cycle-membership (staker principal) (cycle uint))
  (map-get? staker-signer-cycle-memberships { staker: staker, cycle: cycle }))

(define-read-only (get-amount-delegated-for-signer (signer principal) (cycle uint))
  u0)

(define-read-only (get-ustx-delegated-for-cycle (reward-cycle uint))
  u0)

(define-read-only (get-total-sbtc-staked)
  u0)

(define-read-only (get-total-sbtc-staked-for-bond (bond-index uint))
  u0)

(define-private (not-staked)
  (ok (asserts! STACKING_IS_POSSIBLE (err (to-uint ERR_STACKING_IS_MOCKED)))))

(define-public (register-signer (signer-manager <signer-manager-trait>) (signer-key (buff 33)))
  (not-staked))

(define-public (grant-signer-key
    (signer-key (buff 33))
    (signer-manager principal)
    (auth-id uint)
    (signer-sig (buff 65)))
  (not-staked))

(define-public (revoke-signer-grant (signer-manager principal) (signer-key (buff 33)))
  (not-staked))

(define-public (stake
    (signer-manager <signer-manager-trait>)
    (amount-ustx uint)
    (num-cycles uint)
    (start-burn-ht uint)
    (signer-calldata (optional (buff 500))))
  (not-staked))

(define-public (stake-update
    (signer-manager <signer-manager-trait>)
    (old-signer-manager <signer-manager-trait>)
    (cycles-to-extend uint)
    (amount-increase uint)
    (signer-calldata (optional (buff 500))))
  (not-staked))

(define-public (unstake (old-signer-manager <signer-manager-trait>))
  (not-staked))

(define-public (unstake-sbtc (signer-manager <signer-manager-trait>) (amount-to-withdrawal-sats uint))
  (not-staked))

(define-public (claim-rewards (bond-periods (list 6 uint)) (reward-cycle uint))
  (not-staked))

(define-public (claim-staker-rewards-for-signer
    (staker principal)
    (reward-cycle uint)
    (bond-index (optional uint)))
  (not-staked))
