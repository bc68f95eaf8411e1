//! Why a database file cannot be opened.

use std::io;
use std::path::{Path, PathBuf};

use rusqlite::{ErrorCode, ffi};

/// Why a database file cannot be opened. Each variant names the file.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The system cannot read, write or make a file.
    #[error("{path}", path = path.display())]
    Io {
        /// Path of the database, or of a file beside it.
        path: PathBuf,
        /// Error of the system.
        #[source]
        source: io::Error,
    },
    /// SQLite failed for a reason that has no variant of its own.
    #[error("{path}", path = path.display())]
    Sqlite {
        /// Path of the database.
        path: PathBuf,
        /// Error of SQLite.
        #[source]
        source: rusqlite::Error,
    },
    /// The file takes no more bytes: the disk is full, or a quota or limit on file sizes is reached.
    #[error("{path} cannot be written: no room left on the disk", path = path.display())]
    DiskFull {
        /// Path of the database.
        path: PathBuf,
    },
    /// Another process has the file open.
    #[error("{path} is in use by another process", path = path.display())]
    InUse {
        /// Path of the database.
        path: PathBuf,
    },
    /// The file does not hold the bytes that were written.
    #[error("{path} is damaged: {detail}", path = path.display())]
    Damaged {
        /// Path of the database, or of a file beside it.
        path: PathBuf,
        /// Which part of the file is wrong, and how.
        detail: String,
    },
    /// A newer version of this program has changed the tables.
    #[error("{path} has schema {found}, this version knows up to {known}: use the version that wrote it", path = path.display())]
    SchemaTooNew {
        /// Path of the database.
        path: PathBuf,
        /// `user_version` of the file.
        found: i64,
        /// Newest version that this program knows.
        known: u32,
    },
    /// The file is a database of another kind: another program's, or another kind of ours.
    #[error("{path} is another kind of database: its application id is {found:#010x}, not {expected:#010x}", path = path.display())]
    WrongFile {
        /// Path of the database.
        path: PathBuf,
        /// `application_id` of the file.
        found: i64,
        /// `application_id` of the wanted kind.
        expected: u32,
    },
}

impl OpenError {
    /// Turns SQLite's errors at `path` into ours. SQLite has several codes for a full disk and for a lock, some of them
    /// unclear.
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

    /// Turns the system's errors at `path` into ours.
    pub fn file(path: &Path) -> impl Fn(io::Error) -> Self + '_ {
        move |source| Self::Io { path: path.to_owned(), source }
    }

    /// An error for bytes at `path` that differ from those written.
    pub(crate) fn damaged(path: &Path, detail: impl Into<String>) -> Self {
        Self::Damaged { path: path.to_owned(), detail: detail.into() }
    }
}

/// Whether the system refused a write: no room, a quota, a limit on the size of files. SQLite has a code for the first
/// only, and hides the system's error. A failing disk looks the same, so its writes are retried, too: nothing was
/// stored, and nothing was acknowledged.
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
