//! Announces in the journal those rows of the burn and staging databases that it does not have yet.
//!
//! Those two are separate files, so that mining a burn block or storing a block never waits for block processing. The
//! journal remembers how far it has read them, so normal operation and recovery after a crash are the same.
//!
//! A block that can be processed at once is announced by the commit that appends it: nearly every block saves a sync
//! and a round of the writer.
//!
//! # Invariants
//! - A burn block is announced before the blocks that cite it, and a block before its fate.

use nakamoto_proto::v1;
use stacks_types::block::NakamotoStacksBlockHeader;

use super::reject::rejected_event;
use super::tip::TipCause;
use crate::blocks::{Rejection, decode_block};
use crate::burn::BurnBlock;
use crate::chain::chain_meta::update_announced;
use crate::chain::{ChainReader, NakamotoChainState, lock};
use crate::db::StoreError;
use crate::staging::{StagedBlock, StagingState};
use crate::store::WriteTx;
use crate::wire;

/// Most rows of each database that one transaction announces: bounds how long other writes wait.
const ROWS_MAX: u32 = 256;

/// Bytes of the blocks that one transaction announces; it announces at least one block.
const ANNOUNCED_BYTES_MAX: usize = 16 << 20;

impl NakamotoChainState {
    /// Announces new burn blocks and stored blocks, and follows the canonical tip. Returns whether it announced
    /// anything; call again until it did not. The block that [`NakamotoChainState::process_next`] takes next is left to
    /// that.
    ///
    /// # Errors
    /// [`StoreError`]; nothing was announced, call again.
    pub fn announce(&self) -> Result<bool, StoreError> {
        self.announce_unless(|reader, staged| {
            let next = reader.staging().get_next_processable_block()?;
            Ok(next.is_some_and(|next| next.row == staged.row))
        })
    }

    /// Like [`Self::announce`], but stops before the first stored block if `leave` returns true for it and no burn
    /// block precedes it.
    fn announce_unless(
        &self,
        leave: impl FnOnce(&ChainReader, &StagedBlock) -> Result<bool, StoreError>,
    ) -> Result<bool, StoreError> {
        let reader = self.take_reader()?;
        self.finish_verdict(&reader)?;
        let meta = reader.meta()?;
        // Stored blocks first: a burn block that one of them cites was mined earlier, so it is in the next list.
        let mut staged = reader.staging().blocks_after(meta.announced_staging_row, ROWS_MAX, ANNOUNCED_BYTES_MAX)?;
        let burn_blocks = reader.burn().burn_blocks_after(meta.announced_burn_row, ROWS_MAX)?;
        if burn_blocks.len() >= usize::try_from(ROWS_MAX).unwrap_or(usize::MAX) {
            // The list may end before a burn block that one of the blocks cites, so the blocks wait.
            staged.clear();
        }
        if staged.is_empty() && burn_blocks.is_empty() {
            return Ok(false);
        }
        self.mark_attachable(&reader, &staged)?;
        if let (true, Some(first)) = (burn_blocks.is_empty(), staged.first())
            && leave(&reader, first)?
        {
            return Ok(false);
        }
        sqlite::crash_point("announce:marked");
        let burn_row = burn_blocks.last().map_or(meta.announced_burn_row, |block| block.seen);
        let staging_row = staged.last().map_or(meta.announced_staging_row, |block| block.row);
        let old_tip = reader.burn_tip_as_of(meta.announced_burn_row)?;
        let chain = self.clone();
        self.inner.store.write_alone(move |tx| {
            let new_tip = announce_burn_blocks(tx, &reader, &old_tip, &burn_blocks)?;
            for block in &staged {
                announce_staged(tx, block)?;
            }
            update_announced(tx.sql(), burn_row, staging_row)?;
            tx.after_commit(|| sqlite::crash_point("announce:committed"));
            if new_tip.hash != old_tip.hash {
                let tip = chain.follow_tip(tx, &reader, &TipCause::BurnTip { old: &old_tip, new: &new_tip })?;
                chain.configure_stackerdbs(tx, reader.burn(), new_tip.height, tip.burn_height)?;
            }
            if !burn_blocks.is_empty() {
                chain.collect_mempool_garbage(tx)?;
            }
            Ok(())
        })?;
        Ok(true)
    }

    /// Announces blocks up to this one: an event that it was stored must precede the event of its fate.
    pub(in crate::chain) fn announce_before(
        &self,
        reader: &ChainReader,
        staged: &StagedBlock,
    ) -> Result<(), StoreError> {
        self.announce_up_to(reader, staged.row)
    }

    /// Announces every block that is stored by now. Those that come meanwhile are left, or this might never end.
    pub(in crate::chain) fn announce_what_is_stored(&self, reader: &ChainReader) -> Result<(), StoreError> {
        self.announce_up_to(reader, reader.staging().newest_row()?)
    }

    fn announce_up_to(&self, reader: &ChainReader, row: u64) -> Result<(), StoreError> {
        // The row itself may have been deleted. The loop then ends when nothing is left to announce.
        while reader.meta()?.announced_staging_row < row && self.announce_unless(|_, _| Ok(false))? {}
        Ok(())
    }

    /// Whether a block is the first thing that is not in the journal yet, so that the commit that processes it can also
    /// announce it.
    pub(in crate::chain) fn is_next_to_announce(
        &self,
        reader: &ChainReader,
        staged: &StagedBlock,
    ) -> Result<bool, StoreError> {
        let meta = reader.meta()?;
        let first = reader.staging().blocks_after(meta.announced_staging_row, 1, 0)?;
        // A burn block that it cites was mined before the block was stored, so it is in this list or announced.
        let burn_blocks = reader.burn().burn_blocks_after(meta.announced_burn_row, 1)?;
        Ok(burn_blocks.is_empty() && first.first().is_some_and(|first| first.row == staged.row))
    }

    /// Marks blocks whose parent was processed between their check and the insertion of their row.
    fn mark_attachable(&self, reader: &ChainReader, staged: &[StagedBlock]) -> Result<(), StoreError> {
        for block in staged {
            if !block.stacks_attachable && reader.header(&block.parent_block_id)?.is_some() {
                lock(&self.inner.staging).set_stacks_attachable(&block.parent_block_id)?;
            }
        }
        Ok(())
    }
}

/// Announces burn blocks in the order in which they were seen; returns the canonical tip after them.
fn announce_burn_blocks(
    tx: &mut WriteTx<'_>,
    reader: &ChainReader,
    old_tip: &BurnBlock,
    burn_blocks: &[BurnBlock],
) -> Result<BurnBlock, StoreError> {
    let mut tip = old_tip;
    for block in burn_blocks {
        let is_canonical_tip = block.height > tip.height;
        if is_canonical_tip {
            tip = block;
        }
        let body = v1::BurnBlockEvent {
            burn_block: Some(wire::burn_block(&reader.burn().describe(block)?)),
            is_canonical_tip,
        };
        tx.emit(v1::EventKind::BurnBlock, v1::event::Body::BurnBlock(body), None)?;
    }
    Ok(tip.clone())
}

/// Announces a block as staging has it.
fn announce_staged(tx: &mut WriteTx<'_>, staged: &StagedBlock) -> Result<(), StoreError> {
    let rejection = match &staged.state {
        StagingState::Stored | StagingState::Processed => None,
        // It came while an ancestor was being rejected, and was orphaned before it was announced.
        StagingState::Orphaned { ancestor: Some(_), .. } => Some(Rejection::UnknownParent(staged.parent_block_id)),
        // It was rejected and forgotten, and sent again.
        StagingState::Orphaned { rejection, ancestor: None } => Some(rejection.clone()),
    };
    // Staging keeps the bytes of the newest orphans only, announced or not. Without bytes there is no header to
    // announce.
    if rejection.is_none() || !staged.data.is_empty() {
        let block = decode_block(&staged.data)
            .map_err(|error| StoreError::Corrupt(format!("stored block {}: {error}", staged.block_id)))?;
        announce_stored(tx, &block.header)?;
    }
    if let Some(rejection) = rejection {
        let body = rejected_event(staged, &rejection);
        tx.emit(v1::EventKind::BlockRejected, v1::event::Body::BlockRejected(body), None)?;
    }
    Ok(())
}

/// Announces a stored block.
pub(in crate::chain) fn announce_stored(
    tx: &mut WriteTx<'_>,
    header: &NakamotoStacksBlockHeader,
) -> Result<(), StoreError> {
    let parent_block_id = wire::id(&header.parent_block_id);
    let body = v1::BlockStored { block: Some(wire::header_ref(header)), parent_block_id };
    tx.emit(v1::EventKind::BlockStored, v1::event::Body::BlockStored(body), None)?;
    Ok(())
}
