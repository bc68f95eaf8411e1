//! Reads SQLite's write-ahead log without SQLite: the pages of its committed frames, and their checksums.
//!
//! The format is SQLite's, documented and stable: a header of 32 bytes, then frames of 24 bytes and a page. A frame is
//! valid if it repeats the header's salts and its running checksum is right; a transaction is valid if its last frame,
//! which holds the size of the database, is. When the whole log is in the database, SQLite begins it again at its
//! start, with other salts.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use crate::checksum::checksum64;

/// Bytes of a page: SQLite's default, which is not changed here.
pub(crate) const PAGE_BYTES: usize = 4096;

const HEADER_BYTES: usize = 32;
const FRAME_HEADER_BYTES: usize = 24;
const FRAME_BYTES: usize = FRAME_HEADER_BYTES + PAGE_BYTES;
/// Frames per read: as many as most transactions have.
const FRAMES_OF_READ: usize = 8;
/// SQLite's magic number; its last bit is the byte order of the checksum's words.
const MAGIC: u32 = 0x377f_0682;

/// A page as a committed transaction left it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PageSum {
    /// Page number, from 1.
    pub(crate) page: u32,
    pub(crate) sum: u64,
}

/// A position in a log.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Position {
    /// Salts of the log's header: new each time the log begins again. Zero without a log.
    pub(crate) salts: [u8; 8],
    /// Committed frames since the log began.
    pub(crate) frames: u64,
}

/// A reader of the log, which reads committed transactions only.
pub(crate) struct Wal {
    path: PathBuf,
    /// Kept open once found: SQLite overwrites and cuts the log, but never replaces the file while it is in use.
    file: Option<File>,
    header: [u8; HEADER_BYTES],
    running: (u32, u32),
    /// Committed frames read so far.
    pub(crate) frames: u64,
}

impl Wal {
    /// Starts at the beginning of a log, which need not exist yet.
    pub(crate) fn new(path: PathBuf) -> Self {
        Self { path, file: None, header: [0; HEADER_BYTES], running: (0, 0), frames: 0 }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Position after what was read so far.
    pub(crate) fn position(&self) -> Position {
        let mut salts = [0; 8];
        salts.copy_from_slice(&self.header[16..24]);
        Position { salts, frames: self.frames }
    }

    /// Reads the pages of transactions that were committed since the last call, in the order in which they were written.
    pub(crate) fn follow(&mut self) -> io::Result<Vec<PageSum>> {
        let file = match self.file.take().map_or_else(|| File::open(&self.path), Ok) {
            Ok(file) => &*self.file.insert(file),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let mut header = [0; HEADER_BYTES];
        if !read_whole(file, &mut header, 0)? {
            return Ok(Vec::new());
        }
        if header != self.header {
            let Some(running) = check_header(&header) else { return Ok(Vec::new()) };
            (self.header, self.running, self.frames) = (header, running, 0);
        }
        let (mut committed, mut open) = (Vec::new(), Vec::new());
        let (mut running, mut frames) = (self.running, self.frames);
        let big_endian = word(&self.header, 0) & 1 == 1;
        let mut buffer = vec![0; FRAMES_OF_READ * FRAME_BYTES];
        loop {
            let read = read_most(file, &mut buffer, HEADER_BYTES as u64 + frames * FRAME_BYTES as u64)?;
            let whole = buffer[..read].chunks_exact(FRAME_BYTES);
            let is_last = whole.len() < FRAMES_OF_READ;
            for frame in whole {
                let (head, page) = frame.split_at(FRAME_HEADER_BYTES);
                running = checksum(big_endian, checksum(big_endian, running, &head[..8]), page);
                if head[8..16] != self.header[16..24] || (word(head, 16), word(head, 20)) != running {
                    return Ok(committed);
                }
                frames += 1;
                open.push(PageSum { page: word(head, 0), sum: page_sum(page) });
                if word(head, 4) != 0 {
                    committed.append(&mut open);
                    (self.running, self.frames) = (running, frames);
                }
            }
            if is_last {
                return Ok(committed);
            }
        }
    }
}

/// The checksum of a page; never 0, which means unknown.
pub(crate) fn page_sum(page: &[u8]) -> u64 {
    checksum64(page).max(1)
}

/// Reads `buffer.len()` bytes at `at`; returns `false` if the file ends before.
pub(crate) fn read_whole(file: &File, buffer: &mut [u8], at: u64) -> io::Result<bool> {
    match file.read_exact_at(buffer, at) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error),
    }
}

/// Reads at `at` until `buffer` is full or the file ends; returns the number of bytes.
fn read_most(file: &File, buffer: &mut [u8], at: u64) -> io::Result<usize> {
    let mut read = 0;
    while read < buffer.len() {
        match file.read_at(&mut buffer[read..], at + read as u64) {
            Ok(0) => break,
            Ok(more) => read += more,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(read)
}

/// The running checksum after the header; `None` if it is not a header of a database with our page size.
fn check_header(header: &[u8; HEADER_BYTES]) -> Option<(u32, u32)> {
    let magic = word(header, 0);
    let running = checksum(magic & 1 == 1, (0, 0), &header[..24]);
    let is_right = magic & !1 == MAGIC && word(header, 8) as usize == PAGE_BYTES;
    (is_right && running == (word(header, 24), word(header, 28))).then_some(running)
}

fn checksum(big_endian: bool, state: (u32, u32), bytes: &[u8]) -> (u32, u32) {
    let (mut one, mut two) = state;
    let (pairs, _) = bytes.as_chunks::<8>();
    for pair in pairs {
        let (mut first, mut second) = ([0; 4], [0; 4]);
        first.copy_from_slice(&pair[..4]);
        second.copy_from_slice(&pair[4..]);
        let read = if big_endian { u32::from_be_bytes } else { u32::from_le_bytes };
        one = one.wrapping_add(read(first)).wrapping_add(two);
        two = two.wrapping_add(read(second)).wrapping_add(one);
    }
    (one, two)
}

/// The big-endian u32 at offset `at`.
fn word(bytes: &[u8], at: usize) -> u32 {
    let mut four = [0; 4];
    four.copy_from_slice(&bytes[at..at + 4]);
    u32::from_be_bytes(four)
}
