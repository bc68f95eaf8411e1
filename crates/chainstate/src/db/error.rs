//! What can go wrong with storage.

use std::path::{Path, PathBuf};

/// Why a data folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// A file cannot be read, written or created.
    #[error("{path}", path = path.display())]
    File {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// SQLite cannot use the file.
    #[error("{path}", path = path.display())]
    Database {
        /// The database.
        path: PathBuf,
        /// What SQLite said.
        #[source]
        source: rusqlite::Error,
    },
    /// The file takes no more bytes: the disk is full, or a quota or limit on file sizes is reached.
    #[error("{path} cannot be written: no room left on the disk", path = path.display())]
    DiskFull {
        /// The file.
        path: PathBuf,
    },
    /// The file is damaged.
    #[error("{path} is damaged: {detail}", path = path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        detail: String,
    },
    /// The file was written by a newer version.
    #[error("{path} has schema {found}, this version knows up to {known}", path = path.display())]
    SchemaTooNew {
        /// The database.
        path: PathBuf,
        /// Its schema.
        found: usize,
        /// The newest that we know.
        known: usize,
    },
    /// The folder is of a build that stored contracts in the form of the published VM.
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
    #[error("{path} holds a chain with other parameters (genesis, sets or limits differ)", path = path.display())]
    OtherChain {
        /// The folder.
        path: PathBuf,
    },
    /// The folder is another program's.
    #[error("{path} is not this node's", path = path.display())]
    Foreign {
        /// The folder.
        path: PathBuf,
        /// Whose it is.
        #[source]
        source: std::io::Error,
    },
    /// The folder's files are not of one chain and one moment.
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
    /// Another process uses the folder.
    #[error("{path} is in use by another process", path = path.display())]
    InUse {
        /// The folder.
        path: PathBuf,
    },
    /// A store cannot be used.
    #[error("{path}", path = path.display())]
    Store {
        /// Its file.
        path: PathBuf,
        /// What it says.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The state of the chain cannot be made or loaded.
    #[error("cannot load the chain state: {detail}")]
    State {
        /// What is wrong.
        detail: String,
    },
}

/// Why something could not be stored or read. Ours, never the sender's.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreError {
    /// The disk is full, or a quota or limit on file sizes is reached; nothing was stored. Writes go on when there is room.
    #[error("no room left on the disk")]
    DiskFull,
    /// The database said no.
    #[error("database: {0}")]
    Database(String),
    /// The MARF said no.
    #[error("state index: {0}")]
    Marf(String),
    /// Stored data contradicts itself.
    #[error("stored data is not as it was written: {0}")]
    Corrupt(String),
    /// The writer is gone: the node is shutting down.
    #[error("the node is shutting down")]
    ShuttingDown,
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        if is_refused_write(&error) {
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

impl From<crate::burn::StoreError> for StoreError {
    fn from(error: crate::burn::StoreError) -> Self {
        match error {
            crate::burn::StoreError::Sqlite(error) => error.into(),
            other => Self::Corrupt(other.to_string()),
        }
    }
}

impl From<crate::burn::BurnLookupError> for StoreError {
    fn from(error: crate::burn::BurnLookupError) -> Self {
        match error {
            crate::burn::BurnLookupError::Store(error) => error.into(),
            // A caller that can be asked about an unknown block has handled that before.
            other => Self::Corrupt(other.to_string()),
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

/// Whether the system took no more bytes: no room, a quota, a limit on the size of files. SQLite has a code of its own for
/// the first alone, and does not pass on what the system said. A disk that fails looks the same, and is retried as well:
/// nothing was stored, and nothing was acknowledged.
fn is_refused_write(error: &rusqlite::Error) -> bool {
    use rusqlite::ffi;
    let Some(error) = error.sqlite_error() else { return false };
    let refused = [ffi::SQLITE_FULL, ffi::SQLITE_IOERR_WRITE, ffi::SQLITE_IOERR_SHMSIZE];
    refused.contains(&error.extended_code)
}

impl From<sqlite::OpenError> for OpenError {
    fn from(error: sqlite::OpenError) -> Self {
        match error {
            sqlite::OpenError::Io { path, source } => Self::File { path, source },
            sqlite::OpenError::Sqlite { path, source } => Self::database(&path)(source),
            sqlite::OpenError::InUse { path } => Self::InUse { path },
            sqlite::OpenError::Damaged { path, detail } => Self::Damaged { path, detail },
        }
    }
}

impl OpenError {
    /// What SQLite says about its file. Of a full disk it says several things, not all of them clear.
    pub(crate) fn database(path: &Path) -> impl Fn(rusqlite::Error) -> Self + '_ {
        move |source| match is_refused_write(&source) {
            true => Self::DiskFull { path: path.to_owned() },
            false => Self::Database { path: path.to_owned(), source },
        }
    }

    /// What the state index says when it is opened: its table is in `chain_file`.
    pub(crate) fn nodes(chain_file: &Path) -> impl Fn(marf::OpenError) -> Self + '_ {
        move |error| match error {
            marf::OpenError::Io { path, cause } => Self::File { path, source: cause },
            marf::OpenError::InUse { path } => Self::InUse { path },
            marf::OpenError::Damaged { path, offset, what } => {
                Self::Damaged { path, detail: format!("byte {offset}: {what}") }
            }
            error @ (marf::OpenError::DamagedRow { .. } | marf::OpenError::Ahead { .. }) => {
                Self::Damaged { path: chain_file.to_owned(), detail: error.to_string() }
            }
            marf::OpenError::Sql(source) => Self::database(chain_file)(source),
        }
    }

    /// What a store says, with its file.
    pub(crate) fn store<E>(path: &Path) -> impl Fn(E) -> Self + '_
    where
        E: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        move |error| Self::Store { path: path.to_owned(), source: error.into() }
    }

    /// What a store of a file of its own says when it is opened: damage names the file itself.
    pub(crate) fn own_file(path: &Path) -> impl Fn(crate::burn::StoreError) -> Self + '_ {
        move |error| match error {
            crate::burn::StoreError::Open(error) => error.into(),
            crate::burn::StoreError::Sqlite(error) => Self::database(path)(error),
            other => Self::store(path)(other),
        }
    }

    /// What the burn database says when it is opened.
    pub(crate) fn burn(path: &Path) -> impl Fn(crate::burn::BurnOpenError) -> Self + '_ {
        move |error| match error {
            crate::burn::BurnOpenError::Store(error) => Self::own_file(path)(error),
            crate::burn::BurnOpenError::OtherRules { .. } => Self::OtherChain { path: path.to_owned() },
            other => Self::store(path)(other),
        }
    }

    /// A file error with its path.
    pub(crate) fn file(path: &Path) -> impl Fn(std::io::Error) -> Self + '_ {
        move |source| Self::File { path: path.to_owned(), source }
    }

    /// Something about the content.
    pub(crate) fn state(detail: impl ToString) -> Self {
        Self::State { detail: detail.to_string() }
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
            let opened = OpenError::database(Path::new("a"))(sqlite(code));
            assert!(matches!(opened, OpenError::DiskFull { .. }), "{opened}");
        }
        for code in [ffi::SQLITE_IOERR_READ, ffi::SQLITE_BUSY, ffi::SQLITE_CONSTRAINT, ffi::SQLITE_READONLY] {
            assert!(matches!(StoreError::from(sqlite(code)), StoreError::Database(_)), "{code}");
            assert!(matches!(OpenError::database(Path::new("a"))(sqlite(code)), OpenError::Database { .. }), "{code}");
        }
        let nodes = |kind: std::io::ErrorKind| marf::MarfError::Io { path: "nodes".into(), cause: kind.into() };
        use std::io::ErrorKind::{FileTooLarge, Other, QuotaExceeded, StorageFull};
        for kind in [FileTooLarge, QuotaExceeded, StorageFull] {
            assert!(matches!(StoreError::from(nodes(kind)), StoreError::DiskFull), "{kind}");
        }
        assert!(matches!(StoreError::from(nodes(Other)), StoreError::Marf(_)));
    }
}
