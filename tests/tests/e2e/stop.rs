//! Processes stop when asked to.

use std::time::{Duration, Instant};

use tests::processes::{Cluster, run};

#[test]
fn each_process_stops_cleanly_when_asked_to() {
    run(async {
        let mut cluster = Cluster::start("100ms", "1s");
        let mut watch = cluster.client().watch(0).await;
        for _ in 0..3 {
            watch.block().await;
        }
        let started = Instant::now();
        let mut all: Vec<_> = vec![&mut cluster.producers[0]];
        all.extend(&mut cluster.signers);
        all.push(&mut cluster.node);
        for process in all {
            let status = process.terminate();
            assert!(status.success(), "{status}: {}", process.log());
        }
        // Each process may take two seconds; five end one after the other.
        assert!(started.elapsed() < Duration::from_secs(10), "{:?}", started.elapsed());
    });
}
