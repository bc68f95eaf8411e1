//! Cached contracts: the same calls with and without the cache, and on two forks.

use clarity::principal::Principal;
use clarity::value::Value;
use stacks_types::ids::StacksBlockId;
use stacks_types::transaction::BlockTransaction;

use super::support::{Account, TestChain, id};
use crate::execution::{BlockSession, ContractCache};
use crate::params::HELIUM_20;
use crate::test_support::on_a_large_stack;
use crate::transactions::ReceiptStatus;

const BOOT: StacksBlockId = StacksBlockId::BOOT;

/// Functions that end in every possible way, most of them inside another contract that they call.
const ENDS: &str = "\
(define-constant owner tx-sender)
(define-data-var count uint u0)
(define-trait walker ((walk (uint) (response uint uint))))
(define-private (hidden) (ok u1))
(define-read-only (look) (var-get count))
(define-public (add (n uint)) (begin (var-set count (+ n (var-get count))) (print owner) (ok (var-get count))))
(define-public (undo (n uint)) (begin (var-set count n) (err n)))
(define-public (fail (n uint)) (ok (- u0 n)))
(define-public (unwrapped (n uint)) (ok (unwrap! (if (> n u0) none (some n)) (err u7))))
(define-public (by (other <walker>) (n uint)) (contract-call? other walk n))
(define-public (back (n uint)) (if (> n u0) (add n) (undo n)))
(define-public (send (to principal)) (stx-transfer? u5 tx-sender to))
(define-public (height) (ok block-height))
";

const WALKS: &str = "(define-public (walk (n uint)) (contract-call? .ends add n))";

fn deploys(alice: &Account) -> Vec<BlockTransaction> {
    vec![alice.deploy(0, "ends", ENDS), alice.deploy(1, "walks", WALKS)]
}

fn calls(alice: &Account) -> Vec<(&'static str, Vec<Value>)> {
    let (ends, walks) = (alice.contract("ends"), alice.contract("walks"));
    let contract = |id| Value::principal(Principal::Contract(id));
    let n = |n| vec![Value::UInt(n)];
    vec![
        ("add", n(3)),
        ("undo", n(3)),
        ("fail", n(1)),
        ("unwrapped", n(0)),
        ("unwrapped", n(1)),
        ("by", vec![contract(walks), Value::UInt(4)]),
        ("by", vec![contract(ends), Value::UInt(4)]),
        ("by", n(1)),
        ("back", n(0)),
        ("back", n(1)),
        ("send", vec![Value::principal(Account::new(2).principal())]),
        ("height", vec![]),
        ("look", vec![]),
        ("hidden", vec![]),
        ("nothing", vec![]),
        ("add", vec![]),
        ("add", vec![Value::Bool(true)]),
    ]
}

/// The outcome of each call; a refused one leaves its nonce to the next.
fn outcomes(session: &mut BlockSession<'_>, alice: &Account) -> Vec<String> {
    let mut nonce = 2;
    let mut outcomes = Vec::new();
    for (function, arguments) in calls(alice) {
        let outcome = session.process_transaction(&alice.call(nonce, &alice.contract("ends"), function, arguments));
        nonce += u64::from(outcome.is_ok());
        outcomes.push(format!("{outcome:?}"));
    }
    outcomes
}

#[test]
fn calls_of_kept_contracts_end_and_cost_as_others_do() {
    on_a_large_stack(|| {
        let alice = Account::new(1);
        let mut runs = Vec::new();
        for cache in [ContractCache::default(), ContractCache::with_source_bytes(0)] {
            let mut chain = TestChain::empty(HELIUM_20);
            chain.keep_contracts_in(cache);
            let boot = chain.boot();
            chain.commit(&boot.executed, BOOT, 0);
            chain.block(BOOT, id(1), 1, &deploys(&alice));
            // Twice: the second round finds what the first has cached.
            for _ in 0..2 {
                let mut session = chain.begin(id(1), 2);
                let outcomes = outcomes(&mut session, &alice);
                runs.push((outcomes, session.cost(), session.seal().unwrap().writes));
            }
        }
        let successes = runs[0].0.iter().filter(|outcome| outcome.contains("status: Success")).count();
        assert!((5..15).contains(&successes), "{:#?}", runs[0].0);
        for run in &runs[1..] {
            assert_eq!(*run, runs[0]);
        }
    });
}

#[test]
fn a_kept_contract_is_that_of_its_own_fork() {
    on_a_large_stack(|| {
        let chain = TestChain::new();
        let alice = Account::new(1);
        let contract = alice.contract("c");
        let says = |n: u128| alice.deploy(0, "c", &format!("(define-public (f) (ok u{n}))"));
        chain.block(BOOT, id(1), 1, &[says(1)]);
        chain.block(BOOT, id(2), 1, &[says(2)]);
        let call = alice.call(1, &contract, "f", vec![]);
        let result = |parent, expected: u128| {
            let receipt = chain.begin(parent, 2).process_transaction(&call).unwrap();
            assert_eq!(receipt.result().unwrap(), Value::okay(Value::UInt(expected)).unwrap());
        };
        for _ in 0..2 {
            result(id(1), 1);
            result(id(2), 2);
        }
        // Where it was never deployed, there is none.
        let mut session = chain.begin(BOOT, 1);
        let receipt = session.process_transaction(&alice.call(0, &contract, "f", vec![])).unwrap();
        assert_ne!(receipt.status, ReceiptStatus::Success);
        // In the block that deploys it, and in the next one that does so under the same placeholder.
        for n in [3, 4] {
            let mut session = chain.begin(BOOT, 1);
            session.process_transaction(&says(n)).unwrap();
            let receipt = session.process_transaction(&call).unwrap();
            assert_eq!(receipt.result().unwrap(), Value::okay(Value::UInt(n)).unwrap());
        }
    });
}
