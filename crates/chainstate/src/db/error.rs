//! Errors of storage.

use std::path::{Path, PathBuf};

/// Why a data folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// One of its files cannot be opened.
    #[error(transparent)]
    File(#[from] sqlite::OpenError),
    /// The folder is of a build that stored contracts in the form of the published Clarity VM.
    #[error(
        "{path} was made by a build that ran contracts by another engine and stored them in its form, which this version does \
         not read. Nothing was changed. Give an empty folder for a new chain, or go on with the version that made it",
        path = path.display()
    )]
    OlderContracts {
        /// The database.
        path: PathBuf,
    },
    /// The folder holds a chain with other parameters.
    #[error(
        "{path} holds a chain with other parameters: {}. Start it with its own, or give an empty folder for a new chain",
        differences.join("; "), path = path.display()
    )]
    OtherChain {
        /// The folder.
        path: PathBuf,
        /// What differs, as far as the folder tells.
        differences: Vec<String>,
    },
    /// The boot block of a new chain cannot be made: its genesis brings a contract that cannot be deployed.
    #[error(transparent)]
    Genesis(#[from] crate::execution::genesis::GenesisError),
    /// The folder is another program's.
    #[error("{path} is not this node's", path = path.display())]
    Foreign {
        /// The folder.
        path: PathBuf,
        /// Which program's folder it is, and what to do.
        #[source]
        source: std::io::Error,
    },
    /// The folder's files are not of one chain or not of one moment.
    #[error(
        "the files in {path} do not belong together: {}. Nothing was changed. Put back the files of one copy of the folder, \
         or give an empty folder for a new chain",
        misfits.join("; "), path = path.display()
    )]
    Apart {
        /// The folder.
        path: PathBuf,
        /// What does not fit, each with its file.
        misfits: Vec<String>,
    },
    /// A store cannot be used.
    #[error("{path}", path = path.display())]
    Store {
        /// Its file.
        path: PathBuf,
        /// The store's error.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

/// Why a value could not be stored or read. The node's fault, never the sender's.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreError {
    /// The disk is full, or a quota or a file size limit is reached; nothing was stored. Writes succeed again when
    /// there is room.
    #[error("no room left on the disk")]
    DiskFull,
    /// The database failed.
    #[error("database: {0}")]
    Database(String),
    /// The MARF failed.
    #[error("state index: {0}")]
    Marf(String),
    /// Stored data contradicts itself.
    #[error("stored data is not as it was written: {0}")]
    Corrupt(String),
    /// The writer is gone: the node is shutting down.
    #[error("the node is shutting down")]
    ShuttingDown,
}

impl StoreError {
    /// A stored value that this program never writes, or a missing row that another row names.
    pub(crate) fn impossible(column: &str) -> Self {
        Self::Corrupt(format!("the database holds an impossible {column}"))
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        if sqlite::is_refused_write(&error) {
            return Self::DiskFull;
        }
        match error.sqlite_error_code() {
            Some(rusqlite::ErrorCode::DatabaseCorrupt | rusqlite::ErrorCode::NotADatabase) => {
                Self::Corrupt(error.to_string())
            }
            _ => Self::Database(error.to_string()),
        }
    }
}

impl From<marf::MarfError> for StoreError {
    fn from(error: marf::MarfError) -> Self {
        use std::io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
        match error {
            marf::MarfError::Io { cause, .. } if matches!(cause.kind(), StorageFull | QuotaExceeded | FileTooLarge) => {
                Self::DiskFull
            }
            marf::MarfError::Sql(error) => error.into(),
            other => Self::Marf(other.to_string()),
        }
    }
}

impl OpenError {
    /// SQLite's error, with the file.
    pub(crate) fn database(path: &Path) -> impl Fn(rusqlite::Error) -> Self + '_ {
        move |source| Self::File(sqlite::OpenError::database(path)(source))
    }

    /// The state index's error on opening: its table is in `chain_file`.
    pub(crate) fn nodes(chain_file: &Path) -> impl Fn(marf::OpenError) -> Self + '_ {
        move |error| match error {
            marf::OpenError::Io { path, cause } => sqlite::OpenError::Io { path, source: cause }.into(),
            marf::OpenError::InUse { path } => sqlite::OpenError::InUse { path }.into(),
            marf::OpenError::Damaged { path, offset, what } => {
                sqlite::OpenError::Damaged { path, detail: format!("byte {offset}: {what}") }.into()
            }
            error @ (marf::OpenError::DamagedRow { .. } | marf::OpenError::Ahead { .. }) => {
                sqlite::OpenError::Damaged { path: chain_file.to_owned(), detail: error.to_string() }.into()
            }
            marf::OpenError::Sql(source) => Self::database(chain_file)(source),
        }
    }

    /// A store's error, with its file.
    pub(crate) fn store<E>(path: &Path) -> impl Fn(E) -> Self + '_
    where
        E: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        move |error| Self::Store { path: path.to_owned(), source: error.into() }
    }

    /// A folder or file of a chain with other parameters.
    pub(crate) fn other_chain(path: &Path, differences: Vec<String>) -> Self {
        let unknown = || vec!["genesis, sets or limits differ".to_owned()];
        let differences = if differences.is_empty() { unknown() } else { differences };
        Self::OtherChain { path: path.to_owned(), differences }
    }

    /// A file error with its path.
    pub(crate) fn file(path: &Path) -> impl Fn(std::io::Error) -> Self + '_ {
        move |source| Self::File(sqlite::OpenError::file(path)(source))
    }
}

#[cfg(test)]
mod tests {
    use rusqlite::ffi;

    use super::*;

    #[test]
    fn what_takes_no_more_bytes_is_a_full_disk_and_nothing_else_is() {
        let sqlite = |code| rusqlite::Error::SqliteFailure(ffi::Error::new(code), None);
        for code in [ffi::SQLITE_FULL, ffi::SQLITE_IOERR_WRITE, ffi::SQLITE_IOERR_SHMSIZE] {
            assert!(matches!(StoreError::from(sqlite(code)), StoreError::DiskFull), "{code}");
        }
        for code in [ffi::SQLITE_IOERR_READ, ffi::SQLITE_BUSY, ffi::SQLITE_CONSTRAINT, ffi::SQLITE_READONLY] {
            assert!(matches!(StoreError::from(sqlite(code)), StoreError::Database(_)), "{code}");
        }
        let nodes = |kind: std::io::ErrorKind| marf::MarfError::Io { path: "nodes".into(), cause: kind.into() };
        use std::io::ErrorKind::{FileTooLarge, Other, QuotaExceeded, StorageFull};
        for kind in [FileTooLarge, QuotaExceeded, StorageFull] {
            assert!(matches!(StoreError::from(nodes(kind)), StoreError::DiskFull), "{kind}");
        }
        assert!(matches!(StoreError::from(nodes(Other)), StoreError::Marf(_)));
    }
}
