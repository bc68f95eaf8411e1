//! Transactions that take more than they may: dropped by name, refused in proposals, and never in the way of others.

use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use chainstate::assembly::{TemplateFailure, TemplateOrder};
use chainstate::chain::Processed;
use chainstate::db::StoreError;
use chainstate::execution::ExecutionLimits;
use nakamoto_proto::v1;
use stacks_types::block::NakamotoBlock;
use stacks_types::ids::Txid;
use stacks_types::transaction::StacksTransaction;

use crate::support::TestChain;
use chainstate::test_support::{
    OPENING_USTX, USERS, address, call_payload, deploy, deploy_payload, key, on_a_large_stack, params, signed,
    transfer, user,
};

/// `long` takes seconds at least, `short` some milliseconds, `large` holds 40 kB while it runs.
fn contract() -> String {
    let list = format!("(list {})", "u1 ".repeat(40));
    let large = "00".repeat(20_000);
    format!(
        "(define-constant l {list})
         (define-private (a (x uint) (sum uint)) (+ sum x))
         (define-private (b (x uint) (sum uint)) (fold a l sum))
         (define-private (c (x uint) (sum uint)) (fold b l sum))
         (define-private (d (x uint) (sum uint)) (fold c l sum))
         (define-private (e (x uint) (sum uint)) (fold d l sum))
         (define-public (long) (ok (fold e l u0)))
         (define-public (short) (ok (fold b l u0)))
         (define-public (large) (let ((x 0x{large}) (y x)) (ok (fold a l u0))))"
    )
}

fn call(from: u8, nonce: u64, fee: u64, function: &str) -> StacksTransaction {
    signed(&key("user", from), nonce, fee, call_payload(address("user", 0), "heavy", function, Vec::new()))
}

/// A chain with the contract, where a transaction may take so many milliseconds.
fn chain(millis: u64) -> TestChain {
    let test = TestChain::new();
    test.admit(&signed_deploy());
    test.grow();
    test.chain.set_execution_limits(ExecutionLimits { time: Duration::from_millis(millis), ..limits() });
    test
}

fn signed_deploy() -> StacksTransaction {
    signed(&key("user", 0), 0, 100_000, deploy_payload("heavy", &contract()))
}

fn limits() -> ExecutionLimits {
    ExecutionLimits::default()
}

fn drops(test: &TestChain) -> Vec<(v1::DropReason, Vec<Txid>, String)> {
    let bodies = test.events().into_iter().filter_map(|event| match event.body {
        Some(v1::event::Body::MempoolDropped(body)) => Some(body),
        _ => None,
    });
    let txids = |body: &v1::MempoolDropped| body.txids.iter().map(|id| Txid::try_from(&id[..]).unwrap()).collect();
    bodies.map(|body| (body.reason(), txids(&body), body.detail)).collect()
}

/// What the sender of a dropped one is told to do.
const CURE: &str = "split it, or make it cheaper (these bytes are refused for two days)";

#[test]
fn one_that_takes_too_long_is_dropped_by_name_and_the_others_are_mined_in_the_same_block() {
    on_a_large_stack(|| {
        let test = chain(100);
        let heavy = call(1, 0, 50_000, "long");
        let other = transfer(2, 0, 3, 7);
        test.admit(&heavy);
        test.admit(&other);
        let template = test.template();
        let named: Vec<_> = template.skipped.iter().map(|skipped| (&skipped.txid[..], &skipped.reason[..])).collect();
        let reason = format!(
            "took longer than 100ms, which is what a transaction may take here (max_execution_time_secs); {CURE}"
        );
        let reason = reason.as_str();
        assert_eq!(named, [(&heavy.txid().0[..], reason)]);
        assert_eq!(drops(&test), [(v1::DropReason::OverExecutionLimits, vec![heavy.txid()], reason.to_owned())]);
        assert_eq!(test.pending(), [other.txid()].into());
        let again = test.chain.admit_transaction(heavy.encode()).expect("storage works");
        assert!(again.is_err(), "it is refused for a while");
        let mut block = test.proposal(&template);
        test.sign(&mut block);
        test.push(&block);
        assert_eq!(test.settle(), [Processed::Appended(block.block_id())]);
        assert!(test.pending().is_empty(), "the other one was mined");
        assert_eq!(test.nonce(&user(1)), 0, "nothing of it stays");
    });
}

#[test]
fn one_that_holds_too_much_is_dropped_by_name() {
    on_a_large_stack(|| {
        let test = chain(60_000);
        test.chain.set_execution_limits(ExecutionLimits { memory_bytes: 30_000, ..limits() });
        let heavy = call(1, 0, 50_000, "large");
        test.admit(&heavy);
        test.template();
        let reason =
            format!("held more than 30000 bytes, which is what a transaction may hold here (max_memory_bytes); {CURE}");
        assert_eq!(drops(&test), [(v1::DropReason::OverExecutionLimits, vec![heavy.txid()], reason)]);
    });
}

#[test]
fn a_proposal_that_takes_too_long_is_not_valid_here_but_a_signed_block_has_a_margin() {
    on_a_large_stack(|| {
        let test = chain(60_000);
        let heavy = call(1, 0, 50_000, "short");
        test.admit(&heavy);
        let block = test.make_block();
        // Without the execution that assembly has left.
        let test = test.reopen();
        test.chain.set_execution_limits(ExecutionLimits { time: Duration::ZERO, ..limits() });
        let verdict = test.chain.validate(&block.encode(), |_| ()).expect("storage works");
        let rejection = verdict.rejection.expect("it is not valid");
        assert_eq!(rejection.reason(), v1::RejectReason::BadTransaction);
        assert!(rejection.detail.contains(&heavy.txid().to_string()), "{}", rejection.detail);
        assert!(rejection.detail.contains("took longer"), "{}", rejection.detail);
        test.chain.set_execution_limits(limits());
        test.push(&block);
        assert_eq!(test.settle(), [Processed::Appended(block.block_id())]);
    });
}

#[test]
fn a_stop_ends_executions_and_the_same_block_comes_again() {
    on_a_large_stack(|| {
        let test = chain(60_000);
        test.admit(&call(1, 0, 50_000, "short"));
        let block = test.make_block();
        let test = test.reopen();
        test.push(&block);
        test.chain.interrupt();
        while test.chain.announce().expect("announcing") {}
        assert!(matches!(test.chain.process_next(), Err(StoreError::ShuttingDown)));
        let test = test.reopen();
        assert_eq!(test.settle(), [Processed::Appended(block.block_id())]);
    });
}

#[test]
fn nothing_is_evaluated_for_a_nonce_that_a_higher_fee_holds_and_little_for_any() {
    on_a_large_stack(|| {
        let test = TestChain::new();
        // Deep enough to be in doubt, with a top level that takes hours.
        let deep = format!("{} (begin {}(fold d l u0){})", contract(), "(begin ".repeat(25), ")".repeat(25));
        let payload = deploy(0, 0, "deep", &deep).payload;
        test.admit(&signed(&key("user", 0), 0, 1_000_000, payload.clone()));
        let offered = test.chain.admit_transaction(signed(&key("user", 0), 0, 900_000, payload).encode());
        let refusal = offered.expect("storage works").expect_err("the nonce is taken").to_string();
        assert!(refusal.contains("nonce"), "{refusal}");
    });
}

#[test]
fn one_candidate_is_tried_however_short_the_time() {
    on_a_large_stack(|| {
        let test = TestChain::new();
        test.admit(&transfer(0, 0, 1, 5));
        test.admit(&transfer(1, 0, 2, 5));
        let order = TemplateOrder { coinbase: Some(test.coinbase().encode()), ..TemplateOrder::default() };
        let template = test.chain.assemble(&order, Duration::ZERO, &AtomicBool::new(false));
        let template = template.expect("storage works").expect("a template").template;
        let block = NakamotoBlock::decode(&template.block).expect("a block");
        assert_eq!(block.txs.len(), 2, "the coinbase and one transfer");
    });
}

/// Accounts that offer a new one as soon as the last was dropped, each for more than all others pay.
#[test]
fn whoever_sends_slow_ones_again_and_again_holds_up_nobody_else() {
    on_a_large_stack(|| {
        let test = chain(150);
        let mut slow: Vec<_> = (0..3).map(|from| call(from, u64::from(from == 0), 50_000, "long")).collect();
        for round in 0..4 {
            for (from, transaction) in (0..3).zip(&mut slow) {
                if test.pending().contains(&transaction.txid()) {
                    continue;
                }
                *transaction = call(from, u64::from(from == 0), 50_001 + round, "long");
                test.admit(transaction);
            }
            let honest = transfer(3, round, 0, 7);
            test.admit(&honest);
            let template = test.template();
            let block = NakamotoBlock::decode(&template.block).expect("a block");
            assert!(
                block.txs.iter().any(|mined| mined.txid() == honest.txid()),
                "round {round}: {:?}",
                template.skipped
            );
            let mut block = test.proposal(&template);
            test.sign(&mut block);
            test.push(&block);
            assert_eq!(test.settle(), [Processed::Appended(block.block_id())]);
        }
    });
}

#[test]
fn an_account_that_was_slow_goes_behind_others_and_waits_for_nobody_where_it_is_alone() {
    on_a_large_stack(|| {
        // Where it is alone it is tried at once, and each time the pause is twice as long: long enough for what follows.
        let test = chain(100);
        for fee in 50_000..50_006 {
            test.admit(&call(1, 0, fee, "long"));
            test.template();
        }
        assert_eq!(drops(&test).len(), 6);
        let (slow, honest) = (signed(&key("user", 1), 0, 9_000, transfer(1, 0, 0, 7).payload), transfer(2, 0, 0, 7));
        test.admit(&slow);
        test.admit(&honest);
        let template = test.template();
        let block = NakamotoBlock::decode(&template.block).expect("a block");
        let mined: Vec<_> = block.txs.iter().map(|transaction| transaction.txid()).collect();
        assert!(mined.contains(&honest.txid()) && !mined.contains(&slow.txid()), "{mined:?}");
        let reasons: Vec<_> = template.skipped.iter().map(|skipped| &skipped.reason[..]).collect();
        assert!(matches!(reasons[..], [reason] if reason.contains("others go first for another")), "{reasons:?}");
        let mut block = test.proposal(&template);
        test.sign(&mut block);
        test.push(&block);
        assert_eq!(test.settle(), [Processed::Appended(block.block_id())]);
        let block = NakamotoBlock::decode(&test.template().block).expect("a block");
        assert!(block.txs.iter().any(|transaction| transaction.txid() == slow.txid()), "nobody else is there");
    });
}

/// Seven slow ones, of accounts of which none was slow before: more than may be cut one after the other. And a transfer behind them.
fn many_slow_ones() -> (TestChain, StacksTransaction) {
    let mut params = params(1, 3);
    params.boot_balances.extend((USERS..8).map(|number| (user(number), OPENING_USTX)));
    let mut test = TestChain::at_genesis(params);
    test.mine(None);
    test.admit(&signed_deploy());
    test.grow();
    test.chain.set_execution_limits(ExecutionLimits { time: Duration::from_millis(500), ..limits() });
    for from in 0..7 {
        test.admit(&call(from, u64::from(from == 0), 50_000, "long"));
    }
    let honest = transfer(7, 0, 0, 7);
    test.admit(&honest);
    (test, honest)
}

#[test]
fn slow_ones_of_new_accounts_hold_up_a_block_no_longer_than_two_of_them() {
    on_a_large_stack(|| {
        let (test, honest) = many_slow_ones();
        let begun = Instant::now();
        let template = test.template();
        let block = NakamotoBlock::decode(&template.block).expect("a block");
        // Two of them 0.5 s each, and the rest 0.2 s; all seven would take 3.5 s.
        assert!(begun.elapsed() < Duration::from_millis(3_500), "{:?}", begun.elapsed());
        assert!(block.txs.iter().any(|mined| mined.txid() == honest.txid()), "{:?}", template.skipped);
        assert_eq!(drops(&test).len(), 2, "the others wait");
    });
}

#[test]
fn a_slow_one_that_runs_as_nobody_waits_gives_way_to_whoever_comes() {
    on_a_large_stack(|| {
        let test = chain(100);
        test.admit(&call(1, 0, 50_000, "long"));
        test.template();
        assert_eq!(drops(&test).len(), 1, "its account pauses");
        let slow = call(1, 0, 50_001, "long");
        test.admit(&slow);
        test.chain.set_execution_limits(ExecutionLimits { time: Duration::from_secs(3600), ..limits() });
        let honest = transfer(2, 0, 0, 7);
        let template = std::thread::scope(|scope| {
            scope.spawn(|| {
                while test.chain.executing().is_none_or(|(txid, _)| txid != slow.txid()) {
                    std::thread::yield_now();
                }
                test.admit(&honest);
            });
            test.template()
        });
        let block = NakamotoBlock::decode(&template.block).expect("a block");
        assert!(block.txs.iter().any(|mined| mined.txid() == honest.txid()));
        assert!(test.pending().contains(&slow.txid()), "it has its turn later");
        // What was begun of it left nothing behind: an execution of its own comes to the same root.
        let mut block = test.proposal(&template);
        test.sign(&mut block);
        let test = test.reopen();
        test.push(&block);
        assert_eq!(test.settle(), [Processed::Appended(block.block_id())]);
    });
}

#[test]
fn what_slow_ones_take_does_not_count_against_the_time_of_others() {
    on_a_large_stack(|| {
        let (test, honest) = many_slow_ones();
        // The five that have a short time take 0.2 s together.
        let time = Duration::from_millis(60);
        let assembled = test.chain.assemble(&TemplateOrder::default(), time, &AtomicBool::new(false));
        let template = assembled.expect("storage works").expect("a template").template;
        let block = NakamotoBlock::decode(&template.block).expect("a block");
        assert!(block.txs.iter().any(|mined| mined.txid() == honest.txid()), "{:?}", template.skipped);
    });
}

#[test]
fn a_template_that_has_to_end_with_nothing_in_it_does_not_say_that_nothing_can_be_mined() {
    on_a_large_stack(|| {
        let test = chain(60_000);
        test.admit(&call(1, 0, 50_000, "long"));
        let ended = test.chain.assemble(&TemplateOrder::default(), Duration::MAX, &AtomicBool::new(true));
        assert_eq!(ended.expect("storage works"), Err(TemplateFailure::EndedEarly));
        // Nothing is left that was not tried, however short the time.
        test.chain.set_execution_limits(ExecutionLimits { time: Duration::from_millis(20), ..limits() });
        let failed = test.chain.assemble(&TemplateOrder::default(), Duration::ZERO, &AtomicBool::new(false));
        assert!(matches!(failed.expect("storage works"), Err(TemplateFailure::NoTransactions(Some(_)))));
    });
}
