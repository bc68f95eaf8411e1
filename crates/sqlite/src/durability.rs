//! Whether commits wait for the disk: one setting for all files of a folder.

use std::fs::File;
use std::io;
use std::path::Path;

/// What a commit survives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// A power cut: everything acknowledged is on the disk.
    Synced,
    /// The end of the process, even by kill -9: the system has the bytes, and writes them later. A power cut may lose
    /// acknowledged data, or leave a folder that the next start refuses. For folders that are thrown away.
    Unsynced,
}

impl Durability {
    /// From the programs' setting `durable`.
    #[must_use]
    pub const fn from_setting(durable: bool) -> Self {
        if durable { Self::Synced } else { Self::Unsynced }
    }

    /// SQLite's value of `synchronous` for a database in WAL mode.
    pub(crate) const fn synchronous(self) -> &'static str {
        match self {
            Self::Synced => "FULL",
            Self::Unsynced => "OFF",
        }
    }

    /// Waits until the file's bytes are on the disk.
    ///
    /// # Errors
    /// The system's error.
    pub fn sync_data(self, file: &File) -> io::Result<()> {
        match self {
            Self::Synced => file.sync_data(),
            Self::Unsynced => Ok(()),
        }
    }

    /// Waits until the folder's entry for a new or renamed file is on the disk: without it the file is gone after a
    /// power cut.
    ///
    /// # Errors
    /// The system's error.
    pub fn sync_entry(self, path: &Path) -> io::Result<()> {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        match self {
            Self::Synced => File::open(folder.unwrap_or(Path::new(".")))?.sync_all(),
            Self::Unsynced => Ok(()),
        }
    }
}
