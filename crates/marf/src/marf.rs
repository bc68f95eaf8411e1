//! The handle: opens the index, reads committed tries, opens new ones, and commits them.
//!
//! A commit is one append to the node file, one sync, one row. The row goes through the caller's transaction, so a block
//! and its other tables are stored together or not at all.
//!
//! ```text
//! begin -> OpenTrie -> seal -> SealedTrie -> commit(tx) -> PendingCommit -> caller commits tx -> publish -> readers see it
//! ```
//! # Invariants
//! - Bytes in the node file that no row names are those of one commit; the next commit or the next start cuts them off.
//!
//! # Not here
//! Which fork is canonical: the caller decides.

use std::sync::{Arc, PoisonError};

use rusqlite::{Connection, Transaction};

use crate::error::MarfError;
use crate::hash::{BlockId, SENTINEL, TrieHash};
use crate::index::{self, BlockRow};
use crate::open_trie::OpenTrie;
use crate::proof::{Proof, prove};
use crate::record::FILE_BYTES_MAX;
use crate::record::leaf::StoredLeaf;
use crate::seal::SealedTrie;
use crate::store::Store;

/// The index. Cheap to clone; shared by all threads. Its node file is locked until the last clone, open trie and sealed
/// trie are dropped.
#[derive(Clone)]
pub struct Marf(pub(crate) Arc<Store>);

/// A block whose row is inserted and whose transaction is not yet committed. After a rollback, drop this.
#[must_use = "a block that is not published is invisible"]
pub struct PendingCommit {
    number: u32,
    row: BlockRow,
}

/// The block that was published last, for [`Marf::retract`].
pub struct Published {
    number: u32,
}

impl Marf {
    /// Creates the table `marf_blocks` if it is absent.
    ///
    /// # Errors
    /// The error of SQLite.
    pub fn create_tables(conn: &Connection) -> rusqlite::Result<()> {
        index::create_tables(conn)
    }

    /// Opens the trie of a new block on top of `parent` ([`SENTINEL`]: no parent) and writes the bookkeeping
    /// keys, which name the new block `opened_as` (docs/CONSENSUS.md#committing-under-another-id).
    ///
    /// # Errors
    /// [`MarfError::UnknownBlock`] if the parent is not published.
    pub fn begin(&self, parent: BlockId, opened_as: BlockId) -> Result<OpenTrie, MarfError> {
        OpenTrie::begin(&self.0, parent, &opened_as)
    }

    /// Value of `key` as of `block`: the text's bytes, or the 40 bytes of a bookkeeping leaf. `None` if the block has
    /// no such key.
    ///
    /// # Errors
    /// [`MarfError::UnknownBlock`]; errors of reading the node file.
    pub fn get(&self, block: &BlockId, key: &str) -> Result<Option<Vec<u8>>, MarfError> {
        self.get_by_path(block, &TrieHash::of_key(key))
    }

    /// As [`Marf::get`], for the key whose path is `path`.
    ///
    /// # Errors
    /// As [`Marf::get`].
    pub fn get_by_path(&self, block: &BlockId, path: &TrieHash) -> Result<Option<Vec<u8>>, MarfError> {
        self.find(block, path)?.map(|leaf| self.0.value(leaf.value)).transpose()
    }

    /// The value of `key` as of `block`, and a proof of it against the block's root (docs/CONSENSUS.md#proofs). There
    /// are no proofs of absence.
    ///
    /// # Errors
    /// As [`Marf::get`].
    pub fn get_with_proof(&self, block: &BlockId, key: &str) -> Result<Option<(Vec<u8>, Proof)>, MarfError> {
        self.get_by_path_with_proof(block, &TrieHash::of_key(key))
    }

    /// As [`Marf::get_with_proof`], for the key whose path is `path`.
    ///
    /// # Errors
    /// As [`Marf::get`].
    pub fn get_by_path_with_proof(
        &self,
        block: &BlockId,
        path: &TrieHash,
    ) -> Result<Option<(Vec<u8>, Proof)>, MarfError> {
        let (number, _) = self.0.entry_of(block)?;
        let Some((leaf, proof)) = prove::prove(&self.0, number, &path.0)? else { return Ok(None) };
        Ok(Some((self.0.value(leaf.value)?, proof)))
    }

    /// Height of a block, which is the number of its ancestors; `None` if it is not published.
    #[must_use]
    pub fn height_of(&self, block: &BlockId) -> Option<u32> {
        self.0.index().entry_of(block).map(|entry| entry.height)
    }

    /// Whether a block is published.
    #[must_use]
    pub fn contains(&self, block: &BlockId) -> bool {
        self.0.index().number_of(block).is_some()
    }

    /// The ancestor of `tip` at `height`: `tip` itself at its own height, `None` above it. Found in memory, in a number
    /// of steps that grows as the logarithm of the distance; the bookkeeping keys hold the same.
    ///
    /// # Errors
    /// [`MarfError::UnknownBlock`] if `tip` is not published.
    pub fn ancestor_at_height(&self, tip: &BlockId, height: u32) -> Result<Option<BlockId>, MarfError> {
        let index = self.0.index();
        let tip = index.number_of(tip).ok_or(MarfError::UnknownBlock(*tip))?;
        Ok(index.ancestor(tip, height).and_then(|number| index.entry(number)).map(|entry| entry.id))
    }

    /// Whether `ancestor` is `tip` or one of its ancestors.
    ///
    /// # Errors
    /// [`MarfError::UnknownBlock`] if one of the two is not published.
    pub fn is_ancestor(&self, ancestor: &BlockId, tip: &BlockId) -> Result<bool, MarfError> {
        let height = self.height_of(ancestor).ok_or(MarfError::UnknownBlock(*ancestor))?;
        Ok(self.ancestor_at_height(tip, height)?.as_ref() == Some(ancestor))
    }

    /// Appends the trie to the node file, syncs the file, and inserts the row of `block_id` through `tx`. Later tries
    /// name the block `block_id`, whatever it was opened as (docs/CONSENSUS.md#committing-under-another-id).
    ///
    /// Readers do not see the block until the caller has committed `tx` and called [`Marf::publish`]. One block
    /// can be pending at a time.
    ///
    /// # Errors
    /// [`MarfError::IdTaken`]; [`MarfError::ForeignTrie`] if another handle opened the trie; [`MarfError::NotPublished`] if
    /// the table holds a block that was not published; errors of the file and of SQLite.
    pub fn commit(
        &self,
        tx: &Transaction<'_>,
        sealed: &SealedTrie,
        block_id: BlockId,
    ) -> Result<PendingCommit, MarfError> {
        let sealed = &sealed.0;
        if !Arc::ptr_eq(&sealed.store, &self.0) {
            return Err(MarfError::ForeignTrie);
        }
        let _writing = self.0.writer.lock().unwrap_or_else(PoisonError::into_inner); // The lock guards no data in memory.
        let (published, start, taken) = {
            let index = self.0.index();
            (index.len() as u64, index.end(), index.number_of(&block_id).is_some())
        };
        if taken || block_id == SENTINEL {
            return Err(MarfError::IdTaken(block_id));
        }
        // A row that this handle does not know names bytes that this commit would overwrite.
        let stored = index::count_rows(tx)?;
        if stored != published {
            return Err(MarfError::NotPublished { stored, published });
        }
        let number = u32::try_from(published).ok().filter(|number| *number < u32::MAX);
        let number = number.ok_or(MarfError::Full("block numbers are u32"))?;
        let end = start + sealed.segment.len() as u64;
        if end > FILE_BYTES_MAX {
            return Err(MarfError::Full("the node file has at most 64 GiB"));
        }
        // Bytes without a row are those of one attempt that failed.
        self.0.file.cut(start).map_err(|cause| MarfError::Io { path: self.0.file.path().to_path_buf(), cause })?;
        self.0.file.write(&sealed.segment, start)?;
        let row = BlockRow {
            id: block_id,
            root: sealed.root,
            parent: sealed.parent,
            height: sealed.height,
            start,
            end,
            root_at: start + sealed.root_at,
            checksum: sealed.checksum,
        };
        index::insert_row(tx, number, &row)?;
        Ok(PendingCommit { number, row })
    }

    /// Shows the block to readers that know its id. Call this just before the transaction is committed, so that a
    /// reader who finds the id in the database finds the block here. If the commit fails, call [`Marf::retract`].
    pub fn publish(&self, pending: PendingCommit) -> Published {
        let PendingCommit { number, row } = pending;
        self.0.publish(number, &row);
        Published { number }
    }

    /// Removes a block whose transaction was not committed after all. Nobody can have read it, because nobody knows its
    /// id.
    pub fn retract(&self, published: Published) {
        self.0.retract(published.number);
    }

    pub(crate) fn find(&self, block: &BlockId, path: &TrieHash) -> Result<Option<StoredLeaf>, MarfError> {
        let (number, entry) = self.0.entry_of(block)?;
        self.0.find(Store::root_slot(number, &entry), &path.0, 0)
    }
}
