//! The load tool: starts the processes, drives them, and measures what `docs/PERFORMANCE.md` shows.
//!
//! Everything is measured from outside, over the ports that users have, with durable writes on. Client and servers share
//! the machine's cores. A row is a file in `rows/`; each starts processes of its own, so that rows do not disturb each
//! other. Transactions are signed before the clock starts.
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

/// How much is done.
#[derive(Debug, Clone, Copy)]
pub struct Size {
    /// Process starts.
    pub starts: u32,
    /// Empty blocks.
    pub empty_blocks: u64,
    /// Accounts that send.
    pub accounts: usize,
    /// Transfers of a row.
    pub transfers: usize,
    /// Contract calls of a row.
    pub calls: usize,
    /// Deploys of a row.
    pub deploys: usize,
    /// Transactions that fill the mempool.
    pub mempool: usize,
    /// Reads of `/v2/info`.
    pub reads: usize,
    /// Blocks whose push is timed.
    pub pushes: u64,
    /// Subscribers of one event.
    pub subscribers: usize,
    /// Events that they get.
    pub events: u32,
    /// Blocks of each half of a measurement under attack.
    pub attacked_blocks: u64,
    /// Peers of an attack, by kind.
    pub attackers: attacks::Attackers,
}

impl Size {
    /// What the figures are made with.
    pub const WHOLE: Self = Self {
        starts: 10,
        empty_blocks: 2_500,
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
        attackers: attacks::Attackers { subscribers: 1_000, scrapers: 10_000, askers: 3_000 },
    };

    /// To see that it still runs.
    pub const TINY: Self = Self {
        starts: 1,
        empty_blocks: 20,
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
        attackers: attacks::Attackers { subscribers: 10, scrapers: 20, askers: 10 },
    };
}

/// How far things grow.
#[derive(Debug, Clone, Copy)]
pub struct Grown {
    /// Empty blocks.
    pub blocks: u64,
    /// Accounts that send.
    pub accounts: usize,
    /// Transactions that wait.
    pub mempool: usize,
    /// Accounts that are paid.
    pub accounts_max: usize,
    /// Subscribers.
    pub subscribers: usize,
    /// Events that they get.
    pub events: u32,
    /// Source of a contract, in kilobytes.
    pub contract_kilobytes: usize,
    /// Deploys of each size.
    pub contract_rounds: usize,
}

impl Grown {
    /// What the charts are made with: all of it takes half an hour, most of it the blocks.
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

    /// To see that it still runs.
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
pub const ROWS: [&str; 11] = [
    "start",
    "empty-blocks",
    "transfers",
    "transfers-from-mempool",
    "calls",
    "deploys",
    "admission",
    "info",
    "push-latency",
    "fan-out",
    "attacks",
];

/// Measures one row into the table.
///
/// # Panics
/// When the processes do not do what they must, or the row has no such name.
pub async fn measure(row: &str, size: &Size, table: &mut Table) {
    match row {
        "start" => rows::start::measure(size, table),
        "empty-blocks" => rows::empty_blocks::measure(size, table).await,
        "transfers" => rows::mining::transfers(size, table).await,
        "transfers-from-mempool" => rows::mining::transfers_from_mempool(size, table).await,
        "calls" => rows::mining::calls(size, table).await,
        "deploys" => rows::mining::deploys(size, table).await,
        "admission" => rows::admission::measure(size, table).await,
        "info" => rows::info::measure(size, table).await,
        "push-latency" => rows::push_latency::measure(size, table).await,
        "attacks" => rows::attacks::measure(size, table).await,
        "fan-out" => rows::fan_out::measure(size, table).await,
        other => panic!("no row is called {other}; there are {}", ROWS.join(", ")),
    }
}
