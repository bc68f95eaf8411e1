//! Blocks on demand: who gets which when several callers ask, and a new fork of the burn chain that overtakes the old
//! one.

use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

use chainstate::chain::StoreOutcome;
use nakamoto_proto::v1;
use tonic_types::StatusExt as _;
use v1::admin_service_client::AdminServiceClient;

use super::bench::Bench;
use super::grpc_limits::served;

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
    while bench.core.read(|reader| reader.mining()).unwrap().blocks_wanted == 0 {
        events.recv().unwrap();
    }
    assert_eq!(u64::from(bench.core.read(|reader| reader.mining()).unwrap().blocks_wanted), old + 1 - behind);
    // The late block counts as requested, and does not make the new fork higher.
    assert_eq!(bench.core.store_block(&late.encode(), |_| ()).unwrap(), StoreOutcome::Stored(late.block_id()));
    bench.settle();
    for _ in behind..old {
        bench.grow();
    }
    // So one more block is requested.
    while bench.core.read(|reader| reader.mining()).unwrap().blocks_wanted == 0 {
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
    let wanted = || bench.core.read(|reader| reader.mining()).unwrap().blocks_wanted;
    let ask = |count, sum| {
        let mut client = client.clone();
        let asked = bench.runtime.spawn(async move { client.mine_blocks(blocks(count)).await });
        until(wanted, sum);
        asked
    };
    let (two, one) = (ask(2, 2), ask(1, 3));
    let made: Vec<_> = (0..3).map(|_| bench.grow().as_bytes().to_vec()).collect();
    for (asked, expected) in [(two, &made[..2]), (one, &made[2..])] {
        let answer = bench.runtime.block_on(asked).unwrap().unwrap().into_inner();
        assert_eq!(answer.blocks.iter().map(|block| block.block_id.to_vec()).collect::<Vec<_>>(), expected);
    }
}

#[test]
fn who_goes_away_while_it_waits_wants_its_blocks_no_more() {
    let bench = Bench::started();
    let client = AdminServiceClient::new(served(&bench));
    let wanted = || bench.core.read(|reader| reader.mining()).unwrap().blocks_wanted;
    let ask = |request, sum| {
        let mut client = client.clone();
        let asked = bench.runtime.spawn(async move { client.mine_blocks(request).await });
        until(wanted, sum);
        asked
    };
    let (first, second) = (ask(blocks(5), 5), ask(blocks(2), 7));
    first.abort();
    until(wanted, 2);
    // The second does not wait for those of the first.
    let made: Vec<_> = (0..2).map(|_| bench.grow().as_bytes().to_vec()).collect();
    let answer = bench.runtime.block_on(second).unwrap().unwrap().into_inner();
    assert_eq!(answer.blocks.iter().map(|block| block.block_id.to_vec()).collect::<Vec<_>>(), made);
    // One that does not wait has its blocks made without it.
    let no_wait = Some(prost_types::Duration::default());
    let asked = ask(v1::MineBlocksRequest { wait: no_wait, ..blocks(1_000) }, 1_000);
    assert_eq!(bench.runtime.block_on(asked).unwrap().unwrap().into_inner().missing, 1_000);
    let refused = bench.runtime.block_on(client.clone().mine_blocks(blocks(1))).unwrap_err();
    assert_eq!(wanted(), 1_000);
    let info = refused.get_details_error_info().unwrap();
    assert_eq!(info.reason, "TOO_MANY_BLOCKS_WANTED");
    assert_eq!((info.metadata["wanted"].as_str(), info.metadata["max"].as_str()), ("1000", "1000"));
    assert!(refused.message().contains("1000"), "{refused}");
}

fn blocks(count: u32) -> v1::MineBlocksRequest {
    v1::MineBlocksRequest { count: Some(count), wait: None }
}

/// Waits until so many blocks are wanted.
fn until(wanted: impl Fn() -> u32, expected: u32) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while wanted() != expected {
        assert!(Instant::now() < deadline, "{} blocks are wanted, not {expected}", wanted());
        std::thread::yield_now();
    }
}
