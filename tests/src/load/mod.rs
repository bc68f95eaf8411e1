//! The load tool: starts the processes, drives them, and measures what `docs/PERFORMANCE.md` shows.
//!
//! Everything is measured from outside, over the ports that users have. Writes are durable unless the row is about a
//! devnet in a temporary folder. Client and servers share the machine's cores. A row is a file in `rows/` and starts
//! its own processes, so that rows do not disturb each other. Transactions are signed before the measurement.
//!
//! # Not here
//! The state index alone: `benches/marf.rs`.

pub mod accounts;
pub mod attacks;
pub mod growth;
mod net;
pub mod plot;
mod rows;
mod wire;

use crate::figures::Table;

/// How much the rows measure.
#[derive(Debug, Clone, Copy)]
pub struct Size {
    /// Number of times that the process is started.
    pub starts: u32,
    /// Number of empty blocks.
    pub empty_blocks: u64,
    /// Number of blocks in one request.
    pub blocks_on_demand: u32,
    /// Number of accounts that send.
    pub accounts: usize,
    /// Number of transfers in a row.
    pub transfers: usize,
    /// Number of contract calls in a row.
    pub calls: usize,
    /// Number of deployments in a row.
    pub deploys: usize,
    /// Number of transactions that fill the mempool.
    pub mempool: usize,
    /// Number of reads of `/v2/info`.
    pub reads: usize,
    /// Number of blocks whose push is timed.
    pub pushes: u64,
    /// Number of subscribers of each event.
    pub subscribers: usize,
    /// Number of events that they get.
    pub events: u32,
    /// Number of blocks in each half of a measurement under attack.
    pub attacked_blocks: u64,
    /// Number of peers in an attack, by kind.
    pub attackers: attacks::Attackers,
}

impl Size {
    /// The size with which `docs/PERFORMANCE.md` is made.
    pub const WHOLE: Self = Self {
        starts: 10,
        empty_blocks: 2_500,
        blocks_on_demand: 1_000,
        accounts: 4_000,
        transfers: 100_000,
        calls: 20_000,
        deploys: 5_000,
        mempool: 100_000,
        reads: 200_000,
        pushes: 500,
        subscribers: 1_000,
        events: 500,
        attacked_blocks: 50,
        attackers: attacks::Attackers { subscribers: 1_000, scrapers: 10_000, askers: 3_000, template_askers: 100 },
    };

    /// A size that only shows that the tool still runs.
    pub const TINY: Self = Self {
        starts: 1,
        empty_blocks: 20,
        blocks_on_demand: 5,
        accounts: 20,
        transfers: 200,
        calls: 50,
        deploys: 20,
        mempool: 200,
        reads: 500,
        pushes: 5,
        subscribers: 10,
        events: 10,
        attacked_blocks: 3,
        attackers: attacks::Attackers { subscribers: 10, scrapers: 20, askers: 10, template_askers: 10 },
    };
}

/// How far things grow for the charts.
#[derive(Debug, Clone, Copy)]
pub struct Grown {
    /// Number of empty blocks.
    pub blocks: u64,
    /// Number of accounts that send.
    pub accounts: usize,
    /// Number of transactions that wait.
    pub mempool: usize,
    /// Number of accounts that are paid.
    pub accounts_max: usize,
    /// Number of subscribers.
    pub subscribers: usize,
    /// Number of events that they get.
    pub events: u32,
    /// Largest code of a contract, in kilobytes.
    pub contract_kilobytes: usize,
    /// Number of deployments of each size.
    pub contract_rounds: usize,
}

impl Grown {
    /// The size with which the charts are made. That takes half an hour, mostly for the blocks.
    pub const WHOLE: Self = Self {
        blocks: 100_000,
        accounts: 4_000,
        mempool: 100_000,
        accounts_max: 1_000_000,
        subscribers: 1_000,
        events: 300,
        contract_kilobytes: 100,
        contract_rounds: 3,
    };

    /// A size that only shows that the tool still runs.
    pub const TINY: Self = Self {
        blocks: 10,
        accounts: 20,
        mempool: 40,
        accounts_max: 10,
        subscribers: 3,
        events: 5,
        contract_kilobytes: 1,
        contract_rounds: 1,
    };
}

/// Names of all rows, in the order of the table.
pub const ROWS: [&str; 13] = [
    "start",
    "empty-blocks",
    "mine-blocks",
    "transfers",
    "transfers-from-mempool",
    "calls",
    "calls-from-mempool",
    "deploys",
    "admission",
    "info",
    "push-latency",
    "fan-out",
    "attacks",
];

/// Measures one row and adds it to the table.
///
/// # Panics
/// When a process does not do what it must, or `row` is not one of [`ROWS`].
pub async fn measure(row: &str, size: &Size, table: &mut Table) {
    match row {
        "start" => rows::start::measure(size, table),
        "empty-blocks" => rows::empty_blocks::measure(size, table).await,
        "mine-blocks" => rows::mine_blocks::measure(size, table).await,
        "transfers" => rows::mining::transfers(size, table).await,
        "transfers-from-mempool" => rows::mining::transfers_from_mempool(size, table).await,
        "calls" => rows::mining::calls(size, table).await,
        "calls-from-mempool" => rows::mining::calls_from_mempool(size, table).await,
        "deploys" => rows::mining::deploys(size, table).await,
        "admission" => rows::admission::measure(size, table).await,
        "info" => rows::info::measure(size, table).await,
        "push-latency" => rows::push_latency::measure(size, table).await,
        "attacks" => rows::attacks::measure(size, table).await,
        "fan-out" => rows::fan_out::measure(size, table).await,
        other => panic!("no row is called {other}; there are {}", ROWS.join(", ")),
    }
}
