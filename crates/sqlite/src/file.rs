//! SQLite files that notice damage: every page is compared with its checksum when the file is opened.
//!
//! SQLite's own checks see the structure of a file, not its content, and a write-ahead log that is damaged in the middle
//! loses its rest without a word. Here each transaction's pages are noted in `<file>-sums` (see `page_checksums`), so that at start
//! every page, in the log or in the file, is the newest version that was committed, bit by bit. Reading the file once costs
//! about a second a gigabyte from a fast disk.
//!
//! # Invariants
//! - All writes go through the one connection that [`open`] gives, so nobody else moves pages from the log to the file.
//! - Pages leave the log only after their checksums are on the disk.
//!
//! # Not here
//! Pages that are read later and were damaged after the start: the caller's own checks, and SQLite's.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::hooks::Wal as WalHandle;
use rusqlite::{Connection, OpenFlags};

use crate::page_checksums::{LoadError, Loaded, PageChecksums};
use crate::wal::{PAGE_BYTES, PageSum, Wal, page_sum, read_whole};
use crate::{OpenError, crash_point};

/// Frames of the log after which its pages are moved to the file: 4 MB, SQLite's default.
const CHECKPOINT_FRAMES: u64 = 1000;
/// Frames after which that is tried again when a reader was in the way.
const RETRY_FRAMES: u64 = 250;
/// Bytes that are read at a time: whole pages.
const READ_BYTES: usize = 64 * PAGE_BYTES;
/// How long a statement waits for a lock: readers of a WAL file never do, the one writer only for a checkpoint.
pub const BUSY_TIMEOUT: Duration = Duration::from_secs(10);
/// Prepared statements kept by a connection: more than any store has queries.
const STATEMENT_CACHE: usize = 128;

/// Opens `path` for its one writer, in WAL mode with `synchronous=FULL`; makes it when it is missing.
///
/// # Errors
/// [`OpenError::Damaged`] if a page is not what was last committed; the file is not changed then.
pub fn open(path: &Path) -> Result<Connection, OpenError> {
    inspect(path)?.open()
}

/// A file that was found whole, and in which nothing was written yet. Locked as long as this is there, if it is there.
pub struct Inspected {
    path: PathBuf,
    wal: Wal,
    /// What the log holds, by page.
    newest: BTreeMap<u32, u64>,
    /// None of a file to which nothing was ever committed.
    known: Option<Loaded>,
}

/// Compares every page of `path` with what was last committed. Writes nothing.
///
/// # Errors
/// [`OpenError::Damaged`] if a page is another one.
pub fn inspect(path: &Path) -> Result<Inspected, OpenError> {
    let (wal_path, sums_path) = (beside(path, "-wal"), beside(path, "-sums"));
    let mut wal = Wal::new(wal_path);
    let logged = wal.follow().map_err(OpenError::file(wal.path()))?;
    let exists = |path: &Path| path.try_exists().map_err(OpenError::file(path));
    let known = match exists(&sums_path)? {
        true => Some(load(path, sums_path)?),
        // Nothing was committed before the record was made, and until then the file is one page at most.
        false if logged.is_empty() && length(path)? <= PAGE_BYTES as u64 => None,
        false => return Err(damaged(&sums_path, "it is missing")),
    };
    let newest = logged.into_iter().map(|frame| (frame.page, frame.sum)).collect();
    if let Some(known) = &known {
        check(path, &wal, &newest, known)?;
    }
    Ok(Inspected { path: path.to_owned(), wal, newest, known })
}

impl Inspected {
    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether the file is there, were it empty.
    ///
    /// # Errors
    /// When the system does not say.
    pub fn exists(&self) -> Result<bool, OpenError> {
        self.path.try_exists().map_err(OpenError::file(&self.path))
    }

    /// Runs `look` on what is committed, and leaves all as it is. None of a file to which nothing was ever committed.
    ///
    /// # Errors
    /// What `look` says, and [`OpenError::Sqlite`].
    pub fn look<T, E: From<OpenError>>(&self, look: impl FnOnce(&Connection) -> Result<T, E>) -> Result<Option<T>, E> {
        if self.known.is_none() {
            return Ok(None);
        }
        let had_log = self.wal.path().try_exists().map_err(OpenError::file(self.wal.path()))?;
        let conn = connect_to_look(&self.path)?;
        let result = look(&conn);
        conn.close().map_err(|(_, source)| OpenError::database(&self.path)(source))?;
        if !had_log {
            // SQLite makes an empty one to look at a database of this mode.
            let _ = std::fs::remove_file(self.wal.path());
        }
        result.map(Some)
    }

    /// Opens the file for its one writer, as [`open`] does.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn open(self) -> Result<Connection, OpenError> {
        let Self { path, wal, newest, known } = self;
        let mut conn = connect(&path)?;
        let sums_path = beside(&path, "-sums");
        let sums = match known {
            Some(known) => known.sums,
            None => {
                crash_point("sqlite:made");
                let first = page_sums(&path)?;
                PageChecksums::create(sums_path.clone(), first).map_err(OpenError::file(&sums_path))?
            }
        };
        crash_point("sqlite:opened");
        let mut writer = ChecksumWriter { wal, sums, checkpoint_at: CHECKPOINT_FRAMES };
        writer.catch_up(&newest).map_err(OpenError::file(&sums_path))?;
        let hook = move |handle: &mut WalHandle, _| {
            // The transaction is on the disk: nothing may fail it any more.
            if let Err(error) = writer.committed(handle) {
                tracing::warn!(%error, "page checksums are written later");
            }
            Ok(())
        };
        conn.wal_hook(Some(hook)).map_err(OpenError::database(&path))?;
        Ok(conn)
    }
}

/// Opens an existing file for reading. Several may be open at once, also while the writer writes.
///
/// # Errors
/// [`OpenError`] when SQLite cannot.
pub fn open_reader(path: &Path) -> Result<Connection, OpenError> {
    let at = OpenError::database(path);
    // Not READ_ONLY: a reader of a WAL file may have to make its shared-memory index. `query_only` forbids the rest.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let conn = Connection::open_with_flags(path, flags).map_err(&at)?;
    set_up(&conn).map_err(&at)?;
    conn.pragma_update(None, "query_only", true).map_err(&at)?;
    Ok(conn)
}

fn connect(path: &Path) -> Result<Connection, OpenError> {
    let at = OpenError::database(path);
    let conn = Connection::open(path).map_err(&at)?;
    set_up(&conn).map_err(&at)?;
    // WAL: readers see the last commit while the next is written. FULL: what was acknowledged survives a power cut.
    conn.pragma_update(None, "journal_mode", "WAL").map_err(&at)?;
    conn.pragma_update(None, "synchronous", "FULL").map_err(&at)?;
    conn.pragma_update(None, "wal_autocheckpoint", 0).map_err(&at)?;
    conn.pragma_update(None, "foreign_keys", true).map_err(&at)?;
    Ok(conn)
}

/// What all connections have in common.
fn set_up(conn: &Connection) -> rusqlite::Result<()> {
    conn.busy_timeout(BUSY_TIMEOUT)?;
    conn.set_prepared_statement_cache_capacity(STATEMENT_CACHE);
    // The log is the writer's: whoever closes last leaves it.
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    // A table with a partial index has SQLite plan a statement again for every value that is bound to it, to see whether
    // the value fits the index. Ours name such values in the statement.
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    Ok(())
}

/// A connection that writes nothing. Exclusive: then SQLite keeps its index of the log in memory instead of in a file.
fn connect_to_look(path: &Path) -> Result<Connection, OpenError> {
    let at = OpenError::database(path);
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let conn = Connection::open_with_flags(path, flags).map_err(&at)?;
    set_up(&conn).map_err(&at)?;
    conn.pragma_update(None, "locking_mode", "EXCLUSIVE").map_err(&at)?;
    conn.pragma_update(None, "query_only", true).map_err(&at)?;
    Ok(conn)
}

/// Notes what each transaction wrote, and moves the log's pages to the file when there are many.
struct ChecksumWriter {
    wal: Wal,
    sums: PageChecksums,
    checkpoint_at: u64,
}

impl ChecksumWriter {
    /// A transaction that was committed just before the process died may not be noted.
    fn catch_up(&mut self, logged: &BTreeMap<u32, u64>) -> io::Result<()> {
        let pages = logged.iter().map(|(page, sum)| PageSum { page: *page, sum: *sum });
        let news: Vec<_> = pages.filter(|page| self.sums.of(page.page) != Some(page.sum)).collect();
        self.sums.cut_torn()?;
        self.sums.append(&news, self.wal.position())
    }

    fn committed(&mut self, handle: &mut WalHandle) -> io::Result<()> {
        let before = self.wal.frames;
        let pages = self.wal.follow()?;
        if self.wal.frames < before {
            self.checkpoint_at = CHECKPOINT_FRAMES; // The log began again.
        }
        self.sums.append(&pages, self.wal.position())?;
        crash_point("sqlite:noted");
        if self.wal.frames < self.checkpoint_at {
            return Ok(());
        }
        self.checkpoint_at = self.wal.frames + RETRY_FRAMES;
        self.sums.sync()?;
        crash_point("sqlite:before_checkpoint");
        let (in_log, moved) = handle.checkpoint_v2(rusqlite::wal::CheckpointMode::PASSIVE).map_err(io::Error::other)?;
        crash_point("sqlite:after_checkpoint");
        if in_log == moved {
            self.sums.shorten()?;
        }
        Ok(())
    }
}

fn load(path: &Path, sums_path: PathBuf) -> Result<Loaded, OpenError> {
    PageChecksums::load(sums_path.clone()).map_err(|error| match error {
        LoadError::Io(source) => OpenError::Io { path: sums_path, source },
        LoadError::InUse => OpenError::InUse { path: path.to_owned() },
        LoadError::NotARecord => damaged(&sums_path, "it does not begin as a record of checksums"),
    })
}

/// Every page is the newest that was committed, in the log if it has the page, else in the file.
fn check(path: &Path, wal: &Wal, logged: &BTreeMap<u32, u64>, known: &Loaded) -> Result<(), OpenError> {
    let (noted, found) = (known.sums.position(), wal.position());
    if noted.salts == found.salts && found.frames < noted.frames {
        let detail =
            format!("{} of {} frames are there: committed transactions are missing", found.frames, noted.frames);
        return Err(damaged(wal.path(), detail));
    }
    let in_file = page_sums(path)?;
    if in_file.get(1).is_none_or(|sum| *sum == 0) {
        // SQLite takes such a file for a new one, and throws the log away.
        return Err(damaged(path, "page 1 is missing"));
    }
    let last = known.sums.last_page().max(u32::try_from(in_file.len().saturating_sub(1)).unwrap_or(u32::MAX));
    for page in 1..=last {
        // The log has all that is noted, or began again since: what it holds of a page is its newest content. That may be
        // equal to an old one, as of a counter that goes up and down again.
        if logged.contains_key(&page) {
            continue;
        }
        let expected = known.sums.of(page);
        let content = in_file.get(page as usize).copied();
        let detail = match (content, expected) {
            (Some(content), Some(expected)) if content == expected => continue,
            // A page that SQLite made room for and never used.
            (_, None) if known.torn_at.is_none() => continue,
            (Some(content), Some(_)) if known.older.contains(&(page, content)) => {
                let detail = format!("page {page} of the database is an old one: committed transactions are missing");
                return Err(damaged(wal.path(), detail));
            }
            (None, Some(_)) => format!("page {page} is missing"),
            _ => format!("page {page} is not the one that was written"),
        };
        return Err(match known.torn_at {
            Some(at) => damaged(&beside(path, "-sums"), format!("byte {at} is not what was written ({detail})")),
            None => damaged(path, detail),
        });
    }
    Ok(())
}

/// The checksums of the file's pages, by number; the first entry stands for no page.
fn page_sums(path: &Path) -> Result<Vec<u64>, OpenError> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(vec![0]),
        Err(error) => return Err(OpenError::file(path)(error)),
    };
    let pages = length(path)?.div_ceil(PAGE_BYTES as u64);
    let mut sums = vec![0];
    let mut buffer = vec![0; READ_BYTES];
    for first in (0..pages).step_by(READ_BYTES / PAGE_BYTES) {
        let at = first * PAGE_BYTES as u64;
        let whole = read_whole(&file, &mut buffer, at).map_err(OpenError::file(path))?;
        if whole {
            sums.extend(buffer.chunks(PAGE_BYTES).map(page_sum));
            continue;
        }
        for page in first..pages {
            let one = &mut buffer[..PAGE_BYTES];
            let whole = read_whole(&file, one, page * PAGE_BYTES as u64).map_err(OpenError::file(path))?;
            // Part of a page is no page that was written.
            sums.push(if whole { page_sum(one) } else { 0 });
        }
        break;
    }
    Ok(sums)
}

fn length(path: &Path) -> Result<u64, OpenError> {
    match path.metadata() {
        Ok(metadata) => Ok(metadata.len()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(0),
        Err(error) => Err(OpenError::file(path)(error)),
    }
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

fn damaged(path: &Path, detail: impl ToString) -> OpenError {
    OpenError::Damaged { path: path.to_owned(), detail: detail.to_string() }
}

#[cfg(test)]
mod tests;
