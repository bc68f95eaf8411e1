//! Tenures: runs of blocks with one burn view.

use bytes::Bytes;
use chainstate::burn::BurnBlock;
use chainstate::chain::ChainReader;
use chainstate::headers::{ProcessedHeader, select_header, select_tenure, select_witnessed};
use stacks_types::ids::{ConsensusHash, StacksBlockId};

use super::NodeChain;
use super::sortitions::{burn_block, elected_before, was_sortition};
use crate::chain::SortitionAt;
use crate::error::{ApiError, Unknown};

/// Where the canonical tenure stands.
#[derive(Debug, Clone)]
pub struct TenureInfo {
    /// The canonical tip.
    pub tip: ProcessedHeader,
    /// The burn block that the tip witnesses.
    pub burn_view: BurnBlock,
    /// Consensus hash and first block of the tenure before; `None` in the boot block's.
    pub parent: Option<(ConsensusHash, StacksBlockId)>,
    /// Reward cycle of the canonical burn tip.
    pub reward_cycle: u64,
}

/// A tenure with its blocks, newest first.
#[derive(Debug, Clone)]
pub struct Tenure {
    /// The burn block that elected its producer.
    pub burn_block: BurnBlock,
    /// Consensus hash of the election before; `None` for the first burn block, which has none.
    pub last_sortition: Option<ConsensusHash>,
    /// Its blocks, newest first; empty when its producer made none.
    pub blocks: Vec<ProcessedHeader>,
}

/// A burn block on the way back from a tenure, with the bytes of its tenure's blocks.
#[derive(Debug, Clone)]
pub struct ForkTenure {
    /// The burn block that begins the tenure.
    pub burn_block: BurnBlock,
    /// Whether a producer was elected.
    pub was_sortition: bool,
    /// First block of the tenure, if any.
    pub first_block: Option<StacksBlockId>,
    /// All its blocks, oldest first; `None` when it has none, or the answer would grow too large.
    pub blocks: Option<Vec<Bytes>>,
}

impl NodeChain {
    /// The canonical tenure.
    pub fn tenure_stand(&self) -> Result<TenureInfo, ApiError> {
        self.read(|reader| {
            let tip = reader.tip()?;
            let start = header(reader, &tip.tenure.start)?;
            let parent = match reader.header(&start.parent_block_id)? {
                Some(parent) => Some((reader.burn_view(&parent.burn_view)?.consensus_hash, parent.tenure.start)),
                None => None,
            };
            Ok(TenureInfo {
                burn_view: reader.burn_view(&tip.burn_view)?,
                parent,
                reward_cycle: reader.burn().cycle_of(reader.burn_tip()?.height),
                tip,
            })
        })
    }

    /// A tenure with at most `limit` of its newest blocks.
    pub fn tenure(&self, at: SortitionAt, limit: usize) -> Result<Tenure, ApiError> {
        self.read(|reader| {
            let burn_block = burn_block(reader, at)?;
            let mut blocks = select_tenure(reader.conn(), &burn_block, limit)?;
            if !was_sortition(reader, &burn_block) {
                // Of the first burn block's tenure there is the boot block, and nothing else.
                blocks.extend(select_header(reader.conn(), &StacksBlockId::BOOT)?);
            }
            let last_sortition = elected_before(reader, &burn_block)?.map(|last| last.consensus_hash);
            Ok(Tenure { burn_block, last_sortition, blocks })
        })
    }

    /// Blocks from `block_id` back to the first of its tenure or to `stop`, which is left out, newest first; as many as
    /// `max_bytes` holds.
    pub fn tenure_blocks(
        &self,
        block_id: [u8; 32],
        stop: Option<[u8; 32]>,
        max_bytes: usize,
    ) -> Result<Vec<Bytes>, ApiError> {
        let (block_id, stop) = (StacksBlockId(block_id), stop.map(StacksBlockId));
        self.read(|reader| {
            let first = reader.header(&block_id)?.filter(|first| first.header.is_some());
            let mut at = first.ok_or_else(|| ApiError::unknown(Unknown::Block, &block_id.0))?;
            let (mut blocks, mut bytes) = (Vec::new(), 0);
            loop {
                let block = block_bytes(reader, &at.block_id)?;
                bytes += block.len();
                if bytes > max_bytes {
                    return Ok(blocks);
                }
                blocks.push(block);
                if at.starts_tenure() || stop == Some(at.block_id) {
                    return Ok(blocks);
                }
                at = header(reader, &at.parent_block_id)?;
            }
        })
    }

    /// Burn blocks from `start` back to `stop`, both included, at most `limit`; block bytes within `max_bytes`.
    pub fn fork(
        &self,
        start: [u8; 20],
        stop: [u8; 20],
        limit: usize,
        max_bytes: usize,
    ) -> Result<Vec<ForkTenure>, ApiError> {
        self.read(|reader| {
            let burn = reader.burn();
            let mut at = burn.get_burn_block_by_consensus_hash(&ConsensusHash(start))?;
            let stop = burn.get_burn_block_by_consensus_hash(&ConsensusHash(stop))?;
            if !burn.is_ancestor_of(&stop.hash, &at.hash)? {
                return Err(ApiError::invalid("stop", "is not in the burn fork of start"));
            }
            let (mut tenures, mut bytes_left) = (Vec::new(), max_bytes);
            loop {
                let found = fork_tenure(reader, at.clone(), &mut bytes_left)?;
                tenures.push(found);
                if at.hash == stop.hash || tenures.len() >= limit {
                    return Ok(tenures);
                }
                at = burn.get_burn_block(&at.parent)?;
            }
        })
    }
}

fn fork_tenure(reader: &ChainReader, burn_block: BurnBlock, bytes_left: &mut usize) -> Result<ForkTenure, ApiError> {
    let ids = select_witnessed(reader.conn(), &burn_block)?;
    let mut blocks = Some(Vec::new()).filter(|_: &Vec<Bytes>| !ids.is_empty());
    for id in &ids {
        let Some(list) = &mut blocks else { break };
        let block = block_bytes(reader, id)?;
        match bytes_left.checked_sub(block.len()) {
            Some(left) => {
                *bytes_left = left;
                list.push(block);
            }
            None => blocks = None,
        }
    }
    let was_sortition = was_sortition(reader, &burn_block);
    Ok(ForkTenure { burn_block, was_sortition, first_block: ids.first().copied(), blocks })
}

fn block_bytes(reader: &ChainReader, id: &StacksBlockId) -> Result<Bytes, ApiError> {
    let staged = reader.staging().get_staging_block(id)?;
    let staged = staged.ok_or_else(|| ApiError::internal(format!("processed block {id} is not in staging")))?;
    Ok(staged.data.into())
}

fn header(reader: &ChainReader, id: &StacksBlockId) -> Result<ProcessedHeader, ApiError> {
    reader.header(id)?.ok_or_else(|| ApiError::internal(format!("processed block {id} has no header")))
}
