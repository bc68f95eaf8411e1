//! The record of what a producer or signer has signed: opening, locking, and its owner.
//!
//! # Invariants
//! - One process at a time: the file is locked while it is open.
//! - A record belongs to one key on one chain for ever.
//!
//! # Not here
//! The record's content, and which block may be signed: `mockamoto-producer`, `mockamoto-signer-stub`.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension as _, TransactionBehavior, named_params};
use sqlite::owner::{self, Owner};
use sqlite::{Durability, Schema};
use stacks_types::address::StacksAddress;
use stacks_types::ids::Hash160;

use super::failed::{Failed, with_causes};

/// Why the record cannot be opened or used.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// The folder cannot be made, or belongs to another program.
    #[error("data folder {path} cannot be used")]
    Folder {
        /// Path of the data folder.
        path: PathBuf,
        /// Error of the system.
        #[source]
        source: std::io::Error,
    },
    /// Another process has locked the file.
    #[error("{0} is in use by another process: one at a time may sign with it")]
    InUse(PathBuf),
    /// The record was written by another key, or for another chain.
    #[error("{path} belongs to signer {signer} on chain {chain_id:#x}: give another data folder")]
    OtherOwner {
        /// Path of the record.
        path: PathBuf,
        /// Address of the key that wrote the record.
        signer: StacksAddress,
        /// Chain id of the record.
        chain_id: u32,
    },
    /// The file is damaged, or was written by a newer version of this program.
    #[error(transparent)]
    Open(sqlite::OpenError),
    /// Reading or writing the database failed.
    #[error("record")]
    Sqlite(#[from] rusqlite::Error),
    /// A stored value does not decode.
    #[error("record is damaged: {0}")]
    Damaged(&'static str),
}

impl From<sqlite::OpenError> for RecordError {
    fn from(error: sqlite::OpenError) -> Self {
        match error {
            sqlite::OpenError::InUse { path } => Self::InUse(path),
            other => Self::Open(other),
        }
    }
}

impl From<RecordError> for Failed {
    fn from(error: RecordError) -> Self {
        tracing::error!(
            error = with_causes(&error),
            "the record of signed blocks failed; nothing is signed without it"
        );
        Self::Later(None)
    }
}

/// Path of the record in a program's data folder.
#[must_use]
pub fn record_path(folder: &Path, program: Owner) -> PathBuf {
    folder.join(program.file())
}

/// Opens the record in `folder` and locks it for `signer`; makes folder and file if they are missing. The schema's first
/// migration must make the table `owner`.
///
/// # Errors
/// [`RecordError`] if the record is in use, belongs to another key or chain, is damaged, or cannot be written.
pub fn open_record(
    folder: &Path,
    (program, schema): (Owner, &Schema),
    signer: StacksAddress,
    chain_id: u32,
    durability: Durability,
) -> Result<Connection, RecordError> {
    let in_folder = |source| RecordError::Folder { path: folder.to_owned(), source };
    owner::check(folder, program).map_err(in_folder)?;
    std::fs::create_dir_all(folder).map_err(in_folder)?;
    let path = record_path(folder, program);
    let mut connection = sqlite::open(&path, durability)?;
    connection.busy_timeout(Duration::ZERO)?;
    // Otherwise one of two processes with the same record could sign between the other's read and write.
    connection.pragma_update(None, "locking_mode", "EXCLUSIVE")?;
    schema.migrate(&mut connection)?;
    let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let owner =
        tx.query_row("SELECT signer, chain_id FROM owner", [], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
    match owner {
        Some((stored, stored_chain)) if Hash160(stored) != signer.hash160() || stored_chain != chain_id => {
            let signer = signer.with_hash(Hash160(stored));
            return Err(RecordError::OtherOwner { path, signer, chain_id: stored_chain });
        }
        Some(_) => {}
        None => {
            tx.execute(
                "INSERT INTO owner (id, signer, chain_id) VALUES (0, :signer, :chain_id)",
                named_params! { ":signer": signer.hash160().as_bytes(), ":chain_id": chain_id },
            )?;
        }
    }
    tx.commit()?;
    Ok(connection)
}
