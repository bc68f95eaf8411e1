//! What contracts see of heights, the burn chain and the past.

use clarity::value::Value;
use stacks_types::ids::StacksBlockId;

use super::support::{Account, TestChain, id};
use crate::test_support::on_a_large_stack;
use crate::transactions::ReceiptStatus;

const BOOT: StacksBlockId = StacksBlockId::BOOT;

const VIEWS: &str = "
    (define-data-var v uint u0)
    (define-public (set (x uint)) (ok (var-set v x)))
    (define-public (heights) (ok { b: block-height, u: burn-block-height }))
    (define-public (block (n uint)) (ok (get-block-info? id-header-hash n)))
    (define-public (burn (n uint)) (ok (get-burn-block-info? header-hash n)))
    (define-public (at (id (buff 32))) (ok (at-block id { b: block-height, v: (var-get v) })))";

fn uint(value: u128) -> Value {
    Value::UInt(value)
}

fn tuple(fields: &[(&str, Value)]) -> Value {
    let fields = fields.iter().map(|(name, value)| (name.parse().unwrap(), value.clone())).collect();
    Value::tuple(fields).unwrap()
}

fn some_buffer(bytes: [u8; 32]) -> Value {
    Value::some(Value::buffer(bytes.to_vec())).unwrap()
}

/// Blocks 1, 2 and 3 are tenure 1, blocks 4 and 5 tenure 2; the contract is in block 1, `v` is the block's number.
fn chain() -> (TestChain, Account) {
    let chain = TestChain::new();
    let alice = Account::new(1);
    let contract = alice.contract("views");
    let mut parent = BOOT;
    for number in 1..=5_u8 {
        let tenure = if number <= 3 { 1 } else { 2 };
        let mut transactions = Vec::new();
        if number == 1 {
            transactions.push(alice.deploy(0, "views", VIEWS));
        }
        transactions.push(alice.call(u64::from(number), &contract, "set", vec![uint(number.into())]));
        chain.block(parent, id(number), tenure, &transactions);
        parent = id(number);
    }
    (chain, alice)
}

/// The value inside the `(ok ...)` that a call in a block on block 5 yields.
fn ask(chain: &TestChain, alice: &Account, tenure: u32, function: &str, arguments: Vec<Value>) -> Value {
    let mut session = chain.begin(id(5), tenure);
    let receipt = session.process_transaction(&alice.call(6, &alice.contract("views"), function, arguments)).unwrap();
    assert_eq!(receipt.status, ReceiptStatus::Success, "{:?}", receipt.vm_error);
    match receipt.result().unwrap() {
        Value::Ok(inner) => inner.as_ref().clone(),
        other => panic!("{other}"),
    }
}

#[test]
fn heights_count_tenures_and_the_burn_tip_is_the_blocks_own_view() {
    on_a_large_stack(|| {
        let (chain, alice) = chain();
        let ask = |tenure| ask(&chain, &alice, tenure, "heights", vec![]);
        assert_eq!(ask(2), tuple(&[("b", uint(2)), ("u", uint(102))]));
        assert_eq!(ask(3), tuple(&[("b", uint(3)), ("u", uint(103))]));
    });
}

#[test]
fn block_info_of_a_height_is_that_of_the_tenures_first_block() {
    on_a_large_stack(|| {
        let (chain, alice) = chain();
        let ask = |tenure, height| ask(&chain, &alice, tenure, "block", vec![uint(height)]);
        assert_eq!(ask(3, 0), some_buffer(BOOT.0));
        assert_eq!(ask(3, 1), some_buffer(id(1).0));
        assert_eq!(ask(3, 2), some_buffer(id(4).0));
        assert_eq!(ask(3, 3), Value::NONE);
        assert_eq!(ask(2, 1), some_buffer(id(1).0));
        assert_eq!(ask(2, 2), Value::NONE);
    });
}

#[test]
fn burn_block_info_is_asked_from_the_blocks_own_view() {
    on_a_large_stack(|| {
        let (chain, alice) = chain();
        assert_eq!(ask(&chain, &alice, 3, "burn", vec![uint(102)]), some_buffer([3; 32]));
        assert_eq!(ask(&chain, &alice, 2, "burn", vec![uint(102)]), Value::NONE);
    });
}

#[test]
fn the_past_is_read_as_it_was() {
    on_a_large_stack(|| {
        let (chain, alice) = chain();
        for (number, tenure) in [(1_u8, 1), (2, 1), (3, 1), (4, 2), (5, 2)] {
            let at = Value::buffer(id(number).0.to_vec());
            let expected = tuple(&[("b", uint(tenure)), ("v", uint(number.into()))]);
            assert_eq!(ask(&chain, &alice, 3, "at", vec![at]), expected);
        }
    });
}

#[test]
fn blocks_of_other_forks_are_not_in_the_past() {
    on_a_large_stack(|| {
        let (chain, alice) = chain();
        let contract = alice.contract("views");
        chain.block(id(4), id(50), 9, &[alice.call(5, &contract, "set", vec![uint(50)])]);
        for (parent, nonce, other) in [(id(5), 6, id(50)), (id(50), 6, id(5)), (id(50), 6, id(99))] {
            let mut session = chain.begin(parent, 10);
            let at = Value::buffer(other.0.to_vec());
            let receipt = session.process_transaction(&alice.call(nonce, &contract, "at", vec![at])).unwrap();
            assert_eq!(receipt.status, ReceiptStatus::AbortByResponse);
            assert_eq!(receipt.result(), Some(Value::error(Value::NONE).unwrap()));
            // The failure does not leave the session in the past.
            let receipt = session.process_transaction(&alice.call(nonce + 1, &contract, "heights", vec![])).unwrap();
            assert_eq!(receipt.status, ReceiptStatus::Success);
        }
    });
}

#[test]
fn forks_do_not_see_each_others_contracts() {
    on_a_large_stack(|| {
        let chain = TestChain::new();
        let alice = Account::new(1);
        let source = |value: u32| format!("(define-read-only (f) u{value})");
        chain.block(BOOT, id(1), 1, &[alice.deploy(0, "same", &source(1))]);
        chain.block(BOOT, id(2), 2, &[alice.deploy(0, "same", &source(2))]);
        chain.block(BOOT, id(3), 3, &[]);
        for (fork, expected) in [(1_u8, Some(1)), (2, Some(2)), (3, None)] {
            let mut session = chain.begin(id(fork), 4);
            let nonce = u64::from(expected.is_some());
            let receipt =
                session.process_transaction(&alice.call(nonce, &alice.contract("same"), "f", vec![])).unwrap();
            let result = expected.map_or_else(|| Value::error(Value::NONE).unwrap(), Value::UInt);
            assert_eq!(receipt.result(), Some(result));
        }
    });
}
