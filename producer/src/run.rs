//! Puts the producer together: arguments, keys, connection, record; then runs the driver until a signal.

use std::ffi::OsString;

use anyhow::Context;
use clap::Parser;
use client::{
    Feed, FeedRequest, Node, SecretError, SecretSource, Shutdown, Standing, read_private_key, read_vrf_key, start_log,
};
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
    start_log(&args.log, args.log_format).context("--log")?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().context("async runtime")?;
    let outcome = runtime.block_on(run(args));
    runtime.shutdown_background();
    outcome
}

async fn run(args: Args) -> anyhow::Result<()> {
    let mut shutdown = Shutdown::listen(args.stop_on_stdin_eof).context("signal handlers")?;
    tokio::select! {
        biased;
        cause = shutdown.requested() => {
            tracing::info!(cause, "producer stops");
            Ok(())
        }
        outcome = produce(args) => outcome,
    }
}

async fn produce(args: Args) -> anyhow::Result<()> {
    let signing = SecretSource { variable: "MOCKAMOTO_PRIVATE_KEY", file: args.private_key_file };
    let vrf = SecretSource { variable: "MOCKAMOTO_VRF_PRIVATE_KEY", file: args.vrf_private_key_file };
    let read = move || Ok::<_, SecretError>(Keys { signing: read_private_key(&signing)?, vrf: read_vrf_key(&vrf)? });
    // Reading a pipe may block; signals must be handled meanwhile.
    let keys = tokio::task::spawn_blocking(read).await??;
    let node = Node::new(&args.node, args.auth_token.as_deref(), args.tls_ca.as_deref())?;
    let node = node.as_owner_of_slot(&keys.signing);
    let info = node.service_info_when_up().await.context("the node does not say what it is")?;
    let mainnet = info.network == "mainnet";
    let boot = if mainnet { BOOT_ADDRESS_MAINNET } else { BOOT_ADDRESS_TESTNET };
    let address = keys.address(mainnet);
    let record = Record::open(&args.data_dir, address, info.chain_id, Durability::from_setting(args.durable))?;
    let chain = Chain {
        address: address.to_string(),
        producers_db: format!("{boot}.producers"),
        signers_db: format!("{boot}.signers"),
    };
    tracing::info!(address = chain.address, node = args.node, "producer starts");
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
        epoch: Instant::now(),
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
