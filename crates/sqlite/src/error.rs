//! Why a database file cannot be opened.

use std::io;
use std::path::{Path, PathBuf};

use rusqlite::{ErrorCode, ffi};

/// Why a database file cannot be opened. Each names the file.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The system refuses to read, write or make a file.
    #[error("{path}", path = path.display())]
    Io {
        /// The database, or a file beside it.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// SQLite refuses.
    #[error("{path}", path = path.display())]
    Sqlite {
        /// The database.
        path: PathBuf,
        /// What it said.
        #[source]
        source: rusqlite::Error,
    },
    /// The file takes no more bytes: the disk is full, or a quota or limit on file sizes is reached.
    #[error("{path} cannot be written: no room left on the disk", path = path.display())]
    DiskFull {
        /// The database.
        path: PathBuf,
    },
    /// Another process has it open.
    #[error("{path} is in use by another process", path = path.display())]
    InUse {
        /// The database.
        path: PathBuf,
    },
    /// The bytes are not those that were written.
    #[error("{path} is damaged: {detail}", path = path.display())]
    Damaged {
        /// The database, or a file beside it.
        path: PathBuf,
        /// Which part of the file, and in which way.
        detail: String,
    },
    /// Its tables are of a version that this program does not know.
    #[error("{path} has schema {found}, this version knows up to {known}: use the version that wrote it", path = path.display())]
    SchemaTooNew {
        /// The database.
        path: PathBuf,
        /// Version of its tables.
        found: i64,
        /// The newest version that is known.
        known: u32,
    },
    /// It is a database, but not the wanted one.
    #[error("{path} is another kind of database: its application id is {found:#010x}, not {expected:#010x}", path = path.display())]
    WrongFile {
        /// The database.
        path: PathBuf,
        /// The id in the file.
        found: i64,
        /// The id of the wanted kind.
        expected: u32,
    },
}

impl OpenError {
    /// What SQLite says when it opens `path`. Of a full disk and of a lock it says several things, not all of them clear.
    pub fn database(path: &Path) -> impl Fn(rusqlite::Error) -> Self + '_ {
        move |source| {
            let path = path.to_owned();
            match source.sqlite_error_code() {
                _ if is_refused_write(&source) => Self::DiskFull { path },
                Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::InUse { path },
                _ => Self::Sqlite { path, source },
            }
        }
    }

    /// What the system says of the file at `path`.
    pub fn file(path: &Path) -> impl Fn(io::Error) -> Self + '_ {
        move |source| Self::Io { path: path.to_owned(), source }
    }

    /// The bytes at `path` are not those that were written.
    pub(crate) fn damaged(path: &Path, detail: impl Into<String>) -> Self {
        Self::Damaged { path: path.to_owned(), detail: detail.into() }
    }
}

/// Whether the system took no more bytes: no room, a quota, a limit on the size of files. SQLite has a code of its own for
/// the first alone, and does not pass on what the system said. A disk that fails looks the same, and is retried as well:
/// nothing was stored, and nothing was acknowledged.
#[must_use]
pub fn is_refused_write(error: &rusqlite::Error) -> bool {
    let Some(error) = error.sqlite_error() else { return false };
    let refused = [ffi::SQLITE_FULL, ffi::SQLITE_IOERR_WRITE, ffi::SQLITE_IOERR_SHMSIZE];
    refused.contains(&error.extended_code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_and_a_lock_are_told_from_what_else_sqlite_says() {
        let opened = |code| {
            let error = rusqlite::Error::SqliteFailure(ffi::Error::new(code), None);
            OpenError::database(Path::new("a.sqlite"))(error)
        };
        for code in [ffi::SQLITE_FULL, ffi::SQLITE_IOERR_WRITE, ffi::SQLITE_IOERR_SHMSIZE] {
            assert!(matches!(opened(code), OpenError::DiskFull { .. }), "{code}");
        }
        for code in [ffi::SQLITE_BUSY, ffi::SQLITE_LOCKED, ffi::SQLITE_BUSY_SNAPSHOT] {
            assert!(matches!(opened(code), OpenError::InUse { .. }), "{code}");
        }
        for code in [ffi::SQLITE_IOERR_READ, ffi::SQLITE_CONSTRAINT, ffi::SQLITE_READONLY] {
            assert!(matches!(opened(code), OpenError::Sqlite { .. }), "{code}");
        }
    }
}
