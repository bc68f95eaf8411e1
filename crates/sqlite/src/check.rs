//! Compares the pages of a database with what was last committed: at the start as many as can be read quickly, the rest
//! while the file is in use.
//!
//! # Invariants
//! - A page counts as right only if its bytes on the disk have the noted checksum, or if a newer version of it was written since
//!   the start.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, Weak};

use crate::error::OpenError;
use crate::page_checksums::{Loaded, PageChecksums, locked};
use crate::paths::{beside, file_length};
use crate::wal::{PAGE_BYTES, Wal, page_sum, read_whole};

/// Bytes of a file that are compared at the start, which takes one core 0.4 s.
pub const START_CHECK_BYTES: u64 = 1 << 30;

/// Pages that are compared in one step.
const PAGES_AT_A_TIME: u32 = 64;
/// Bytes of [`PAGES_AT_A_TIME`] pages.
const READ_BYTES: usize = PAGES_AT_A_TIME as usize * PAGE_BYTES;

/// Pages of a file that are still to be compared with what was committed.
pub struct Unchecked {
    path: PathBuf,
    pages: RangeInclusive<u32>,
    /// The file's owner drops it when the file is closed.
    sums: Weak<Mutex<PageChecksums>>,
}

impl Unchecked {
    pub(crate) fn new(path: &Path, pages: RangeInclusive<u32>, sums: Weak<Mutex<PageChecksums>>) -> Self {
        Self { path: path.to_owned(), pages, sums }
    }

    /// Compares the next 256 KiB. Returns whether there is more; false also when the file was closed.
    ///
    /// # Errors
    /// [`OpenError::Damaged`] if a page is not the one that was written: the program should stop using the file.
    pub fn check_some(&mut self) -> Result<bool, OpenError> {
        let (first, last) = (*self.pages.start(), *self.pages.end());
        let Some(sums) = self.sums.upgrade() else { return Ok(false) };
        let until = last.min(first.saturating_add(PAGES_AT_A_TIME - 1));
        let file = File::open(&self.path).map_err(OpenError::file(&self.path))?;
        let mut page_bytes = [0; PAGE_BYTES];
        for page in first..=until {
            let at = u64::from(page - 1) * PAGE_BYTES as u64;
            let is_whole = read_whole(&file, &mut page_bytes, at).map_err(OpenError::file(&self.path))?;
            let found = is_whole.then(|| page_sum(&page_bytes));
            // The noted checksum is looked up after the page is read: a page that changes meanwhile is noted before it
            // moves from the log to the file.
            let sums = locked(&sums);
            let is_right = match sums.of(page) {
                Some(noted) => found == Some(noted) || sums.has_changed(page),
                // SQLite may allocate a page and never write it.
                None => true,
            };
            if !is_right {
                return Err(OpenError::damaged(&self.path, format!("page {page} is not the one that was written")));
            }
        }
        if until == last {
            locked(&sums).forget_changes();
            return Ok(false);
        }
        self.pages = until + 1..=last;
        Ok(true)
    }
}

/// Checks that the pages in the first `bytes` of the file are the newest that were committed, unless the log holds a
/// newer version. Returns the pages after them that exist and are still to be compared.
pub(crate) fn check(
    path: &Path,
    wal: &Wal,
    logged: &BTreeMap<u32, u64>,
    known: &Loaded,
    bytes: u64,
) -> Result<RangeInclusive<u32>, OpenError> {
    let (noted, found) = (known.sums.position(), wal.position());
    if noted.salts == found.salts && found.frames < noted.frames {
        let detail =
            format!("{} of {} frames are there: committed transactions are missing", found.frames, noted.frames);
        return Err(OpenError::damaged(wal.path(), detail));
    }
    let in_file = page_sums(path, bytes)?;
    if in_file.get(1).is_none_or(|sum| *sum == 0) {
        // SQLite would take such a file for a new one and discard the log.
        return Err(OpenError::damaged(path, "page 1 is missing"));
    }
    let pages = |count: u64| u32::try_from(count).unwrap_or(u32::MAX);
    let here = pages(file_length(path)?.div_ceil(PAGE_BYTES as u64));
    let last = known.sums.last_page().max(here);
    let compared = pages(bytes.div_ceil(PAGE_BYTES as u64)).min(here);
    for page in (1..=compared).chain(here + 1..=last) {
        // The log has all noted transactions, or has begun again since. So its version of a page is the newest, even if
        // that equals an old one, as with a counter that goes up and down.
        if logged.contains_key(&page) {
            continue;
        }
        let expected = known.sums.of(page);
        let content = in_file.get(page as usize).copied();
        let detail = match (content, expected) {
            (Some(content), Some(expected)) if content == expected => continue,
            // SQLite may allocate a page and never write it.
            (_, None) if known.torn_at.is_none() => continue,
            (Some(content), Some(_)) if known.older.contains(&(page, content)) => {
                let detail = format!("page {page} of the database is an old one: committed transactions are missing");
                return Err(OpenError::damaged(wal.path(), detail));
            }
            (None, Some(_)) => format!("page {page} is missing"),
            _ => format!("page {page} is not the one that was written"),
        };
        return Err(match known.torn_at {
            Some(at) => {
                OpenError::damaged(&beside(path, "-sums"), format!("byte {at} is not what was written ({detail})"))
            }
            None => OpenError::damaged(path, detail),
        });
    }
    Ok(compared + 1..=here)
}

/// Checksums of the pages in the first `bytes` of a file, by page number; entry 0 is unused.
pub(crate) fn page_sums(path: &Path, bytes: u64) -> Result<Vec<u64>, OpenError> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(vec![0]),
        Err(error) => return Err(OpenError::file(path)(error)),
    };
    let pages = file_length(path)?.min(bytes).div_ceil(PAGE_BYTES as u64);
    let mut sums = vec![0];
    let mut buffer = vec![0; READ_BYTES];
    for first in (0..pages).step_by(PAGES_AT_A_TIME as usize) {
        let at = first * PAGE_BYTES as u64;
        let count = (pages - first).min(u64::from(PAGES_AT_A_TIME));
        let whole = &mut buffer[..usize::try_from(count).unwrap_or(usize::MAX) * PAGE_BYTES];
        if read_whole(&file, whole, at).map_err(OpenError::file(path))? {
            sums.extend(whole.chunks(PAGE_BYTES).map(page_sum));
            continue;
        }
        for page in first..pages {
            let one = &mut buffer[..PAGE_BYTES];
            let whole = read_whole(&file, one, page * PAGE_BYTES as u64).map_err(OpenError::file(path))?;
            // A page that was cut short counts as unknown.
            sums.push(if whole { page_sum(one) } else { 0 });
        }
        break;
    }
    Ok(sums)
}
