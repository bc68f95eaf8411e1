//! Puts the producer together: arguments, keys, connection, record; then runs the driver until a signal.

use std::ffi::OsString;

use clap::Parser;
use client::{Feed, FeedRequest, SecretError, SecretSource, Standing, read_private_key, read_vrf_key, run_actor};
use nakamoto_proto::v1::{EventFilter, EventKind, EventTerm, PayloadMode};
use sqlite::Durability;
use stacks_types::limits::{BOOT_ADDRESS_MAINNET, BOOT_ADDRESS_TESTNET};
use tokio::time::Instant;

use crate::args::Args;
use crate::decide::{Machine, Policy};
use crate::driver::{Chain, Driver};
use crate::proposals::Proposals;
use crate::record::Record;
use crate::seal::{Keys, LastProof};

/// Runs the program with these arguments (the program's name first) until a signal stops it. Prints help, version and argument
/// errors as `clap` does, which ends the process.
///
/// # Errors
/// Errors that keep the producer from running: keys, data folder, or a node that refuses it.
pub fn main_with_args(args: impl IntoIterator<Item = OsString>) -> anyhow::Result<()> {
    let args = Args::parse_from(args);
    run_actor("producer", &args.actor, produce(&args))
}

async fn produce(args: &Args) -> anyhow::Result<()> {
    let signing = SecretSource { variable: "MOCKAMOTO_PRIVATE_KEY", file: args.private_key_file.clone() };
    let vrf = SecretSource { variable: "MOCKAMOTO_VRF_PRIVATE_KEY", file: args.vrf_private_key_file.clone() };
    let read = move || Ok::<_, SecretError>(Keys { signing: read_private_key(&signing)?, vrf: read_vrf_key(&vrf)? });
    // Reading a pipe may block; signals must be handled meanwhile.
    let keys = tokio::task::spawn_blocking(read).await??;
    let (node, info) = args.actor.connect(&keys.signing).await?;
    let mainnet = info.network == "mainnet";
    let boot = if mainnet { BOOT_ADDRESS_MAINNET } else { BOOT_ADDRESS_TESTNET };
    let address = keys.address(mainnet);
    let record = Record::open(&args.data_dir, address, info.chain_id, Durability::from_setting(args.actor.durable))?;
    let chain = Chain {
        address: address.to_string(),
        producers_db: format!("{boot}.producers"),
        signers_db: format!("{boot}.signers"),
    };
    tracing::info!(address = chain.address, node = args.actor.node, "producer starts");
    let policy = Policy {
        block_interval_ms: u64::try_from(args.block_interval.as_millis()).unwrap_or(u64::MAX),
        proposal_timeout_ms: u64::try_from(args.proposal_timeout.as_millis()).unwrap_or(u64::MAX).max(1),
    };
    let request = FeedRequest {
        filter: filter(&chain),
        // Chunks are read from the events themselves.
        payload_mode: PayloadMode::Full,
        include_snapshot: true,
        // Only the present tip, burn tip and slots matter, and a new stream's snapshot has them.
        resume: false,
        cursor: None,
        client_name: "mockamoto-producer".to_owned(),
    };
    let mut driver = Driver {
        feed: Feed::new(node.clone(), request),
        node,
        record,
        keys,
        last_proof: LastProof::default(),
        machine: Machine::new(policy),
        chain,
        assembly_time: args.assembly_time,
        clock_start: Instant::now(),
        view: None,
        standing: Standing::default(),
        slot: None,
        proposals: Proposals::default(),
    };
    driver.run().await?;
    Ok(())
}

fn filter(chain: &Chain) -> EventFilter {
    let kinds = [
        EventKind::BurnBlock,
        EventKind::BlockRejected,
        EventKind::TipChanged,
        EventKind::Template,
        EventKind::MempoolAccepted,
        EventKind::MempoolDropped,
        EventKind::Mining,
    ];
    EventFilter {
        terms: vec![
            EventTerm { kinds: kinds.map(i32::from).to_vec(), ..EventTerm::default() },
            EventTerm {
                kinds: vec![EventKind::StackerdbChunks.into()],
                stackerdb_contracts: vec![chain.producers_db.clone(), chain.signers_db.clone()],
                ..EventTerm::default()
            },
        ],
        all: false,
    }
}
