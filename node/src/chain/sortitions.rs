//! Elections: the mock elects one producer at each burn block but the first, with which the chain begins.

use chainstate::burn::BurnBlock;
use chainstate::chain::ChainReader;
use chainstate::headers::{ProcessedHeader, select_witnessed, stacks_block_as_of};
use stacks_types::ids::{BurnBlockHash, ConsensusHash};
use stacks_types::ids::{Hash160, StacksBlockId, VrfSeed};

use super::NodeChain;
use crate::error::{ApiError, Unknown};

/// Which tenure or sortition: each is named by its burn block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SortitionAt {
    /// By consensus hash, on any fork.
    Consensus([u8; 20]),
    /// By burn block hash, on any fork.
    BurnBlock([u8; 32]),
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
    /// Who was elected; `None` for the first burn block, with which the chain begins.
    pub election: Option<Election>,
}

/// What an election decided.
#[derive(Debug, Clone)]
pub struct Election {
    /// The producer's key hash.
    pub producer: Hash160,
    /// The tenure on which its own builds (or would build, as long as it has no block).
    pub parent_tenure: ConsensusHash,
    /// That tenure's first block.
    pub parent_start: StacksBlockId,
    /// VRF seed of that block's proof; the boot block has none.
    pub vrf_seed: Option<VrfSeed>,
    /// Consensus hash of the election before, if there was one.
    pub last: Option<ConsensusHash>,
}

impl NodeChain {
    /// A sortition; with `with_last` the one before too.
    pub fn sortitions(&self, at: SortitionAt, with_last: bool) -> Result<Vec<Sortition>, ApiError> {
        self.read(|reader| {
            let block = burn_block(reader, at)?;
            let mut found = vec![sortition(reader, block.clone())?];
            if with_last && let Some(last) = elected_before(reader, &block)? {
                found.push(sortition(reader, last)?);
            }
            Ok(found)
        })
    }
}

/// The burn block that names a sortition.
pub(super) fn burn_block(reader: &ChainReader, at: SortitionAt) -> Result<BurnBlock, ApiError> {
    let burn = reader.burn();
    match at {
        SortitionAt::Consensus(hash) => Ok(burn.get_burn_block_by_consensus_hash(&ConsensusHash(hash))?),
        SortitionAt::BurnBlock(hash) => Ok(burn.get_burn_block(&BurnBlockHash(hash))?),
        SortitionAt::Latest => Ok(reader.burn_tip()?),
        SortitionAt::Height(height) => {
            let block = burn.get_burn_block_at_height(height, &reader.burn_tip()?.hash)?;
            block.ok_or_else(|| ApiError::NotFound { what: Unknown::BurnBlock, id: format!("at height {height}") })
        }
    }
}

/// Whether a producer was elected at a burn block.
pub(super) fn was_sortition(reader: &ChainReader, block: &BurnBlock) -> bool {
    block.height > reader.burn().rules().first_height
}

/// The burn block before, if it had an election.
pub(super) fn elected_before(reader: &ChainReader, block: &BurnBlock) -> Result<Option<BurnBlock>, ApiError> {
    if !was_sortition(reader, block) {
        return Ok(None);
    }
    let parent = reader.burn().get_burn_block(&block.parent)?;
    Ok(was_sortition(reader, &parent).then_some(parent))
}

fn sortition(reader: &ChainReader, burn_block: BurnBlock) -> Result<Sortition, ApiError> {
    if !was_sortition(reader, &burn_block) {
        return Ok(Sortition { burn_block, election: None });
    }
    let parent = parent_of_tenure(reader, &burn_block)?;
    let start = header(reader, &parent.tenure.start)?;
    let election = Election {
        producer: reader.burn().elected_producer(&burn_block.hash)?.address.hash160(),
        parent_tenure: reader.burn_view(&parent.burn_view)?.consensus_hash,
        parent_start: start.block_id,
        vrf_seed: start.header.map(|header| header.vrf_proof.seed()),
        last: elected_before(reader, &burn_block)?.map(|last| last.consensus_hash),
    };
    Ok(Sortition { burn_block, election: Some(election) })
}

/// The block on which the tenure's first one builds, or would build now.
fn parent_of_tenure(reader: &ChainReader, burn_block: &BurnBlock) -> Result<ProcessedHeader, ApiError> {
    let parent = match select_witnessed(reader.conn(), burn_block)?.first() {
        Some(first) => header(reader, first)?.parent_block_id,
        None => stacks_block_as_of(reader.conn(), reader.burn(), burn_block)?,
    };
    header(reader, &parent)
}

fn header(reader: &ChainReader, id: &stacks_types::ids::StacksBlockId) -> Result<ProcessedHeader, ApiError> {
    reader.header(id)?.ok_or_else(|| ApiError::internal(format!("processed block {id} has no header")))
}
