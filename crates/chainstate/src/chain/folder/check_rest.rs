//! Compares, while the chain runs, the parts of a large folder that were not compared at its start.

use std::path::PathBuf;

use super::files::Paths;
use super::inspect::Folder;
use crate::chain::{NakamotoChainState, lock};
use crate::db::OpenError;

/// Parts of files that were not compared with their checksums at the start.
pub struct UncheckedFiles {
    databases: Vec<sqlite::Unchecked>,
    nodes: Option<marf::Unchecked>,
    chain_file: PathBuf,
}

impl UncheckedFiles {
    pub(in crate::chain) fn of(folder: &mut Folder, paths: &Paths) -> Option<Self> {
        let Folder { chain, burn, staging, nodes, .. } = folder;
        let databases = [chain, burn, staging].into_iter().filter_map(sqlite::Inspected::take_unchecked).collect();
        let left = Self { databases, nodes: nodes.take_unchecked(), chain_file: paths.chain.clone() };
        (left.nodes.is_some() || !left.databases.is_empty()).then_some(left)
    }

    /// Compares them, for as long as the disk takes to read them or until `stopped` returns true.
    ///
    /// # Errors
    /// [`OpenError`]: a file is damaged, and the chain should not go on.
    pub fn check(self, stopped: &dyn Fn() -> bool) -> Result<(), OpenError> {
        for mut database in self.databases {
            while !stopped() && database.check_some()? {}
        }
        if let Some(mut nodes) = self.nodes {
            while !stopped() && nodes.check_some().map_err(OpenError::nodes(&self.chain_file))? {}
        }
        Ok(())
    }
}

impl NakamotoChainState {
    /// The parts that the start left to be compared, if any. The next call returns `None`.
    #[must_use]
    pub fn take_unchecked(&self) -> Option<UncheckedFiles> {
        lock(&self.inner.unchecked).take()
    }
}
