//! The record of page checksums beside a database: `<file>-sums`.
//!
//! ```text
//! "mockamoto sums 2", then records:  count (4), salts (8), frames (8), { page (4), checksum (8) }*, checksum of the record (8)
//! ```
//! Salts and frames give the position in the write-ahead log after the transaction.
//!
//! All numbers are little endian. Each transaction has one record, appended after its commit and not synced: a kill
//! cannot lose it, and a power cut loses only records of pages that are still in the write-ahead log. The file is
//! synced before pages leave the log.
//!
//! # Invariants
//! - The last checksum of a page is that of its newest content, or of a version that the write-ahead log replaces.

use std::collections::HashSet;
use std::fs::{File, TryLockError};
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::atomic_file::{AtomicFile, Visibility};
use crate::checksum::checksum64;
use crate::durability::Durability;
use crate::wal::{PageSum, Position};

const MAGIC: &[u8; 16] = b"mockamoto sums 2";
const ENTRY_BYTES: usize = 12;
const CHECKSUM_BYTES: usize = 8;
/// Bytes of count, salts and frames.
const HEAD_BYTES: usize = 4 + 8 + 8;
/// The file is rewritten when it exceeds four times the needed length plus 1 MiB.
const SLACK_FACTOR: u64 = 4;
const SLACK_BYTES: u64 = 1 << 20;

/// How often locking is tried while another process holds the lock, and the pause between tries.
const LOCK_TRIES: u32 = 20;
const LOCK_PAUSE: Duration = Duration::from_millis(5);

pub(crate) struct PageChecksums {
    file: File,
    path: PathBuf,
    /// Offset of the next record in the file.
    end: u64,
    /// Encoded records that could not be written yet.
    queue: Vec<u8>,
    /// Newest checksum by page number; 0 = unknown.
    latest: Vec<u64>,
    /// Position in the log after the last record.
    position: Position,
    /// Pages noted since [`PageChecksums::note_changes`]; `None` while no pages are being compared.
    changed: Option<HashSet<u32>>,
    /// Whether the file was renamed to its name and that is not known to be on the disk.
    entry_unsynced: bool,
}

/// Locks the record; a panic elsewhere does not make it unusable.
pub(crate) fn locked(sums: &Mutex<PageChecksums>) -> MutexGuard<'_, PageChecksums> {
    sums.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The content of a file of records, read at start.
pub(crate) struct Loaded {
    pub(crate) sums: PageChecksums,
    /// Page and checksum of replaced versions.
    pub(crate) older: HashSet<(u32, u64)>,
    /// Offset of the first byte that belongs to no whole record: the torn end of one, or damage.
    pub(crate) torn_at: Option<u64>,
}

/// Why a record cannot be read.
pub(crate) enum LoadError {
    Io(io::Error),
    InUse,
    NotARecord,
}

impl From<io::Error> for LoadError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl PageChecksums {
    /// Makes the file of a new database, with the checksums of its pages.
    pub(crate) fn create(path: PathBuf, latest: Vec<u64>, durability: Durability) -> io::Result<Self> {
        let position = Position::default();
        let (file, end) = write_anew(&path, &latest, position, durability)?;
        durability.sync_entry(&path)?;
        Ok(Self { file, path, end, queue: Vec::new(), latest, position, changed: None, entry_unsynced: false })
    }

    pub(crate) fn load(path: PathBuf) -> Result<Loaded, LoadError> {
        let file = File::options().read(true).write(true).open(&path)?;
        lock(&file)?;
        let bytes = std::fs::read(&path)?;
        let mut rest = bytes.strip_prefix(MAGIC).ok_or(LoadError::NotARecord)?;
        let (mut latest, mut older, mut position) = (Vec::new(), HashSet::new(), Position::default());
        while let Some((at, entries, after)) = record(rest) {
            position = at;
            for entry in entries {
                let before = set(&mut latest, entry);
                if before != 0 && before != entry.sum {
                    older.insert((entry.page, before));
                }
            }
            rest = after;
        }
        let end = (bytes.len() - rest.len()) as u64;
        let sums = Self { file, path, end, queue: Vec::new(), latest, position, changed: None, entry_unsynced: false };
        Ok(Loaded { sums, older, torn_at: (!rest.is_empty()).then_some(end) })
    }

    /// Newest checksum of a page; `None` when it is unknown.
    pub(crate) fn of(&self, page: u32) -> Option<u64> {
        self.latest.get(page as usize).copied().filter(|sum| *sum != 0)
    }

    /// Keeps track of which pages are noted from now on, beginning with those given.
    pub(crate) fn note_changes(&mut self, already: impl Iterator<Item = u32>) {
        self.changed = Some(already.collect());
    }

    /// Whether a page was noted since [`Self::note_changes`].
    pub(crate) fn has_changed(&self, page: u32) -> bool {
        self.changed.as_ref().is_some_and(|changed| changed.contains(&page))
    }

    /// Stops what [`Self::note_changes`] began.
    pub(crate) fn forget_changes(&mut self) {
        self.changed = None;
    }

    /// Position in the log after the last transaction that is noted.
    pub(crate) const fn position(&self) -> Position {
        self.position
    }

    /// Highest page that has an entry.
    pub(crate) fn last_page(&self) -> u32 {
        u32::try_from(self.latest.len().saturating_sub(1)).unwrap_or(u32::MAX)
    }

    /// Cuts off the bytes after the last whole record, before anything is written there. Otherwise, once a record of
    /// the same length replaces a damaged one, the records after it would be read again.
    pub(crate) fn cut_torn(&self) -> io::Result<()> {
        self.file.set_len(self.end)
    }

    /// Notes the pages of a transaction, and the position in the log after it. A record that cannot be written now is
    /// written with the next transaction.
    pub(crate) fn append(&mut self, pages: &[PageSum], position: Position) -> io::Result<()> {
        if !pages.is_empty() {
            for page in pages {
                set(&mut self.latest, *page);
            }
            if let Some(changed) = &mut self.changed {
                changed.extend(pages.iter().map(|page| page.page));
            }
            self.position = position;
            encode(&mut self.queue, pages, position);
        }
        self.flush()
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.write_all_at(&self.queue, self.end)?;
        self.end += self.queue.len() as u64;
        self.queue.clear();
        Ok(())
    }

    /// Writes the queued records, and waits until the file is on the disk, if `durability` requires it.
    pub(crate) fn sync(&mut self, durability: Durability) -> io::Result<()> {
        self.sync_entry(durability)?;
        self.flush()?;
        durability.sync_data(&self.file)
    }

    /// Rewrites the file if it has grown too long. To be called when all pages of the write-ahead log are in the
    /// database.
    pub(crate) fn shorten(&mut self, durability: Durability) -> io::Result<()> {
        let needed = (self.latest.len() * ENTRY_BYTES) as u64;
        if self.end > needed * SLACK_FACTOR + SLACK_BYTES {
            // From the rename on, the new file is the one under that name, whether or not the name survives a power cut yet.
            (self.file, self.end) = write_anew(&self.path, &self.latest, self.position, durability)?;
            self.queue.clear();
            self.entry_unsynced = true;
        }
        self.sync_entry(durability)
    }

    fn sync_entry(&mut self, durability: Durability) -> io::Result<()> {
        if self.entry_unsynced {
            durability.sync_entry(&self.path)?;
            self.entry_unsynced = false;
        }
        Ok(())
    }
}

/// Sets the newest checksum of a page and returns the one before, or 0 if there was none.
fn set(latest: &mut Vec<u64>, entry: PageSum) -> u64 {
    let index = entry.page as usize;
    if latest.len() <= index {
        latest.resize(index + 1, 0);
    }
    std::mem::replace(&mut latest[index], entry.sum)
}

/// Writes one record with all known checksums to a new file, which replaces the old one. The caller syncs its entry.
fn write_anew(path: &Path, latest: &[u64], position: Position, durability: Durability) -> io::Result<(File, u64)> {
    let mut bytes = MAGIC.to_vec();
    let known = (0_u32..).zip(latest).filter(|(_, sum)| **sum != 0);
    encode(&mut bytes, &known.map(|(page, sum)| PageSum { page, sum: *sum }).collect::<Vec<_>>(), position);
    let file = AtomicFile::create(path, Visibility::Umask)?;
    // The new file is locked before it gets its name.
    lock(file.file()).map_err(|error| match error {
        LoadError::Io(error) => error,
        LoadError::InUse | LoadError::NotARecord => io::Error::from(io::ErrorKind::ResourceBusy),
    })?;
    file.file().write_all_at(&bytes, 0)?;
    Ok((file.rename(durability)?, bytes.len() as u64))
}

/// Locks the file, trying for a moment: a child process that another thread starts has copies of all descriptors until
/// it runs its program, and so can still hold a lock that was just released.
fn lock(file: &File) -> Result<(), LoadError> {
    for _ in 0..LOCK_TRIES {
        match file.try_lock() {
            Ok(()) => return Ok(()),
            Err(TryLockError::WouldBlock) => std::thread::sleep(LOCK_PAUSE),
            Err(TryLockError::Error(error)) => return Err(LoadError::Io(error)),
        }
    }
    Err(LoadError::InUse)
}

fn encode(bytes: &mut Vec<u8>, pages: &[PageSum], position: Position) {
    let start = bytes.len();
    bytes.extend(u32::try_from(pages.len()).unwrap_or(u32::MAX).to_le_bytes());
    bytes.extend(position.salts);
    bytes.extend(position.frames.to_le_bytes());
    for page in pages {
        bytes.extend(page.page.to_le_bytes());
        bytes.extend(page.sum.to_le_bytes());
    }
    let checksum = checksum64(&bytes[start..]);
    bytes.extend(checksum.to_le_bytes());
}

/// Splits the first record off; `None` if the bytes do not begin with one.
fn record(bytes: &[u8]) -> Option<(Position, Vec<PageSum>, &[u8])> {
    let (count, _) = bytes.split_first_chunk::<4>()?;
    let length = usize::try_from(u32::from_le_bytes(*count)).ok()?.checked_mul(ENTRY_BYTES)?.checked_add(HEAD_BYTES)?;
    let (record, after) = bytes.split_at_checked(length)?;
    let (checksum, after) = after.split_first_chunk::<CHECKSUM_BYTES>()?;
    if checksum64(record) != u64::from_le_bytes(*checksum) {
        return None;
    }
    let (salts, rest) = record[4..].split_first_chunk::<8>()?;
    let (frames, entries) = rest.split_first_chunk::<8>()?;
    let position = Position { salts: *salts, frames: u64::from_le_bytes(*frames) };
    let (entries, _) = entries.as_chunks::<ENTRY_BYTES>();
    let entry = |entry: &[u8; ENTRY_BYTES]| {
        let (page, sum) = entry.split_first_chunk::<4>()?;
        Some(PageSum { page: u32::from_le_bytes(*page), sum: u64::from_le_bytes(sum.try_into().ok()?) })
    };
    Some((position, entries.iter().filter_map(entry).collect(), after))
}
