//! Compares a node file with its table before anything is written: they must agree.
//!
//! # Invariants
//! - Only bytes that one commit can have left are ever cut off: bytes after the last block that are one block by their mark.
//!   More bytes mean that rows are lost, as when the table is an older copy.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rusqlite::Connection;
use sqlite::{Durability, START_CHECK_BYTES, checksum64};

use crate::error::OpenError;
use crate::file::{HEADER, HEADER_BYTES, NodeFile};
use crate::index::{self, Index};
use crate::marf::Marf;
use crate::seal::{MARKED_HEAD_BYTES, marked_length};
use crate::store::Store;

/// Bytes after the last block that have no mark, as earlier versions wrote them, count as several blocks if they are
/// more than this many times the longest committed block.
const UNMARKED_FACTOR: u64 = 4;

/// A node file that agrees with its table. Nothing was written to it.
pub struct Inspected {
    path: PathBuf,
    index: Index,
    unchecked: Option<Unchecked>,
}

/// Blocks of a large file that are still to be compared with their checksums. Reads before that are checked record by
/// record.
pub struct Unchecked {
    path: PathBuf,
    blocks: std::vec::IntoIter<Block>,
}

/// Place of a block in the file, and its checksum.
struct Block {
    at: u64,
    bytes: u64,
    checksum: u64,
}

impl Unchecked {
    /// Compares the next block. Returns whether there are more.
    ///
    /// # Errors
    /// [`OpenError::Damaged`] if the block is not what was committed: the program should stop using the file.
    pub fn check_some(&mut self) -> Result<bool, OpenError> {
        if let Some(block) = self.blocks.next() {
            let look = NodeFileCheck { path: &self.path, file: open_existing(&self.path)? };
            let Some(file) = &look.file else { return Err(look.damaged(0, "it is missing")) };
            look.check_block(file, &block, &mut Vec::new())?;
        }
        Ok(self.blocks.len() > 0)
    }
}

impl Inspected {
    /// Compares the node file at `nodes` with the table `marf_blocks` of `index`; either may be missing if the other is
    /// empty.
    ///
    /// Compares every block in the first [`START_CHECK_BYTES`] with its checksum, at some gigabytes per second. Each
    /// record is checked again when it is read.
    ///
    /// # Errors
    /// [`OpenError::Damaged`] and `DamagedRow` if they do not hold what was committed; [`OpenError::Ahead`] if the file holds
    /// blocks that the table does not know.
    pub fn of(nodes: &Path, index: &Connection) -> Result<Self, OpenError> {
        let (index, checksums) =
            if index.table_exists(None, "marf_blocks")? { index::load(index)? } else { (Index::default(), Vec::new()) };
        let looked = NodeFileCheck { path: nodes, file: open_existing(nodes)? };
        let left = looked.compare(&index, &checksums, START_CHECK_BYTES)?;
        let unchecked = (!left.is_empty()).then(|| Unchecked { path: nodes.to_owned(), blocks: left.into_iter() });
        Ok(Self { path: nodes.to_owned(), index, unchecked })
    }

    /// Takes the blocks that are still to be compared. The caller compares them while the file is in use.
    pub fn take_unchecked(&mut self) -> Option<Unchecked> {
        self.unchecked.take()
    }

    /// Opens the file for writing; makes the file and the table if they are missing. Cuts off the bytes of a commit whose
    /// transaction was not committed.
    ///
    /// # Errors
    /// [`OpenError::InUse`] if another handle has the file; errors of the system and of SQLite.
    pub fn open(self, index: &Connection, durability: Durability) -> Result<Marf, OpenError> {
        index::create_tables(index)?;
        let file = NodeFile::open(&self.path, durability)?;
        file.cut(self.index.end()).map_err(|cause| OpenError::Io { path: self.path, cause })?;
        Ok(Marf(Arc::new(Store::new(file, self.index))))
    }
}

/// The file that is compared, if it exists.
struct NodeFileCheck<'a> {
    path: &'a Path,
    file: Option<File>,
}

impl NodeFileCheck<'_> {
    /// Compares the first `bytes` of the file, and returns the blocks after them.
    fn compare(&self, index: &Index, checksums: &[u64], bytes: u64) -> Result<Vec<Block>, OpenError> {
        let Some(file) = &self.file else {
            return if index.len() == 0 { Ok(Vec::new()) } else { Err(self.damaged(0, "it is missing")) };
        };
        let length = file.metadata().map_err(|cause| self.io(cause))?.len();
        if index.len() == 0 && length < HEADER_BYTES {
            return Ok(Vec::new()); // The process died after making the file.
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
        self.check_blocks(file, index, checksums, bytes)
    }

    /// Checks that at most one block follows the last one that has a row.
    fn check_overhang(&self, file: &File, index: &Index, length: u64) -> Result<(), OpenError> {
        let (at, left) = (index.end(), length - index.end());
        let mut head = [0; MARKED_HEAD_BYTES];
        if left < MARKED_HEAD_BYTES as u64 {
            return Ok(());
        }
        file.read_exact_at(&mut head, at).map_err(|cause| self.io(cause))?;
        let is_one = match marked_length(&head) {
            Some(segment) => left <= segment,
            // Zeros: after a power cut the file can have its new length without the bytes.
            None if head == [0; MARKED_HEAD_BYTES] => true,
            None => index.len() == 0 || left <= index.longest().saturating_mul(UNMARKED_FACTOR),
        };
        if is_one { Ok(()) } else { Err(OpenError::Ahead { path: self.path.to_owned(), offset: at }) }
    }

    /// Checks that every block is what was committed, including bytes that only proofs read and blocks that a full disk
    /// cut short.
    fn check_blocks(&self, file: &File, index: &Index, checksums: &[u64], bytes: u64) -> Result<Vec<Block>, OpenError> {
        let (mut buffer, mut left) = (Vec::new(), Vec::new());
        for (number, checksum) in (0..).zip(checksums) {
            let Some(entry) = index.entry(number) else { break };
            let block = Block { at: entry.start, bytes: entry.end - entry.start, checksum: *checksum };
            if entry.end <= bytes {
                self.check_block(file, &block, &mut buffer)?;
            } else {
                left.push(block);
            }
        }
        Ok(left)
    }

    fn check_block(&self, file: &File, block: &Block, buffer: &mut Vec<u8>) -> Result<(), OpenError> {
        buffer.resize(usize::try_from(block.bytes).unwrap_or(usize::MAX), 0); // It fits: it is within the file's length.
        file.read_exact_at(buffer, block.at).map_err(|cause| self.io(cause))?;
        if checksum64(buffer) != block.checksum {
            return Err(self.damaged(block.at, "a block is not what was committed"));
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
