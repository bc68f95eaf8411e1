//! What contracts see of the burn chain, and what callers get for failures.

use chainstate::execution::read_only::{READ_ONLY_LIMIT, ReadError, ReadOnlyCall};
use clarity::principal::ContractId;
use clarity::value::Value;
use nakamoto_proto::v1::transaction_event::Body;
use stacks_types::transaction::{ContractCall, TransactionPayload};

use crate::support::TestChain;
use chainstate::test_support::{address, deploy, key, on_a_large_stack, signed, user};

const CODE: &str = "(define-read-only (burn (h uint))
       (list (is-some (get-burn-block-info? header-hash h)) (is-some (get-burn-block-info? pox-addrs h))))
     (define-public (seen) (begin (print (map burn (list burn-block-height (- burn-block-height u1) (+ burn-block-height u1)))) (ok true)))
     (define-read-only (earned (h uint)) (get-tenure-info? block-reward h))
     (define-read-only (broken) (/ u1 u0))";

/// A list's consensus serialization.
fn list(entries: &[Vec<u8>]) -> Vec<u8> {
    let count = u32::try_from(entries.len()).expect("few entries");
    [&[11], &count.to_be_bytes()[..], &entries.concat()].concat()
}

fn both(some: bool) -> Vec<u8> {
    let boolean = vec![if some { 3 } else { 4 }];
    list(&[boolean.clone(), boolean])
}

fn read(test: &TestChain, function: &str, arguments: &[Value]) -> Result<Vec<u8>, String> {
    let contract = ContractId::parse(&format!("{}.answers", address("user", 0))).expect("an id");
    let call = ReadOnlyCall {
        contract: &contract,
        function,
        arguments,
        sender: &user(0),
        sponsor: None,
        limit: READ_ONLY_LIMIT,
    };
    let called = test.chain.read(|reader| {
        let mut answer = Ok(Value::NONE);
        reader.state_at(None, |state| {
            answer = state.call_read_only(&call);
            Ok(())
        })?;
        Ok::<_, chainstate::chain::ReadStateError>(answer)
    });
    called.expect("storage works").map(|value| value.encode()).map_err(|error| match error {
        ReadError::Vm(cause) => cause,
        other => panic!("{other}"),
    })
}

#[test]
fn a_contract_sees_the_burn_block_of_its_block_and_none_above() {
    on_a_large_stack(|| {
        let test = TestChain::new();
        test.admit(&deploy(0, 0, "answers", CODE));
        test.grow();
        let call = ContractCall {
            address: address("user", 0),
            contract_name: "answers".parse().unwrap(),
            function_name: "seen".parse().unwrap(),
            arguments: Vec::new(),
        };
        test.admit(&signed(&key("user", 1), 0, 10_000, TransactionPayload::ContractCall(call)));
        let block = test.grow();
        let processed = test.chain.read(|reader| reader.block_processed(&block)).expect("readable").expect("there");
        let receipt = processed.receipts.last().expect("the call");
        let seen = list(&[both(true), both(true), both(false)]);
        let found = receipt
            .events
            .iter()
            .any(|event| matches!(&event.body, Some(Body::ContractPrint(print)) if print.value[..] == seen[..]));
        assert!(found, "{:?}", receipt.events);
        let height = u128::from(test.tip().burn_height);
        for (height, some) in [(height, true), (height - 1, true), (height + 1, false)] {
            assert_eq!(read(&test, "burn", &[Value::UInt(height)]), Ok(both(some)), "{height}");
        }
    });
}

#[test]
fn a_run_time_error_is_reported_by_its_name() {
    on_a_large_stack(|| {
        let test = TestChain::new();
        test.admit(&deploy(0, 0, "answers", CODE));
        test.grow();
        assert_eq!(read(&test, "broken", &[]), Err("DivisionByZero".to_owned()));
    });
}

#[test]
fn a_parse_error_names_line_and_column() {
    on_a_large_stack(|| {
        let test = TestChain::new();
        test.admit(&deploy(0, 0, "broken", "(define-constant a u1)\n(define-constant b u2"));
        let block = test.grow();
        let processed = test.chain.read(|reader| reader.block_processed(&block)).expect("readable").expect("there");
        let receipt = processed.receipts.last().expect("the deployment");
        assert!(receipt.vm_error.starts_with(":2:"), "{:?}", receipt.vm_error);
    });
}

#[test]
fn a_contract_sees_what_a_tenure_earned_when_the_next_one_is_mature_too() {
    on_a_large_stack(|| {
        let mut test = TestChain::new();
        test.admit(&deploy(0, 0, "answers", CODE));
        test.grow();
        let maturity = u64::from(test.chain.params().reward_maturity);
        loop {
            for block in ["the first of the tenure", "the second"] {
                test.grow();
                let tenure = test.tip().tenure.height;
                let earned = read(&test, "earned", &[Value::UInt(1)]).expect("an answer");
                // The fee of the deployment belongs to the tenure.
                let expected = (tenure >= 1 + maturity + 2).then_some(Value::UInt(1_000_000_000 + 10_000));
                let expected = expected.map_or(Ok(Value::NONE), Value::some).expect("a value").encode();
                assert_eq!(earned, expected, "{block} of tenure {tenure}");
                if tenure == 1 + maturity + 3 {
                    return;
                }
            }
            test.mine(None);
        }
    });
}
