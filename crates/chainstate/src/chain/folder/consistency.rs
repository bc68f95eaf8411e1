//! Whether the files of a folder belong together: they are of one chain, and none is older than another file recorded.
//!
//! After a crash each file is as far as it had come, and a position that it recorded of another file was on the disk
//! before. So a file is behind what another recorded only if it was replaced by an older copy.

use stacks_types::ids::BurnBlockHash;

use super::files::{BURN_FILE, CHAIN_FILE, NODES_FILE, STAGING_FILE};
use crate::burn::BurnSummary;
use crate::chain::chain_meta::Meta;
use crate::staging::StagingSummary;

/// Facts from `chainstate.sqlite`.
#[derive(Debug, Default)]
pub(in crate::chain) struct ChainSummary {
    /// None before genesis.
    pub(in crate::chain) meta: Option<Meta>,
    /// Whether burn and staging databases say which chain they belong to.
    pub(in crate::chain) is_bound: bool,
    pub(in crate::chain) newest_event: u64,
    /// The burn view of the tip.
    pub(in crate::chain) tip_view: Option<BurnBlockHash>,
}

/// Facts from all files.
#[derive(Debug)]
pub(in crate::chain) struct Summaries {
    pub(in crate::chain) chain: ChainSummary,
    pub(in crate::chain) burn: BurnSummary,
    pub(in crate::chain) staging: StagingSummary,
    /// Staging has processed a block that `chainstate.sqlite` does not have.
    pub(in crate::chain) lacks_processed: bool,
    /// Whether each file exists, in the order in which they are made.
    pub(in crate::chain) present: [bool; 4],
}

/// Describes each misfit with its file; empty if everything fits.
pub(in crate::chain) fn misfits(summaries: &Summaries) -> Vec<String> {
    let missing = missing(summaries);
    if !missing.is_empty() {
        return missing;
    }
    let Some(meta) = &summaries.chain.meta else { return more_than_new(summaries) };
    let mut misfits = others(summaries, &meta.journal_id);
    if !misfits.is_empty() {
        return misfits; // The progress of another chain says nothing.
    }
    let Summaries { chain, burn, staging, .. } = summaries;
    let mut behind = |file: &str, has: u64, other: &str, knows: u64, what: &str| {
        if has < knows {
            misfits.push(format!("{file} is older than {other}: it has {has} {what}, not {knows}"));
        }
    };
    behind(BURN_FILE, burn.newest_row, CHAIN_FILE, meta.announced_burn_row, "burn blocks");
    behind(BURN_FILE, burn.newest_row, STAGING_FILE, staging.known_burn_row, "burn blocks");
    behind(STAGING_FILE, staging.newest_row, CHAIN_FILE, meta.announced_staging_row, "blocks");
    behind(STAGING_FILE, staging.newest_row, BURN_FILE, burn.known_staging_row, "blocks");
    behind(CHAIN_FILE, chain.newest_event, STAGING_FILE, staging.known_event, "events");
    behind(CHAIN_FILE, chain.newest_event, BURN_FILE, burn.known_event, "events");
    if !misfits.is_empty() {
        return misfits;
    }
    if !burn.has_view {
        misfits.push(format!("{BURN_FILE} does not have the burn block of the tip in {CHAIN_FILE}"));
    }
    if !staging.has_tip {
        misfits.push(format!("{STAGING_FILE} does not have the tip in {CHAIN_FILE}"));
    }
    if summaries.lacks_processed {
        misfits.push(format!("{CHAIN_FILE} does not have a block that {STAGING_FILE} says is processed"));
    }
    misfits
}

/// Names missing files. A folder with a chain has all of them; one that is being made has the first few, in the order
/// in which they are made.
fn missing(summaries: &Summaries) -> Vec<String> {
    let names = [CHAIN_FILE, BURN_FILE, STAGING_FILE, NODES_FILE];
    let last = summaries.present.iter().rposition(|present| *present);
    let wanted = if summaries.chain.meta.is_some() { names.len() } else { last.map_or(0, |last| last + 1) };
    let there = summaries.present.iter().zip(names).take(wanted);
    there.filter(|(present, _)| !**present).map(|(_, name)| format!("{name} is missing")).collect()
}

/// Before there is a boot block, the other files hold only what is made before it.
fn more_than_new(summaries: &Summaries) -> Vec<String> {
    let Summaries { burn, staging, .. } = summaries;
    let mut misfits = Vec::new();
    if burn.identity.is_some() || burn.newest_row > 1 {
        misfits.push(format!("{CHAIN_FILE} holds no chain, and {BURN_FILE} has {} burn blocks", burn.newest_row));
    }
    if staging.identity.is_some() || staging.newest_row > 0 {
        misfits.push(format!("{CHAIN_FILE} holds no chain, and {STAGING_FILE} has {} blocks", staging.newest_row));
    }
    misfits
}

/// Names files of other chains.
fn others(summaries: &Summaries, chain: &[u8; 16]) -> Vec<String> {
    let files = [(BURN_FILE, summaries.burn.identity), (STAGING_FILE, summaries.staging.identity)];
    let is_other = |identity: Option<[u8; 16]>| match identity {
        Some(identity) => identity != *chain,
        None => summaries.chain.is_bound,
    };
    let others = files.into_iter().filter(|(_, identity)| is_other(*identity));
    others.map(|(file, _)| format!("{file} is not of the chain of {CHAIN_FILE}")).collect()
}
