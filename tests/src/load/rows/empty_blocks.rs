//! Empty blocks at full speed: rate, and what a block adds to memory and disk.

use std::time::Instant;

use super::{bytes_below, float};
use crate::figures::{Samples, Table, resident_bytes};
use crate::load::net::{self, Counter};
use crate::load::{Size, accounts::Account};
use crate::processes::Plan;

/// Number of times that memory and disk are measured.
const LOOKS: u64 = 10;

pub(in crate::load) async fn measure(size: &Size, table: &mut Table) {
    let plan = Plan { block_interval: "1ms", ..Plan::default() };
    let cluster = net::start(&Account::many(10), plan);
    let mut counter = Counter::start(&cluster).await;
    let warm = counter.until("the first blocks", |progress| progress.blocks >= 5).await;
    let begun = Instant::now();
    let mut memory = Samples::default();
    let mut disk = Vec::new();
    for look in 1..=LOOKS {
        let goal = warm.blocks + size.empty_blocks * look / LOOKS;
        counter.until("empty blocks", |progress| progress.blocks >= goal).await;
        let resident = resident_bytes(cluster.node.id()).expect("the node runs");
        memory.push(float(resident) / 1e6);
        disk.push((counter.now().blocks, bytes_below(&cluster.node_folder())));
    }
    let blocks = counter.now().blocks - warm.blocks;
    table.figure("empty blocks", "1/s", float(blocks) / begun.elapsed().as_secs_f64());
    table.samples("node's resident memory during them", "MB", &memory);
    // From the second measurement on: the write-ahead logs, which are reused, then have their full size.
    if let ([_, (from, before), ..], Some((to, after))) = (disk.as_slice(), disk.last()) {
        table.figure("disk an empty block", "B", float(after.saturating_sub(*before)) / float(to - from));
    }
}
