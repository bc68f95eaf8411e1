//! What this producer has signed, on disk before a signature leaves the process.
//!
//! # Invariants
//! - At most one block for each (burn view, chain length), for ever: the primary key enforces this.
//! - [`Record::claim`] returns only after the row is committed, and with [`Durability::Synced`] on the disk.
//! - One process at a time: the file is locked while it is open.
//!
//! # Not here
//! Which block to sign: `decide`.

use std::path::Path;

use client::{RecordError, open_record};
use rusqlite::{Connection, OptionalExtension, TransactionBehavior, named_params};
use sqlite::owner::Owner;
use sqlite::{Durability, Migration, Schema, crash_point};
use stacks_types::address::StacksAddress;
use stacks_types::ids::{BlockHash, BurnBlockHash, StacksBlockId};

use crate::model::SignedBlock;

/// How many newer blocks it takes until the bytes of a block are dropped that is not known to be in the chain. It can
/// be proposed again as long as its parent may become the tip again: bitcoin may come back to a fork that it left, and
/// signers of this block sign no other in its place. The hash of every block is kept for ever, so that no other is
/// signed at its place.
const UNFINISHED_KEPT: i64 = 100_000;

const SCHEMA: Schema = Schema {
    application_id: 0,
    migrations: &[Migration { version: 1, sql: include_str!("../../migrations/producer/0001_record.sql") }],
};

/// Answer to [`Record::claim`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Claim {
    /// The place is this block's, as of now or of an earlier claim.
    Granted,
    /// A block with this hash was signed there.
    Taken(BlockHash),
}

/// The record, open and locked.
#[derive(Debug)]
pub(crate) struct Record {
    connection: Connection,
    /// The newest block.
    newest: Option<Signed>,
    /// A block that is in the chain, whose bytes the next claim drops.
    finished: Option<Signed>,
}

/// A block that was signed, and its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Signed {
    block_id: StacksBlockId,
    burn_view: BurnBlockHash,
    chain_length: i64,
}

impl Record {
    /// Opens the record in `folder` and locks it; makes both when they are missing.
    ///
    /// # Errors
    /// [`RecordError`] when it is in use, of another owner, damaged or cannot be written.
    pub(crate) fn open(
        folder: &Path,
        signer: StacksAddress,
        chain_id: u32,
        durability: Durability,
    ) -> Result<Self, RecordError> {
        let connection = open_record(folder, (Owner::Producer, &SCHEMA), signer, chain_id, durability)?;
        let newest = newest(&connection)?;
        Ok(Self { connection, newest, finished: None })
    }

    /// Notes a block that is in the chain: if it is this producer's newest, the node has its bytes, and the record need
    /// not keep them.
    pub(crate) fn note_in_chain(&mut self, block_id: &StacksBlockId) {
        self.finished = self.newest.filter(|newest| newest.block_id == *block_id).or(self.finished);
    }

    /// Takes the place (burn view, chain length) for `block`. After `Granted` the row is committed and the signature
    /// may leave.
    ///
    /// # Errors
    /// [`RecordError`] when the database failed: then the signature must not leave.
    pub(crate) fn claim(&mut self, block: &SignedBlock) -> Result<Claim, RecordError> {
        let length = to_sql(block.chain_length)?;
        let tx = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let taken: Option<[u8; 32]> = tx
            .prepare_cached("SELECT block_hash FROM signed WHERE burn_view = :burn_view AND chain_length = :length")?
            .query_row(named_params! { ":burn_view": block.burn_view.as_bytes(), ":length": length }, |row| row.get(0))
            .optional()?;
        if let Some(taken) = taken {
            let taken = BlockHash(taken);
            return Ok(if taken == block.block_hash { Claim::Granted } else { Claim::Taken(taken) });
        }
        tx.prepare_cached(
            "INSERT INTO signed (number, burn_view, chain_length, parent, block_hash, block_id, bytes)
             VALUES ((SELECT coalesce(max(number), 0) + 1 FROM signed),
                     :burn_view, :length, :parent, :block_hash, :block_id, :bytes)",
        )?
        .execute(named_params! {
            ":burn_view": block.burn_view.as_bytes(),
            ":length": length,
            ":parent": block.parent.as_bytes(),
            ":block_hash": block.block_hash.as_bytes(),
            ":block_id": block.block_id.as_bytes(),
            ":bytes": block.bytes,
        })?;
        tx.prepare_cached(
            "UPDATE signed SET bytes = NULL
             WHERE number = (SELECT max(number) FROM signed) - :kept AND bytes IS NOT NULL",
        )?
        .execute(named_params! { ":kept": UNFINISHED_KEPT })?;
        if let Some(finished) = self.finished {
            tx.prepare_cached(
                "UPDATE signed SET bytes = NULL WHERE burn_view = :burn_view AND chain_length = :length",
            )?
            .execute(named_params! {
                ":burn_view": finished.burn_view.as_bytes(),
                ":length": finished.chain_length,
            })?;
        }
        crash_point("claim:inserted");
        tx.commit()?;
        crash_point("claim:committed");
        self.finished = None;
        self.newest = Some(Signed { block_id: block.block_id, burn_view: block.burn_view, chain_length: length });
        Ok(Claim::Granted)
    }

    /// Whether a block was signed for this place.
    ///
    /// # Errors
    /// [`RecordError`] when the database failed.
    pub(crate) fn is_signed(&self, burn_view: &BurnBlockHash, chain_length: u64) -> Result<bool, RecordError> {
        let found: bool = self
            .connection
            .prepare_cached(
                "SELECT EXISTS (SELECT 1 FROM signed WHERE burn_view = :burn_view AND chain_length = :length)",
            )?
            .query_row(
                named_params! { ":burn_view": burn_view.as_bytes(), ":length": to_sql(chain_length)? },
                |row| row.get(0),
            )?;
        Ok(found)
    }

    /// The blocks signed on this parent whose bytes are kept, oldest first.
    ///
    /// # Errors
    /// [`RecordError`] when the database failed.
    pub(crate) fn children_of(&self, parent: &StacksBlockId) -> Result<Vec<SignedBlock>, RecordError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT burn_view, chain_length, block_hash, block_id, bytes FROM signed
             WHERE parent = :parent AND bytes IS NOT NULL ORDER BY number",
        )?;
        let mut rows = statement.query(named_params! { ":parent": parent.as_bytes() })?;
        let mut blocks = Vec::new();
        while let Some(row) = rows.next()? {
            let length: i64 = row.get(1)?;
            blocks.push(SignedBlock {
                burn_view: BurnBlockHash(row.get(0)?),
                chain_length: u64::try_from(length).map_err(|_| RecordError::Damaged("chain length"))?,
                block_hash: BlockHash(row.get(2)?),
                block_id: StacksBlockId(row.get(3)?),
                parent: *parent,
                bytes: row.get(4)?,
            });
        }
        Ok(blocks)
    }
}

fn newest(connection: &Connection) -> Result<Option<Signed>, RecordError> {
    let newest = connection.query_row(
        "SELECT block_id, burn_view, chain_length FROM signed WHERE number = (SELECT max(number) FROM signed)",
        [],
        |row| {
            Ok(Signed {
                block_id: StacksBlockId(row.get(0)?),
                burn_view: BurnBlockHash(row.get(1)?),
                chain_length: row.get(2)?,
            })
        },
    );
    Ok(newest.optional()?)
}

fn to_sql(chain_length: u64) -> Result<i64, RecordError> {
    i64::try_from(chain_length).map_err(|_| RecordError::Damaged("chain length above 2^63"))
}

#[cfg(test)]
mod crash_tests;
#[cfg(test)]
mod tests {
    use stacks_types::ids::Hash160;

    use super::*;

    const SIGNER: StacksAddress = StacksAddress::of_key_hash(Hash160([1; 20]), false);

    fn block(burn_view: u8, chain_length: u64, parent: u8, content: u8) -> SignedBlock {
        SignedBlock {
            block_hash: BlockHash([content; 32]),
            block_id: StacksBlockId([content; 32]),
            parent: StacksBlockId([parent; 32]),
            burn_view: BurnBlockHash([burn_view; 32]),
            chain_length,
            bytes: vec![content; 10],
        }
    }

    fn open(folder: &Path) -> Record {
        Record::open(folder, SIGNER, 0x8000_0000, Durability::Synced).unwrap()
    }

    #[test]
    fn a_place_belongs_to_the_first_block_also_after_reopening() {
        let folder = tempfile::tempdir().unwrap();
        let first = block(1, 5, 4, 0xaa);
        let mut record = open(folder.path());
        assert_eq!(record.claim(&first).unwrap(), Claim::Granted);
        assert_eq!(record.claim(&first).unwrap(), Claim::Granted);
        assert_eq!(record.claim(&block(1, 5, 4, 0xbb)).unwrap(), Claim::Taken(first.block_hash));
        assert_eq!(record.claim(&block(1, 5, 9, 0xbb)).unwrap(), Claim::Taken(first.block_hash));
        assert_eq!(record.claim(&block(2, 5, 4, 0xcc)).unwrap(), Claim::Granted);
        drop(record);
        let mut record = open(folder.path());
        assert_eq!(record.claim(&block(1, 5, 4, 0xbb)).unwrap(), Claim::Taken(first.block_hash));
        assert!(record.is_signed(&first.burn_view, 5).unwrap());
        assert!(!record.is_signed(&first.burn_view, 6).unwrap());
        assert_eq!(record.children_of(&first.parent).unwrap(), vec![first, block(2, 5, 4, 0xcc)]);
    }

    #[test]
    fn the_file_of_a_process_that_was_killed_opens_with_what_was_claimed() {
        let folder = tempfile::tempdir().unwrap();
        let copy = tempfile::tempdir().unwrap();
        let mut record = open(folder.path());
        record.claim(&block(1, 5, 4, 0xaa)).unwrap();
        // Copies the files as a kill leaves them, before a checkpoint of the write-ahead log.
        for entry in std::fs::read_dir(folder.path()).unwrap() {
            let entry = entry.unwrap();
            std::fs::copy(entry.path(), copy.path().join(entry.file_name())).unwrap();
        }
        let mut after = open(copy.path());
        assert_eq!(after.claim(&block(1, 5, 4, 0xbb)).unwrap(), Claim::Taken(BlockHash([0xaa; 32])));
    }

    #[test]
    fn the_record_is_as_durable_as_it_was_opened() {
        // FULL and OFF as numbers of SQLite.
        for (durability, expected) in [(Durability::Synced, 2), (Durability::Unsynced, 0)] {
            let folder = tempfile::tempdir().unwrap();
            let record = Record::open(folder.path(), SIGNER, 0x8000_0000, durability).unwrap();
            let found: u8 = record.connection.query_row("PRAGMA synchronous", [], |row| row.get(0)).unwrap();
            assert_eq!(found, expected, "{durability:?}");
        }
    }

    #[test]
    fn only_one_process_and_only_the_owner_may_open_it() {
        let folder = tempfile::tempdir().unwrap();
        let record = open(folder.path());
        assert!(matches!(
            Record::open(folder.path(), SIGNER, 0x8000_0000, Durability::Synced),
            Err(RecordError::InUse(_))
        ));
        drop(record);
        let other = Record::open(folder.path(), SIGNER.with_hash(Hash160([2; 20])), 0x8000_0000, Durability::Synced);
        assert!(matches!(other, Err(RecordError::OtherOwner { signer: SIGNER, .. })));
        assert!(matches!(
            Record::open(folder.path(), SIGNER, 1, Durability::Synced),
            Err(RecordError::OtherOwner { .. })
        ));
        open(folder.path());
    }

    #[test]
    fn a_block_that_is_in_the_chain_loses_its_bytes_and_keeps_its_place() {
        let folder = tempfile::tempdir().unwrap();
        let mut record = open(folder.path());
        let lengths = |record: &Record| -> Vec<_> {
            let kept = record.children_of(&StacksBlockId([4; 32])).unwrap();
            kept.iter().map(|block| block.chain_length).collect()
        };
        for length in 1..=3 {
            record.claim(&block(1, length, 4, u8::try_from(length).unwrap())).unwrap();
        }
        // A block that is not the newest, and one that nobody signed.
        record.note_in_chain(&StacksBlockId([1; 32]));
        record.note_in_chain(&StacksBlockId([9; 32]));
        record.claim(&block(1, 4, 4, 4)).unwrap();
        assert_eq!(lengths(&record), [1, 2, 3, 4]);
        record.note_in_chain(&StacksBlockId([4; 32]));
        record.note_in_chain(&StacksBlockId([9; 32]));
        record.claim(&block(1, 5, 4, 5)).unwrap();
        assert_eq!(lengths(&record), [1, 2, 3, 5]);
        drop(record);
        let mut record = open(folder.path());
        record.note_in_chain(&StacksBlockId([5; 32]));
        record.claim(&block(1, 6, 4, 6)).unwrap();
        assert_eq!(lengths(&record), [1, 2, 3, 6]);
        assert_eq!(record.claim(&block(1, 5, 4, 0xbb)).unwrap(), Claim::Taken(BlockHash([5; 32])));
    }

    #[test]
    fn a_block_that_never_came_into_the_chain_keeps_its_bytes_for_long() {
        let folder = tempfile::tempdir().unwrap();
        let mut record = Record::open(folder.path(), SIGNER, 0x8000_0000, Durability::Unsynced).unwrap();
        let first = block(1, 1, 4, 0xaa);
        record.claim(&first).unwrap();
        record.claim(&block(1, 2, 5, 0xbb)).unwrap();
        let mut claim_as = |number: i64| {
            record.connection.execute("UPDATE signed SET number = :number - 1 WHERE number > 1", [number]).unwrap();
            record.claim(&block(2, u64::try_from(number).unwrap(), 6, 0xcc)).unwrap();
            let kept = record.children_of(&first.parent).unwrap();
            record.connection.execute("DELETE FROM signed WHERE burn_view = :view", [[2_u8; 32]]).unwrap();
            kept
        };
        assert_eq!(claim_as(UNFINISHED_KEPT), vec![first.clone()]);
        assert_eq!(claim_as(UNFINISHED_KEPT + 1), vec![]);
    }

    #[test]
    fn a_newer_schema_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        drop(open(folder.path()));
        let connection =
            sqlite::open(&client::record_path(folder.path(), Owner::Producer), Durability::Synced).unwrap();
        connection.pragma_update(None, "user_version", 99).unwrap();
        drop(connection);
        let opened = Record::open(folder.path(), SIGNER, 0x8000_0000, Durability::Synced);
        assert!(matches!(opened, Err(RecordError::Open(sqlite::OpenError::SchemaTooNew { found: 99, .. }))));
    }
}
