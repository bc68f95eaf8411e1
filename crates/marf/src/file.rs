//! The node file: a header, then the segments of the committed blocks.
//!
//! # Invariants
//! - One handle per file, over all processes: the file is locked while it is open.
//! - Bytes before the end that the index names are never written again.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use sqlite::{Durability, crash_point};

use crate::error::{MarfError, OpenError};

/// The first bytes of a node file: its name and the version of its records.
pub(crate) const HEADER: [u8; 16] = *b"mockamoto marf 1";

/// Offset of the first segment.
pub(crate) const HEADER_BYTES: u64 = HEADER.len() as u64;

pub(crate) struct NodeFile {
    file: File,
    path: PathBuf,
    durability: Durability,
}

impl NodeFile {
    /// Opens or creates the file at `path` and locks it. A new file gets its header.
    pub(crate) fn open(path: &Path, durability: Durability) -> Result<Self, OpenError> {
        let io_error = |cause| OpenError::Io { path: path.to_path_buf(), cause };
        let file =
            OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path).map_err(io_error)?;
        file.try_lock().map_err(|error| match error {
            std::fs::TryLockError::WouldBlock => OpenError::InUse { path: path.to_path_buf() },
            std::fs::TryLockError::Error(cause) => io_error(cause),
        })?;
        let node_file = Self { file, path: path.to_path_buf(), durability };
        node_file.check_header()?;
        Ok(node_file)
    }

    /// Completes a new file. A file without a whole header has no blocks: the process that made it died.
    fn check_header(&self) -> Result<(), OpenError> {
        let io_error = |cause| OpenError::Io { path: self.path.clone(), cause };
        if self.length().map_err(io_error)? < HEADER_BYTES {
            crash_point("nodes:file_made");
            self.file.write_all_at(&HEADER, 0).map_err(io_error)?;
            crash_point("nodes:header_written");
            self.sync().map_err(io_error)?;
            return self.durability.sync_entry(&self.path).map_err(io_error);
        }
        let mut found = [0; HEADER.len()];
        self.file.read_exact_at(&mut found, 0).map_err(io_error)?;
        if found == HEADER { Ok(()) } else { Err(self.damaged_at_open(0, "not a node file of this version")) }
    }

    pub(crate) fn length(&self) -> io::Result<u64> {
        Ok(self.file.metadata()?.len())
    }

    /// Cuts off all bytes from offset `end` on.
    pub(crate) fn cut(&self, end: u64) -> io::Result<()> {
        if self.length()? > end {
            self.file.set_len(end)?;
            self.sync()?;
        }
        Ok(())
    }

    /// Reads at offset `at` until `buffer` is full or the file ends.
    pub(crate) fn read<'b>(&self, buffer: &'b mut [u8], at: u64) -> Result<&'b [u8], MarfError> {
        let mut filled = 0;
        while filled < buffer.len() {
            match self.file.read_at(&mut buffer[filled..], at + filled as u64) {
                Ok(0) => break,
                Ok(count) => filled += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(cause) => return Err(MarfError::Io { path: self.path.clone(), cause }),
            }
        }
        Ok(&buffer[..filled])
    }

    /// Writes `bytes` at offset `at`, and syncs as the file's durability requires.
    pub(crate) fn write(&self, bytes: &[u8], at: u64) -> Result<(), MarfError> {
        let (first, second) = bytes.split_at(bytes.len() / 2);
        crash_point("nodes:before_append");
        let written = self.file.write_all_at(first, at).and_then(|()| {
            crash_point("nodes:half_appended");
            self.file.write_all_at(second, at + first.len() as u64)?;
            crash_point("nodes:appended");
            self.sync()
        });
        crash_point("nodes:synced");
        written.map_err(|cause| MarfError::Io { path: self.path.clone(), cause })
    }

    pub(crate) fn damaged(&self, offset: u64, what: &'static str) -> MarfError {
        MarfError::Damaged { path: self.path.clone(), offset, what }
    }

    pub(crate) fn damaged_at_open(&self, offset: u64, what: &'static str) -> OpenError {
        OpenError::Damaged { path: self.path.clone(), offset, what }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    fn sync(&self) -> io::Result<()> {
        self.durability.sync_data(&self.file)
    }
}
