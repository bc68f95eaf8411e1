//! Blocks while peers send requests and do not read, compared with the undisturbed rate: one attack after another on
//! one chain.

use super::float;
use crate::figures::Table;
use crate::load::attacks::{ATTACKS, Undisturbed};
use crate::load::{Size, accounts::Account, net};
use crate::processes::Plan;

/// The producers' pause before an empty block: gives a rate that the node reaches easily.
const BLOCK_INTERVAL: &str = "200ms";

pub(in crate::load) async fn measure(size: &Size, table: &mut Table) {
    let plan = Plan { block_interval: BLOCK_INTERVAL, ..Plan::default() };
    let cluster = net::start(&Account::many(10), plan);
    let mut chain = Undisturbed::start(&cluster, size.attacked_blocks).await;
    for attack in ATTACKS {
        let found = chain.under(attack, &size.attackers).await;
        table.figure(&format!("blocks while {}", attack.name()), "% of undisturbed", found.percent());
        table.figure(".. the longest gap between two", "ms", float(found.longest_gap_ms()));
        table.figure(".. the node's memory at most", "MiB", float(found.most_bytes >> 20));
    }
}
