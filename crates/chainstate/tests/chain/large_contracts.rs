//! Contracts that are small as text and large as they are stored: never a commit that fails.

use chainstate::chain::Processed;
use chainstate::test_support::{address, call_payload, deploy_payload, key, on_a_large_stack, signed, transfer, user};
use chainstate::wire;
use nakamoto_proto::v1;
use stacks_types::transaction::{BlockTransaction, StacksTransaction};

use crate::heavy::{CURE, drops, mine};
use crate::support::TestChain;

/// A chain with a block.
fn chain() -> TestChain {
    let test = TestChain::new();
    test.grow();
    test
}

/// A deployment of 70 constants of a megabyte each: more than what is stored of a contract may be.
fn huge_deploy() -> StacksTransaction {
    let doubled: String =
        (1..7).map(|at| format!("(define-constant b{at} (concat b{} b{}))", at - 1, at - 1)).collect();
    let copies: String = (0..70).map(|at| format!("(define-constant d{at} b6)")).collect();
    let source = format!("(define-constant b0 0x{}) {doubled} {copies}", "00".repeat(16_000));
    signed(&key("user", 1), 0, 100_000, deploy_payload("huge", &source))
}

#[test]
fn a_contract_that_is_too_large_to_be_stored_is_dropped_by_name_and_the_chain_goes_on() {
    on_a_large_stack(|| {
        let test = chain();
        let (huge, other) = (huge_deploy(), transfer(2, 0, 3, 7));
        test.admit(&huge);
        test.admit(&other);
        let template = test.template();
        let reason = format!(
            "what is stored of the contract (its text, types and constants) takes more than 67108864 bytes; {CURE}"
        );
        assert_eq!(drops(&test), [(v1::DropReason::OverExecutionLimits, vec![huge.txid()], reason)]);
        mine(&test, &template);
        assert!(test.pending().is_empty(), "the other one was mined");
        assert_eq!(test.nonce(&user(1)), 0, "nothing of it stays");
        test.grow();
    });
}

#[test]
fn a_block_with_a_contract_that_is_too_large_to_be_stored_is_refused_and_the_chain_goes_on() {
    on_a_large_stack(|| {
        let test = chain();
        let mut block = test.proposal(&test.template());
        block.txs.push(BlockTransaction::new(huge_deploy()));
        test.finish(&mut block);
        let refused = |rejection: &v1::Rejection| {
            assert_eq!(rejection.reason(), v1::RejectReason::BadTransaction, "{}", rejection.detail);
            assert!(rejection.detail.contains("what is stored of the contract"), "{}", rejection.detail);
        };
        let verdict = test.chain.validate(&block.encode(), |_| ()).expect("storage works");
        refused(&verdict.rejection.expect("a rejection"));
        test.push(&block);
        match test.settle().as_slice() {
            [Processed::Rejected(id, rejection)] if *id == block.block_id() => refused(&wire::rejection(rejection)),
            other => panic!("{other:?}"),
        }
        test.grow();
    });
}

/// Before each type was stored once, this was 75 MB.
#[test]
fn a_contract_that_names_one_type_of_many_contracts_in_many_places_is_mined_and_read_after_a_restart() {
    on_a_large_stack(|| {
        let test = chain();
        let literals: String = (0..1_500).map(|at| format!(".c{at} ")).collect();
        let fields: Vec<_> = (0..1_000).map(|at| format!("a{at}: u")).collect();
        let source = format!(
            "(define-constant u (unwrap-panic (element-at? (list {literals}) u0)))
             (define-constant t {{{}}})
             (define-public (get-it) (ok (get a999 t)))",
            fields.join(", ")
        );
        test.admit(&signed(&key("user", 1), 0, 1_000_000, deploy_payload("many", &source)));
        test.grow();
        let test = test.reopen();
        test.admit(&signed(&key("user", 2), 0, 50_000, call_payload(address("user", 1), "many", "get-it", Vec::new())));
        test.grow();
        assert!(test.pending().is_empty());
        assert_eq!((test.nonce(&user(1)), test.nonce(&user(2))), (1, 1));
    });
}
