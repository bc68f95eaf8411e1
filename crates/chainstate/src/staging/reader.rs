//! Questions about staged blocks.

use super::block::{StagedBlock, StagingState};
use super::rows;
use super::schema::SCHEMA;
use crate::db::StoreError;
use rusqlite::Connection;
use stacks_types::block::NakamotoStacksBlock;
use stacks_types::ids::{BurnBlockHash, StacksBlockId};
use stacks_types::transaction::BlockTransaction;
use std::path::Path;

/// A connection that answers questions about staged blocks and cannot change them.
#[derive(Debug)]
pub struct StagingReader {
    pub(super) conn: Connection,
}

impl StagingReader {
    /// Opens the staging database that a [`super::StagingWriter`] has made at `path`.
    ///
    /// # Errors
    /// When there is no such file or it is not a staging database.
    pub(crate) fn open(path: &Path) -> Result<Self, sqlite::OpenError> {
        let conn = sqlite::open_reader(path)?;
        SCHEMA.check(&conn)?;
        Ok(Self { conn })
    }

    /// A block with its bytes.
    ///
    /// # Errors
    /// When the database fails.
    pub fn get_staging_block(&self, id: &StacksBlockId) -> Result<Option<StagedBlock>, StoreError> {
        rows::select_block(&self.conn, id)
    }

    /// The transactions of a processed block.
    ///
    /// # Errors
    /// When the database fails, or does not have the block.
    pub(crate) fn transactions_of(&self, id: &StacksBlockId) -> Result<Vec<BlockTransaction>, StoreError> {
        let corrupt = StoreError::Corrupt;
        let staged = self.get_staging_block(id)?;
        let staged = staged.ok_or_else(|| corrupt(format!("processed block {id} is not in staging")))?;
        let block = NakamotoStacksBlock::decode(&staged.data);
        Ok(block.map_err(|error| corrupt(format!("stored block {id}: {error}")))?.txs)
    }

    /// The state of a block; none when it is not staged. Reads no bytes of the block.
    ///
    /// # Errors
    /// When the database fails.
    pub(crate) fn state(&self, id: &StacksBlockId) -> Result<Option<StagingState>, StoreError> {
        rows::select_state(&self.conn, id)
    }

    /// The next stored block whose parent is processed and whose burn view is known: lowest chain length first, then
    /// the first that came.
    ///
    /// # Errors
    /// When the database fails.
    pub(crate) fn get_next_processable_block(&self) -> Result<Option<StagedBlock>, StoreError> {
        rows::select_next_processable(&self.conn)
    }

    /// Whether a block has been processed, as far as this file knows. The milestone names this query
    /// (docs/CONSENSUS.md#chain-state), so it is here, although the chain asks its headers instead.
    ///
    /// # Errors
    /// When the database fails.
    pub fn is_processed(&self, id: &StacksBlockId) -> Result<bool, StoreError> {
        Ok(self.state(id)? == Some(StagingState::Processed))
    }

    /// Up to `limit` blocks of any state that arrived after `row`, in order, with their bytes: together at most
    /// `max_bytes`, but at least one block. With 0 the first block comes first.
    ///
    /// # Errors
    /// When the database fails.
    pub fn blocks_after(&self, row: u64, limit: u32, max_bytes: usize) -> Result<Vec<StagedBlock>, StoreError> {
        rows::select_after(&self.conn, row, limit, max_bytes)
    }

    /// The newest number that a block got; the block may be deleted since. 0 when none did.
    ///
    /// # Errors
    /// When the database fails.
    pub(crate) fn newest_row(&self) -> Result<u64, StoreError> {
        rows::select_newest_row(&self.conn)
    }

    /// Ids of a block's stored descendants, parents before children.
    ///
    /// # Errors
    /// When the database fails.
    pub(crate) fn stored_descendants(&self, id: &StacksBlockId) -> Result<Vec<StacksBlockId>, StoreError> {
        let mut descendants = rows::select_stored_descendants(&self.conn, id)?;
        descendants.retain(|found| found != id);
        Ok(descendants)
    }

    /// The stored blocks that wait for this burn block, in order of arrival, with their bytes.
    ///
    /// # Errors
    /// When the database fails.
    pub(crate) fn waiting_for_burn_block(&self, burn_hash: &BurnBlockHash) -> Result<Vec<StagedBlock>, StoreError> {
        rows::select_waiting_for_burn_block(&self.conn, burn_hash)
    }

    /// The burn blocks for which stored blocks wait, in order of hash.
    ///
    /// # Errors
    /// When the database fails.
    pub(crate) fn burn_hashes_waited_for(&self) -> Result<Vec<BurnBlockHash>, StoreError> {
        rows::select_burn_hashes_waited_for(&self.conn)
    }
}
