//! Mines on the mocked bitcoin.

use nakamoto_proto::ids::BurnBlockHash;

use super::{Chain, lock};
use crate::burn::{BurnBlock, BurnLookupError};

impl Chain {
    /// Mines a burn block on `on`, or on the canonical tip. Durable when this returns; the caller wakes the coordinator,
    /// which announces it.
    ///
    /// # Errors
    /// [`BurnLookupError`]: `on` is not known, or nothing was stored.
    pub fn mine_burn_block(&self, on: Option<&BurnBlockHash>, time_s: u64) -> Result<BurnBlock, BurnLookupError> {
        let mut burn = lock(&self.inner.burn);
        let parent = match on {
            Some(hash) => *hash,
            None => {
                let tip = burn.get_canonical_burn_block()?;
                tip.ok_or_else(|| crate::burn::StoreError::Impossible { column: "canonical tip" })?.hash
            }
        };
        burn.mine(&parent, time_s)
    }
}
