//! A check that may take long is left for later, but only for a sender who has signed and can pay.

use super::support::*;
use crate::mempool::{CheckOutcome, Refusal, check};
use crate::test_support::{call_payload, deploy_payload, params};
use stacks_types::transaction::{BlockTransaction, StacksTransaction, TransactionPayload};

fn view() -> View {
    View { leaves_calls: true, ..View::default().with_account(1, 5, 1_000_000) }
}

fn offered(transaction: impl Into<BlockTransaction>) -> Result<CheckOutcome, Refusal> {
    check(&database(), &view(), &params(0, 0), transaction.into(), NOW_S)
}

fn call() -> TransactionPayload {
    call_payload(address(9), "gone", FUNCTION, Vec::new())
}

#[test]
fn calls_of_who_can_pay_are_left() {
    let left = Ok(CheckOutcome::Left { origin: address(1) });
    assert_eq!(offered(signed(1, 5, 1_000, call())), left);
    let plain = [deploy_payload("new", "(begin)"), transfer(3, 1)];
    for payload in plain {
        assert!(matches!(offered(signed(1, 5, 1_000, payload)), Ok(CheckOutcome::Checked(_))));
    }
}

#[test]
fn nobody_has_turns_in_the_name_of_another_or_for_nothing() {
    let unsigned: StacksTransaction = unsigned(1, 5, 1_000, call());
    assert!(matches!(offered(unsigned), Err(Refusal::SignatureValidation { .. })));
    assert!(matches!(offered(signed(1, 4, 1_000, call())), Err(Refusal::BadNonce { .. })));
    assert!(matches!(offered(signed(2, 0, 1_000, call())), Err(Refusal::NotEnoughFunds { .. })));
}
