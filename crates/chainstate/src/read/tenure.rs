//! Tenures: runs of blocks with one burn view.

use stacks_types::ids::{ConsensusHash, StacksBlockId};

use super::sortition::{SortitionAt, burn_block, elected_before, was_sortition};
use super::{LookupError, Unknown, known_header};
use crate::burn::BurnBlock;
use crate::chain::Snapshot;
use crate::headers::{ProcessedHeader, select_header, select_tenure};

/// The canonical tip's tenure.
#[derive(Debug, Clone)]
pub struct TenureInfo {
    /// The canonical tip.
    pub tip: ProcessedHeader,
    /// The burn block that the tip witnesses.
    pub burn_view: BurnBlock,
    /// Consensus hash and first block of the previous tenure; `None` in the boot block's.
    pub parent: Option<(ConsensusHash, StacksBlockId)>,
    /// Reward cycle of the canonical burn tip.
    pub reward_cycle: u64,
}

/// A tenure with its blocks, newest first.
#[derive(Debug, Clone)]
pub struct Tenure {
    /// The burn block that elected its producer.
    pub burn_block: BurnBlock,
    /// Consensus hash of the previous election; of the first burn block when there was none.
    pub last_sortition: ConsensusHash,
    /// Its blocks, newest first; empty when its producer made none.
    pub blocks: Vec<ProcessedHeader>,
}

/// The canonical tip's tenure.
///
/// # Errors
/// The node's own failures only.
pub fn info(snapshot: &Snapshot<'_>) -> Result<TenureInfo, LookupError> {
    let tip = snapshot.tip()?;
    let start = known_header(snapshot, &tip.tenure.start)?;
    let parent = match snapshot.header(&start.parent_block_id)? {
        Some(parent) => Some((snapshot.burn_view(&parent.burn_view)?.consensus_hash, parent.tenure.start)),
        None => None,
    };
    Ok(TenureInfo {
        burn_view: snapshot.burn_view(&tip.burn_view)?,
        parent,
        reward_cycle: snapshot.burn().cycle_of(snapshot.burn_tip()?.height),
        tip,
    })
}

/// Fees that the burn tip's tenure has earned, in micro-STX; `None` while it has no block.
///
/// # Errors
/// The node's own failures only.
pub fn fees(snapshot: &Snapshot<'_>) -> Result<Option<u128>, LookupError> {
    let (tip, burn_tip) = (snapshot.tip()?, snapshot.burn_tip()?);
    Ok((tip.burn_view == burn_tip.hash).then_some(tip.tenure.fees))
}

/// A tenure with at most `limit` of its newest blocks.
///
/// # Errors
/// [`Unknown::BurnBlock`].
pub fn get(snapshot: &Snapshot<'_>, at: SortitionAt, limit: usize) -> Result<Tenure, LookupError> {
    let burn_block = burn_block(snapshot, at)?;
    let mut blocks = select_tenure(snapshot.conn(), &burn_block, limit)?;
    if !was_sortition(snapshot, &burn_block) {
        // The first burn block's tenure has the boot block and no other.
        blocks.extend(select_header(snapshot.conn(), &StacksBlockId::BOOT)?);
    }
    let last = match elected_before(snapshot, &burn_block)? {
        Some(last) => last,
        None => super::sortition::burn_block(snapshot, SortitionAt::Height(snapshot.burn().rules().first_height))?,
    };
    Ok(Tenure { burn_block, last_sortition: last.consensus_hash, blocks })
}

/// Encoded blocks from `block_id` back to the first of its tenure or to the child of `stop`, newest first; as many as
/// fit into `max_bytes`. A `stop` that is not an ancestor has no effect.
///
/// # Errors
/// [`Unknown::Block`], also for the boot block, which has no encoding.
pub fn blocks_back(
    snapshot: &Snapshot<'_>,
    block_id: StacksBlockId,
    stop: Option<StacksBlockId>,
    max_bytes: usize,
) -> Result<Vec<Vec<u8>>, LookupError> {
    let first = snapshot.header(&block_id)?.filter(|first| first.header.is_some());
    let mut at = first.ok_or_else(|| LookupError::unknown(Unknown::Block, &block_id.0))?;
    let (mut blocks, mut bytes) = (Vec::new(), 0);
    loop {
        let block = encoded(snapshot, &at.block_id)?;
        bytes += block.len();
        if bytes > max_bytes {
            return Ok(blocks);
        }
        blocks.push(block);
        if at.starts_tenure() || stop == Some(at.parent_block_id) {
            return Ok(blocks);
        }
        at = known_header(snapshot, &at.parent_block_id)?;
    }
}

/// The bytes of a processed block.
pub(super) fn encoded(snapshot: &Snapshot<'_>, id: &StacksBlockId) -> Result<Vec<u8>, LookupError> {
    let staged = snapshot.staging().get_staging_block(id)?;
    Ok(staged.ok_or_else(|| LookupError::corrupt(format!("processed block {id} is not in staging")))?.data)
}
