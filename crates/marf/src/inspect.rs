//! Looks at a node file and its table before anything is written: whether each holds what the other says.
//!
//! # Invariants
//! - Only what one commit can have left is ever cut: bytes behind the last block that are one block by their mark. More of them
//!   are blocks whose rows are lost, as when the table is an older copy.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rusqlite::Connection;

use crate::Marf;
use crate::checksum::checksum64;
use crate::error::OpenError;
use crate::file::{HEADER, HEADER_BYTES, NodeFile, Sync};
use crate::index::{self, Index};
use crate::seal::{MARKED_HEAD_BYTES, marked_length};
use crate::store::Store;

/// Bytes of a block without a mark, as earlier versions wrote them, against those of the longest block that is committed: more
/// is taken for several blocks.
const UNMARKED_FACTOR: u64 = 4;

/// A node file that holds what its table says.
pub struct Inspected {
    path: PathBuf,
    index: Index,
}

impl Inspected {
    /// Compares the node file at `nodes` with the table `marf_blocks` of `index`; either may be missing when the other is empty.
    ///
    /// Every block is compared with its checksum, some gigabytes a second, and each record again when it is read.
    ///
    /// # Errors
    /// [`OpenError::Damaged`] and `DamagedRow` if they do not hold what was committed; [`OpenError::Ahead`] if the file holds
    /// blocks that the table does not know.
    pub fn of(nodes: &Path, index: &Connection) -> Result<Self, OpenError> {
        let (index, checksums) =
            if index.table_exists(None, "marf_blocks")? { index::load(index)? } else { (Index::default(), Vec::new()) };
        let looked = Look { path: nodes, file: open_existing(nodes)? };
        looked.compare(&index, &checksums)?;
        Ok(Self { path: nodes.to_owned(), index })
    }

    /// Opens the file for writing, and makes file and table where they are missing. Cuts off what a commit left behind whose
    /// transaction was not committed.
    ///
    /// # Errors
    /// [`OpenError::InUse`] if another handle has the file; what the system and SQLite say.
    pub fn open(self, index: &Connection, sync: Sync) -> Result<Marf, OpenError> {
        index::create_tables(index)?;
        let file = NodeFile::open(&self.path, sync)?;
        file.cut(self.index.end()).map_err(|cause| OpenError::Io { path: self.path, cause })?;
        Ok(Marf(Arc::new(Store::new(file, self.index))))
    }
}

/// The file, if there is one.
struct Look<'a> {
    path: &'a Path,
    file: Option<File>,
}

impl Look<'_> {
    fn compare(&self, index: &Index, checksums: &[u64]) -> Result<(), OpenError> {
        let Some(file) = &self.file else {
            return if index.len() == 0 { Ok(()) } else { Err(self.damaged(0, "it is missing")) };
        };
        let length = file.metadata().map_err(|cause| self.io(cause))?.len();
        if index.len() == 0 && length < HEADER_BYTES {
            return Ok(()); // It was created, and the process died.
        }
        if length < index.end() {
            return Err(self.damaged(index.end(), "shorter than its committed blocks"));
        }
        let mut found = [0; HEADER.len()];
        file.read_exact_at(&mut found, 0).map_err(|cause| self.io(cause))?;
        if found != HEADER {
            return Err(self.damaged(0, "not a node file of this version"));
        }
        self.check_overhang(file, index, length)?;
        self.check_segments(file, index, checksums)
    }

    /// What follows the last block is at most one.
    fn check_overhang(&self, file: &File, index: &Index, length: u64) -> Result<(), OpenError> {
        let (at, left) = (index.end(), length - index.end());
        let mut head = [0; MARKED_HEAD_BYTES];
        if left < MARKED_HEAD_BYTES as u64 {
            return Ok(());
        }
        file.read_exact_at(&mut head, at).map_err(|cause| self.io(cause))?;
        let is_one = match marked_length(&head) {
            Some(segment) => left <= segment,
            // Zeros: a power cut has kept the length and lost the bytes.
            None if head == [0; MARKED_HEAD_BYTES] => true,
            None => index.len() == 0 || left <= index.longest().saturating_mul(UNMARKED_FACTOR),
        };
        if is_one { Ok(()) } else { Err(OpenError::Ahead { path: self.path.to_owned(), offset: at }) }
    }

    /// Every segment is what was committed: also what only proofs read, and what a full disk left incomplete.
    fn check_segments(&self, file: &File, index: &Index, checksums: &[u64]) -> Result<(), OpenError> {
        let mut segment = Vec::new();
        for (number, checksum) in (0..).zip(checksums) {
            let Some(entry) = index.entry(number) else { return Ok(()) };
            let length = usize::try_from(entry.end - entry.start).unwrap_or(usize::MAX); // Within the file's length.
            segment.resize(length, 0);
            file.read_exact_at(&mut segment, entry.start).map_err(|cause| self.io(cause))?;
            if checksum64(&segment) != *checksum {
                return Err(self.damaged(entry.start, "a block is not what was committed"));
            }
        }
        Ok(())
    }

    fn damaged(&self, offset: u64, what: &'static str) -> OpenError {
        OpenError::Damaged { path: self.path.to_owned(), offset, what }
    }

    fn io(&self, cause: io::Error) -> OpenError {
        OpenError::Io { path: self.path.to_owned(), cause }
    }
}

fn open_existing(path: &Path) -> Result<Option<File>, OpenError> {
    match File::open(path) {
        Ok(file) => Ok(Some(file)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(cause) => Err(OpenError::Io { path: path.to_owned(), cause }),
    }
}
