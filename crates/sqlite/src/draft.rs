//! Files that are there whole or not at all: written under another name, and then moved to their own.

use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

/// Who else may read a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Readable {
    /// Only its owner: it holds keys.
    ByOwner,
    /// Whoever the process's mask lets.
    ByAll,
}

/// A file under a name of its own, beside the one that it is to have.
#[derive(Debug)]
pub struct Draft {
    file: File,
    written_as: OsString,
    path: PathBuf,
}

impl Draft {
    /// An empty file named `PATH.draft`, in place of one that a process left behind.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn create(path: &Path, readable: Readable) -> io::Result<Self> {
        let mut written_as = path.as_os_str().to_owned();
        written_as.push(".draft");
        match std::fs::remove_file(&written_as) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mode = if readable == Readable::ByOwner { 0o600 } else { 0o666 };
        let file = OpenOptions::new().read(true).write(true).create_new(true).mode(mode).open(&written_as)?;
        Ok(Self { file, written_as, path: path.to_owned() })
    }

    /// To be written.
    #[must_use]
    pub const fn file(&self) -> &File {
        &self.file
    }

    /// Gives the file its name, in place of one that had it.
    ///
    /// # Errors
    /// When the folder cannot be written; the file under that name is as it was.
    pub fn publish(self) -> io::Result<File> {
        std::fs::rename(&self.written_as, &self.path)?;
        Ok(self.file)
    }

    /// The same; afterwards the file is there after a power cut too.
    ///
    /// # Errors
    /// When the disk does not take it. The file may have its name all the same.
    pub fn publish_durably(self) -> io::Result<File> {
        self.file.sync_all()?;
        let folder = self.path.parent().filter(|folder| !folder.as_os_str().is_empty()).map(Path::to_owned);
        let file = self.publish()?;
        File::open(folder.unwrap_or_else(|| PathBuf::from(".")))?.sync_all()?;
        Ok(file)
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
        for (text, publish) in
            [("first", Draft::publish as fn(Draft) -> io::Result<File>), ("second", Draft::publish_durably)]
        {
            let before = std::fs::read(&path).ok();
            let left_behind = Draft::create(&path, Readable::ByAll).unwrap();
            left_behind.file().write_all(b"half of something longer").unwrap();
            drop(left_behind);
            assert_eq!(std::fs::read(&path).ok(), before);
            let draft = Draft::create(&path, Readable::ByAll).unwrap();
            draft.file().write_all(text.as_bytes()).unwrap();
            publish(draft).unwrap();
            assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
            assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "no draft stays");
        }
    }

    #[test]
    fn keys_are_read_by_their_owner_only() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys.json");
        drop(Draft::create(&path, Readable::ByAll).unwrap());
        Draft::create(&path, Readable::ByOwner).unwrap().publish_durably().unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
}
