//! Whatever goes wrong: each observer ends with exactly the ordered posts.

use std::time::Duration;

use proptest::prelude::*;

use super::chain::{MemoryChain, Running, config};
use super::recorder::{Reaction, Recorder};
use crate::config::ObserverConfig;

#[tokio::test]
async fn only_200_counts_and_redirects_are_not_followed() {
    let (chain, folder) = (MemoryChain::new(), tempfile::tempdir().unwrap());
    let refusals = [500, 201, 204, 404, 307].map(Reaction::Status);
    let observer = Recorder::start(refusals.into_iter().chain([Reaction::Redirect, Reaction::Hang])).await;
    let running = Running::start(&chain, folder.path(), &[config(&observer.endpoint())]);
    chain.add_block();
    running.until_caught_up(&chain).await;
    assert_eq!(observer.taken(), ["block 0", "burn 0", "block 1"]);
    let report = running.fleet.reports().remove(0);
    assert!(report.counts.attempts >= 9, "{report:?}");
    running.stop().await;
}

#[tokio::test]
async fn an_observer_that_is_down_at_first_misses_nothing() {
    let (chain, folder) = (MemoryChain::new(), tempfile::tempdir().unwrap());
    // A port that nobody listens on.
    let address = Recorder::start([]).await.address;
    let running = Running::start(&chain, folder.path(), &[config(&address.to_string())]);
    chain.add_burn_block();
    chain.add_transaction(1);
    chain.add_block();
    running.fleet.until_all(|report| report.failed_attempts >= 2).await;
    let observer = Recorder::start_on(address, []).await;
    observer.until_taken(5).await;
    assert_eq!(observer.taken(), chain.expected(0));
    running.stop().await;
}

#[tokio::test]
async fn one_that_does_not_answer_delays_no_other() {
    let (chain, folder) = (MemoryChain::new(), tempfile::tempdir().unwrap());
    let (dead, alive) = (Recorder::start([]).await, Recorder::start([]).await);
    dead.then(Reaction::Hang);
    let patient = ObserverConfig { timeout_ms: 600_000, ..config(&dead.endpoint()) };
    let running = Running::start(&chain, folder.path(), &[patient, config(&alive.endpoint())]);
    dead.until_posts(1).await;
    for _ in 0..50 {
        chain.add_block();
    }
    alive.until_taken(52).await;
    assert_eq!(alive.taken(), chain.expected(0));
    assert!(dead.taken().is_empty());
    // And does not keep the node from stopping.
    let begun = std::time::Instant::now();
    running.stop().await;
    assert!(begun.elapsed() < Duration::from_secs(10));
}

#[tokio::test]
async fn without_retries_a_post_without_an_answer_is_skipped_and_another_status_is_not() {
    let (chain, folder) = (MemoryChain::new(), tempfile::tempdir().unwrap());
    let observer = Recorder::start([Reaction::Take, Reaction::Hang, Reaction::Status(500)]).await;
    let once = ObserverConfig { disable_retries: true, ..config(&observer.endpoint()) };
    let running = Running::start(&chain, folder.path(), &[once]);
    chain.add_block();
    chain.add_block();
    running.until_caught_up(&chain).await;
    assert_eq!(observer.taken(), ["block 0", "block 1", "block 2"]);
    assert_eq!(running.fleet.reports()[0].counts.skipped, 1);
    running.stop().await;
}

#[tokio::test]
async fn a_lost_answer_repeats_the_same_post_and_no_other() {
    let (chain, folder) = (MemoryChain::new(), tempfile::tempdir().unwrap());
    let observer = Recorder::start([Reaction::Take, Reaction::Take, Reaction::TakeAndHang]).await;
    let running = Running::start(&chain, folder.path(), &[config(&observer.endpoint())]);
    chain.add_block();
    chain.add_block();
    observer.until_taken(5).await;
    assert_eq!(observer.taken(), ["block 0", "burn 0", "block 1", "block 1", "block 2"]);
    running.stop().await;
}

#[derive(Debug, Clone, Copy)]
enum Op {
    Block,
    Burn,
    Transaction,
    Quiet,
    /// kill -9 and a new start.
    Kill,
    /// A clean stop and a new start.
    Restart,
    /// Waits until so many posts have come in all.
    Wait(usize),
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        6 => Just(Op::Block),
        3 => Just(Op::Burn),
        3 => Just(Op::Transaction),
        2 => Just(Op::Quiet),
        1 => Just(Op::Kill),
        1 => Just(Op::Restart),
        2 => (1..4_usize).prop_map(Op::Wait),
    ]
}

fn reaction() -> impl Strategy<Value = Reaction> {
    prop_oneof![
        12 => Just(Reaction::Take),
        2 => Just(Reaction::Status(500)),
        1 => Just(Reaction::Redirect),
        1 => Just(Reaction::Hang),
        1 => Just(Reaction::TakeAndHang),
    ]
}

/// Runs the operations; gives what each of two observers took and what they should have taken.
async fn play(ops: Vec<Op>, scripts: [Vec<Reaction>; 2]) -> (Vec<String>, [Vec<String>; 2]) {
    let (chain, folder) = (MemoryChain::new(), tempfile::tempdir().unwrap());
    let [first, second] = scripts;
    let observers = [Recorder::start(first).await, Recorder::start(second).await];
    let configs = [&observers[0], &observers[1]]
        .map(|observer| ObserverConfig { timeout_ms: 60, ..config(&observer.endpoint()) });
    let mut running = Running::start(&chain, folder.path(), &configs);
    let (mut byte, mut posts) = (0, 0);
    for op in ops {
        match op {
            Op::Block => chain.add_block(),
            Op::Burn => chain.add_burn_block(),
            Op::Transaction => {
                byte += 1;
                chain.add_transaction(byte);
            }
            Op::Quiet => chain.add_quiet(),
            Op::Kill => {
                running.kill().await;
                running = Running::start(&chain, folder.path(), &configs);
            }
            Op::Restart => {
                running.stop().await;
                running = Running::start(&chain, folder.path(), &configs);
            }
            Op::Wait(more) => {
                // No more than must come whatever the script says.
                posts = (posts + more).min(chain.expected(0).len());
                observers[0].until_posts(posts).await;
            }
        }
    }
    running.until_caught_up(&chain).await;
    running.stop().await;
    (chain.expected(0), observers.map(|observer| observer.taken()))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn each_observer_ends_with_exactly_the_ordered_posts(
        ops in prop::collection::vec(op(), 1..40),
        first in prop::collection::vec(reaction(), 0..30),
        second in prop::collection::vec(reaction(), 0..30),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let kills = ops.iter().filter(|op| matches!(op, Op::Kill | Op::Restart)).count();
        let lost = [&first, &second].map(|script| script.iter().filter(|r| **r == Reaction::TakeAndHang).count());
        let (expected, taken) = runtime.block_on(play(ops, [first, second]));
        for (mut taken, lost) in taken.into_iter().zip(lost) {
            let repeated = taken.len() - expected.len();
            prop_assert!(repeated <= kills + lost, "{repeated} repeated after {kills} stops and {lost} lost answers");
            // Only the one that was not acknowledged comes again, right after itself.
            taken.dedup();
            prop_assert_eq!(&taken, &expected);
        }
    }
}
