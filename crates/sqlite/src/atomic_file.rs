//! Files that exist complete or not at all: they are written under another name and then renamed.

use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use crate::durability::Durability;

/// Who may read a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Visibility {
    /// Only its owner (mode 0600): the file holds keys.
    Owner,
    /// All that the process's umask allows.
    Umask,
}

/// A file that is being written beside its final path. Dropping this leaves the file there.
#[derive(Debug)]
pub struct AtomicFile {
    file: File,
    written_as: OsString,
    path: PathBuf,
}

impl AtomicFile {
    /// Makes an empty file `PATH.draft`, replacing one that an earlier process left.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn create(path: &Path, visibility: Visibility) -> io::Result<Self> {
        let mut written_as = path.as_os_str().to_owned();
        written_as.push(".draft");
        match std::fs::remove_file(&written_as) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mode = if visibility == Visibility::Owner { 0o600 } else { 0o666 };
        let file = OpenOptions::new().read(true).write(true).create_new(true).mode(mode).open(&written_as)?;
        Ok(Self { file, written_as, path: path.to_owned() })
    }

    /// The open file, to write to.
    #[must_use]
    pub const fn file(&self) -> &File {
        &self.file
    }

    /// Renames the file to its final path, replacing an older one.
    ///
    /// # Errors
    /// When the file cannot be synced or renamed. The final path then has the older file or the new one.
    pub fn publish(self, durability: Durability) -> io::Result<File> {
        let path = self.path.clone();
        let file = self.rename(durability)?;
        durability.sync_entry(&path)?;
        Ok(file)
    }

    /// Renames the file to its final path. A power cut can take the new name back until the caller has synced the entry.
    ///
    /// # Errors
    /// When the folder or the disk does not take it: under that name is the older file.
    pub(crate) fn rename(self, durability: Durability) -> io::Result<File> {
        durability.sync_data(&self.file)?;
        std::fs::rename(&self.written_as, &self.path)?;
        Ok(self.file)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_file_is_whole_or_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys.json");
        for (text, durability) in [("first", Durability::Synced), ("second", Durability::Unsynced)] {
            let before = std::fs::read(&path).ok();
            let left_behind = AtomicFile::create(&path, Visibility::Umask).unwrap();
            left_behind.file().write_all(b"half of something longer").unwrap();
            drop(left_behind);
            assert_eq!(std::fs::read(&path).ok(), before);
            let draft = AtomicFile::create(&path, Visibility::Umask).unwrap();
            draft.file().write_all(text.as_bytes()).unwrap();
            draft.publish(durability).unwrap();
            assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
            assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "no draft stays");
        }
    }

    #[test]
    fn keys_are_read_by_their_owner_only() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys.json");
        drop(AtomicFile::create(&path, Visibility::Umask).unwrap());
        AtomicFile::create(&path, Visibility::Owner).unwrap().publish(Durability::Synced).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
}
