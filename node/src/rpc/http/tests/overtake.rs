//! A reorganization of the burn chain that lets the new fork overtake the old one.

use std::sync::mpsc::channel;

use nakamoto_proto::v1;
use v1::admin_service_client::AdminServiceClient;

use super::bench::Bench;
use super::grpc_limits::served;

#[test]
fn the_new_fork_is_made_higher_than_the_old_one_was() {
    let bench = Bench::started();
    bench.grow();
    let old = bench.core.read(|reader| reader.tip()).unwrap().chain_length;
    let mut client = AdminServiceClient::new(served(&bench));
    let (sender, events) = channel();
    bench.core.journal().listen(Box::new(move |_| {
        let _ = sender.send(()); // After the test nobody listens.
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
    for _ in behind..=old {
        bench.grow();
    }
    let answer = bench.runtime.block_on(asked).unwrap().unwrap().into_inner();
    assert_eq!(answer.missing, 0);
    let heights: Vec<_> = answer.blocks.iter().map(|block| block.chain_length).collect();
    assert_eq!(heights, (behind + 1..=old + 1).collect::<Vec<_>>());
}
