//! Dry runs of transactions, compared with what the mined ones do.

use std::sync::atomic::AtomicBool;
use std::time::Duration;

use chainstate::db::StoreError;
use chainstate::execution::ExecutionLimits;
use chainstate::read::simulate::{Checks, Simulated, transaction as dry_run};
use chainstate::read::{LookupError, Unknown};
use chainstate::transactions::{ReceiptStatus, TransactionError};
use chainstate::wire;
use clarity::value::Value;
use nakamoto_proto::v1;
use stacks_types::ids::{Hash160, StacksBlockId};
use stacks_types::keys::{KeyEncoding, MessageSignature};
use stacks_types::transaction::{
    BlockTransaction, PostConditionMode, SingleSigCondition, SingleSigHashMode, SpendingCondition, StacksTransaction,
    TransactionAuth, TransactionPayload,
};

use crate::support::TestChain;
use chainstate::test_support::{
    OPENING_USTX, address, call_payload, deploy, deploy_payload, key, on_a_large_stack, params, signed, transfer,
    transfer_payload, user,
};

/// `work` has events of four kinds and changes the state; `divide` fails while it runs; `long` takes seconds.
const CODE: &str = "
    (define-constant l (list u1 u1 u1 u1 u1 u1 u1 u1 u1 u1 u1 u1 u1 u1 u1 u1 u1 u1 u1 u1 u1 u1 u1 u1 u1 u1 u1 u1 u1 u1))
    (define-data-var total uint u0)
    (define-fungible-token coin)
    (define-non-fungible-token medal uint)
    (define-private (a (x uint) (sum uint)) (+ sum x))
    (define-private (b (x uint) (sum uint)) (fold a l sum))
    (define-private (c (x uint) (sum uint)) (fold b l sum))
    (define-private (d (x uint) (sum uint)) (fold c l sum))
    (define-private (e (x uint) (sum uint)) (fold d l sum))
    (define-public (work (n uint))
        (begin
            (print { n: n })
            (try! (ft-mint? coin n tx-sender))
            (try! (nft-mint? medal (var-get total) tx-sender))
            (try! (stx-burn? u3 tx-sender))
            (var-set total (+ n (var-get total)))
            (ok (var-get total))))
    (define-public (refuse) (err u7))
    (define-public (divide (n uint)) (ok (/ u1 n)))
    (define-public (sponsor) (ok tx-sponsor?))
    (define-public (long) (ok (fold e l u0)))";

/// Far less than `long` takes.
const SHORT: Duration = Duration::from_millis(20);

fn payload(function: &str, arguments: Vec<Value>) -> TransactionPayload {
    call_payload(address("user", 0), "c", function, arguments)
}

fn unsigned(from: u8, nonce: u64, fee: u64, payload: TransactionPayload) -> StacksTransaction {
    let auth = TransactionAuth::Standard(SpendingCondition::p2pkh(&key("user", from), nonce, fee));
    let mut transaction = StacksTransaction::new(false, auth, payload);
    transaction.post_condition_mode = PostConditionMode::Allow;
    transaction
}

/// A call that may move whatever it does.
fn call(nonce: u64, function: &str, arguments: Vec<Value>) -> StacksTransaction {
    let mut transaction = unsigned(0, nonce, 10_000, payload(function, arguments));
    transaction.sign_origin(&key("user", 0)).expect("the key is the origin's");
    transaction
}

fn run_at(
    test: &TestChain,
    transaction: &StacksTransaction,
    at: Option<StacksBlockId>,
    checks: Checks,
) -> Result<Result<Simulated, TransactionError>, LookupError> {
    let stop = AtomicBool::new(false);
    let raw = BlockTransaction::new(transaction.clone());
    test.chain.read(|snapshot| dry_run(snapshot, &raw, at, checks, &stop))
}

fn simulate(test: &TestChain, transaction: &StacksTransaction) -> Simulated {
    run_at(test, transaction, None, Checks::All).expect("storage works").expect("a block can hold it")
}

fn refusal(test: &TestChain, transaction: &StacksTransaction, checks: Checks) -> TransactionError {
    run_at(test, transaction, None, checks).expect("storage works").expect_err("no block can hold it")
}

/// The receipt that the transaction has in a block of its own.
fn mined(test: &TestChain, transaction: &StacksTransaction) -> v1::TransactionReceipt {
    test.admit(transaction);
    let block = test.grow();
    let processed = test.chain.read(|reader| reader.block_processed(&block)).expect("storage works").expect("a block");
    let [receipt] = processed.receipts.as_slice() else { panic!("{:?}", processed.receipts) };
    receipt.clone()
}

/// A chain in its first tenure, with the contract.
fn chain() -> TestChain {
    let test = TestChain::new();
    test.grow();
    mined(&test, &deploy(0, 0, "c", CODE));
    test
}

#[test]
fn a_dry_run_tells_what_the_mined_transaction_does() {
    on_a_large_stack(|| {
        let test = chain();
        // In the mode of `signed`, what the call moves breaks the post-conditions.
        let broken = signed(&key("user", 0), 2, 10_000, payload("work", vec![Value::UInt(5)]));
        let (success, response, conditions) =
            (ReceiptStatus::Success, ReceiptStatus::AbortByResponse, ReceiptStatus::AbortByPostCondition);
        let transactions = [
            (call(1, "work", vec![Value::UInt(4)]), success, 4),
            (broken, conditions, 0),
            (call(3, "refuse", vec![]), response, 0),
            (call(4, "divide", vec![Value::UInt(0)]), response, 0),
            (call(5, "work", vec![Value::UInt(6)]), success, 4),
            (transfer(0, 6, 9, 5), success, 1),
            (deploy(0, 7, "d", CODE), success, 0),
            (deploy(0, 8, "e", "(define-public"), response, 0),
        ];
        for (transaction, status, events) in transactions {
            let simulated = simulate(&test, &transaction);
            assert_eq!(simulated.parent.block_id, test.tip().block_id);
            assert_eq!(simulated.consensus_hash, test.burn_tip().consensus_hash);
            assert_eq!(simulated.cost_limit, test.chain.params().tenure_cost_limit);
            assert_eq!((simulated.receipt.status, simulated.receipt.events.len()), (status, events));
            let expected = wire::receipt(&simulated.receipt, transaction.encode());
            assert_eq!(mined(&test, &transaction), expected);
        }
    });
}

#[test]
fn a_dry_run_leaves_nothing_behind() {
    on_a_large_stack(|| {
        let test = chain();
        test.admit(&transfer(1, 0, 9, 5));
        let (before, pending, events) = (test.snapshot(), test.pending(), test.events().len());
        for checks in [Checks::All, Checks::None] {
            for _ in 0..2 {
                for transaction in
                    [call(1, "work", vec![Value::UInt(4)]), deploy(0, 1, "d", CODE), transfer(1, 0, 9, 5)]
                {
                    let done = run_at(&test, &transaction, None, checks).expect("storage works");
                    assert_eq!(done.expect("a block can hold it").receipt.status, ReceiptStatus::Success);
                }
            }
        }
        test.snapshot().assert_same(&before, "after dry runs");
        assert_eq!((test.pending(), test.events().len()), (pending, events));
        test.grow();
        assert_eq!((test.nonce(&user(0)), test.nonce(&user(1))), (1, 1));
    });
}

#[test]
fn what_no_block_can_hold_is_refused_unless_nothing_is_checked() {
    on_a_large_stack(|| {
        let test = chain();
        let work = || payload("work", vec![Value::UInt(4)]);
        let signed_work = |nonce, fee| {
            let mut transaction = unsigned(0, nonce, fee, work());
            transaction.sign_origin(&key("user", 0)).expect("the key is the origin's");
            transaction
        };
        let too_high = u64::try_from(OPENING_USTX).expect("it fits") + 1;
        let late = refusal(&test, &signed_work(2, 10_000), Checks::All);
        assert!(matches!(late, TransactionError::BadNonce { expected: 1, actual: 2, .. }), "{late}");
        let past = refusal(&test, &signed_work(0, 10_000), Checks::All);
        assert!(matches!(past, TransactionError::BadNonce { expected: 1, actual: 0, .. }), "{past}");
        let fee = refusal(&test, &signed_work(1, too_high), Checks::All);
        assert!(matches!(fee, TransactionError::FeeAboveBalance { .. }), "{fee}");
        let zeros = refusal(&test, &unsigned(0, 1, 10_000, work()), Checks::All);
        assert!(matches!(zeros, TransactionError::Signature { .. }), "{zeros}");

        let expected = simulate(&test, &signed_work(1, 10_000)).receipt;
        let odd = [signed_work(2, 10_000), signed_work(0, 1), signed_work(1, too_high), unsigned(0, 77, 0, work())];
        for transaction in odd {
            let done = run_at(&test, &transaction, None, Checks::None).expect("storage works");
            let receipt = done.expect("nothing is checked").receipt;
            assert_eq!((receipt.txid, receipt.fee), (transaction.txid(), 0));
            assert_eq!((&receipt.raw_result, &receipt.events), (&expected.raw_result, &expected.events));
            assert_eq!((receipt.status, receipt.cost), (expected.status, expected.cost));
        }
    });
}

#[test]
fn what_the_chain_does_not_have_is_refused_in_any_case() {
    on_a_large_stack(|| {
        let test = chain();
        let coinbase = signed(&key("producer", 0), 1, 0, TransactionPayload::Coinbase { buffer: [0; 32] });
        let mut elsewhere = unsigned(0, 1, 10_000, transfer_payload(user(1), 1));
        elsewhere.chain_id += 1;
        elsewhere.sign_origin(&key("user", 0)).expect("the key is the origin's");
        let own = signed(&key("user", 0), 1, 10_000, transfer_payload(user(0), 1));
        let twice = signed(&key("user", 0), 1, 10_000, deploy_payload("c", CODE));
        for checks in [Checks::All, Checks::None] {
            let refused = |transaction| refusal(&test, transaction, checks);
            assert!(matches!(refused(&coinbase), TransactionError::PayloadNotAllowed { .. }));
            assert!(matches!(refused(&elsewhere), TransactionError::ChainId { .. }));
            assert_eq!(refused(&own), TransactionError::SelfTransfer);
            assert!(matches!(refused(&twice), TransactionError::ContractExists(_)));
        }
    });
}

#[test]
fn a_sponsor_who_is_not_known_yet_may_be_left_open() {
    on_a_large_stack(|| {
        let test = chain();
        let nobody = SpendingCondition::SingleSig(SingleSigCondition {
            hash_mode: SingleSigHashMode::P2pkh,
            signer: Hash160([0; 20]),
            nonce: 0,
            fee: 0,
            key_encoding: KeyEncoding::Compressed,
            signature: MessageSignature::default(),
        });
        let mut transaction = unsigned(0, 1, 0, payload("sponsor", vec![]));
        let origin = transaction.auth.origin().clone();
        let sponsor = nobody.address(false).to_principal();
        transaction.auth = TransactionAuth::Sponsored { origin, sponsor: nobody };
        let done = run_at(&test, &transaction, None, Checks::None).expect("storage works").expect("nothing is checked");
        let some = Value::some(Value::principal(sponsor)).expect("a value");
        assert_eq!(done.receipt.raw_result, Value::okay(some).expect("a value").encode());
    });
}

#[test]
fn a_dry_run_on_an_earlier_block_finds_that_blocks_state() {
    on_a_large_stack(|| {
        let test = chain();
        let earlier = test.tip().block_id;
        let work = |nonce| call(nonce, "work", vec![Value::UInt(4)]);
        let expected = mined(&test, &work(1)).result;
        let on = |at, nonce| run_at(&test, &work(nonce), Some(at), Checks::All).expect("storage works");
        let again = on(earlier, 1).expect("a block can hold it");
        assert_eq!((again.parent.block_id, again.receipt.raw_result), (earlier, expected.to_vec()));
        assert!(matches!(on(test.tip().block_id, 1), Err(TransactionError::BadNonce { .. })));
        let unknown = run_at(&test, &work(2), Some(StacksBlockId([9; 32])), Checks::All);
        assert!(matches!(unknown, Err(LookupError::NotFound { what: Unknown::Block, .. })), "{unknown:?}");
    });
}

#[test]
fn a_dry_run_has_the_whole_budget_of_a_tenure_and_no_more() {
    on_a_large_stack(|| {
        let cost = simulate(&chain(), &call(1, "work", vec![Value::UInt(4)])).receipt.cost;
        let deployment = simulate(&chain(), &deploy(0, 1, "d", CODE)).receipt.cost;
        let mut params = params(1, 3);
        params.tenure_cost_limit.runtime = deployment.runtime + cost.runtime / 2;
        let mut test = TestChain::at_genesis(params);
        test.mine(None);
        test.grow();
        mined(&test, &deploy(0, 0, "c", CODE));
        let work = call(1, "work", vec![Value::UInt(4)]);
        assert_eq!(simulate(&test, &work).receipt.cost, cost, "this tenure has no room for it, another has");
        test.chain
            .set_execution_limits(ExecutionLimits { time: Duration::from_secs(600), ..ExecutionLimits::default() });
        let refused = refusal(&test, &call(1, "long", vec![]), Checks::None);
        assert!(matches!(refused, TransactionError::CostExceeded(_)), "{refused}");
        assert_eq!(refused.miner_verdict(), "Error processing transaction");
    });
}

#[test]
fn a_dry_run_ends_at_the_limit_of_time_and_when_nobody_waits_for_it() {
    on_a_large_stack(|| {
        let mut params = params(1, 3);
        params.tenure_cost_limit.runtime = u64::MAX;
        let mut test = TestChain::at_genesis(params);
        test.mine(None);
        test.grow();
        mined(&test, &deploy(0, 0, "c", CODE));
        test.chain.set_execution_limits(ExecutionLimits { time: SHORT, ..ExecutionLimits::default() });
        let refused = refusal(&test, &call(1, "long", vec![]), Checks::All);
        assert_eq!(refused, TransactionError::TookTooLong { limit: SHORT });
        assert_eq!(refused.miner_verdict(), "Problematic transaction");
        let long = BlockTransaction::new(call(1, "long", vec![]));
        let stopped = AtomicBool::new(true);
        let left = test.chain.read(|snapshot| dry_run(snapshot, &long, None, Checks::All, &stopped));
        assert!(matches!(left, Err(LookupError::Store(StoreError::ShuttingDown))), "{left:?}");
    });
}

#[test]
fn the_chain_grows_during_a_dry_run() {
    on_a_large_stack(|| {
        let test = chain();
        let (old, work) = (test.tip().block_id, BlockTransaction::new(call(1, "work", vec![Value::UInt(4)])));
        let stop = AtomicBool::new(false);
        let seen = test.chain.read(|snapshot| {
            let before = dry_run(snapshot, &work, None, Checks::All, &stop)?.expect("a block can hold it");
            mined(&test, &work);
            let after = dry_run(snapshot, &work, None, Checks::All, &stop)?.expect("a block can hold it");
            Ok::<_, LookupError>([before, after].map(|done| (done.parent.block_id, done.receipt)))
        });
        let [before, after] = seen.expect("storage works");
        assert_eq!((before.0, &before), (old, &after), "the snapshot is of the moment in which it was taken");
        assert_ne!(test.tip().block_id, old);
    });
}
