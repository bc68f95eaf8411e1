//! Names and sizes of a database's files.

use std::io;
use std::path::{Path, PathBuf};

use crate::error::OpenError;

/// Path of a file beside the database: its log ("-wal"), its checksums ("-sums").
pub(crate) fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

/// Length of a file in bytes; 0 when it does not exist.
pub(crate) fn file_length(path: &Path) -> Result<u64, OpenError> {
    match path.metadata() {
        Ok(metadata) => Ok(metadata.len()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(0),
        Err(error) => Err(OpenError::file(path)(error)),
    }
}
