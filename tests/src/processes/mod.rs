//! Starts the real binaries on free ports, and talks to them.

mod admin;
mod alone;
mod binaries;
mod client;
mod cluster;
mod devnet;
mod disk;
mod grpc;
mod http;
mod process;
pub mod unread;
mod wallets;

pub use admin::Admin;
pub use alone::{NodeAlone, address_of_nobody, proposal_of};
pub use binaries::binary;
pub use client::{Client, WAIT, Watch};
pub use cluster::{Cluster, Plan};
pub use devnet::{address_of, devnet_command, start_devnet};
pub use disk::{SmallDisk, wrapped};
pub use grpc::RawGrpc;
pub use http::{Answer, Http};
pub use process::Process;
pub use wallets::{signed, transfer, transfer_paying, wallet};

use std::path::PathBuf;

use serde_json::Value;

/// Reads `stacksjs_transactions.json` from the folder that `VECTORS` names, or from the repository's.
///
/// # Panics
/// When the file cannot be read.
#[must_use]
pub fn stacksjs() -> Value {
    let folder = std::env::var_os("VECTORS")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("vectors"), PathBuf::from);
    let text = std::fs::read_to_string(folder.join("stacksjs_transactions.json")).expect("the vectors are there");
    serde_json::from_str(&text).expect("the vectors are JSON")
}

/// Runs an asynchronous test.
///
/// # Panics
/// When the test does.
pub fn run(test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.expect("a runtime").block_on(test);
}
