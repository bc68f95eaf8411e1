//! Order, history, replay, and restarts.

use super::chain::{MemoryChain, Running, config};
use super::recorder::{Reaction, Recorder};
use crate::config::{EventKey, ObserverConfig};
use crate::event_dispatcher::dispatcher::ReplayError;
use crate::event_dispatcher::status::State;

#[tokio::test]
async fn the_boot_block_comes_first_and_the_rest_in_order() {
    let (chain, folder) = (MemoryChain::new(), tempfile::tempdir().unwrap());
    let observer = Recorder::start([]).await;
    let running = Running::start(&chain, folder.path(), &[config(&observer.endpoint())]);
    for round in 0..20_u8 {
        chain.keep_in_memory(usize::from(round % 4));
        chain.add_burn_block();
        chain.add_quiet();
        chain.add_transaction(round);
        chain.add_block();
    }
    let expected = chain.expected(0);
    assert_eq!(&expected[..4], ["block 0", "burn 0", "burn 1", "tx 00"]);
    observer.until_taken(expected.len()).await;
    assert_eq!(observer.taken(), expected);
    running.stop().await;
}

#[tokio::test]
async fn a_restart_goes_on_where_it_was() {
    let (chain, folder) = (MemoryChain::new(), tempfile::tempdir().unwrap());
    let observer = Recorder::start([]).await;
    let configs = [config(&observer.endpoint())];
    let running = Running::start(&chain, folder.path(), &configs);
    running.until_caught_up(&chain).await;
    running.stop().await;
    chain.add_transaction(1);
    chain.add_block();
    let running = Running::start(&chain, folder.path(), &configs);
    running.until_caught_up(&chain).await;
    running.stop().await;
    assert_eq!(observer.taken(), chain.expected(0));
}

#[tokio::test]
async fn a_new_observer_gets_the_blocks_so_far_and_then_everything() {
    let (chain, folder) = (MemoryChain::new(), tempfile::tempdir().unwrap());
    chain.add_burn_block();
    chain.add_transaction(1);
    chain.add_block();
    chain.prune(4);
    let observer = Recorder::start([]).await;
    let running = Running::start(&chain, folder.path(), &[config(&observer.endpoint())]);
    observer.until_taken(4).await;
    chain.add_transaction(2);
    chain.add_block();
    observer.until_taken(6).await;
    assert_eq!(observer.taken(), ["block 0", "burn 0", "burn 1", "block 1", "tx 02", "block 2"]);
    assert_eq!(running.dispatcher.reports()[0].gap, None);
    running.stop().await;
}

#[tokio::test]
async fn what_the_journal_forgot_is_sent_as_blocks_and_reported() {
    let (chain, folder) = (MemoryChain::new(), tempfile::tempdir().unwrap());
    let observer = Recorder::start([]).await;
    let configs = [config(&observer.endpoint())];
    let running = Running::start(&chain, folder.path(), &configs);
    running.until_caught_up(&chain).await;
    running.stop().await;
    chain.add_transaction(1);
    chain.add_burn_block();
    chain.add_block();
    chain.add_transaction(2);
    chain.add_transaction(3);
    chain.prune(6);
    let running = Running::start(&chain, folder.path(), &configs);
    running.until_caught_up(&chain).await;
    assert_eq!(observer.taken(), ["block 0", "burn 0", "burn 1", "block 1", "tx 03"]);
    assert_eq!(running.dispatcher.reports()[0].gap, Some((3, 7)));
    // The same when the journal is empty.
    running.stop().await;
    chain.add_transaction(4);
    chain.add_block();
    chain.prune(9);
    let running = Running::start(&chain, folder.path(), &configs);
    observer.until_taken(6).await;
    assert_eq!(observer.taken()[5], "block 2");
    running.stop().await;
}

#[tokio::test]
async fn a_replay_begins_with_the_burn_block_and_repeats_blocks_alone() {
    let (chain, folder) = (MemoryChain::new(), tempfile::tempdir().unwrap());
    let observer = Recorder::start([]).await;
    let endpoint = observer.endpoint();
    let running = Running::start(&chain, folder.path(), &[config(&endpoint)]);
    chain.add_burn_block();
    chain.add_block();
    chain.add_transaction(1);
    chain.add_block();
    let first = chain.expected(0);
    running.until_caught_up(&chain).await;
    assert_eq!(running.dispatcher.replay(&endpoint, 2).await.unwrap(), 6);
    observer.until_taken(first.len() + 2).await;
    running.until_caught_up(&chain).await;
    assert_eq!(running.dispatcher.replay(&endpoint, 0).await.unwrap(), 2);
    chain.add_transaction(2);
    let replayed = ["burn 1", "block 2", "block 0", "burn 0", "burn 1", "block 1", "block 2", "tx 02"];
    observer.until_taken(first.len() + replayed.len()).await;
    assert_eq!(observer.taken()[first.len()..], replayed);
    running.stop().await;
}

#[tokio::test]
async fn a_replay_has_the_burn_blocks_that_came_while_its_first_block_was_made() {
    let (chain, folder) = (MemoryChain::new(), tempfile::tempdir().unwrap());
    let observer = Recorder::start([]).await;
    let endpoint = observer.endpoint();
    let running = Running::start(&chain, folder.path(), &[config(&endpoint)]);
    chain.add_burn_block();
    chain.add_block_citing(1);
    chain.add_burn_block();
    chain.add_block_citing(1);
    chain.add_block_citing(2);
    let first = chain.expected(0);
    running.until_caught_up(&chain).await;
    assert_eq!(running.dispatcher.replay(&endpoint, 2).await.unwrap(), 6);
    let replayed = ["burn 1", "burn 2", "block 2", "block 3"];
    observer.until_taken(first.len() + replayed.len()).await;
    running.until_caught_up(&chain).await;
    assert_eq!(observer.taken()[first.len()..], replayed);
    running.stop().await;
}

#[tokio::test]
async fn a_replay_whose_observer_wants_fewer_posts_after_a_restart_loses_no_block() {
    let (chain, folder) = (MemoryChain::new(), tempfile::tempdir().unwrap());
    let observer = Recorder::start([]).await;
    let endpoint = observer.endpoint();
    let running = Running::start(&chain, folder.path(), &[config(&endpoint)]);
    chain.add_burn_block();
    chain.add_block();
    chain.add_block();
    let first = chain.expected(0);
    running.until_caught_up(&chain).await;
    observer.script([Reaction::Take]);
    observer.then(Reaction::Status(500));
    running.dispatcher.replay(&endpoint, 2).await.unwrap();
    observer.until_posts(first.len() + 2).await;
    running.stop().await;
    assert_eq!(observer.taken()[first.len()..], ["burn 1"], "the block is refused");
    observer.then(Reaction::Take);
    let fewer = ObserverConfig { events_keys: vec![EventKey::StackerDb], ..config(&endpoint) };
    let running = Running::start(&chain, folder.path(), &[fewer]);
    observer.until_taken(first.len() + 2).await;
    assert_eq!(observer.taken()[first.len()..], ["burn 1", "block 2"]);
    running.stop().await;
}

#[tokio::test]
async fn a_replay_is_refused_by_name_when_it_cannot_be() {
    let (chain, folder) = (MemoryChain::new(), tempfile::tempdir().unwrap());
    let observer = Recorder::start([]).await;
    observer.then(Reaction::Status(500));
    let endpoint = observer.endpoint();
    let running = Running::start(&chain, folder.path(), &[config(&endpoint)]);
    observer.until_posts(1).await;
    assert!(matches!(running.dispatcher.replay("nobody:1", 0).await, Err(ReplayError::UnknownObserver(_))));
    assert!(matches!(running.dispatcher.replay(&endpoint, 1).await, Err(ReplayError::UnknownHeight(1))));
    assert!(matches!(running.dispatcher.replay(&endpoint, 0).await, Err(ReplayError::NotDeliveredYet(0))));
    running.stop().await;
}

#[tokio::test]
async fn only_what_was_asked_for_is_sent() {
    let (chain, folder) = (MemoryChain::new(), tempfile::tempdir().unwrap());
    let (blocks, burns) = (Recorder::start([]).await, Recorder::start([]).await);
    let keyed = |observer: &Recorder, key| ObserverConfig { events_keys: vec![key], ..config(&observer.endpoint()) };
    let configs = [keyed(&blocks, EventKey::StackerDb), keyed(&burns, EventKey::BurnBlocks)];
    let running = Running::start(&chain, folder.path(), &configs);
    chain.add_burn_block();
    chain.add_transaction(1);
    chain.add_block();
    blocks.until_taken(2).await;
    burns.until_taken(4).await;
    assert_eq!(blocks.taken(), ["block 0", "block 1"]);
    assert_eq!(burns.taken(), ["block 0", "burn 0", "burn 1", "block 1"]);
    running.stop().await;
}

#[tokio::test]
async fn another_chain_in_the_same_folder_is_sent_from_its_start() {
    let folder = tempfile::tempdir().unwrap();
    let observer = Recorder::start([]).await;
    let configs = [config(&observer.endpoint())];
    let (long, short) = (MemoryChain::new(), MemoryChain::new());
    long.add_block();
    long.add_block();
    let running = Running::start(&long, folder.path(), &configs);
    running.until_caught_up(&long).await;
    running.stop().await;
    let running = Running::start(&short, folder.path(), &configs);
    observer.until_taken(6).await;
    assert_eq!(observer.taken()[4..], ["block 0", "burn 0"]);
    running.stop().await;
}

#[tokio::test]
async fn the_report_tells_where_an_observer_is() {
    let (chain, folder) = (MemoryChain::new(), tempfile::tempdir().unwrap());
    let observer = Recorder::start([Reaction::Take, Reaction::Take, Reaction::Take, Reaction::Status(503)]).await;
    observer.then(Reaction::Status(503));
    let running = Running::start(&chain, folder.path(), &[config(&observer.endpoint())]);
    running.until_caught_up(&chain).await;
    chain.add_block();
    chain.add_block();
    observer.until_posts(5).await;
    let report = running.dispatcher.reports().remove(0);
    assert_eq!((report.state, report.delivered_height, report.next_sequence), (State::Retrying, Some(1), 4));
    assert_eq!((report.events_behind, report.counts.delivered), (1, 3));
    assert!(report.failed_attempts >= 1 && report.counts.attempts >= 4 && report.last_success.is_some());
    assert!(report.last_error.unwrap().1.contains("503"));
    observer.then(Reaction::Take);
    observer.until_taken(4).await;
    running.stop().await;
    assert_eq!(chain.newest(), 4);
}
