//! What a session keeps, and what it does not.

use ::clarity::vm::Value;
use ::clarity::vm::costs::ExecutionCost;
use ::clarity::vm::events::{STXEventType, StacksTransactionEvent};
use stacks_types::ids::StacksBlockId;
use stacks_types::transaction::TransactionPayload;

use super::support::{Account, BALANCE, FEE, TestChain, id, on_a_large_stack};
use crate::params::HELIUM_20;
use crate::transactions::{MinerAction, ReceiptStatus, TransactionError, VerifiedTransaction};

const BOOT: StacksBlockId = StacksBlockId::BOOT;

/// A contract whose body nests this many calls.
fn nested(depth: usize) -> String {
    format!("(define-public (f) (ok {}u1{}))", "(+ u1 ".repeat(depth), ")".repeat(depth))
}

#[test]
fn the_boot_block_tells_of_its_contracts_and_mints() {
    on_a_large_stack(|| {
        let chain = TestChain::empty(HELIUM_20);
        let boot = chain.boot();
        assert_eq!(boot.transactions.len(), 3);
        for (index, transaction) in (0_u32..).zip(&boot.transactions) {
            assert_eq!(transaction.receipt.tx_index, index);
            assert_eq!(transaction.transaction.origin_nonce(), u64::from(index));
            assert_eq!(transaction.receipt.txid, transaction.transaction.txid());
        }
        let receipts: Vec<_> = boot.transactions.iter().map(|transaction| transaction.receipt.clone()).collect();
        assert_eq!(boot.executed.receipts.to_vec(), receipts);
        let mints: Vec<u128> = boot.transactions[2]
            .receipt
            .events
            .iter()
            .map(|event| match event {
                StacksTransactionEvent::STXEvent(STXEventType::STXMintEvent(data)) => data.amount,
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(mints, [BALANCE; 3]);
        assert_eq!(chain.boot().executed.state_root, boot.executed.state_root);

        chain.commit(&boot.executed, BOOT, 0);
        let reader = chain.reader(BOOT, 0);
        assert_eq!(reader.liquid_supply().unwrap(), 3 * BALANCE);
        assert_eq!(reader.value("vm-epoch::epoch-version").unwrap().unwrap(), "00003000");
        assert_eq!(reader.value("_stx-data::tenure_height").unwrap().unwrap(), "00000000");
    });
}

#[test]
fn a_refused_transaction_leaves_no_trace() {
    on_a_large_stack(|| {
        let chain = TestChain::new();
        let (alice, bob) = (Account::new(1), Account::new(2));
        let good = alice.transfer(0, &bob.principal(), 5);

        let mut clean = chain.begin(BOOT, 1);
        clean.process_transaction(&good).unwrap();

        let mut session = chain.begin(BOOT, 1);
        let too_much = u64::try_from(BALANCE).unwrap();
        let refused = [
            (alice.transfer(1, &bob.principal(), 5), "nonce"),
            (alice.transfer(0, &alice.principal(), 5), "to itself"),
            (alice.transfer(0, &bob.principal(), too_much), "more than there is after the fee"),
            (alice.transfer(0, &bob.principal(), 0), "nothing"),
            (Account::new(9).transfer(0, &bob.principal(), 5), "an account without funds"),
            (alice.deploy(0, "deep", &nested(50)), "too deep"),
        ];
        for (tx, what) in &refused {
            let error = session.process_transaction(tx).expect_err(what);
            assert!(!error.is_ours(), "{what}: {error}");
        }
        session.process_transaction(&good).unwrap();
        assert_eq!((session.cost(), session.bytes()), (clean.cost(), clean.bytes()));
        let (dirty, clean) = (session.seal().unwrap(), clean.seal().unwrap());
        assert_eq!(dirty.writes, clean.writes);
        assert_eq!(dirty.state_root, clean.state_root);
        assert_eq!(dirty.receipts, clean.receipts);
    });
}

#[test]
fn refusals_name_their_rule() {
    on_a_large_stack(|| {
        let chain = TestChain::new();
        let (alice, bob) = (Account::new(1), Account::new(2));
        let mut session = chain.begin(BOOT, 1);
        let mut error = |tx| session.process_transaction(&tx).expect_err("a refusal");

        let expected =
            TransactionError::BadNonce { principal: alice.principal(), is_origin: true, expected: 0, actual: 7 };
        assert_eq!(error(alice.transfer(7, &bob.principal(), 5)), expected);
        assert_eq!(error(alice.transfer(0, &alice.principal(), 5)), TransactionError::SelfTransfer);
        let available = BALANCE - u128::from(FEE);
        let amount = u64::try_from(BALANCE).unwrap();
        assert_eq!(
            error(alice.transfer(0, &bob.principal(), amount)),
            TransactionError::TransferAmount { amount, available }
        );
        assert_eq!(
            error(Account::new(9).transfer(0, &bob.principal(), 5)),
            TransactionError::FeeAboveBalance { fee: FEE, available: 0 }
        );
        let poor = error(alice.sign(
            0,
            u64::MAX,
            TransactionPayload::TokenTransfer { recipient: bob.principal(), amount: 1, memo: [0; 34] },
        ));
        assert_eq!(poor.miner_action(), MinerAction::DropProblematic);
    });
}

#[test]
fn contracts_that_could_not_be_loaded_again_are_refused_and_others_are_not() {
    on_a_large_stack(|| {
        let chain = TestChain::new();
        let alice = Account::new(1);
        let mut session = chain.begin(BOOT, 1);
        let mut nonce = 0;
        let mut deepest = 0;
        for depth in 1..=60 {
            let name = format!("nested-{depth}");
            match session.process_transaction(&alice.deploy(nonce, &name, &nested(depth))) {
                Ok(receipt) => {
                    assert_eq!(receipt.status, ReceiptStatus::Success, "depth {depth}: {:?}", receipt.vm_error);
                    assert_eq!(deepest + 1, depth, "a deeper one was taken after a refusal");
                    (nonce, deepest) = (nonce + 1, depth);
                    let called = session.process_transaction(&alice.call(nonce, &alice.contract(&name), "f", vec![]));
                    assert_eq!(called.unwrap().status, ReceiptStatus::Success);
                    nonce += 1;
                }
                Err(error) => assert_eq!(error, TransactionError::TooDeep(alice.contract(&name))),
            }
        }
        assert!((20..60).contains(&deepest), "the limit is not where it is thought to be: {deepest}");

        // Depth can come from values too: each constant wraps the one before. What is taken can be called.
        for depth in 20..36 {
            let name = format!("lists-{depth}");
            let lists: String = (1..depth).map(|n| format!("(define-constant c{n} (list c{}))", n - 1)).collect();
            let source = format!("(define-constant c0 (list u1)) {lists} (define-public (f) (ok u1))");
            match session.process_transaction(&alice.deploy(nonce, &name, &source)) {
                Ok(receipt) => {
                    let call = session.process_transaction(&alice.call(nonce + 1, &alice.contract(&name), "f", vec![]));
                    assert_eq!(call.unwrap().status, receipt.status, "depth {depth}");
                    nonce += 2;
                }
                Err(error) => assert_eq!(error, TransactionError::TooDeep(alice.contract(&name))),
            }
        }
    });
}

#[test]
fn a_panic_fails_its_transaction_and_no_other() {
    on_a_large_stack(|| {
        let chain = TestChain::new();
        let (alice, bob) = (Account::new(1), Account::new(2));
        let mut session = chain.begin(BOOT, 1);
        session.process_transaction(&alice.deploy(0, "one", "(define-data-var v uint u1)")).unwrap();
        let (cost, writes) = (session.cost(), session.writes_len());

        let panicked = session.run(|scope| -> Result<(), TransactionError> {
            scope
                .with_db(|db| db.set_account_nonce(&alice.principal(), 77))
                .map_err(|error| TransactionError::Rejected { error: error.to_string() })?;
            scope.with_db(|_| -> Result<(), ::clarity::vm::errors::Error> { panic!("by design") }).unwrap();
            Ok(())
        });
        assert_eq!(panicked, Err(TransactionError::Panicked { message: "by design".into() }));
        assert_eq!((session.cost(), session.writes_len()), (cost, writes));
        session.process_transaction(&alice.transfer(1, &bob.principal(), 5)).unwrap();
        session.process_transaction(&alice.deploy(2, "two", "(define-data-var v uint u1)")).unwrap();
        session.seal().unwrap();
    });
}

#[test]
fn a_panic_that_takes_the_tracker_along_does_not_lose_the_cost() {
    use ::clarity::vm::clarity::TransactionConnection as _;
    on_a_large_stack(|| {
        let chain = TestChain::new();
        let alice = Account::new(1);
        let mut session = chain.begin(BOOT, 1);
        session.process_transaction(&alice.deploy(0, "one", "(define-data-var v uint u1)")).unwrap();
        let cost = session.cost();
        let panicked = session.run(|scope| -> Result<(), TransactionError> {
            scope.with_analysis_db(|_, _| panic!("with the tracker in hand"))
        });
        assert!(matches!(panicked, Err(TransactionError::Panicked { .. })));
        assert_eq!(session.cost(), cost);
        session.process_transaction(&alice.deploy(1, "two", "(define-data-var v uint u1)")).unwrap();
        assert!(session.cost().runtime > cost.runtime);
    });
}

#[test]
fn after_a_storage_failure_the_session_refuses_to_go_on() {
    on_a_large_stack(|| {
        let chain = TestChain::new();
        let (alice, bob) = (Account::new(1), Account::new(2));
        let mut session = chain.begin(BOOT, 1);
        session.store.fault = Some("the disk is gone".into());
        let error = session.process_transaction(&alice.transfer(0, &bob.principal(), 5)).expect_err("a failure");
        assert_eq!(error, TransactionError::Storage("the disk is gone".into()));
        assert_eq!(error.miner_action(), MinerAction::Abandon);
        let error = session.process_transaction(&alice.transfer(0, &bob.principal(), 5)).expect_err("a failure");
        assert_eq!(error, TransactionError::SessionPoisoned);
        assert!(session.seal().is_err());
    });
}

#[test]
fn the_cost_limit_bounds_the_tenure() {
    on_a_large_stack(|| {
        let deployed = {
            let chain = TestChain::new();
            let mut session = chain.begin(BOOT, 1);
            session.process_transaction(&Account::new(1).deploy(0, "one", "(define-data-var v uint u1)")).unwrap().cost
        };
        assert!(deployed.runtime > 0);
        let limit = ExecutionCost { runtime: deployed.runtime * 3 / 2, ..HELIUM_20 };
        let chain = TestChain::with_limit(limit.clone());
        let alice = Account::new(1);
        let first = chain.block(BOOT, id(1), 1, &[alice.deploy(0, "one", "(define-data-var v uint u1)")]);
        assert_eq!((&first.cost, &first.tenure_cost), (&deployed, &deployed));

        let second = alice.deploy(1, "two", "(define-data-var v uint u1)");
        let mut same_tenure = chain.begin_in(id(1), 1, false, first.tenure_cost.clone());
        match same_tenure.process_transaction(&second) {
            Err(TransactionError::CostExceeded(cost)) => {
                assert_eq!((&cost.before, &cost.limit), (&deployed, &limit));
                assert_eq!(TransactionError::CostExceeded(cost).miner_action(), MinerAction::Skip);
            }
            other => panic!("{other:?}"),
        }
        assert_eq!(same_tenure.cost(), ExecutionCost::zero());
        assert_eq!(same_tenure.tenure_cost(), deployed);

        let mut new_tenure = chain.begin_in(id(1), 2, true, first.tenure_cost.clone());
        new_tenure.process_transaction(&second).unwrap();
        assert_eq!(new_tenure.tenure_cost(), new_tenure.cost());
    });
}

#[test]
fn rewards_are_credited_and_only_minted_parts_add_to_the_supply() {
    on_a_large_stack(|| {
        let chain = TestChain::new();
        let producer = Account::new(8).principal();
        let mut session = chain.begin(BOOT, 1);
        session.pay_reward(&producer, 1_500, 1_000).unwrap();
        session.pay_reward(&producer, 7, 0).unwrap();
        assert!(session.pay_reward(&producer, u128::MAX, 0).is_err(), "a balance of more than 128 bits");
        let executed = session.seal().unwrap();
        assert_eq!(executed.cost, ExecutionCost::zero());
        chain.commit(&executed, id(1), 1);
        let reader = chain.reader(id(1), 1);
        assert_eq!(reader.account(&producer).unwrap().available, 1_507);
        assert_eq!(reader.liquid_supply().unwrap(), 3 * BALANCE + 1_000);
    });
}

#[test]
fn a_coinbase_costs_nothing_and_is_only_a_nonce_and_a_fee() {
    on_a_large_stack(|| {
        let chain = TestChain::new();
        let alice = Account::new(1);
        let mut session = chain.begin(BOOT, 1);
        let coinbase = alice.sign(0, 3, TransactionPayload::Coinbase { buffer: [1; 32] });
        let receipt = session.process_transaction(&coinbase).unwrap();
        assert_eq!(receipt.result(), Some(Value::okay_true()));
        assert_eq!((receipt.cost, receipt.fee), (ExecutionCost::zero(), 3));
        chain.commit(&session.seal().unwrap(), id(1), 1);
        let account = chain.reader(id(1), 1).account(&alice.principal()).unwrap();
        assert_eq!((account.available, account.nonce), (BALANCE - 3, 1));
    });
}

#[test]
fn a_transaction_is_verified_unless_somebody_remembers_having_done_so() {
    on_a_large_stack(|| {
        let chain = TestChain::new();
        let (alice, bob) = (Account::new(1), Account::new(2));
        let mut forged = alice.transfer(0, &bob.principal(), 5).into_transaction();
        forged.auth.origin_mut().set_fee(FEE + 1);
        let forged = forged.into();
        let mut session = chain.begin(BOOT, 1);
        let error = session.process_transaction(&forged).expect_err("a forgery");
        assert!(matches!(error, TransactionError::Signature { .. }), "{error}");
        assert!(VerifiedTransaction::verify_strict(&forged, &chain.params).is_err());
        session.process_verified(&VerifiedTransaction::remembered(&forged)).unwrap();
    });
}

/// Squares a list of numbers over and over: tens of thousands of expressions.
const LONG: &str = "
    (define-private (step (n uint) (sum uint)) (+ sum n))
    (define-private (row (n uint) (sum uint)) (+ sum (fold step (list u1 u2 u3 u4 u5 u6 u7 u8 u9 u10) n)))
    (define-private (page (n uint) (sum uint)) (+ sum (fold row (list u1 u2 u3 u4 u5 u6 u7 u8 u9 u10) n)))
    (define-public (long) (ok (fold page (list u1 u2 u3 u4 u5 u6 u7 u8 u9 u10) u0)))";

#[test]
fn a_transaction_stops_when_the_time_is_over_and_the_session_goes_on() {
    on_a_large_stack(|| {
        let chain = TestChain::new();
        let (alice, bob) = (Account::new(1), Account::new(2));
        let looks = std::cell::Cell::new(0);
        let expired = || {
            looks.set(looks.get() + 1);
            looks.get() > 2
        };
        let mut session = chain.begin(BOOT, 1);
        session.process_transaction(&alice.deploy(0, "long", LONG)).unwrap();
        let cost = session.cost();
        session.stop_when(&expired);
        let error = session.process_transaction(&alice.call(1, &alice.contract("long"), "long", vec![]));
        assert_eq!(error, Err(TransactionError::DeadlinePassed));
        assert_eq!(looks.get(), 3);
        assert_eq!(session.cost(), cost);
        session.process_transaction(&alice.transfer(1, &bob.principal(), 5)).unwrap();
        session.seal().unwrap();
    });
}

#[test]
fn what_a_block_prints_is_bounded() {
    on_a_large_stack(|| {
        let chain = TestChain::new();
        let (alice, bob) = (Account::new(1), Account::new(2));
        // 20 prints of half a MiB each: the fifth call reaches the limit of the block.
        let prints = "(print x) ".repeat(20);
        let source = format!(
            "(define-constant a 0x{})
             (define-public (f) (let ((b (concat a a)) (c (concat b b)) (d (concat c c)) (e (concat d d)) (x (concat e e)))
                (begin {prints} (ok true))))",
            "00".repeat(16 * 1024)
        );
        let mut session = chain.begin(BOOT, 1);
        session.process_transaction(&alice.deploy(0, "loud", &source)).unwrap();
        let mut taken = 0;
        let error = loop {
            match session.process_transaction(&alice.call(taken + 1, &alice.contract("loud"), "f", vec![])) {
                Ok(receipt) => {
                    assert_eq!(receipt.status, ReceiptStatus::Success, "{:?}", receipt.vm_error);
                    taken += 1;
                }
                Err(error) => break error,
            }
        };
        assert!(matches!(error, TransactionError::ReceiptsTooLarge { .. }), "{error}");
        assert_eq!(error.miner_action(), MinerAction::Skip);
        assert_eq!(taken, 4);
        session.process_transaction(&alice.transfer(taken + 1, &bob.principal(), 5)).unwrap();
    });
}
