//! Blocks on demand: who gets which when several callers ask, and a new fork of the burn chain that overtakes the old
//! one.

use std::sync::Arc;
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

use axum::Router;
use chainstate::chain::StoreOutcome;
use nakamoto_proto::v1;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tonic::{Response, Status};
use tonic_types::StatusExt as _;
use v1::admin_service_client::AdminServiceClient;

use super::bench::Bench;
use super::grpc_limits::served;
use crate::chain::{NodeChain, NodeJournal};
use crate::event_stream::registry::{StreamRegistry, StreamRegistryLimits};
use crate::event_stream::subscribers::StreamLimits;
use crate::rpc::grpc::{ServiceState, into_router, routes};

/// A call that waits for its blocks.
type Asked = JoinHandle<Result<Response<v1::MineBlocksResponse>, Status>>;

#[test]
fn the_new_fork_is_made_higher_than_the_old_one_was() {
    let bench = Bench::started();
    bench.grow();
    let old = bench.core.read(|reader| reader.tip()).unwrap().chain_length;
    let late = bench.make_block();
    let mut client = AdminServiceClient::new(served(&bench));
    let (sender, events) = channel();
    bench.core.journal().listen(Box::new(move |_| {
        let _ = sender.send(()); // Nobody listens after the test.
    }));
    let request = v1::ReorganizeBurnchainRequest { depth: Some(1), length: None, overtake: true };
    let asked = bench.runtime.spawn(async move { client.reorganize_burnchain(request).await });
    assert!(bench.services.wake.wait(), "the burn blocks are there");
    bench.settle();
    let behind = bench.core.read(|reader| reader.tip()).unwrap().chain_length;
    assert!(behind < old, "the old fork is gone");
    while wanted(&bench) == 0 {
        events.recv().unwrap();
    }
    assert_eq!(u64::from(wanted(&bench)), old + 1 - behind);
    // The late block counts as requested, and does not make the new fork higher.
    assert_eq!(bench.core.store_block(&late.encode(), |_| ()).unwrap(), StoreOutcome::Stored(late.block_id()));
    bench.settle();
    for _ in behind..old {
        bench.grow();
    }
    // So one more block is requested.
    while wanted(&bench) == 0 {
        events.recv().unwrap();
    }
    bench.grow();
    let answer = bench.runtime.block_on(asked).unwrap().unwrap().into_inner();
    assert_eq!(answer.missing, 0);
    let heights: Vec<_> = answer.blocks.iter().map(|block| block.chain_length).collect();
    assert_eq!(heights, [old + 1].into_iter().chain(behind + 1..=old + 1).collect::<Vec<_>>());
}

#[test]
fn each_caller_gets_the_blocks_that_it_asked_for() {
    let bench = Bench::started();
    let client = AdminServiceClient::new(served(&bench));
    let ask = |count, sum| ask(&bench, &client, blocks(count), sum);
    let (two, one) = (ask(2, 2), ask(1, 3));
    let made = grow(&bench, 3);
    for (asked, expected) in [(two, &made[..2]), (one, &made[2..])] {
        assert_eq!(ids(&bench, asked), expected);
    }
}

#[test]
fn who_goes_away_while_it_waits_wants_its_blocks_no_more() {
    let bench = Bench::started();
    let client = AdminServiceClient::new(served(&bench));
    let ask = |request, sum| ask(&bench, &client, request, sum);
    let (first, second) = (ask(blocks(5), 5), ask(blocks(2), 7));
    first.abort();
    until(&bench, 2);
    // The second does not wait for those of the first.
    let made = grow(&bench, 2);
    assert_eq!(ids(&bench, second), made);
    // One that does not wait has its blocks made without it.
    let no_wait = Some(prost_types::Duration::default());
    let asked = ask(v1::MineBlocksRequest { wait: no_wait, ..blocks(1_000) }, 1_000);
    assert_eq!(bench.runtime.block_on(asked).unwrap().unwrap().into_inner().missing, 1_000);
    let refused = bench.runtime.block_on(client.clone().mine_blocks(blocks(1))).unwrap_err();
    assert_eq!(wanted(&bench), 1_000);
    let info = refused.get_details_error_info().unwrap();
    assert_eq!(info.reason, "TOO_MANY_BLOCKS_WANTED");
    assert_eq!((info.metadata["wanted"].as_str(), info.metadata["max"].as_str()), ("1000", "1000"));
    assert!(refused.message().contains("1000"), "{refused}");
}

#[test]
fn what_was_made_for_who_goes_away_is_not_taken_back_even_before_it_has_seen_it() {
    let bench = Bench::started();
    let client = AdminServiceClient::new(served(&bench));
    let ask = |count, sum| ask(&bench, &client, blocks(count), sum);
    let (first, second) = (ask(3, 3), ask(2, 5));
    // The calls' only thread is held up while two of the first call's blocks are made.
    let ((held, is_held), (release, released)) = (channel(), channel::<()>());
    bench.runtime.spawn(async move {
        held.send(()).unwrap();
        released.recv().unwrap();
    });
    is_held.recv().unwrap();
    grow(&bench, 2);
    first.abort();
    release.send(()).unwrap();
    assert!(bench.runtime.block_on(first).is_err(), "it is gone");
    until(&bench, 2);
    let made = grow(&bench, 2);
    assert_eq!(ids(&bench, second), made);
}

#[test]
fn who_goes_away_gives_its_turn_to_the_next_and_not_to_the_last() {
    let bench = Bench::started();
    let client = AdminServiceClient::new(served(&bench));
    let ask = |count, sum| ask(&bench, &client, blocks(count), sum);
    let (first, second, third) = (ask(5, 5), ask(2, 7), ask(3, 10));
    first.abort();
    until(&bench, 5);
    let made = grow(&bench, 5);
    for (asked, expected) in [(second, &made[..2]), (third, &made[2..])] {
        assert_eq!(ids(&bench, asked), expected);
    }
}

#[test]
fn blocks_on_demand_need_no_place_for_an_event_stream() {
    let bench = Bench::started();
    let none = StreamLimits { total: 0, actors: 0, per_peer: 0, per_loopback_peer: 0 };
    let limits = StreamRegistryLimits { streams: none, ..StreamRegistryLimits::default() };
    let (journal, handle) = (Arc::new(NodeJournal::new(bench.core.clone())), bench.runtime.handle().clone());
    let context = Arc::<NodeChain>::clone(&bench.chain);
    let streams = StreamRegistry::new(journal, context, limits, handle, CancellationToken::new());
    let services = ServiceState { serves_admin: true, streams, ..ServiceState::clone(&bench.services) };
    let (grpc, _) = bench.runtime.block_on(routes(&Arc::new(services))).unwrap();
    let mut client = AdminServiceClient::new(into_router(grpc));
    let asked = bench.runtime.spawn(async move { client.mine_blocks(blocks(1)).await });
    until(&bench, 1);
    let made = bench.grow();
    let answer = bench.runtime.block_on(asked).unwrap().unwrap().into_inner();
    assert_eq!((answer.blocks[0].block_id.as_ref(), answer.missing), (&made.as_bytes()[..], 0));
}

fn blocks(count: u32) -> v1::MineBlocksRequest {
    v1::MineBlocksRequest { count: Some(count), wait: None }
}

/// Asks for blocks, and waits until so many are wanted.
fn ask(bench: &Bench, client: &AdminServiceClient<Router>, request: v1::MineBlocksRequest, sum: u32) -> Asked {
    let mut client = client.clone();
    let asked = bench.runtime.spawn(async move { client.mine_blocks(request).await });
    until(bench, sum);
    asked
}

/// Ids of the blocks that a call is answered with.
fn ids(bench: &Bench, asked: Asked) -> Vec<Vec<u8>> {
    let answer = bench.runtime.block_on(asked).unwrap().unwrap().into_inner();
    answer.blocks.iter().map(|block| block.block_id.to_vec()).collect()
}

/// Makes blocks; returns their ids.
fn grow(bench: &Bench, count: usize) -> Vec<Vec<u8>> {
    (0..count).map(|_| bench.grow().as_bytes().to_vec()).collect()
}

fn wanted(bench: &Bench) -> u32 {
    bench.core.read(|reader| reader.mining()).unwrap().blocks_wanted
}

/// Waits until so many blocks are wanted.
fn until(bench: &Bench, expected: u32) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while wanted(bench) != expected {
        assert!(Instant::now() < deadline, "{} blocks are wanted, not {expected}", wanted(bench));
        std::thread::yield_now();
    }
}
