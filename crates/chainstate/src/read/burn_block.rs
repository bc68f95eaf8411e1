//! Burn blocks.

use stacks_types::ids::BurnBlockHash;

use super::{LookupError, Unknown};
use crate::burn::{BurnBlock, BurnBlockInfo};
use crate::chain::Snapshot;

/// How a burn block is named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BurnBlockAt {
    /// By hash, on any fork.
    Hash(BurnBlockHash),
    /// By height on the fork of a tip; `None` means the canonical one.
    Height(u64, Option<BurnBlockHash>),
    /// The canonical tip.
    Tip,
}

/// A burn block, and whether it is on the canonical fork.
///
/// # Errors
/// [`Unknown::BurnBlock`].
pub fn get(snapshot: &Snapshot<'_>, at: BurnBlockAt) -> Result<(BurnBlockInfo, bool), LookupError> {
    let burn = snapshot.burn();
    let tip = newest(snapshot)?;
    let block = match at {
        BurnBlockAt::Tip => tip.clone(),
        BurnBlockAt::Hash(hash) => burn.get_burn_block(&hash)?,
        BurnBlockAt::Height(height, fork) => {
            let block = burn.get_burn_block_at_height(height, &fork.unwrap_or(tip.hash))?;
            block.ok_or_else(|| LookupError::unknown_height(Unknown::BurnBlock, height))?
        }
    };
    Ok((burn.describe(&block)?, burn.is_ancestor_of(&block.hash, &tip.hash)?))
}

/// The canonical burn tip, announced or not: the caller may have just mined it.
pub(super) fn newest(snapshot: &Snapshot<'_>) -> Result<BurnBlock, LookupError> {
    let tip = snapshot.burn().get_canonical_burn_block()?;
    tip.ok_or_else(|| LookupError::corrupt("the burn database has no block"))
}
