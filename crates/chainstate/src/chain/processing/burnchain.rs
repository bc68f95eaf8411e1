//! Mines on the mocked bitcoin, reorganizes it, and sets the stackers and producers of later reward cycles.

use stacks_types::ids::BurnBlockHash;

use crate::burn::{BurnBlock, BurnDbWriter, BurnLookupError, SetMembersError};
use crate::chain::{NakamotoChainState, lock};
use crate::db::StoreError;
use crate::params::{Producer, Stacker};

/// Result of a reorganization of the burn chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BurnReorg {
    /// The canonical tip before.
    pub old_tip: BurnBlock,
    /// The newest block that both forks have.
    pub fork_point: BurnBlock,
    /// The blocks of the new fork, oldest first. The last one is the new canonical tip.
    pub blocks: Vec<BurnBlock>,
}

impl NakamotoChainState {
    /// Mines a burn block on `on`, or on the canonical tip. It is committed when this returns; the caller wakes the coordinator,
    /// which announces it.
    ///
    /// # Errors
    /// [`BurnLookupError`]: `on` is not known, or nothing was stored.
    pub fn mine_burn_block(&self, on: Option<&BurnBlockHash>, time_s: u64) -> Result<BurnBlock, BurnLookupError> {
        let mut blocks = self.mine_burn_blocks(on, 1, time_s)?;
        Ok(blocks.pop().ok_or_else(|| StoreError::impossible("burn_blocks.seen"))?)
    }

    /// Mines `count` burn blocks in a row, the first on `on` or on the canonical tip: all or none, oldest first.
    ///
    /// # Errors
    /// As [`Self::mine_burn_block`].
    pub fn mine_burn_blocks(
        &self,
        on: Option<&BurnBlockHash>,
        count: u32,
        time_s: u64,
    ) -> Result<Vec<BurnBlock>, BurnLookupError> {
        let mut burn = lock(&self.inner.burn);
        let parent = match on {
            Some(hash) => *hash,
            None => canonical_tip(&burn)?.hash,
        };
        burn.mine_chain(&parent, count, time_s)
    }

    /// Mines `length` burn blocks on the block `depth` below the canonical tip: all or none. If `length` exceeds
    /// `depth`, they become the canonical fork. `None` when the chain is not that deep.
    ///
    /// # Errors
    /// [`BurnLookupError`]: nothing was stored.
    pub fn reorganize_burn_chain(
        &self,
        depth: u64,
        length: u32,
        time_s: u64,
    ) -> Result<Option<BurnReorg>, BurnLookupError> {
        let mut burn = lock(&self.inner.burn);
        let old_tip = canonical_tip(&burn)?;
        let Some(height) = old_tip.height.checked_sub(depth) else { return Ok(None) };
        let Some(fork_point) = burn.get_burn_block_at_height(height, &old_tip.hash)? else { return Ok(None) };
        let blocks = burn.mine_chain(&fork_point.hash, length, time_s)?;
        Ok(Some(BurnReorg { old_tip, fork_point, blocks }))
    }

    /// Sets the stackers of a reward cycle (by default the one after the canonical tip's) and of the later cycles up to
    /// the next one with a set of its own. Returns the cycle.
    ///
    /// # Errors
    /// [`SetMembersError`]: the cycle has begun, the set breaks a rule, or nothing was stored.
    pub fn set_stackers(&self, cycle: Option<u64>, stackers: &[Stacker]) -> Result<u64, SetMembersError> {
        let mut burn = lock(&self.inner.burn);
        let cycle = cycle.map_or_else(|| next_cycle(&burn), Ok)?;
        burn.set_stackers(cycle, stackers)?;
        Ok(cycle)
    }

    /// Sets the producers of a reward cycle, as [`Self::set_stackers`] does the stackers.
    ///
    /// # Errors
    /// As [`Self::set_stackers`].
    pub fn set_producers(&self, cycle: Option<u64>, producers: &[Producer]) -> Result<u64, SetMembersError> {
        let mut burn = lock(&self.inner.burn);
        let cycle = cycle.map_or_else(|| next_cycle(&burn), Ok)?;
        burn.set_producers(cycle, producers)?;
        Ok(cycle)
    }
}

fn canonical_tip(burn: &BurnDbWriter) -> Result<BurnBlock, BurnLookupError> {
    let tip = burn.get_canonical_burn_block()?;
    Ok(tip.ok_or_else(|| StoreError::impossible("canonical tip"))?)
}

fn next_cycle(burn: &BurnDbWriter) -> Result<u64, SetMembersError> {
    let tip = burn.canonical_height()?;
    Ok(burn.cycle_of(tip).saturating_add(1))
}
