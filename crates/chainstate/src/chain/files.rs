//! The files of a data folder.

use std::path::{Path, PathBuf};

/// Headers, receipts, StackerDB, mempool and the journal.
pub(super) const CHAIN_FILE: &str = "chainstate.sqlite";
/// The mocked bitcoin.
pub(super) const BURN_FILE: &str = "burn.sqlite";
/// Stored blocks.
pub(super) const STAGING_FILE: &str = "staging.sqlite";
/// The nodes of the state index.
pub(super) const NODES_FILE: &str = "state.marf";

/// Where they are.
pub(super) struct Paths {
    pub(super) chain: PathBuf,
    pub(super) burn: PathBuf,
    pub(super) staging: PathBuf,
    pub(super) nodes: PathBuf,
}

impl Paths {
    pub(super) fn of(folder: &Path) -> Self {
        let file = |name| folder.join(name);
        Self { chain: file(CHAIN_FILE), burn: file(BURN_FILE), staging: file(STAGING_FILE), nodes: file(NODES_FILE) }
    }
}
