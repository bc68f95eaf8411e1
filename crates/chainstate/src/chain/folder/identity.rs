//! Has burn and staging database say which chain they are a part of: once, after the boot block.

use sqlite::crash_point;

use crate::chain::chain_meta::set_bound;
use crate::chain::{NakamotoChainState, lock};
use crate::db::StoreError;

impl NakamotoChainState {
    /// They first, then `chainstate.sqlite` that they do: one that does not say so is another chain's from then on.
    pub(in crate::chain) fn bind_files(&self, chain: [u8; 16]) -> Result<(), StoreError> {
        lock(&self.inner.burn).set_identity(chain)?;
        crash_point("identity:burn");
        lock(&self.inner.staging).set_identity(chain)?;
        crash_point("identity:staging");
        self.inner.store.write_all(|tx| set_bound(tx.sql()))?;
        crash_point("identity:chain");
        Ok(())
    }
}
