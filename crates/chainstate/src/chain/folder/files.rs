//! The files of a data folder.

use std::path::{Path, PathBuf};

/// Headers, receipts, StackerDB, mempool and the journal.
pub(in crate::chain) const CHAIN_FILE: &str = "chainstate.sqlite";
/// The mocked bitcoin.
pub(in crate::chain) const BURN_FILE: &str = "burn.sqlite";
/// Stored blocks.
pub(in crate::chain) const STAGING_FILE: &str = "staging.sqlite";
/// The nodes of the state index.
pub(in crate::chain) const NODES_FILE: &str = "state.marf";

/// The paths of these files in one folder.
pub(in crate::chain) struct Paths {
    pub(in crate::chain) chain: PathBuf,
    pub(in crate::chain) burn: PathBuf,
    pub(in crate::chain) staging: PathBuf,
    pub(in crate::chain) nodes: PathBuf,
}

impl Paths {
    pub(in crate::chain) fn of(folder: &Path) -> Self {
        let file = |name| folder.join(name);
        Self { chain: file(CHAIN_FILE), burn: file(BURN_FILE), staging: file(STAGING_FILE), nodes: file(NODES_FILE) }
    }
}
