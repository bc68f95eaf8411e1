//! Whatever goes wrong, each observer gets exactly the right posts in order.

use std::time::Duration;

use proptest::prelude::*;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::chain::{MemoryChain, Running, config};
use super::recorder::{Reaction, Recorder, apart};
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
    let report = running.dispatcher.reports().remove(0);
    assert!(report.counts.attempts >= 9, "{report:?}");
    running.stop().await;
}

#[tokio::test]
async fn an_observer_that_is_down_at_first_misses_nothing() {
    let (chain, folder) = (MemoryChain::new(), tempfile::tempdir().unwrap());
    // A port on which nobody listens.
    let address = Recorder::start([]).await.address;
    let running = Running::start(&chain, folder.path(), &[config(&address.to_string())]);
    chain.add_burn_block();
    chain.add_transaction(1);
    chain.add_block();
    running.dispatcher.until_all(|report| report.failed_attempts >= 2).await;
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
    // A dead observer does not keep the node from stopping.
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
    assert_eq!(running.dispatcher.reports()[0].counts.skipped, 1);
    running.stop().await;
}

/// Answers every request with 200, and reports for each request whether its connection stays open.
async fn answer_all(listener: TcpListener) -> Vec<bool> {
    let mut goes_on = Vec::new();
    while let Ok(Ok((mut peer, _))) = tokio::time::timeout(Duration::from_secs(2), listener.accept()).await {
        let (mut request, mut part) = (Vec::new(), [0; 4096]);
        loop {
            let text = String::from_utf8_lossy(&request).to_lowercase();
            let head = text.split_once("\r\n\r\n").map(|(head, body)| (head.to_owned(), body.len()));
            let length = |head: &str| head.split("content-length: ").nth(1)?.lines().next()?.parse::<usize>().ok();
            if head.is_some_and(|(head, body)| length(&head) == Some(body)) {
                peer.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await.unwrap();
                goes_on.push(!text.contains("connection: close"));
                request.clear();
                continue;
            }
            match peer.read(&mut part).await {
                Ok(0) | Err(_) => break,
                Ok(bytes) => request.extend_from_slice(&part[..bytes]),
            }
        }
    }
    goes_on
}

#[tokio::test]
async fn a_post_that_is_made_once_has_a_connection_of_its_own() {
    for disable_retries in [true, false] {
        let (chain, folder) = (MemoryChain::new(), tempfile::tempdir().unwrap());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = listener.local_addr().unwrap().to_string();
        let server = tokio::spawn(answer_all(listener));
        let config = ObserverConfig { disable_retries, ..config(&endpoint) };
        let running = Running::start(&chain, folder.path(), &[config]);
        chain.add_block();
        chain.add_block();
        running.until_caught_up(&chain).await;
        running.stop().await;
        assert_eq!(server.await.unwrap(), [!disable_retries; 4]);
    }
}

#[tokio::test]
async fn a_post_that_is_refused_so_often_is_skipped_and_silence_is_no_refusal() {
    let (chain, folder) = (MemoryChain::new(), tempfile::tempdir().unwrap());
    let refuse = Reaction::Status(500);
    let script = [Reaction::Take, refuse, Reaction::Hang, refuse, Reaction::Take, refuse, refuse, Reaction::Take];
    let observer = Recorder::start(script).await;
    let thrice = ObserverConfig { skip_after_refusals: Some(3), ..config(&observer.endpoint()) };
    let running = Running::start(&chain, folder.path(), &[thrice]);
    for _ in 0..2 {
        chain.add_block();
    }
    running.until_caught_up(&chain).await;
    assert_eq!(observer.taken(), ["block 0", "burn 0", "block 1", "block 2"], "two refusals are not three");
    observer.then(refuse);
    chain.add_burn_block();
    running.until_caught_up(&chain).await;
    observer.then(Reaction::Take);
    chain.add_block();
    running.until_caught_up(&chain).await;
    assert_eq!(observer.taken()[4..], ["block 3"]);
    let report = running.dispatcher.reports().remove(0);
    assert_eq!(report.counts.skipped, 1);
    assert!(report.last_error.unwrap().1.contains("500"));
    running.stop().await;
}

#[tokio::test]
async fn transactions_are_joined_for_one_that_lags_and_come_alone_to_one_that_does_not() {
    let (chain, folder) = (MemoryChain::new(), tempfile::tempdir().unwrap());
    let (slow, quick) = (Recorder::start([Reaction::Status(500)]).await, Recorder::start([]).await);
    slow.then(Reaction::Status(500));
    let running = Running::start(&chain, folder.path(), &[config(&slow.endpoint()), config(&quick.endpoint())]);
    slow.until_posts(1).await;
    for byte in 1..=3 {
        chain.add_transaction(byte);
        chain.add_quiet();
        quick.until_taken(2 + usize::from(byte)).await;
    }
    chain.add_burn_block();
    chain.add_transaction(4);
    quick.until_taken(7).await;
    slow.then(Reaction::Take);
    running.until_caught_up(&chain).await;
    assert_eq!(slow.taken(), ["block 0", "burn 0", "tx 01+02+03", "burn 1", "tx 04"]);
    assert_eq!(quick.taken(), chain.expected(0), "one that keeps up gets each as it comes");
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
    /// Waits until so many more posts have arrived.
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

/// Runs the operations. Returns what each of two observers took, and what each should have taken.
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
                // At most as many as must come, whatever the script says and however transactions are joined.
                let alone = chain.expected(0).iter().filter(|post| !post.starts_with("tx ")).count();
                posts = (posts + more).min(alone);
                observers[0].until_posts(posts).await;
            }
        }
    }
    running.until_caught_up(&chain).await;
    running.stop().await;
    (chain.expected(0), observers.map(|observer| observer.taken()))
}

/// The posts without repeats, and the number of repeats. A post that was not acknowledged is repeated right after
/// itself, joined with transactions that came meanwhile.
fn without_repeats(taken: &[String]) -> (Vec<String>, usize) {
    let (mut once, mut again): (Vec<String>, usize) = (Vec::new(), 0);
    let mut last: Vec<String> = Vec::new();
    for post in taken {
        let parts = apart(std::slice::from_ref(post));
        if !last.is_empty() && (parts.starts_with(&last) || last.starts_with(&parts)) {
            again += 1;
            once.truncate(once.len() - last.len());
        }
        once.extend_from_slice(&parts);
        last = parts;
    }
    (once, again)
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
        for (taken, lost) in taken.into_iter().zip(lost) {
            let (once, again) = without_repeats(&taken);
            prop_assert!(again <= kills + lost, "{again} repeated after {kills} stops and {lost} lost answers");
            prop_assert_eq!(&once, &expected);
        }
    }
}
