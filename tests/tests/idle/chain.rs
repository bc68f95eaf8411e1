//! The measurement.

use std::time::{Duration, Instant};

use tests::processes::{Cluster, run};

/// Processor time of a process, user and system, in all threads.
fn processor_time(id: u32) -> Duration {
    let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).expect("the process is there");
    let fields: Vec<_> = stat.rsplit(')').next().expect("fields").split_whitespace().collect();
    // Fields 14 and 15 of proc(5), in clock ticks of 10 ms. The name is cut off, so the first field here is number 3.
    let ticks: u64 = fields[11].parse::<u64>().expect("utime") + fields[12].parse::<u64>().expect("stime");
    Duration::from_millis(10 * ticks)
}

#[test]
fn an_idle_chain_uses_less_than_one_percent_of_a_core() {
    run(async {
        let cluster = Cluster::start("0", "0");
        let mut watch = cluster.client().watch(0).await;
        // The boot block, and the block of the first tenure.
        watch.block().await;
        let ids: Vec<_> = [&cluster.node, &cluster.producers[0]]
            .into_iter()
            .chain(&cluster.signers)
            .map(|process| process.id())
            .collect();
        let total = || ids.iter().map(|id| processor_time(*id)).sum::<Duration>();
        // The work of the start ends with the first tenure's block, if there is one.
        let _ = tokio::time::timeout(Duration::from_secs(3), watch.try_next()).await;
        let (before, started) = (total(), Instant::now());
        tokio::time::sleep(Duration::from_secs(10)).await;
        let share = (total() - before).as_secs_f64() / started.elapsed().as_secs_f64();
        assert!(share < 0.01, "five idle processes use {:.2} % of a core", 100.0 * share);
    });
}
