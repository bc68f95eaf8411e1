//! Takes a pushed block into staging (docs/CONSENSUS.md#chain-state, `store_block`).

use stacks_types::block::NakamotoStacksBlockHeader;
use stacks_types::ids::StacksBlockId;

use crate::blocks::{CheckError, Rejection, SignatureRules, check_in_chain, check_standalone, decode_block};
use crate::chain::{ChainReader, NakamotoChainState, lock};
use crate::db::StoreError;
use crate::headers::rejected;
use crate::staging::{NewBlock, StageOutcome, StagingState};

/// The result of pushing a block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoreOutcome {
    /// Stored and committed; the coordinator should look at it.
    Stored(StacksBlockId),
    /// Stored before; with the rejection, if it has been found invalid since.
    AlreadyKnown(StacksBlockId, Option<Rejection>),
    /// Not stored: a rule is broken. The id is known if the bytes are a block.
    Rejected(Option<StacksBlockId>, Rejection),
}

/// Why a pushed block is neither stored nor rejected: it may be pushed again.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreBlockError {
    /// There is no room.
    #[error("too many blocks wait for a parent or a burn view that this node does not know")]
    StagingFull,
    /// The node's own failure.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl NakamotoChainState {
    /// Checks all that needs no execution, then stores the block. Idempotent. The caller wakes the coordinator. `decoded` gets
    /// the header before anything is checked, unless the bytes are no block.
    ///
    /// # Errors
    /// [`StoreBlockError`]: nothing was stored.
    pub fn store_block(
        &self,
        bytes: &[u8],
        decoded: impl FnOnce(&NakamotoStacksBlockHeader),
    ) -> Result<StoreOutcome, StoreBlockError> {
        let block = match decode_block(bytes) {
            Ok(block) => block,
            Err(rejection) => return Ok(StoreOutcome::Rejected(None, rejection)),
        };
        decoded(&block.header);
        let block_id = block.block_id();
        let reader = self.take_reader()?;
        if let Some(outcome) = known_block(&reader, &block_id, &block.header, bytes)? {
            return Ok(outcome);
        }
        let stacks_attachable = reader.header(&block.header.parent_block_id)?.is_some();
        let burn_known = reader.burn().is_known(&block.header.bitcoin_block_hash).map_err(StoreError::from)?;
        // With parent and burn view known: the same rules in the same order as validation and append.
        let checked = if stacks_attachable && burn_known {
            check_in_chain(reader.rule_env(), &block, SignatureRules::Block).map(|_| true)
        } else {
            check_standalone(reader.rule_env(), &block)
        };
        let burn_attachable = match checked {
            Ok(known) => known,
            Err(CheckError::Rejected(rejection)) => {
                return Ok(StoreOutcome::Rejected(Some(block_id), rejection));
            }
            Err(CheckError::Store(error)) => return Err(error.into()),
        };
        drop(reader);
        let stored = lock(&self.inner.staging).store(&NewBlock {
            block_id,
            parent_block_id: block.header.parent_block_id,
            burn_block_hash: block.header.bitcoin_block_hash,
            chain_length: block.header.chain_length,
            burn_attachable,
            stacks_attachable,
            data: bytes,
        })?;
        Ok(match stored {
            StageOutcome::Stored => StoreOutcome::Stored(block_id),
            StageOutcome::AlreadyKnown(state) => StoreOutcome::AlreadyKnown(block_id, verdict(state, &block.header)),
            // Its parent will never be processed.
            StageOutcome::ParentOrphaned { .. } => {
                StoreOutcome::Rejected(Some(block_id), Rejection::UnknownParent(block.header.parent_block_id))
            }
            StageOutcome::Full => return Err(StoreBlockError::StagingFull),
        })
    }
}

/// The outcome for a block whose id is known; `None` for a new one.
fn known_block(
    reader: &ChainReader,
    block_id: &StacksBlockId,
    header: &NakamotoStacksBlockHeader,
    bytes: &[u8],
) -> Result<Option<StoreOutcome>, StoreError> {
    if let Some(known) = reader.staging().get_staging_block(block_id)? {
        // Blocks with the same id differ only in the stackers' signatures, which cannot be checked before the burn view
        // is known. If this copy were reported as known, a copy with good signatures could be lost.
        if !known.burn_attachable && known.state == StagingState::Stored && known.data != bytes {
            let rejection = Rejection::UnknownBurnBlock(header.bitcoin_block_hash);
            return Ok(Some(StoreOutcome::Rejected(Some(*block_id), rejection)));
        }
        return Ok(Some(StoreOutcome::AlreadyKnown(*block_id, verdict(known.state, header))));
    }
    // Staging forgets old orphans. Their verdicts are kept longer.
    let rejection = rejected(reader.conn(), block_id)?;
    Ok(rejection.map(|rejection| StoreOutcome::AlreadyKnown(*block_id, Some(rejection))))
}

/// Why a known block was rejected, if it was.
fn verdict(state: StagingState, header: &NakamotoStacksBlockHeader) -> Option<Rejection> {
    match state {
        StagingState::Orphaned { rejection, ancestor: None } => Some(rejection),
        // The only rule that it broke: its parent will never be processed.
        StagingState::Orphaned { ancestor: Some(_), .. } => Some(Rejection::UnknownParent(header.parent_block_id)),
        StagingState::Stored | StagingState::Processed => None,
    }
}
