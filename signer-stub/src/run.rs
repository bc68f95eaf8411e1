//! Puts the signer together: arguments, key, connection, record; then runs the driver until a signal.

use std::collections::BTreeMap;
use std::ffi::OsString;

use anyhow::Context;
use clap::Parser;
use client::{Feed, FeedRequest, Node, SecretSource, Shutdown, Standing, read_private_key, start_log};
use nakamoto_proto::v1::{EventFilter, EventKind, EventTerm, PayloadMode, SigningMode};
use sqlite::Durability;
use stacks_types::address::StacksAddress;
use stacks_types::limits::{BOOT_ADDRESS_MAINNET, BOOT_ADDRESS_TESTNET};
use tokio::time::Instant;

use crate::args::Args;
use crate::decide::Machine;
use crate::driver::{Chain, Driver};
use crate::lost;
use crate::record::Record;

/// Runs the program with these arguments (the program's name first) until a signal stops it. Prints help, version and argument
/// errors as `clap` does, which ends the process.
///
/// # Errors
/// What keeps the signer from running: key, data folder, or a node that refuses it.
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
            tracing::info!(cause, "signer stops");
            Ok(())
        }
        outcome = sign(args) => outcome,
    }
}

async fn sign(args: Args) -> anyhow::Result<()> {
    let key = read_private_key(&SecretSource { variable: "MOCKAMOTO_PRIVATE_KEY", file: args.private_key_file })?;
    let node = Node::new(&args.node, args.auth_token.as_deref(), args.tls_ca.as_deref())?.as_owner_of_slot(&key);
    let info = node.service_info_when_up().await.context("the node does not say what it is")?;
    let is_mainnet = info.network == "mainnet";
    let boot = if is_mainnet { BOOT_ADDRESS_MAINNET } else { BOOT_ADDRESS_TESTNET };
    let address = StacksAddress::p2pkh(&key.public_key(), is_mainnet);
    let chain = Chain {
        signer: address.hash160(),
        address: address.to_string(),
        producers_db: format!("{boot}.producers"),
        signers_db: format!("{boot}.signers"),
    };
    if !args.new_record && Record::is_missing(&args.data_dir)? {
        lost::refuse_after_signing(&node, &chain, &args.data_dir).await?;
    }
    let record = Record::open(&args.data_dir, address, info.chain_id, Durability::from_setting(args.durable))?;
    let last_run = record.place()?;
    tracing::info!(address = chain.address, node = args.node, "signer starts");
    if info.signing_mode() == SigningMode::WellKnown {
        tracing::info!("this chain's signatures are a published constant: no proposals will come");
    }
    let request = FeedRequest {
        filter: filter(&chain.producers_db),
        // Chunks are read from the events themselves.
        payload_mode: PayloadMode::Full,
        include_snapshot: true,
        resume: true,
        cursor: last_run.as_ref().map(|place| place.cursor.clone().into()),
        client_name: "mockamoto-signer-stub".to_owned(),
    };
    let mut driver = Driver {
        feed: Feed::new(node.clone(), request),
        node,
        record,
        key,
        machine: Machine::new(),
        chain,
        epoch: Instant::now(),
        last_run,
        snapshot: BTreeMap::new(),
        reached: None,
        place_due: None,
        slot: None,
        asked_at: None,
        standing: Standing::default(),
        refused: None,
    };
    driver.run().await?;
    Ok(())
}

fn filter(producers_db: &str) -> EventFilter {
    let kinds = [EventKind::BurnBlock, EventKind::TipChanged, EventKind::Validation];
    EventFilter {
        terms: vec![
            EventTerm { kinds: kinds.map(i32::from).to_vec(), ..EventTerm::default() },
            EventTerm {
                kinds: vec![EventKind::StackerdbChunks.into()],
                stackerdb_contracts: vec![producers_db.to_owned()],
                ..EventTerm::default()
            },
        ],
        all: false,
    }
}
