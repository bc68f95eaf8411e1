//! Transactions that take more than they may: dropped by name, refused in proposals, and never a delay for others.

use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use chainstate::assembly::{TemplateFailure, TemplateOrder};
use chainstate::chain::Processed;
use chainstate::db::StoreError;
use chainstate::execution::ExecutionLimits;
use clarity::costs::Cost;
use nakamoto_proto::v1;
use stacks_types::block::NakamotoStacksBlock;
use stacks_types::ids::Txid;
use stacks_types::transaction::StacksTransaction;

use crate::support::TestChain;
use chainstate::test_support::{
    OPENING_USTX, USERS, address, call_payload, deploy, deploy_payload, key, on_a_large_stack, params, signed,
    transfer, transfer_payload, user,
};

/// `long` takes at least seconds, `short` some milliseconds, `middle` a time in between, `large` holds 40 kB while it
/// runs, `loud` prints 128,000 times, `wild` prints 64 MB, which the engine refuses after it has run.
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
         (define-public (middle) (ok (fold e (list u1 u2) u0)))
         (define-public (large) (let ((x 0x{large}) (y x)) (ok (fold a l u0))))
         (define-private (say (n uint) (x bool)) (print x))
         (define-private (say-all (n uint) (x bool)) (fold say l x))
         (define-private (say-more (n uint) (x bool)) (fold say-all l x))
         (define-private (say-most (n uint) (x bool)) (fold say-more l x))
         (define-public (loud) (ok (fold say-most (list u1 u2) true)))
         (define-private (shout (n uint) (x (buff 20000))) (print x))
         (define-private (shout-all (n uint) (x (buff 20000))) (fold shout l x))
         (define-private (shout-more (n uint) (x (buff 20000))) (fold shout-all l x))
         (define-public (wild) (let ((sum (fold d l u0))) (ok (len (fold shout-more (list u1 u2) 0x{large})))))"
    )
}

fn call(from: u8, nonce: u64, fee: u64, function: &str) -> StacksTransaction {
    signed(&key("user", from), nonce, fee, call_payload(address("user", 0), "heavy", function, Vec::new()))
}

/// A chain with the contract, whose transactions may take this many milliseconds.
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

pub(crate) fn drops(test: &TestChain) -> Vec<(v1::DropReason, Vec<Txid>, String)> {
    let bodies = test.events().into_iter().filter_map(|event| match event.body {
        Some(v1::event::Body::MempoolDropped(body)) => Some(body),
        _ => None,
    });
    let txids = |body: &v1::MempoolDropped| body.txids.iter().map(|id| Txid::try_from(&id[..]).unwrap()).collect();
    bodies.map(|body| (body.reason(), txids(&body), body.detail)).collect()
}

/// Has everybody sign the template's block, and processes it.
pub(crate) fn mine(test: &TestChain, template: &v1::BlockTemplate) {
    let mut block = test.proposal(template);
    test.sign(&mut block);
    test.push(&block);
    assert_eq!(test.settle(), [Processed::Appended(block.block_id())]);
}

/// The advice for a dropped transaction.
pub(crate) const CURE: &str = "split it, or make it cheaper (these bytes are refused for two days)";

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
        mine(&test, &template);
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
fn a_proposal_that_takes_too_long_is_not_valid_here_but_a_signed_block_is() {
    on_a_large_stack(|| {
        let test = chain(60_000);
        let heavy = call(1, 0, 50_000, "short");
        test.admit(&heavy);
        let block = test.make_block();
        // Without the execution that assembly kept.
        let test = test.reopen();
        test.chain.set_execution_limits(ExecutionLimits { time: Duration::ZERO, ..limits() });
        let verdict = test.chain.validate(&block.encode(), |_| ()).expect("storage works");
        let rejection = verdict.rejection.expect("it is not valid");
        assert_eq!(rejection.reason(), v1::RejectReason::BadTransaction);
        assert!(rejection.detail.contains(&heavy.txid().to_string()), "{}", rejection.detail);
        assert!(rejection.detail.contains("took longer"), "{}", rejection.detail);
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
        // Nested deeply enough that it might be refused, with a top level that takes hours.
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
        let block = NakamotoStacksBlock::decode(&template.block).expect("a block");
        assert_eq!(block.txs.len(), 2, "the coinbase and one transfer");
    });
}

#[test]
fn one_whose_own_receipt_is_too_large_for_any_block_is_dropped_by_name() {
    on_a_large_stack(|| {
        let test = chain(60_000);
        let (loud, other) = (call(1, 0, 50_000, "loud"), transfer(2, 0, 3, 7));
        test.admit(&loud);
        test.admit(&other);
        test.template();
        let dropped = drops(&test);
        let [(v1::DropReason::OverExecutionLimits, txids, reason)] = &dropped[..] else { panic!("{dropped:?}") };
        assert_eq!(txids, &[loud.txid()]);
        assert!(reason.starts_with("receipts of 0 bytes and its own of") && reason.ends_with(CURE), "{reason}");
        assert_eq!(test.pending(), [other.txid()].into());
    });
}

/// Cost of a call of `middle`, on a chain without limits.
fn cost_of_middle() -> Cost {
    let test = chain(60_000);
    test.admit(&call(1, 0, 50_000, "middle"));
    test.grow();
    let receipts = test.events().into_iter().filter_map(|event| match event.body {
        Some(v1::event::Body::BlockProcessed(body)) => Some(body.receipts),
        _ => None,
    });
    let last = receipts.last().expect("a block");
    let cost = last.last().and_then(|receipt| receipt.cost).expect("it was mined");
    Cost { runtime: cost.runtime, ..Cost::default() }
}

#[test]
fn one_that_does_not_fit_into_its_tenure_is_run_once_in_it() {
    on_a_large_stack(|| {
        // The second call overflows after nine tenths of its cost, in a tenure of which the first has used half.
        let runtime = cost_of_middle().runtime / 10 * 19;
        let mut params = params(1, 3);
        params.tenure_cost_limit = Cost { runtime, ..Cost::MAX };
        let mut test = TestChain::at_genesis(params);
        test.mine(None);
        test.admit(&signed_deploy());
        test.grow();
        test.mine(None);
        test.admit(&call(1, 0, 50_000, "middle"));
        test.grow();
        let slow = call(2, 0, 50_000, "middle");
        test.admit(&slow);
        let why = |nonce: u64| {
            test.admit(&transfer(3, nonce, 0, 7));
            let template = test.template();
            let said = template.skipped.iter().find(|skipped| skipped.txid[..] == slow.txid().0);
            let said = said.map(|said| said.reason.clone()).expect("it is left out");
            assert!(said.ends_with("which begins with the next burn block"), "{said}");
            mine(&test, &template);
            said
        };
        assert!(why(0).starts_with("cost "));
        assert!(why(1).starts_with("what is left"), "it is not run again");
        test.mine(None);
        test.grow();
        assert!(test.pending().is_empty(), "the next tenure has room");
    });
}

#[test]
fn one_that_is_dropped_after_it_took_long_makes_its_account_pause() {
    on_a_large_stack(|| {
        let test = chain(60_000);
        test.admit(&call(1, 0, 50_000, "wild"));
        test.template();
        let dropped = drops(&test);
        assert!(matches!(&dropped[..], [(v1::DropReason::Problematic, ..)]), "{dropped:?}");
        test.admit(&call(1, 0, 50_001, "wild"));
        test.admit(&transfer(2, 0, 0, 7));
        let skipped = test.template().skipped;
        assert!(matches!(&skipped[..], [one] if one.reason.contains("others go first for another")), "{skipped:?}");
    });
}

/// Accounts that offer a new slow transaction as soon as the last was dropped, each with a higher fee than all others.
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
            let block = NakamotoStacksBlock::decode(&template.block).expect("a block");
            assert!(
                block.txs.iter().any(|mined| mined.txid() == honest.txid()),
                "round {round}: {:?}",
                template.skipped
            );
            mine(&test, &template);
        }
    });
}

#[test]
fn an_account_that_was_slow_goes_behind_others_and_waits_for_nobody_where_it_is_alone() {
    on_a_large_stack(|| {
        // Alone, it is tried at once, and each pause is twice as long: in the end long enough for the rest of this
        // test.
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
        let block = NakamotoStacksBlock::decode(&template.block).expect("a block");
        let mined: Vec<_> = block.txs.iter().map(|transaction| transaction.txid()).collect();
        assert!(mined.contains(&honest.txid()) && !mined.contains(&slow.txid()), "{mined:?}");
        let reasons: Vec<_> = template.skipped.iter().map(|skipped| &skipped.reason[..]).collect();
        assert!(matches!(reasons[..], [reason] if reason.contains("others go first for another")), "{reasons:?}");
        mine(&test, &template);
        let block = NakamotoStacksBlock::decode(&test.template().block).expect("a block");
        assert!(block.txs.iter().any(|transaction| transaction.txid() == slow.txid()), "nobody else is there");
    });
}

/// Seven slow transactions, more than may be cut in a row, of accounts that were never slow before; and a transfer
/// behind them.
fn many_slow_ones() -> (TestChain, StacksTransaction) {
    let mut params = params(1, 3);
    params.boot_balances.extend((USERS..10).map(|number| (user(number), OPENING_USTX)));
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
fn one_that_had_too_little_and_then_a_short_time_is_named_and_waits() {
    on_a_large_stack(|| {
        let (test, _) = many_slow_ones();
        // It spends all that it has, and gets some back from a transaction later in the block.
        let all = u64::try_from(OPENING_USTX).expect("it fits");
        test.admit(&signed(&key("user", 8), 0, 60_000, transfer_payload(user(9), all - 60_000)));
        let slow = call(8, 1, 50_000, "long");
        test.admit(&slow);
        test.admit(&transfer(9, 0, 8, 100_000));
        let template = test.template();
        let said = template.skipped.iter().find(|skipped| skipped.txid[..] == slow.txid().0);
        assert!(said.is_some_and(|said| said.reason.contains("had a short one")), "{:?}", template.skipped);
        assert!(test.pending().contains(&slow.txid()));
    });
}

#[test]
fn slow_ones_of_new_accounts_hold_up_a_block_no_longer_than_two_of_them() {
    on_a_large_stack(|| {
        let (test, honest) = many_slow_ones();
        let begun = Instant::now();
        let template = test.template();
        let block = NakamotoStacksBlock::decode(&template.block).expect("a block");
        // Two of them take 0.5 s each, and the rest 0.2 s; all seven would take 3.5 s.
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
        let block = NakamotoStacksBlock::decode(&template.block).expect("a block");
        assert!(block.txs.iter().any(|mined| mined.txid() == honest.txid()));
        assert!(test.pending().contains(&slow.txid()), "it has its turn later");
        // The interrupted execution left nothing behind: executing the block again gives the same root.
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
        // The five with a short time take 0.2 s together.
        let time = Duration::from_millis(60);
        let assembled = test.chain.assemble(&TemplateOrder::default(), time, &AtomicBool::new(false));
        let template = assembled.expect("storage works").expect("a template").template;
        let block = NakamotoStacksBlock::decode(&template.block).expect("a block");
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
        // Every transaction was tried, however short the time.
        test.chain.set_execution_limits(ExecutionLimits { time: Duration::from_millis(20), ..limits() });
        let failed = test.chain.assemble(&TemplateOrder::default(), Duration::ZERO, &AtomicBool::new(false));
        assert!(matches!(failed.expect("storage works"), Err(TemplateFailure::NoTransactions(Some(_)))));
    });
}
