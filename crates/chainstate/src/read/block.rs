//! Stacks blocks: processed, waiting and rejected.

use stacks_types::block::{NakamotoStacksBlock, NakamotoStacksBlockHeader};
use stacks_types::ids::{BlockHash, BurnBlockHash, StacksBlockId};

use super::{LookupError, Unknown};
use crate::chain::Snapshot;
use crate::headers::ProcessedHeader;
use crate::staging::{StagedBlock, StagingState};

/// Which Stacks block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BlockAt {
    /// On any fork.
    Id(StacksBlockId),
    /// By chain_length on the fork of a tip; `None` means the canonical one.
    Height(u64, Option<StacksBlockId>),
    /// The canonical tip.
    Tip,
}

/// A block that the node has.
#[derive(Debug, Clone)]
pub struct Block {
    /// Id by which all others refer to it.
    pub block_id: StacksBlockId,
    /// Hash of its header alone; zeros for the boot block, `None` when only its id is kept.
    pub block_hash: Option<BlockHash>,
    /// Stacks blocks before and including it.
    pub chain_length: u64,
    /// The burn block that it witnesses.
    pub burn_view: BurnBlockHash,
    /// Its header; the boot block has none.
    pub header: Option<NakamotoStacksBlockHeader>,
    /// Its encoding. Empty for the boot block and for an old orphan.
    pub encoded: Vec<u8>,
    /// Its state.
    pub state: StagingState,
    /// Whether it is on the canonical fork.
    pub is_canonical: bool,
}

/// A block with its header and its bytes. A block found by id need not be processed.
///
/// # Errors
/// [`Unknown::Block`].
pub fn get(snapshot: &Snapshot<'_>, at: BlockAt) -> Result<Block, LookupError> {
    match (header(snapshot, at), at) {
        (Ok(header), _) => processed(snapshot, header),
        (Err(LookupError::NotFound { .. }), BlockAt::Id(id)) => waiting(snapshot, &id),
        (Err(error), _) => Err(error),
    }
}

/// The header of a processed block, and whether it is on the canonical fork.
///
/// # Errors
/// [`Unknown::Block`].
pub fn processed_header(snapshot: &Snapshot<'_>, at: BlockAt) -> Result<(ProcessedHeader, bool), LookupError> {
    let header = header(snapshot, at)?;
    let is_canonical = snapshot.is_canonical(&header.block_id)?;
    Ok((header, is_canonical))
}

fn header(snapshot: &Snapshot<'_>, at: BlockAt) -> Result<ProcessedHeader, LookupError> {
    let by_id = |id: StacksBlockId| -> Result<ProcessedHeader, LookupError> {
        snapshot.header(&id)?.ok_or_else(|| LookupError::unknown(Unknown::Block, &id.0))
    };
    match at {
        BlockAt::Id(id) => by_id(id),
        BlockAt::Tip => Ok(snapshot.tip()?),
        BlockAt::Height(height, fork) => {
            let fork = match fork {
                Some(id) => by_id(id)?.block_id,
                None => snapshot.tip()?.block_id,
            };
            let header = snapshot.header_at(height, &fork)?;
            header.ok_or_else(|| LookupError::unknown_height(Unknown::Block, height))
        }
    }
}

fn waiting(snapshot: &Snapshot<'_>, id: &StacksBlockId) -> Result<Block, LookupError> {
    let staged = snapshot.staging().get_staging_block(id)?;
    let StagedBlock { block_id, chain_length, burn_block_hash, state, data, .. } =
        staged.ok_or_else(|| LookupError::unknown(Unknown::Block, &id.0))?;
    // The bytes of old orphans are dropped. A processed block has its row in the headers, from the next commit on.
    let header = match data.is_empty() {
        true => None,
        false => Some(NakamotoStacksBlock::decode(&data).map_err(LookupError::corrupt)?.header),
    };
    Ok(Block {
        block_id,
        block_hash: header.as_ref().map(NakamotoStacksBlockHeader::block_hash),
        chain_length,
        burn_view: burn_block_hash,
        header,
        encoded: data,
        state,
        is_canonical: false,
    })
}

fn processed(snapshot: &Snapshot<'_>, header: ProcessedHeader) -> Result<Block, LookupError> {
    // Staging keeps the bytes of processed blocks; the boot block never had any.
    let staged = snapshot.staging().get_staging_block(&header.block_id)?;
    Ok(Block {
        block_id: header.block_id,
        block_hash: Some(header.block_hash()),
        chain_length: header.chain_length,
        burn_view: header.burn_view,
        is_canonical: snapshot.is_canonical(&header.block_id)?,
        header: header.header,
        encoded: staged.map(|staged| staged.data).unwrap_or_default(),
        state: StagingState::Processed,
    })
}
