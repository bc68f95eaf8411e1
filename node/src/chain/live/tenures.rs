//! Tenures: runs of blocks with one burn view.

use bytes::Bytes;
use chainstate::burn::BurnBlock;
use chainstate::chain::ChainReader;
use chainstate::headers::{ProcessedHeader, select_header, select_tenure, select_witnessed};
use stacks_types::ids::{ConsensusHash, StacksBlockId};

use super::LiveChain;
use super::sortitions::{burn_block, elected_before, was_sortition};
use crate::chain::lookups::{ForkTenure, SortitionAt, Tenure, TenureStand};
use crate::chain::{ApiError, Unknown};

pub(super) fn stand(live: &LiveChain) -> Result<TenureStand, ApiError> {
    live.read(|reader| {
        let tip = reader.tip()?;
        let start = header(reader, &tip.tenure.start)?;
        let parent = match reader.header(&start.parent_block_id)? {
            Some(parent) => Some((reader.burn_view(&parent.burn_view)?.consensus_hash, parent.tenure.start)),
            None => None,
        };
        Ok(TenureStand {
            burn_view: reader.burn_view(&tip.burn_view)?,
            parent,
            reward_cycle: reader.burn().cycle_of(reader.burn_tip()?.height),
            tip,
        })
    })
}

pub(super) fn tenure(live: &LiveChain, at: SortitionAt, limit: usize) -> Result<Tenure, ApiError> {
    live.read(|reader| {
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

pub(super) fn blocks_back(
    live: &LiveChain,
    block_id: [u8; 32],
    stop: Option<[u8; 32]>,
    max_bytes: usize,
) -> Result<Vec<Bytes>, ApiError> {
    let (block_id, stop) = (StacksBlockId(block_id), stop.map(StacksBlockId));
    live.read(|reader| {
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

pub(super) fn fork(
    live: &LiveChain,
    start: [u8; 20],
    stop: [u8; 20],
    limit: usize,
    max_bytes: usize,
) -> Result<Vec<ForkTenure>, ApiError> {
    live.read(|reader| {
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
