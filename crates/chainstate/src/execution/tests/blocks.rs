//! What a session keeps, and what it does not.

use clarity::Rules;
use clarity::costs::Cost;
use clarity::run::{Event, EventBody};
use clarity::value::Value;
use stacks_types::ids::StacksBlockId;
use stacks_types::transaction::{ContractVersion, StacksTransaction, TransactionPayload};

use super::support::{Account, BALANCE, FEE, TestChain, id};
use crate::execution::ContractCache;
use crate::execution::failure::{Done, Failure};
use crate::params::HELIUM_20;
use crate::test_support::on_a_large_stack;
use crate::transactions::{MinerAction, ReceiptStatus, TransactionError, VerifiedTransaction};

const BOOT: StacksBlockId = StacksBlockId::BOOT;

#[test]
fn the_boot_block_tells_of_its_contracts_and_mints() {
    on_a_large_stack(|| {
        let chain = TestChain::empty(HELIUM_20);
        let boot = chain.boot();
        assert_eq!(boot.transactions.len(), 6);
        for (index, transaction) in (0_u32..).zip(&boot.transactions) {
            assert_eq!(transaction.receipt.tx_index, index);
            assert_eq!(transaction.transaction.origin_nonce(), u64::from(index));
            assert_eq!(transaction.receipt.txid, transaction.transaction.txid());
        }
        let receipts: Vec<_> = boot.transactions.iter().map(|transaction| transaction.receipt.clone()).collect();
        assert_eq!(boot.executed.receipts.to_vec(), receipts);
        let mints: Vec<u128> = boot.transactions[5]
            .receipt
            .events
            .iter()
            .map(|event| match event {
                Event::Asset(EventBody::StxMint { amount, .. }) => *amount,
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
        ];
        for (tx, what) in &refused {
            let error = session.process_transaction(tx).expect_err(what);
            assert!(!error.is_node_failure(), "{what}: {error}");
        }
        session.process_transaction(&good).unwrap();
        assert_eq!(session.cost(), clean.cost());
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
fn a_panic_fails_its_transaction_and_no_other() {
    on_a_large_stack(|| {
        let chain = TestChain::new();
        let (alice, bob) = (Account::new(1), Account::new(2));
        let mut session = chain.begin(BOOT, 1);
        session.process_transaction(&alice.deploy(0, "one", "(define-data-var v uint u1)")).unwrap();
        let (cost, writes) = (session.cost(), session.recorded().len());
        let panicked = session.run(Cost::MAX, |machine| -> Result<Done<()>, Failure> {
            machine.put_text("half", "written");
            panic!("a bug");
        });
        assert_eq!(panicked, Err(TransactionError::Panicked { message: "a bug".into() }));
        assert_eq!((session.cost(), session.recorded().len()), (cost, writes));
        session.process_transaction(&alice.transfer(1, &bob.principal(), 5)).unwrap();
        session.process_transaction(&alice.deploy(2, "two", "(define-data-var v uint u1)")).unwrap();
        session.seal().unwrap();
    });
}

#[test]
fn a_failure_of_storage_is_not_held_against_a_transaction() {
    on_a_large_stack(|| {
        let mut chain = TestChain::new();
        chain.keep_contracts_in(ContractCache::with_source_bytes(0));
        let (alice, bob) = (Account::new(1), Account::new(2));
        chain.block(BOOT, id(1), 1, &[alice.deploy(0, "one", "(define-public (f) (ok u1))")]);
        chain.connection.execute_batch("ALTER TABLE contracts RENAME TO lost").unwrap();
        let mut session = chain.begin(id(1), 2);
        let call = alice.call(1, &alice.contract("one"), "f", vec![]);
        let error = session.process_transaction(&call).expect_err("a failure");
        assert!(matches!(error, TransactionError::Storage(_)), "{error}");
        assert_eq!(error.miner_action(), MinerAction::Abandon);
        assert!(session.process_transaction(&alice.transfer(1, &bob.principal(), 5)).is_ok());
        chain
            .connection
            .execute_batch("ALTER TABLE lost RENAME TO contracts; UPDATE contracts SET body = x'07'")
            .unwrap();
        let error = chain.begin(id(1), 2).process_transaction(&call).expect_err("a damaged contract");
        assert!(matches!(error, TransactionError::Storage(_)), "{error}");
    });
}

#[test]
fn the_deepest_contract_is_deployed_and_called_in_later_blocks() {
    on_a_large_stack(|| {
        let nested =
            |depth: usize| format!("(define-public (f) (ok {}u1{}))", "(+ u1 ".repeat(depth), ")".repeat(depth));
        for (rules, deepest) in [(&Rules::EPOCH_3_0, 61), (&Rules::EPOCH_4_0, 125)] {
            let mut chain = TestChain::of_epoch(rules, HELIUM_20);
            chain.keep_contracts_in(ContractCache::with_source_bytes(0));
            chain.commit(&chain.boot().executed, BOOT, 0);
            let alice = Account::new(1);
            chain.block(BOOT, id(1), 1, &[alice.deploy(0, "deep", &nested(deepest))]);
            let mut session = chain.begin(id(1), 2);
            let receipt = session.process_transaction(&alice.call(1, &alice.contract("deep"), "f", vec![])).unwrap();
            assert_eq!(receipt.status, ReceiptStatus::Success, "{} {:?}", rules.epoch, receipt.vm_error);
        }
    });
}

#[test]
fn each_epoch_takes_its_versions_and_has_its_newest_as_default() {
    on_a_large_stack(|| {
        let alice = Account::new(1);
        let asks =
            ["(is-eq tx-sender tx-sender)", "tx-sponsor?", "tenure-height", "stacks-block-time", "current-contract"];
        for rules in Rules::ALL {
            let chain = TestChain::of_epoch(rules, HELIUM_20);
            chain.commit(&chain.boot().executed, BOOT, 0);
            let mut session = chain.begin(BOOT, 1);
            for version in 1..=6_u8 {
                let name = format!("v{version}");
                let asked = asks[usize::from(version.min(5)) - 1];
                let wire = ContractVersion::from_byte(version).unwrap();
                let nonce = u64::from(version) - 1;
                let deployed =
                    session.process_transaction(&alice.deploy_as(wire, nonce, &name, &format!("(print {asked})")));
                match deployed {
                    Ok(receipt) => {
                        assert!(version <= rules.newest_version, "{version} in {}", rules.epoch);
                        assert_eq!(
                            receipt.status,
                            ReceiptStatus::Success,
                            "{version} in {}: {:?}",
                            rules.epoch,
                            receipt.vm_error
                        );
                    }
                    Err(error) => {
                        assert!(version > rules.newest_version, "{version} in {}: {error}", rules.epoch);
                        assert!(matches!(&error, TransactionError::NotInEpoch { .. }), "{error}");
                    }
                }
            }
            if let Some(newer) = ContractVersion::from_byte(rules.newest_version + 1) {
                let newer = alice.deploy_as(newer, u64::from(rules.newest_version), "newer", "(print u1)");
                let error = session.process_verified(&VerifiedTransaction::remembered(&newer)).unwrap_err();
                assert!(matches!(&error, TransactionError::NotInEpoch { .. }), "as estimates run it: {error}");
            }
            let code = "(define-data-var v uint u1)".to_owned();
            let unversioned = TransactionPayload::SmartContract { name: "default".parse().unwrap(), code };
            let receipt =
                session.process_transaction(&alice.sign(rules.newest_version.into(), FEE, unversioned)).unwrap();
            let interface = receipt.contract_interface.unwrap();
            assert!(interface.contains(&format!("\"Clarity{}\"", rules.newest_version)), "{interface}");
            assert!(interface.contains(rules.interface_name), "{interface}");
        }
    });
}

#[test]
fn the_time_is_that_of_the_burn_block() {
    on_a_large_stack(|| {
        let chain = TestChain::of_epoch(&Rules::EPOCH_3_3, HELIUM_20);
        chain.commit(&chain.boot().executed, BOOT, 0);
        let alice = Account::new(1);
        let mut session = chain.begin(BOOT, 7);
        let source = "(define-read-only (now) stacks-block-time)";
        session.process_transaction(&alice.deploy_as(ContractVersion::Clarity4, 0, "clock", source)).unwrap();
        let receipt = session.process_transaction(&alice.call(1, &alice.contract("clock"), "now", vec![])).unwrap();
        assert_eq!(receipt.result(), Some(Value::UInt(1_007)));
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
        let limit = Cost { runtime: deployed.runtime * 3 / 2, ..HELIUM_20 };
        let chain = TestChain::with_limit(limit);
        let alice = Account::new(1);
        let first = chain.block(BOOT, id(1), 1, &[alice.deploy(0, "one", "(define-data-var v uint u1)")]);
        assert_eq!((&first.cost, &first.tenure_cost), (&deployed, &deployed));

        let second = alice.deploy(1, "two", "(define-data-var v uint u1)");
        let mut same_tenure = chain.begin_in(id(1), 1, false, first.tenure_cost);
        match same_tenure.process_transaction(&second) {
            Err(TransactionError::CostExceeded(cost)) => {
                assert_eq!((&cost.before, &cost.limit), (&deployed, &limit));
                assert_eq!(TransactionError::CostExceeded(cost).miner_action(), MinerAction::Skip);
            }
            other => panic!("{other:?}"),
        }
        assert_eq!(same_tenure.cost(), Cost::default());
        assert_eq!(same_tenure.tenure_cost(), deployed);

        let mut new_tenure = chain.begin_in(id(1), 2, true, first.tenure_cost);
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
        assert_eq!(executed.cost, Cost::default());
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
        assert_eq!(receipt.result(), Some(Value::okay(Value::Bool(true)).unwrap()));
        assert_eq!((receipt.cost, receipt.fee), (Cost::default(), 3));
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
        let mut forged = StacksTransaction::clone(&alice.transfer(0, &bob.principal(), 5));
        forged.auth.origin_mut().set_fee(FEE + 1);
        let forged = forged.into();
        let mut session = chain.begin(BOOT, 1);
        let error = session.process_transaction(&forged).expect_err("a forgery");
        assert!(matches!(error, TransactionError::Signature { .. }), "{error}");
        assert!(VerifiedTransaction::verify(&forged, &chain.params).is_err());
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

#[test]
fn a_contract_whose_interface_is_too_long_a_text_is_in_no_block() {
    on_a_large_stack(|| {
        let chain = TestChain::new();
        let (alice, bob) = (Account::new(1), Account::new(2));
        let fields: String = (0..1000).map(|at| format!("a{at}: none, ")).collect();
        // Each constant has the type of the first, which takes 40 kB in the text.
        let source = |constants: usize| {
            let others = (0..constants).map(|at| format!("(define-constant d{at} k) "));
            format!("(define-constant k {{{fields}}}) {}", others.collect::<String>())
        };
        let mut session = chain.begin(BOOT, 1);
        let receipt = session.process_transaction(&alice.deploy(0, "long", &source(10))).unwrap();
        assert_eq!(receipt.status, ReceiptStatus::Success, "{:?}", receipt.vm_error);
        let error = session.process_transaction(&alice.deploy(1, "longer", &source(1500))).unwrap_err();
        let TransactionError::ReceiptsTooLarge { before, own, max } = error else { panic!("{error}") };
        assert!(before > 0);
        // It was not made to its end.
        assert_eq!(own, max + 1);
        assert_eq!(error.miner_action(), MinerAction::DropOverLimits);
        session.process_transaction(&alice.transfer(1, &bob.principal(), 5)).unwrap();
    });
}

#[test]
fn more_events_than_a_block_may_have_are_in_none_unless_they_are_rolled_back() {
    on_a_large_stack(|| {
        let chain = TestChain::new();
        let alice = Account::new(1);
        let prints = "(print false) ".repeat(20);
        let source = format!(
            "(define-private (noise (x uint) (a uint)) (begin {prints} a))
             (define-public (go (l (list 8192 uint)) (good bool))
                (begin (fold noise l u0) (if good (ok u1) (err u1))))"
        );
        let mut session = chain.begin(BOOT, 1);
        session.process_transaction(&alice.deploy(0, "loud", &source)).unwrap();
        let numbers = Value::list((0..8192).map(Value::UInt).collect()).unwrap();
        let mut call = |good: bool| {
            let arguments = vec![numbers.clone(), Value::Bool(good)];
            session.process_transaction(&alice.call(1, &alice.contract("loud"), "go", arguments))
        };
        let error = call(true).unwrap_err();
        assert!(matches!(error, TransactionError::ReceiptsTooLarge { own, max, .. } if own > max), "{error}");
        assert_eq!(error.miner_action(), MinerAction::DropOverLimits);
        let receipt = call(false).unwrap();
        assert_eq!((receipt.status, receipt.events.len()), (ReceiptStatus::AbortByResponse, 0));
    });
}

#[test]
fn values_deeper_than_arguments_may_be_are_printed_and_given_back() {
    on_a_large_stack(|| {
        let chain = TestChain::new();
        let alice = Account::new(1);
        let deep = format!("{}u1{}", "(some ".repeat(25), ")".repeat(25));
        let source = format!("(define-public (deep) (begin (print {deep}) (ok {deep})))");
        let mut session = chain.begin(BOOT, 1);
        session.process_transaction(&alice.deploy(0, "deep", &source)).unwrap();
        let receipt = session.process_transaction(&alice.call(1, &alice.contract("deep"), "deep", vec![])).unwrap();
        assert_eq!(receipt.status, ReceiptStatus::Success);
        let inner = [vec![0x0a; 25], Value::UInt(1).encode()].concat();
        assert_eq!(receipt.raw_result, [vec![0x07], inner.clone()].concat());
        let [Event::Print(_, printed)] = receipt.events.as_slice() else { panic!("{:?}", receipt.events) };
        assert_eq!(printed.encode(), inner);
    });
}
