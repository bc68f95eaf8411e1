;; An exchange between STX and coins: the product of both reserves never falls (a constant product, as Uniswap's
;; second version has it). Who brings liquidity has shares of the reserves.

(define-constant ERR-NOT-DAO (err u401))
(define-constant ERR-NOTHING (err u402))
(define-constant ERR-SLIPPAGE (err u403))
(define-constant ERR-FEE (err u404))
;; An allowance was broken. It cannot be, as long as `coin` moves what it is told to.
(define-constant ERR-MOVED-MORE (err u409))

;; Hundredths of a percent of what comes in; they stay in the reserves.
(define-constant WHOLE u10000)
(define-constant MAX-FEE u1000)
(define-data-var fee uint u30)

(define-fungible-token share)

(define-read-only (get-fee) (var-get fee))
(define-read-only (get-shares (who principal)) (ft-get-balance share who))
(define-read-only (get-reserves)
  { ustx: (stx-get-balance current-contract), coins: (unwrap-panic (contract-call? .coin get-balance current-contract)) })

;; What `given` of one side buys of the other, with reserves of `from` and `to` before.
(define-read-only (quote (given uint) (from uint) (to uint))
  (let ((counted (* given (- WHOLE (var-get fee)))))
    (/ (* counted to) (+ (* from WHOLE) counted))))

;; Brings STX, and as many coins as keep the price, but no more than `most`. Gives the number of shares.
(define-public (add-liquidity (ustx uint) (most uint))
  (let (
      (reserves (get-reserves))
      (shares (ft-get-supply share))
      (is-first (is-eq shares u0))
      ;; Rounded up, so that nobody gains by rounding.
      (coins (if is-first most (+ u1 (/ (* ustx (get coins reserves)) (get ustx reserves)))))
      (made (if is-first (sqrti (* ustx most)) (/ (* ustx shares) (get ustx reserves)))))
    (asserts! (> made u0) ERR-NOTHING)
    (asserts! (<= coins most) ERR-SLIPPAGE)
    (try! (stx-transfer? ustx tx-sender current-contract))
    (try! (contract-call? .coin transfer coins tx-sender current-contract none))
    (try! (ft-mint? share made tx-sender))
    (ok made)))

;; Gives shares back for their part of the reserves.
(define-public (remove-liquidity (shares uint))
  (let (
      (reserves (get-reserves))
      (all (ft-get-supply share))
      (ustx (/ (* shares (get ustx reserves)) all))
      (coins (/ (* shares (get coins reserves)) all)))
    (asserts! (and (> ustx u0) (> coins u0)) ERR-NOTHING)
    (try! (ft-burn? share shares tx-sender))
    (try! (pay-ustx ustx tx-sender))
    (try! (pay-coins coins tx-sender))
    (ok { ustx: ustx, coins: coins })))

;; Sells STX for `least` coins or more. Gives how many.
(define-public (buy-coins (ustx uint) (least uint))
  (let ((reserves (get-reserves)) (coins (quote ustx (get ustx reserves) (get coins reserves))))
    (asserts! (> coins u0) ERR-NOTHING)
    (asserts! (>= coins least) ERR-SLIPPAGE)
    (try! (stx-transfer? ustx tx-sender current-contract))
    (try! (pay-coins coins tx-sender))
    (print { event: "swap", ustx-in: ustx, coins-out: coins })
    (ok coins)))

;; Sells coins for `least` micro-STX or more. Gives how many.
(define-public (sell-coins (coins uint) (least uint))
  (let ((reserves (get-reserves)) (ustx (quote coins (get coins reserves) (get ustx reserves))))
    (asserts! (> ustx u0) ERR-NOTHING)
    (asserts! (>= ustx least) ERR-SLIPPAGE)
    (try! (contract-call? .coin transfer coins tx-sender current-contract none))
    (try! (pay-ustx ustx tx-sender))
    (print { event: "swap", coins-in: coins, ustx-out: ustx })
    (ok ustx)))

;; The organization next door decides on the fee.
(define-public (set-fee (new uint))
  (begin
    (asserts! (is-eq tx-sender .dao) ERR-NOT-DAO)
    (asserts! (<= new MAX-FEE) ERR-FEE)
    (var-set fee new)
    (ok true)))

(define-private (pay-ustx (ustx uint) (to principal))
  (match (as-contract? ((with-stx ustx)) (try! (stx-transfer? ustx tx-sender to)))
    done (ok done)
    index ERR-MOVED-MORE))

(define-private (pay-coins (coins uint) (to principal))
  (match (as-contract? ((with-ft .coin "coin" coins)) (try! (contract-call? .coin transfer coins tx-sender to none)))
    done (ok done)
    index ERR-MOVED-MORE))
