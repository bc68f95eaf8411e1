//! Elections: the mock elects one producer at each burn block except the first, with which the chain begins.

use stacks_types::ids::{BurnBlockHash, ConsensusHash, Hash160, StacksBlockId, VrfSeed};

use super::{LookupError, Unknown, known_header};
use crate::burn::BurnBlock;
use crate::chain::Snapshot;
use crate::headers::{ProcessedHeader, get_canonical_stacks_block, select_tenure_block_ids};

/// How a tenure or a sortition is named: each belongs to a burn block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SortitionAt {
    /// By consensus hash, on any fork.
    Consensus(ConsensusHash),
    /// By burn block hash, on any fork.
    BurnBlock(BurnBlockHash),
    /// By height on the canonical burn fork.
    Height(u64),
    /// The canonical burn tip.
    Latest,
}

/// A burn block's election.
#[derive(Debug, Clone)]
pub struct Sortition {
    /// The burn block at which the election was.
    pub burn_block: BurnBlock,
    /// The result; `None` for the first burn block, with which the chain begins.
    pub election: Option<Election>,
}

/// The result of an election.
#[derive(Debug, Clone)]
pub struct Election {
    /// The producer's key hash.
    pub producer: Hash160,
    /// The tenure that this one builds on (or would build on, while it has no block).
    pub parent_tenure: ConsensusHash,
    /// That tenure's first block.
    pub parent_start: StacksBlockId,
    /// VRF seed of that block's proof; the boot block has none.
    pub vrf_seed: Option<VrfSeed>,
    /// Consensus hash of the previous election, if there was one.
    pub last: Option<ConsensusHash>,
}

/// A sortition; with `with_last` also the previous one.
///
/// # Errors
/// [`Unknown::BurnBlock`].
pub fn list(snapshot: &Snapshot<'_>, at: SortitionAt, with_last: bool) -> Result<Vec<Sortition>, LookupError> {
    let block = burn_block(snapshot, at)?;
    let last = if with_last { elected_before(snapshot, &block)? } else { None };
    let mut found = vec![sortition(snapshot, block)?];
    if let Some(last) = last {
        found.push(sortition(snapshot, last)?);
    }
    Ok(found)
}

/// The burn block of a sortition.
pub(super) fn burn_block(snapshot: &Snapshot<'_>, at: SortitionAt) -> Result<BurnBlock, LookupError> {
    let burn = snapshot.burn();
    match at {
        SortitionAt::Consensus(hash) => Ok(burn.get_burn_block_by_consensus_hash(&hash)?),
        SortitionAt::BurnBlock(hash) => Ok(burn.get_burn_block(&hash)?),
        SortitionAt::Latest => Ok(snapshot.burn_tip()?),
        SortitionAt::Height(height) => {
            let block = burn.get_burn_block_at_height(height, &snapshot.burn_tip()?.hash)?;
            block.ok_or_else(|| LookupError::unknown_height(Unknown::BurnBlock, height))
        }
    }
}

/// Whether a producer was elected at a burn block.
pub(super) fn was_sortition(snapshot: &Snapshot<'_>, block: &BurnBlock) -> bool {
    block.height > snapshot.burn().rules().first_height
}

/// The previous burn block, if it had an election.
pub(super) fn elected_before(snapshot: &Snapshot<'_>, block: &BurnBlock) -> Result<Option<BurnBlock>, LookupError> {
    if !was_sortition(snapshot, block) {
        return Ok(None);
    }
    let parent = snapshot.burn().get_burn_block(&block.parent)?;
    Ok(was_sortition(snapshot, &parent).then_some(parent))
}

fn sortition(snapshot: &Snapshot<'_>, burn_block: BurnBlock) -> Result<Sortition, LookupError> {
    if !was_sortition(snapshot, &burn_block) {
        return Ok(Sortition { burn_block, election: None });
    }
    let parent = parent_of_tenure(snapshot, &burn_block)?;
    let start = known_header(snapshot, &parent.tenure.start)?;
    let election = Election {
        producer: snapshot.burn().elected_producer(&burn_block.hash)?.address.hash160(),
        parent_tenure: snapshot.burn_view(&parent.burn_view)?.consensus_hash,
        parent_start: start.block_id,
        vrf_seed: start.header.map(|header| header.vrf_proof.seed()),
        last: elected_before(snapshot, &burn_block)?.map(|last| last.consensus_hash),
    };
    Ok(Sortition { burn_block, election: Some(election) })
}

/// The parent of the tenure's first block, or the block on which that would build now.
fn parent_of_tenure(snapshot: &Snapshot<'_>, burn_block: &BurnBlock) -> Result<ProcessedHeader, LookupError> {
    let parent = match select_tenure_block_ids(snapshot.conn(), burn_block)?.first() {
        Some(first) => known_header(snapshot, first)?.parent_block_id,
        None => get_canonical_stacks_block(snapshot.conn(), snapshot.burn(), burn_block)?,
    };
    known_header(snapshot, &parent)
}
