//! What this signer has signed, on disk before a signature leaves the process, and its place in the journal.
//!
//! # Invariants
//! - Never two blocks with the same parent on one bitcoin fork while the stackers are the same: [`Record::claim`]
//!   refuses a block with a sibling, unless the caller has shown that the sibling is on another fork, or of earlier
//!   stackers.
//! - [`Record::claim`] returns only after the row is committed, and with [`Durability::Synced`] on the disk.
//! - One process at a time: the file is locked while it is open.
//!
//! # Not here
//! Which bitcoin blocks are on one fork, and who the stackers were: the node.

use std::path::Path;

use client::{RecordError, open_record, record_path};
use rusqlite::{Connection, OptionalExtension, TransactionBehavior, named_params};
use sqlite::owner::Owner;
use sqlite::{Durability, Migration, Schema, crash_point};
use stacks_types::address::StacksAddress;
use stacks_types::ids::{BlockHash, BurnBlockHash, Hash160, StacksBlockId};
use stacks_types::keys::MessageSignature;

use crate::model::{Proposal, Tips};

/// Rows are never deleted: each is a promise, and takes about 200 bytes.
const SCHEMA: Schema = Schema {
    application_id: 0,
    migrations: &[
        Migration { version: 1, sql: include_str!("../../migrations/signer/0001_record.sql") },
        Migration { version: 2, sql: include_str!("../../migrations/signer/0002_given_up.sql") },
    ],
};

/// A block that this signer has signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sibling {
    /// Hash that was signed.
    pub block_hash: BlockHash,
    /// Burn block of its tenure.
    pub burn_view: BurnBlockHash,
}

/// The place up to which the journal was read: a restart continues there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Checkpoint {
    /// Cursor of the event stream, opaque.
    pub cursor: Vec<u8>,
    /// Last journal event that the tips reflect.
    pub sequence: u64,
    /// Canonical tips at that sequence.
    pub tips: Tips,
}

/// Answer to [`Record::claim`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Claim {
    /// The signature is on the disk and may leave.
    Granted,
    /// The block with the same parent that was signed before.
    Conflict(Sibling),
}

/// The record, open and locked.
#[derive(Debug)]
pub(crate) struct Record {
    connection: Connection,
}

impl Record {
    /// Whether `folder` has no record yet: no file, or one to which nothing was ever committed. The latter remains when
    /// only the first page comes back from a copy.
    ///
    /// # Errors
    /// [`RecordError`] when the folder or file cannot be read, or the file is damaged.
    pub(crate) fn is_missing(folder: &Path) -> Result<bool, RecordError> {
        let path = record_path(folder, Owner::Signer);
        let exists = path.try_exists();
        if !exists.map_err(|source| RecordError::Folder { path: folder.to_owned(), source })? {
            return Ok(true);
        }
        let look = || sqlite::inspect(&path)?.look(|_| Ok::<_, sqlite::OpenError>(()));
        Ok(look()?.is_none())
    }

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
        let connection = open_record(folder, (Owner::Signer, &SCHEMA), signer, chain_id, durability)?;
        Ok(Self { connection })
    }

    /// The signature of this block; `None` when it was not signed.
    ///
    /// # Errors
    /// [`RecordError`] when the database failed.
    pub(crate) fn signature_of(&self, block_hash: &BlockHash) -> Result<Option<MessageSignature>, RecordError> {
        let found: Option<[u8; 65]> = self
            .connection
            .prepare_cached("SELECT signature FROM signed WHERE block_hash = :block_hash")?
            .query_row(named_params! { ":block_hash": block_hash.as_bytes() }, |row| row.get(0))
            .optional()?;
        Ok(found.map(MessageSignature))
    }

    /// Whether this block was signed, or given up by [`Self::give_up`].
    ///
    /// # Errors
    /// [`RecordError`] when the database failed.
    pub(crate) fn knows(&self, block_hash: &BlockHash) -> Result<bool, RecordError> {
        let sql = "SELECT EXISTS (SELECT 1 FROM signed WHERE block_hash = :block_hash)
                       OR EXISTS (SELECT 1 FROM given_up WHERE block_hash = :block_hash)";
        let mut select = self.connection.prepare_cached(sql)?;
        Ok(select.query_row(named_params! { ":block_hash": block_hash.as_bytes() }, |row| row.get(0))?)
    }

    /// Notes blocks that the key has signed but this record lacks: the operator said that they may be forgotten.
    ///
    /// # Errors
    /// [`RecordError`] when the database failed: then none is noted.
    pub(crate) fn give_up(&mut self, block_hashes: impl Iterator<Item = BlockHash>) -> Result<(), RecordError> {
        let tx = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        for block_hash in block_hashes {
            tx.prepare_cached("INSERT OR IGNORE INTO given_up VALUES (:block_hash)")?
                .execute(named_params! { ":block_hash": block_hash.as_bytes() })?;
        }
        tx.commit()?;
        Ok(())
    }

    /// Signed blocks with the proposal's parent, other than the proposal.
    ///
    /// # Errors
    /// [`RecordError`] when the database failed.
    pub(crate) fn siblings_of(&self, proposal: &Proposal) -> Result<Vec<Sibling>, RecordError> {
        siblings_of(&self.connection, proposal)
    }

    /// Records that `proposal` gets `signature`. `not_in_the_way` are siblings whose burn views the node has shown to
    /// be on other bitcoin forks than the proposal's, or to precede it with other stackers.
    ///
    /// # Errors
    /// [`RecordError`] when the database failed: then the signature must not leave.
    pub(crate) fn claim(
        &mut self,
        proposal: &Proposal,
        signature: &MessageSignature,
        not_in_the_way: &[Sibling],
    ) -> Result<Claim, RecordError> {
        let tx = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let conflict = siblings_of(&tx, proposal)?.into_iter().find(|sibling| !not_in_the_way.contains(sibling));
        if let Some(sibling) = conflict {
            return Ok(Claim::Conflict(sibling));
        }
        tx.prepare_cached(
            "INSERT INTO signed (block_hash, parent, burn_view, signature)
             VALUES (:block_hash, :parent, :burn_view, :signature) ON CONFLICT (block_hash) DO NOTHING",
        )?
        .execute(named_params! {
            ":block_hash": proposal.block_hash.as_bytes(),
            ":parent": proposal.parent.as_bytes(),
            ":burn_view": proposal.burn_view.as_bytes(),
            ":signature": signature.as_bytes(),
        })?;
        crash_point("claim:inserted");
        tx.commit()?;
        crash_point("claim:committed");
        Ok(Claim::Granted)
    }

    /// Stores the place where the next run continues.
    ///
    /// # Errors
    /// [`RecordError`] when the database failed.
    pub(crate) fn set_checkpoint(&self, checkpoint: &Checkpoint) -> Result<(), RecordError> {
        let number = |value: u64, what| i64::try_from(value).map_err(|_| RecordError::Damaged(what));
        self.connection
            .prepare_cached(
                "INSERT OR REPLACE INTO place (id, cursor, sequence, tip, chain_length, burn_tip, elected)
                 VALUES (0, :cursor, :sequence, :tip, :chain_length, :burn_tip, :elected)",
            )?
            .execute(named_params! {
                ":cursor": checkpoint.cursor,
                ":sequence": number(checkpoint.sequence, "sequence above 2^63")?,
                ":tip": checkpoint.tips.tip.as_bytes(),
                ":chain_length": number(checkpoint.tips.chain_length, "chain length above 2^63")?,
                ":burn_tip": checkpoint.tips.burn_tip.as_bytes(),
                ":elected": checkpoint.tips.elected.as_bytes(),
            })?;
        Ok(())
    }

    /// The place that the last run stored; `None` in a new record.
    ///
    /// # Errors
    /// [`RecordError`] when the database failed or a stored value does not decode.
    pub(crate) fn checkpoint(&self) -> Result<Option<Checkpoint>, RecordError> {
        let row = self
            .connection
            .query_row("SELECT cursor, sequence, tip, chain_length, burn_tip, elected FROM place", [], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?, row.get(5)?))
            })
            .optional()?;
        let number = |value: i64, what| u64::try_from(value).map_err(|_| RecordError::Damaged(what));
        row.map(|(cursor, sequence, tip, chain_length, burn_tip, elected)| {
            Ok(Checkpoint {
                cursor,
                sequence: number(sequence, "sequence")?,
                tips: Tips {
                    tip: StacksBlockId(tip),
                    chain_length: number(chain_length, "chain length")?,
                    burn_tip: BurnBlockHash(burn_tip),
                    elected: Hash160(elected),
                },
            })
        })
        .transpose()
    }
}

fn siblings_of(connection: &Connection, proposal: &Proposal) -> Result<Vec<Sibling>, RecordError> {
    let mut statement = connection.prepare_cached(
        "SELECT block_hash, burn_view FROM signed WHERE parent = :parent AND block_hash <> :block_hash",
    )?;
    let rows = statement.query_map(
        named_params! { ":parent": proposal.parent.as_bytes(), ":block_hash": proposal.block_hash.as_bytes() },
        |row| Ok(Sibling { block_hash: BlockHash(row.get(0)?), burn_view: BurnBlockHash(row.get(1)?) }),
    )?;
    Ok(rows.collect::<Result<_, _>>()?)
}

#[cfg(test)]
mod crash_tests;
#[cfg(test)]
mod tests {
    use super::*;

    const SIGNER: StacksAddress = StacksAddress::of_key_hash(Hash160([1; 20]), false);

    fn open(folder: &Path) -> Record {
        Record::open(folder, SIGNER, 0x8000_0000, Durability::Synced).unwrap()
    }

    #[test]
    fn what_is_given_up_is_known_from_then_on() {
        let folder = tempfile::tempdir().unwrap();
        let unknown = BlockHash([9; 32]);
        {
            let mut record = open(folder.path());
            assert!(!record.knows(&unknown).unwrap());
            record.give_up([unknown, BlockHash([8; 32]), unknown].into_iter()).unwrap();
            record.give_up([unknown].into_iter()).unwrap();
        }
        let record = open(folder.path());
        assert!(record.knows(&unknown).unwrap() && record.signature_of(&unknown).unwrap().is_none());
    }

    #[test]
    fn a_file_without_a_commit_is_a_missing_record() {
        let folder = tempfile::tempdir().unwrap();
        assert!(Record::is_missing(folder.path()).unwrap());
        std::fs::write(record_path(folder.path(), Owner::Signer), []).unwrap();
        assert!(Record::is_missing(folder.path()).unwrap());
        drop(open(folder.path()));
        assert!(!Record::is_missing(folder.path()).unwrap());
    }

    fn proposal(content: u8, parent: u8, burn_view: u8) -> Proposal {
        Proposal {
            slot_id: 0,
            put_by: None,
            block_hash: BlockHash([content; 32]),
            parent: StacksBlockId([parent; 32]),
            burn_view: BurnBlockHash([burn_view; 32]),
            chain_length: 5,
            producer: None,
            bytes: Vec::new(),
        }
    }

    fn sibling(of: &Proposal) -> Sibling {
        Sibling { block_hash: of.block_hash, burn_view: of.burn_view }
    }

    #[test]
    fn a_parent_gets_one_block_on_a_fork_also_after_reopening() {
        let folder = tempfile::tempdir().unwrap();
        let (first, second) = (proposal(1, 9, 1), proposal(2, 9, 2));
        let signature = MessageSignature([7; 65]);
        let mut record = open(folder.path());
        assert_eq!(record.claim(&first, &signature, &[]).unwrap(), Claim::Granted);
        assert_eq!(record.claim(&second, &signature, &[]).unwrap(), Claim::Conflict(sibling(&first)));
        assert_eq!(record.claim(&proposal(3, 8, 1), &signature, &[]).unwrap(), Claim::Granted);
        drop(record);
        let mut record = open(folder.path());
        assert_eq!(record.claim(&second, &signature, &[]).unwrap(), Claim::Conflict(sibling(&first)));
        assert_eq!(record.signature_of(&first.block_hash).unwrap(), Some(signature));
        assert_eq!(record.signature_of(&second.block_hash).unwrap(), None);
        assert_eq!(record.claim(&first, &MessageSignature([8; 65]), &[]).unwrap(), Claim::Granted);
        assert_eq!(record.signature_of(&first.block_hash).unwrap(), Some(signature), "the first signature stays");
    }

    #[test]
    fn a_sibling_on_another_fork_is_no_conflict_but_only_when_it_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let mut record = open(folder.path());
        let signature = MessageSignature([7; 65]);
        let (a, b, c) = (proposal(1, 9, 1), proposal(2, 9, 2), proposal(3, 9, 3));
        record.claim(&a, &signature, &[]).unwrap();
        assert_eq!(record.siblings_of(&b).unwrap(), vec![sibling(&a)]);
        assert_eq!(record.claim(&b, &signature, &[sibling(&a)]).unwrap(), Claim::Granted);
        assert_eq!(record.claim(&c, &signature, &[sibling(&a)]).unwrap(), Claim::Conflict(sibling(&b)));
    }

    #[test]
    fn the_file_of_a_process_that_was_killed_opens_with_what_was_signed() {
        let (folder, copy) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let mut record = open(folder.path());
        record.claim(&proposal(1, 9, 1), &MessageSignature([7; 65]), &[]).unwrap();
        for entry in std::fs::read_dir(folder.path()).unwrap() {
            let entry = entry.unwrap();
            std::fs::copy(entry.path(), copy.path().join(entry.file_name())).unwrap();
        }
        let mut after = open(copy.path());
        let claim = after.claim(&proposal(2, 9, 1), &MessageSignature([7; 65]), &[]).unwrap();
        assert_eq!(claim, Claim::Conflict(sibling(&proposal(1, 9, 1))));
    }

    #[test]
    fn the_place_is_read_back_and_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let record = open(folder.path());
        assert_eq!(record.checkpoint().unwrap(), None);
        let tips = Tips {
            tip: StacksBlockId([1; 32]),
            chain_length: 3,
            burn_tip: BurnBlockHash([2; 32]),
            elected: Hash160([3; 20]),
        };
        for sequence in [4, 5] {
            let checkpoint = Checkpoint { cursor: vec![9, 9], sequence, tips };
            record.set_checkpoint(&checkpoint).unwrap();
            assert_eq!(record.checkpoint().unwrap(), Some(checkpoint));
        }
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
    }
}
