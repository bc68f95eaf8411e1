//! The tenures of a bitcoin fork, from a newer one back to an older one.

use stacks_types::ids::{ConsensusHash, StacksBlockId};

use super::LookupError;
use super::sortition::was_sortition;
use super::tenure::encoded;
use crate::burn::BurnBlock;
use crate::chain::Snapshot;
use crate::headers::select_tenure_block_ids;

/// A burn block of the fork, with the encoded blocks of its tenure.
#[derive(Debug, Clone)]
pub struct ForkTenure {
    /// The burn block that begins the tenure.
    pub burn_block: BurnBlock,
    /// Whether a producer was elected.
    pub was_sortition: bool,
    /// First block of the tenure, if any.
    pub first_block: Option<StacksBlockId>,
    /// All its blocks, encoded, oldest first; `None` when it has none, or the answer would become too large.
    pub blocks: Option<Vec<Vec<u8>>>,
}

/// Burn blocks that elected a producer, from `newer` back to `older`, both included, at most `limit`; `newer` is always
/// included. The blocks have at most `max_bytes`. `None` when `older` is not in the fork of `newer`.
///
/// # Errors
/// [`super::Unknown::BurnBlock`] for either.
pub fn get(
    snapshot: &Snapshot<'_>,
    older: &ConsensusHash,
    newer: &ConsensusHash,
    limit: usize,
    max_bytes: usize,
) -> Result<Option<Vec<ForkTenure>>, LookupError> {
    let burn = snapshot.burn();
    let mut at = burn.get_burn_block_by_consensus_hash(newer)?;
    let older = burn.get_burn_block_by_consensus_hash(older)?;
    if !burn.is_ancestor_of(&older.hash, &at.hash)? {
        return Ok(None);
    }
    let (mut tenures, mut bytes_left) = (Vec::new(), max_bytes);
    loop {
        let parent = at.parent;
        let is_last = at.hash == older.hash;
        if tenures.is_empty() || was_sortition(snapshot, &at) {
            tenures.push(tenure(snapshot, at, &mut bytes_left)?);
        }
        if is_last || tenures.len() >= limit {
            return Ok(Some(tenures));
        }
        at = burn.get_burn_block(&parent)?;
    }
}

fn tenure(snapshot: &Snapshot<'_>, burn_block: BurnBlock, bytes_left: &mut usize) -> Result<ForkTenure, LookupError> {
    let ids = select_tenure_block_ids(snapshot.conn(), &burn_block)?;
    let mut blocks = Some(Vec::new()).filter(|_: &Vec<_>| !ids.is_empty());
    for id in &ids {
        let Some(list) = &mut blocks else { break };
        let block = encoded(snapshot, id)?;
        match bytes_left.checked_sub(block.len()) {
            Some(left) => {
                *bytes_left = left;
                list.push(block);
            }
            None => blocks = None,
        }
    }
    let was_sortition = was_sortition(snapshot, &burn_block);
    Ok(ForkTenure { burn_block, was_sortition, first_block: ids.first().copied(), blocks })
}
