//! The one writer of staged blocks.

use super::block::{NewBlock, StagingState};
use super::error::MarkError;
use super::reader::StagingReader;
use super::rows;
use super::schema::SCHEMA;
use crate::db::{OpenError, Positions, StoreError, insert_identity};
use crate::rejection::Rejection;
#[cfg(test)]
use rusqlite::Connection;
use rusqlite::{Transaction, TransactionBehavior};
use sqlite::{Durability, Inspected};
use stacks_types::ids::{BurnBlockHash, StacksBlockId};
use std::ops::Deref;
use std::sync::Arc;

/// Most stored blocks that may wait for a parent or a burn block: far more than a chain grows by while a block is
/// processed, so a sender that is ahead is slowed down but loses nothing.
pub(crate) const MAX_WAITING_BLOCKS: u64 = 4096;
/// Most bytes of waiting blocks. Full blocks are rare; this bounds the disk that they can take.
pub(crate) const MAX_WAITING_BYTES: u64 = 512 * 1024 * 1024;
/// Most waiting blocks whose burn view is unknown. Nobody can check who signed them, so anyone may send them: they get
/// a small part of the room and never take the rest from blocks that an elected producer signed. When it is full, the
/// oldest of them is deleted for a new one; otherwise junk would stay there for ever and shut out the rest.
pub(crate) const MAX_BURN_UNKNOWN_BLOCKS: u64 = 256;
/// Most bytes of those blocks.
pub(crate) const MAX_BURN_UNKNOWN_BYTES: u64 = 64 * 1024 * 1024;
/// Orphaned blocks that keep their bytes, for later investigation. At most 512 MiB.
pub(crate) const MAX_ORPHANED_WITH_DATA: u32 = 256;
/// Orphaned blocks that keep their reason, the latest arrivals. About 300 bytes each.
pub(crate) const MAX_ORPHANED_ROWS: u32 = 16_384;
/// Longest reason text that is stored; the rest is cut off.
pub(crate) const MAX_ORPHAN_DETAIL_BYTES: usize = 1024;

/// The result of storing a block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum StageOutcome {
    /// It is committed, in state [`StagingState::Stored`].
    Stored,
    /// It was stored before, and is in this state.
    AlreadyKnown(StagingState),
    /// Not stored, and never will be: its parent is orphaned.
    ParentOrphaned {
        /// The rule that the parent, or an ancestor of it, broke.
        rejection: Rejection,
    },
    /// Not stored; retry later: too many blocks wait for a parent or a burn block that is not processed.
    Full,
}

/// The connection that may change staged blocks. Answers all questions of a [`StagingReader`], too.
#[derive(Debug)]
pub(crate) struct StagingWriter(StagingReader, Arc<Positions>);

impl Deref for StagingWriter {
    type Target = StagingReader;

    fn deref(&self) -> &StagingReader {
        &self.0
    }
}

impl StagingWriter {
    /// Opens the staging database; makes it when it is missing. Each new block records how far the other files had
    /// come.
    ///
    /// # Errors
    /// When the file cannot be used.
    pub(crate) fn open_inspected(
        inspected: Inspected,
        positions: Arc<Positions>,
        durability: Durability,
    ) -> Result<Self, OpenError> {
        let path = inspected.path().to_owned();
        let mut conn = inspected.open(durability)?;
        SCHEMA.migrate(&mut conn)?;
        positions.staging_row().raise(rows::select_newest_row(&conn).map_err(OpenError::store(&path))?);
        Ok(Self(StagingReader { conn }, positions))
    }

    /// The connection that it writes with.
    #[cfg(test)]
    pub(crate) const fn connection(&self) -> &Connection {
        &self.0.conn
    }

    /// Records in the file which chain it belongs to.
    pub(crate) fn set_identity(&mut self, chain: [u8; 16]) -> Result<(), StoreError> {
        self.write(|tx| insert_identity(tx, chain))
    }

    /// Stores a block, unless it is known already. It is committed when this returns [`StageOutcome::Stored`].
    ///
    /// # Errors
    /// The node's own failures: nothing is stored.
    pub(crate) fn store(&mut self, block: &NewBlock<'_>) -> Result<StageOutcome, StoreError> {
        let outcomes = self.store_many(std::slice::from_ref(block))?;
        outcomes.into_iter().next().ok_or_else(|| StoreError::impossible("staging_blocks.arrival"))
    }

    /// Stores several blocks with one sync, in order; each has its own outcome.
    pub(super) fn store_many(&mut self, blocks: &[NewBlock<'_>]) -> Result<Vec<StageOutcome>, StoreError> {
        let known = rows::KnownPositions { event: self.1.event().get(), burn_row: self.1.burn_row().get() };
        let (outcomes, newest) = self.write(|tx| {
            let outcomes = blocks.iter().map(|block| store_block(tx, block, known));
            let outcomes = outcomes.collect::<Result<Vec<_>, StoreError>>()?;
            Ok::<_, StoreError>((outcomes, rows::select_newest_row(tx)?))
        })?;
        self.1.staging_row().raise(newest);
        Ok(outcomes)
    }

    /// Marks a stored block processed; its children become attachable. Doing it again changes nothing.
    ///
    /// # Errors
    /// When the block is unknown or orphaned, or the database fails.
    pub(crate) fn mark_processed(&mut self, id: &StacksBlockId) -> Result<(), MarkError> {
        self.write(|tx| mark_processed(tx, id))
    }

    /// Marks a stored block orphaned, and with it all its stored descendants, which keep its reason and name the block.
    /// Returns all that changed, parents first. Doing it again changes nothing and returns none.
    ///
    /// # Errors
    /// When the block is unknown or processed, or the database fails.
    pub(crate) fn mark_orphaned(
        &mut self,
        id: &StacksBlockId,
        rejection: &Rejection,
    ) -> Result<Vec<StacksBlockId>, MarkError> {
        self.write(|tx| mark_orphaned(tx, id, rejection))
    }

    /// Deletes a stored block, as if it had never come; its descendants still wait for it. A block in another state
    /// stays as it is.
    ///
    /// # Errors
    /// When the database fails.
    pub(crate) fn forget(&mut self, id: &StacksBlockId) -> Result<(), StoreError> {
        self.write(|tx| rows::delete_stored(tx, id).map(|_| ()))
    }

    /// Marks a burn block known: blocks that witnessed it become burn-attachable. Returns how many.
    ///
    /// # Errors
    /// When the database fails.
    pub(crate) fn set_burn_attachable(&mut self, burn_hash: &BurnBlockHash) -> Result<usize, StoreError> {
        self.write(|tx| rows::update_burn_attachable(tx, burn_hash))
    }

    /// Marks the children of a processed block attachable; the block itself need not be staged. Returns how many.
    ///
    /// # Errors
    /// When the database fails.
    pub(crate) fn set_stacks_attachable(&mut self, parent_id: &StacksBlockId) -> Result<usize, StoreError> {
        self.write(|tx| rows::update_stacks_attachable(tx, parent_id))
    }

    /// Runs `work` in one transaction: all of it is stored, or none of it.
    fn write<T, E: From<StoreError>>(&mut self, work: impl FnOnce(&Transaction<'_>) -> Result<T, E>) -> Result<T, E> {
        let tx = self.0.conn.transaction_with_behavior(TransactionBehavior::Immediate).map_err(StoreError::from)?;
        let value = work(&tx)?; // An error drops `tx`, which rolls back.
        sqlite::crash_point("staging:before_commit");
        tx.commit().map_err(StoreError::from)?;
        sqlite::crash_point("staging:after_commit");
        Ok(value)
    }
}

fn store_block(
    tx: &Transaction<'_>,
    block: &NewBlock<'_>,
    known: rows::KnownPositions,
) -> Result<StageOutcome, StoreError> {
    if let Some(state) = rows::select_state(tx, &block.block_id)? {
        return Ok(StageOutcome::AlreadyKnown(state));
    }
    let parent_processed = match rows::select_state(tx, &block.parent_block_id)? {
        Some(StagingState::Orphaned { rejection, .. }) => {
            return Ok(StageOutcome::ParentOrphaned { rejection });
        }
        Some(StagingState::Processed) => true,
        Some(StagingState::Stored) | None => false,
    };
    let stacks_attachable = block.stacks_attachable || parent_processed;
    let waits = !(stacks_attachable && block.burn_attachable);
    if waits && !has_room(tx, block)? {
        return Ok(StageOutcome::Full);
    }
    rows::insert_block(tx, block, stacks_attachable, known)?;
    Ok(StageOutcome::Stored)
}

/// Whether one more block may wait. For one whose burn view is unknown, the oldest of that kind are deleted.
fn has_room(tx: &Transaction<'_>, block: &NewBlock<'_>) -> Result<bool, StoreError> {
    let size = u64::try_from(block.data.len()).unwrap_or(u64::MAX);
    let fits = |waiting: rows::Waiting, blocks_max, bytes_max| {
        waiting.blocks < blocks_max && waiting.bytes.saturating_add(size) <= bytes_max
    };
    while !block.burn_attachable
        && !fits(rows::select_burn_unknown(tx)?, MAX_BURN_UNKNOWN_BLOCKS, MAX_BURN_UNKNOWN_BYTES)
    {
        if !rows::delete_oldest_burn_unknown(tx)? {
            return Ok(false); // The block alone is too large.
        }
    }
    Ok(fits(rows::select_waiting(tx)?, MAX_WAITING_BLOCKS, MAX_WAITING_BYTES))
}

fn mark_processed(tx: &Transaction<'_>, id: &StacksBlockId) -> Result<(), MarkError> {
    match rows::select_state(tx, id)?.ok_or(MarkError::UnknownBlock(*id))? {
        StagingState::Processed => return Ok(()),
        StagingState::Orphaned { .. } => return Err(MarkError::AlreadyFinal { block_id: *id, state: "orphaned" }),
        StagingState::Stored => {}
    }
    rows::update_processed(tx, id)?;
    rows::update_stacks_attachable(tx, id)?;
    Ok(())
}

fn mark_orphaned(
    tx: &Transaction<'_>,
    id: &StacksBlockId,
    rejection: &Rejection,
) -> Result<Vec<StacksBlockId>, MarkError> {
    match rows::select_state(tx, id)?.ok_or(MarkError::UnknownBlock(*id))? {
        StagingState::Orphaned { .. } => return Ok(Vec::new()),
        StagingState::Processed => return Err(MarkError::AlreadyFinal { block_id: *id, state: "processed" }),
        StagingState::Stored => {}
    }
    let doomed = rows::select_stored_descendants(tx, id)?;
    let detail = rejection.to_string();
    for block_id in &doomed {
        let ancestor = (block_id != id).then_some(*id);
        rows::update_orphaned(tx, block_id, (rejection.reason(), cut(&detail)), ancestor)?;
    }
    rows::delete_orphaned_data(tx, MAX_ORPHANED_WITH_DATA, doomed.len())?;
    rows::delete_orphaned_rows(tx, MAX_ORPHANED_ROWS, doomed.len())?;
    Ok(doomed)
}

/// The first [`MAX_ORPHAN_DETAIL_BYTES`] of a text, cut between characters.
fn cut(detail: &str) -> &str {
    let mut end = detail.len().min(MAX_ORPHAN_DETAIL_BYTES);
    while !detail.is_char_boundary(end) {
        end -= 1;
    }
    detail.get(..end).unwrap_or_default()
}
