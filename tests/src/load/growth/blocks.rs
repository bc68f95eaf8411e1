//! How time and size grow with empty blocks at full speed.

use std::time::Instant;

use super::{Named, chart, line};
use crate::figures::resident_bytes;
use crate::load::Grown;
use crate::load::accounts::Account;
use crate::load::net::{self, Counter};
use crate::load::rows::{bytes_below, float};
use crate::processes::Plan;

/// Number of points in a line.
const LOOKS: u64 = 50;

pub(super) async fn measure(grown: &Grown) -> Vec<Named> {
    let cluster = net::start(&Account::many(10), Plan { block_interval: "1ms", ..Plan::default() });
    let mut counter = Counter::start(&cluster).await;
    let warm = counter.until("the first blocks", |progress| progress.blocks >= 5).await;
    let bytes = bytes_below(&cluster.node_folder());
    let (mut times, mut memory, mut disk) = (Vec::new(), Vec::new(), Vec::new());
    let (mut blocks, mut at) = (warm.blocks, Instant::now());
    for look in 1..=LOOKS {
        let goal = warm.blocks + (grown.blocks * look / LOOKS).max(1);
        let seen = counter.until("empty blocks", |progress| progress.blocks >= goal).await.blocks;
        let now = Instant::now();
        let x = float(seen - warm.blocks);
        if seen > blocks {
            times.push((x, now.duration_since(at).as_secs_f64() * 1e3 / float(seen - blocks)));
        }
        (blocks, at) = (seen, now);
        memory.push((x, float(resident_bytes(cluster.node.id()).expect("the node runs")) / 1e6));
        disk.push((x, float(bytes_below(&cluster.node_folder()).saturating_sub(bytes)) / 1e6));
    }
    vec![
        ("-time", chart("Time of an empty block", "blocks", "ms a block", vec![line("time", times)])),
        ("-size", chart("What empty blocks add", "blocks", "MB", vec![line("memory", memory), line("disk", disk)])),
    ]
}
