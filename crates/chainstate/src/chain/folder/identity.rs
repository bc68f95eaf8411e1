//! Records in the burn and staging databases which chain they belong to: once, after the boot block.

use sqlite::crash_point;

use crate::chain::chain_meta::set_bound;
use crate::chain::{NakamotoChainState, lock};
use crate::db::StoreError;

impl NakamotoChainState {
    /// Writes the chain's id to both databases, then notes in `chainstate.sqlite` that they have it. From then on, a file
    /// without an id belongs to another chain.
    pub(in crate::chain) fn bind_files(&self, chain: [u8; 16]) -> Result<(), StoreError> {
        lock(&self.inner.burn).set_identity(chain)?;
        crash_point("identity:burn");
        lock(&self.inner.staging).set_identity(chain)?;
        crash_point("identity:staging");
        self.inner.store.write(|tx| set_bound(tx.sql()))?;
        crash_point("identity:chain");
        Ok(())
    }
}
