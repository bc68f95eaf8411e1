//! What a commit waits for: one answer for all files of a folder.

use std::fs::File;
use std::io;
use std::path::Path;

/// What a commit survives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// A power cut: what was acknowledged is on the disk.
    Synced,
    /// The end of the process, however it comes: the system has the bytes, and writes them when it likes. A power cut may lose
    /// what was acknowledged, or leave a folder that the next start refuses. For folders to which nobody comes back.
    Unsynced,
}

impl Durability {
    /// The setting `durable` of the programs.
    #[must_use]
    pub const fn from_setting(durable: bool) -> Self {
        if durable { Self::Synced } else { Self::Unsynced }
    }

    /// SQLite's word for it, of a database in WAL mode.
    pub(crate) const fn synchronous(self) -> &'static str {
        match self {
            Self::Synced => "FULL",
            Self::Unsynced => "OFF",
        }
    }

    /// Waits until the file's bytes are on the disk.
    ///
    /// # Errors
    /// What the system says.
    pub fn sync_data(self, file: &File) -> io::Result<()> {
        match self {
            Self::Synced => file.sync_data(),
            Self::Unsynced => Ok(()),
        }
    }

    /// Waits until the entry of a new or renamed file in its folder is on the disk: without it the file is gone after a power cut.
    ///
    /// # Errors
    /// What the system says.
    pub fn sync_entry(self, path: &Path) -> io::Result<()> {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        match self {
            Self::Synced => File::open(folder.unwrap_or(Path::new(".")))?.sync_all(),
            Self::Unsynced => Ok(()),
        }
    }
}
