//! Blocks: push and read.

use chainstate::blocks::Rejection;
use chainstate::chain::{ChainReader, StoreOutcome, wire};
use chainstate::headers::ProcessedHeader;
use chainstate::staging::{StagedBlock, StagingState};
use nakamoto_proto::v1;
use stacks_types::block::NakamotoBlock;
use stacks_types::ids::StacksBlockId;

use super::NodeChain;
use crate::error::{ApiError, Unknown};
use crate::limits::RETRY_AFTER;

/// Which Stacks block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BlockAt {
    /// By StacksBlockId, on any fork.
    Id([u8; 32]),
    /// By chain_length on the fork of a tip; `None` means the canonical one.
    Height(u64, Option<[u8; 32]>),
    /// The canonical tip.
    Tip,
}

impl NodeChain {
    /// Canonical tips.
    pub fn tip(&self) -> Result<v1::GetTipResponse, ApiError> {
        // Before the snapshot: it then holds at least the effect of everything up to it.
        let sequence = self.chain.journal().newest_sequence();
        self.read(|reader| {
            let (tip, burn_tip) = (reader.tip()?, reader.burn_tip()?);
            let view = reader.burn_view(&tip.burn_view)?;
            Ok(v1::GetTipResponse {
                tip: Some(wire::block_ref(&tip)),
                burn_view: Some(wire::burn_block(reader.burn(), &view)?),
                burn_tip: Some(wire::burn_block(reader.burn(), &burn_tip)?),
                tenure_height: tip.tenure.height,
                sequence,
            })
        })
    }

    /// A processed block with its header and its bytes.
    pub fn block(&self, at: BlockAt) -> Result<v1::GetBlockResponse, ApiError> {
        self.read(|reader| match at {
            BlockAt::Id(id) => by_id(reader, &StacksBlockId(id)),
            BlockAt::Tip => processed(reader, &reader.tip()?),
            BlockAt::Height(height, fork) => {
                let fork = match fork {
                    Some(id) => {
                        let id = StacksBlockId(id);
                        reader.header(&id)?.ok_or_else(|| ApiError::unknown(Unknown::Block, &id.0))?.block_id
                    }
                    None => reader.tip()?.block_id,
                };
                let header = reader.header_at(height, &fork)?;
                let unknown = || ApiError::NotFound { what: Unknown::Block, id: format!("at height {height}") };
                processed(reader, &header.ok_or_else(unknown)?)
            }
        })
    }
}

fn by_id(reader: &ChainReader, id: &StacksBlockId) -> Result<v1::GetBlockResponse, ApiError> {
    if let Some(header) = reader.header(id)? {
        return processed(reader, &header);
    }
    let staged = reader.staging().get_staging_block(id)?;
    let staged = staged.ok_or_else(|| ApiError::unknown(Unknown::Block, &id.0))?;
    let state = match staged.state {
        StagingState::Stored => v1::BlockState::Stored,
        // Its header is there from the next commit on.
        StagingState::Processed => v1::BlockState::Processed,
        StagingState::Orphaned { .. } => v1::BlockState::Orphaned,
    };
    waiting(staged, state)
}

fn waiting(staged: StagedBlock, state: v1::BlockState) -> Result<v1::GetBlockResponse, ApiError> {
    let mut answer = v1::GetBlockResponse { state: state.into(), ..v1::GetBlockResponse::default() };
    if staged.data.is_empty() {
        // Bytes of old orphans are dropped.
        answer.r#ref = Some(v1::BlockRef {
            block_id: wire::id(&staged.block_id),
            chain_length: staged.chain_length,
            burn_block_hash: wire::bytes(&staged.burn_block_hash.0),
            ..v1::BlockRef::default()
        });
        return Ok(answer);
    }
    let block = NakamotoBlock::decode(&staged.data).map_err(ApiError::internal)?;
    answer.r#ref = Some(wire::header_ref(&block.header));
    answer.header = Some(wire::header(&block.header));
    answer.block = staged.data.into();
    Ok(answer)
}

fn processed(reader: &ChainReader, header: &ProcessedHeader) -> Result<v1::GetBlockResponse, ApiError> {
    // Staging keeps the bytes of processed blocks; the boot block never had any.
    let staged = reader.staging().get_staging_block(&header.block_id)?;
    Ok(v1::GetBlockResponse {
        r#ref: Some(wire::block_ref(header)),
        header: header.header.as_ref().map(wire::header),
        block: staged.map(|staged| staged.data).unwrap_or_default().into(),
        state: v1::BlockState::Processed.into(),
        is_canonical: reader.is_canonical(&header.block_id)?,
    })
}

pub(super) fn push(node: &NodeChain, block: &[u8]) -> Result<v1::PushBlockResponse, ApiError> {
    let answer = |outcome: v1::PushOutcome, id: Option<StacksBlockId>, rejection| v1::PushBlockResponse {
        outcome: outcome.into(),
        block_id: id.map(|id| wire::id(&id)).unwrap_or_default(),
        rejection,
    };
    match node.chain.store_block(block)? {
        StoreOutcome::Stored(id) => Ok(answer(v1::PushOutcome::Accepted, Some(id), None)),
        StoreOutcome::AlreadyKnown(id, verdict) => {
            let rejection =
                verdict.map(|(reason, detail)| v1::Rejection { reason, detail, ..v1::Rejection::default() });
            Ok(answer(v1::PushOutcome::AlreadyKnown, Some(id), rejection))
        }
        StoreOutcome::Rejected(id, rejection) => {
            Ok(answer(v1::PushOutcome::Rejected, id, Some(Rejection::to_wire(&rejection))))
        }
        StoreOutcome::StagingFull => Err(ApiError::Busy { reason: "STAGING_FULL", retry_after: RETRY_AFTER }),
    }
}
