//! Puts the signer together: arguments, key, connection, record; then runs the driver until a signal.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::path::PathBuf;

use anyhow::bail;
use clap::Parser;
use client::{Feed, FeedRequest, RecordError, SecretSource, read_private_keys, run_actor};
use nakamoto_proto::v1::{EventFilter, EventKind, EventTerm, PayloadMode, SigningMode};
use sqlite::Durability;
use stacks_types::address::StacksAddress;
use stacks_types::keys::PrivateKey;
use stacks_types::limits::{BOOT_ADDRESS_MAINNET, BOOT_ADDRESS_TESTNET};
use tokio::time::Instant;

use crate::args::Args;
use crate::decide::Machine;
use crate::driver::{Driver, Signer};
use crate::lost;
use crate::model::Chain;
use crate::record::{Checkpoint, Record};

/// Most keys of one process: the most signers of a devnet. Each has two open files and a slot that is written for each
/// block.
const KEYS_MAX: usize = 64;

/// Runs the program with these arguments (the program's name first) until a signal stops it. Prints help, version and argument
/// errors as `clap` does, which ends the process.
///
/// # Errors
/// Errors that keep the signer from running: key, data folder, or a node that refuses it.
pub fn main_with_args(args: impl IntoIterator<Item = OsString>) -> anyhow::Result<()> {
    let args = Args::parse_from(args);
    run_actor("signer", &args.actor, sign(&args))
}

async fn sign(args: &Args) -> anyhow::Result<()> {
    let source = SecretSource { variable: "MOCKAMOTO_PRIVATE_KEY", file: args.private_key_file.clone() };
    // Reading a pipe may block; signals must be handled meanwhile.
    let keys = tokio::task::spawn_blocking(move || read_private_keys(&source)).await??;
    check(&keys, &args.data_dir)?;
    let [first, ..] = &keys[..] else { bail!("no key") };
    let (node, info) = args.actor.connect(first).await?;
    let is_mainnet = info.network == "mainnet";
    let boot = if is_mainnet { BOOT_ADDRESS_MAINNET } else { BOOT_ADDRESS_TESTNET };
    let chain = Chain { producers_db: format!("{boot}.producers"), signers_db: format!("{boot}.signers") };
    let mut signers = Vec::with_capacity(keys.len());
    for (key, folder) in keys.into_iter().zip(&args.data_dir) {
        let address = StacksAddress::p2pkh(&key.public_key(), is_mainnet);
        if !args.new_record && Record::is_missing(folder)? {
            lost::refuse_after_signing(&node, &chain, address, folder).await?;
        }
        let mut record = Record::open(folder, address, info.chain_id, Durability::from_setting(args.actor.durable))?;
        lost::refuse_older_copy(&node, &chain, address, (folder, &mut record), args.new_record).await?;
        tracing::info!(%address, node = args.actor.node, "signer starts");
        signers.push(Signer::new(&node, key, address, (record, folder.clone())));
    }
    let last_run = oldest_checkpoint(&signers)?;
    if info.signing_mode() == SigningMode::WellKnown {
        tracing::info!("this chain's signatures are a published constant: no proposals will come");
    }
    let request = FeedRequest {
        filter: filter(&chain.producers_db),
        // Chunks are read from the events themselves.
        payload_mode: PayloadMode::Full,
        include_snapshot: true,
        resume: true,
        cursor: last_run.as_ref().map(|checkpoint| checkpoint.cursor.clone().into()),
        client_name: "mockamoto-signer-stub".to_owned(),
    };
    let mut driver = Driver {
        feed: Feed::new(node.clone(), request),
        node,
        signers,
        machine: Machine::new(),
        chain,
        clock_start: Instant::now(),
        last_run,
        snapshot: BTreeMap::new(),
        reached: None,
        place_due: None,
        refused: None,
        asked_at: None,
        slots: None,
    };
    driver.run().await?;
    Ok(())
}

/// Each key needs a folder of its own.
fn check(keys: &[PrivateKey], folders: &[PathBuf]) -> anyhow::Result<()> {
    if keys.len() != folders.len() {
        bail!(
            "{} key(s) and {} --data-dir: each key needs a folder of its own, in the same order",
            keys.len(),
            folders.len()
        );
    }
    if keys.len() > KEYS_MAX {
        bail!("{} keys are too many for one process: at most {KEYS_MAX}", keys.len());
    }
    let accounts: BTreeSet<_> = keys.iter().map(|key| key.public_key().hash160()).collect();
    if accounts.len() < keys.len() {
        bail!("a key is given twice");
    }
    if folders.iter().collect::<BTreeSet<_>>().len() < folders.len() {
        bail!("a --data-dir is given twice: each key needs a folder of its own");
    }
    Ok(())
}

/// The place where all records can continue: the oldest, as that only makes more of the journal be read. `None` when
/// one record is new.
fn oldest_checkpoint(signers: &[Signer]) -> Result<Option<Checkpoint>, RecordError> {
    let mut checkpoints = Vec::with_capacity(signers.len());
    for signer in signers {
        checkpoints.push(signer.record.checkpoint()?);
    }
    let checkpoints: Option<Vec<_>> = checkpoints.into_iter().collect();
    Ok(checkpoints.and_then(|checkpoints| checkpoints.into_iter().min_by_key(|place| place.sequence)))
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
