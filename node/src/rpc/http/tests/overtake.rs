//! Blocks on demand: who gets which when several callers ask, and a new fork of the burn chain that overtakes the old
//! one.

use std::sync::mpsc::channel;

use chainstate::chain::StoreOutcome;
use nakamoto_proto::v1;
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
        let request = v1::MineBlocksRequest { count: Some(count), wait: None };
        let asked = bench.runtime.spawn(async move { client.mine_blocks(request).await });
        while wanted() < sum {
            std::thread::yield_now();
        }
        asked
    };
    let (two, one) = (ask(2, 2), ask(1, 3));
    let made: Vec<_> = (0..3).map(|_| bench.grow().as_bytes().to_vec()).collect();
    for (asked, expected) in [(two, &made[..2]), (one, &made[2..])] {
        let answer = bench.runtime.block_on(asked).unwrap().unwrap().into_inner();
        assert_eq!(answer.blocks.iter().map(|block| block.block_id.to_vec()).collect::<Vec<_>>(), expected);
    }
}
