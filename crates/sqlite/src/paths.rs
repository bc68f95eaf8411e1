//! The files of a database.

use std::io;
use std::path::{Path, PathBuf};

use crate::OpenError;

/// The file beside a database that is named for it: its log ("-wal"), its checksums ("-sums").
pub(crate) fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

/// In bytes; 0 when there is no such file.
pub(crate) fn file_length(path: &Path) -> Result<u64, OpenError> {
    match path.metadata() {
        Ok(metadata) => Ok(metadata.len()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(0),
        Err(error) => Err(OpenError::file(path)(error)),
    }
}
