//! SQLite files that notice damage: every page is compared with its checksum when the file is opened.
//!
//! SQLite's own checks cover the structure of a file, not its content; and if a write-ahead log is damaged in the
//! middle, SQLite silently drops the rest. Here the checksums of each transaction's pages are noted in `<file>-sums`
//! (see `page_checksums`). At start every page, in the log or in the file, must be bit by bit the newest version that
//! was committed. In a large file the pages after the first [`START_CHECK_BYTES`] are compared later, by [`Unchecked`].
//!
//! # Invariants
//! - All writes go through the one connection that [`open`] returns, so nobody else moves pages from the log to the file.
//! - Pages leave the log only after their checksums are on the disk, if [`Durability`] requires it.
//!
//! # Not here
//! Damage after the start, and pages that are read before they are compared: left to the caller's checks and SQLite's.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::hooks::Wal as WalHandle;
use rusqlite::wal::CheckpointMode;
use rusqlite::{Connection, ErrorCode, OpenFlags};

use crate::access;
use crate::check::{START_CHECK_BYTES, Unchecked, check, page_sums};
use crate::crash::crash_point;
use crate::durability::Durability;
use crate::error::OpenError;
use crate::page_checksums::{LoadError, Loaded, PageChecksums, locked};
use crate::paths::{beside, file_length};
use crate::wal::{PAGE_BYTES, PageSum, Wal};

/// Frames in the log after which its pages are moved to the file: 4 MB, SQLite's default.
const CHECKPOINT_FRAMES: u64 = 1000;
/// Frames after which moving pages is tried again if a reader was in the way.
const RETRY_FRAMES: u64 = 250;
/// Log length in frames (128 MiB) at which the writer waits for readers so that the log can restart; overlapping
/// readers would otherwise let it grow without bound. After a wait in vain, it waits again that many frames later.
const LOG_FRAMES: u64 = 32_768;
/// How long the writer waits for readers in each of [`RESTART_TRIES`].
const READERS_TIMEOUT: Duration = Duration::from_secs(1);
/// A try can fail because new readers keep taking the slot it waits for. They read the newest commit, so the next try
/// waits only for the readers of that moment.
const RESTART_TRIES: u32 = 3;
/// Bytes to which a log is cut when it begins again.
const LOG_BYTES_KEPT: u64 = 16 << 20;
/// How long a statement waits for a lock. Readers and the one writer of a WAL file do not wait for each other, except as
/// [`READERS_TIMEOUT`] describes.
pub const BUSY_TIMEOUT: Duration = Duration::from_secs(10);
/// Prepared statements that a connection keeps: more than any store has queries.
const STATEMENT_CACHE: usize = 128;

/// Opens `path` for its one writer, in WAL mode; makes the file if it is missing. Compares the whole file, however large.
///
/// # Errors
/// [`OpenError::Damaged`] if a page is not what was last committed; the file is then left unchanged.
pub fn open(path: &Path, durability: Durability) -> Result<Connection, OpenError> {
    inspect_first(path, u64::MAX)?.open(durability)
}

/// A file whose pages were compared and that was not changed. An existing file is locked until this is dropped.
pub struct Inspected {
    path: PathBuf,
    wal: Wal,
    /// Checksum of each page in the log, by page number.
    newest: BTreeMap<u32, u64>,
    /// `None` when nothing was ever committed to the file.
    sums: Option<Arc<Mutex<PageChecksums>>>,
    unchecked: Option<Unchecked>,
}

/// Compares the pages in the first [`START_CHECK_BYTES`] of `path` with what was last committed: all pages, unless the
/// file is large. Checks that the others exist. Writes nothing.
///
/// # Errors
/// [`OpenError::Damaged`] if a page is not the one that was committed.
pub fn inspect(path: &Path) -> Result<Inspected, OpenError> {
    inspect_first(path, START_CHECK_BYTES)
}

fn inspect_first(path: &Path, bytes: u64) -> Result<Inspected, OpenError> {
    access::check(path)?;
    let (wal_path, sums_path) = (beside(path, "-wal"), beside(path, "-sums"));
    let mut wal = Wal::new(wal_path);
    let exists = |path: &Path| path.try_exists().map_err(OpenError::file(path));
    // Loading takes the lock. What an earlier process commits until it has ended is in the log that is read after that.
    let known = if exists(&sums_path)? { Some(load(path, sums_path.clone())?) } else { None };
    let logged = wal.follow().map_err(OpenError::file(wal.path()))?;
    match known {
        Some(_) => {}
        // Nothing is committed before the record is made, and until then the file has at most one page.
        None if logged.is_empty() && file_length(path)? <= PAGE_BYTES as u64 => {}
        None => return Err(OpenError::damaged(&sums_path, "it is missing")),
    }
    let newest = logged.into_iter().map(|frame| (frame.page, frame.sum)).collect();
    let Some(mut known) = known else {
        return Ok(Inspected { path: path.to_owned(), wal, newest, sums: None, unchecked: None });
    };
    let left = check(path, &wal, &newest, &known, bytes)?;
    if !left.is_empty() {
        known.sums.note_changes(newest.keys().copied());
    }
    let sums = Arc::new(Mutex::new(known.sums));
    let unchecked = (!left.is_empty()).then(|| Unchecked::new(path, left, Arc::downgrade(&sums)));
    Ok(Inspected { path: path.to_owned(), wal, newest, sums: Some(sums), unchecked })
}

impl Inspected {
    /// Path of the database.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether the file exists, even if it is empty.
    ///
    /// # Errors
    /// When the system cannot tell.
    pub fn exists(&self) -> Result<bool, OpenError> {
        self.path.try_exists().map_err(OpenError::file(&self.path))
    }

    /// Runs `look` on the committed content, and changes nothing. `None` if nothing was ever committed to the file.
    ///
    /// # Errors
    /// The error of `look`, and [`OpenError::Sqlite`].
    pub fn look<T, E: From<OpenError>>(&self, look: impl FnOnce(&Connection) -> Result<T, E>) -> Result<Option<T>, E> {
        if self.sums.is_none() {
            return Ok(None);
        }
        let had_log = self.wal.path().try_exists().map_err(OpenError::file(self.wal.path()))?;
        let conn = connect_to_look(&self.path)?;
        let result = look(&conn);
        conn.close().map_err(|(_, source)| OpenError::database(&self.path)(source))?;
        if !had_log {
            // To read a database in WAL mode, SQLite made an empty log.
            let _ = std::fs::remove_file(self.wal.path());
        }
        result.map(Some)
    }

    /// Takes the pages that are still to be compared. The caller compares them while the file is in use.
    pub fn take_unchecked(&mut self) -> Option<Unchecked> {
        self.unchecked.take()
    }

    /// Opens the file for its one writer, as [`open`] does.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn open(self, durability: Durability) -> Result<Connection, OpenError> {
        let Self { path, wal, newest, sums, .. } = self;
        let mut conn = connect(&path, durability)?;
        let sums_path = beside(&path, "-sums");
        let sums = match sums {
            Some(sums) => sums,
            None => {
                crash_point("sqlite:made");
                let first = page_sums(&path, u64::MAX)?;
                let made =
                    PageChecksums::create(sums_path.clone(), first, durability).map_err(OpenError::file(&sums_path))?;
                Arc::new(Mutex::new(made))
            }
        };
        crash_point("sqlite:opened");
        let mut writer =
            ChecksumWriter { wal, sums, checkpoint_at: CHECKPOINT_FRAMES, restart_at: LOG_FRAMES, durability };
        writer.catch_up(&newest).map_err(OpenError::file(&sums_path))?;
        let hook = move |handle: &mut WalHandle, _| {
            // The transaction is on the disk, so it must not fail any more.
            if let Err(error) = writer.committed(handle) {
                tracing::warn!(%error, "page checksums are written later");
            }
            Ok(())
        };
        conn.wal_hook(Some(hook)).map_err(OpenError::database(&path))?;
        Ok(conn)
    }
}

/// Opens an existing file for reading. Several readers may be open at once, also while the writer writes.
///
/// # Errors
/// [`OpenError`] when SQLite cannot open it.
pub fn open_reader(path: &Path) -> Result<Connection, OpenError> {
    let at = OpenError::database(path);
    // Not READ_ONLY: a reader of a WAL file may have to make the shared-memory index. `query_only` forbids all other
    // writes.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let conn = Connection::open_with_flags(no_uri(path), flags).map_err(&at)?;
    set_up(&conn).map_err(&at)?;
    conn.pragma_update(None, "query_only", true).map_err(&at)?;
    Ok(conn)
}

fn connect(path: &Path, durability: Durability) -> Result<Connection, OpenError> {
    let at = OpenError::database(path);
    let conn = Connection::open(no_uri(path)).map_err(&at)?;
    set_up(&conn).map_err(&at)?;
    // Set before the first write, which setting the journal mode can be.
    conn.pragma_update(None, "synchronous", durability.synchronous()).map_err(&at)?;
    // WAL: readers see the last commit while the next is written.
    conn.pragma_update(None, "journal_mode", "WAL").map_err(&at)?;
    conn.pragma_update(None, "wal_autocheckpoint", 0).map_err(&at)?;
    conn.pragma_update(None, "journal_size_limit", LOG_BYTES_KEPT).map_err(&at)?;
    conn.busy_timeout(READERS_TIMEOUT).map_err(&at)?;
    conn.pragma_update(None, "foreign_keys", true).map_err(&at)?;
    Ok(conn)
}

/// The path in a form that SQLite does not read as a URI: `./` goes before `file:`.
fn no_uri(path: &Path) -> Cow<'_, Path> {
    if path.as_os_str().as_encoded_bytes().starts_with(b"file:") {
        return Cow::Owned(Path::new(".").join(path));
    }
    Cow::Borrowed(path)
}

/// Opens a file whose pages are not compared, or makes it: one without which nothing is lost that counts.
///
/// # Errors
/// [`OpenError`] when the file cannot be read, written or made.
pub fn open_unchecked(path: &Path) -> Result<Connection, OpenError> {
    access::check(path)?;
    let conn = Connection::open(no_uri(path)).map_err(OpenError::database(path))?;
    set_up(&conn).map_err(OpenError::database(path))?;
    Ok(conn)
}

/// Settings of all connections.
fn set_up(conn: &Connection) -> rusqlite::Result<()> {
    conn.busy_timeout(BUSY_TIMEOUT)?;
    conn.set_prepared_statement_cache_capacity(STATEMENT_CACHE);
    // A savepoint keeps the old pages, otherwise in a temporary file: a full disk elsewhere would then stop writes. In memory
    // they are a list, which the end of every statement with a trigger walks: no savepoint around work on many pages.
    conn.pragma_update(None, "temp_store", "MEMORY")?;
    // Only the writer moves the log's pages to the file: SQLite would do so when the last connection is closed.
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    // If a table has a partial index, SQLite plans a statement again for every bound value, to see whether the value
    // fits the index. Our statements contain such values as literals, so replanning is switched off.
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    Ok(())
}

/// A connection that writes nothing. It is exclusive, so that SQLite keeps the index of the log in memory, not in a file.
fn connect_to_look(path: &Path) -> Result<Connection, OpenError> {
    let at = OpenError::database(path);
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let conn = Connection::open_with_flags(no_uri(path), flags).map_err(&at)?;
    set_up(&conn).map_err(&at)?;
    conn.pragma_update(None, "locking_mode", "EXCLUSIVE").map_err(&at)?;
    conn.pragma_update(None, "query_only", true).map_err(&at)?;
    Ok(conn)
}

/// Notes the checksums of each transaction's pages, and moves the log's pages to the file when there are many.
struct ChecksumWriter {
    wal: Wal,
    sums: Arc<Mutex<PageChecksums>>,
    checkpoint_at: u64,
    restart_at: u64,
    durability: Durability,
}

impl ChecksumWriter {
    /// Notes a transaction that was committed just before the process died.
    fn catch_up(&mut self, logged: &BTreeMap<u32, u64>) -> io::Result<()> {
        let mut sums = locked(&self.sums);
        let pages = logged.iter().map(|(page, sum)| PageSum { page: *page, sum: *sum });
        let news: Vec<_> = pages.filter(|page| sums.of(page.page) != Some(page.sum)).collect();
        sums.cut_torn()?;
        sums.append(&news, self.wal.position())
    }

    fn committed(&mut self, handle: &mut WalHandle) -> io::Result<()> {
        let before = self.wal.frames;
        let pages = self.wal.follow()?;
        if self.wal.frames < before {
            // The log has begun again.
            (self.checkpoint_at, self.restart_at) = (CHECKPOINT_FRAMES, LOG_FRAMES);
        }
        locked(&self.sums).append(&pages, self.wal.position())?;
        crash_point("sqlite:noted");
        if self.wal.frames < self.checkpoint_at {
            return Ok(());
        }
        self.checkpoint_at = self.wal.frames + RETRY_FRAMES;
        locked(&self.sums).sync(self.durability)?;
        crash_point("sqlite:before_checkpoint");
        let is_whole = self.checkpoint(handle).map_err(io::Error::other)?;
        crash_point("sqlite:after_checkpoint");
        if is_whole {
            locked(&self.sums).shorten(self.durability)?;
        }
        Ok(())
    }

    /// Moves the log's pages to the file, as many as the readers permit. Returns whether all were moved.
    fn checkpoint(&mut self, handle: &mut WalHandle) -> rusqlite::Result<bool> {
        if self.wal.frames < self.restart_at {
            let (in_log, moved) = handle.checkpoint_v2(CheckpointMode::PASSIVE)?;
            return Ok(in_log == moved);
        }
        self.restart_at = self.wal.frames + LOG_FRAMES;
        for _ in 0..RESTART_TRIES {
            match handle.checkpoint_v2(CheckpointMode::RESTART) {
                Ok((in_log, moved)) => return Ok(in_log == moved),
                Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) => {}
                Err(error) => return Err(error),
            }
        }
        let log_bytes = self.wal.frames * PAGE_BYTES as u64;
        tracing::warn!(log_bytes, "long reads keep the write-ahead log from beginning again");
        Ok(false)
    }
}

fn load(path: &Path, sums_path: PathBuf) -> Result<Loaded, OpenError> {
    PageChecksums::load(sums_path.clone()).map_err(|error| match error {
        LoadError::Io(source) => OpenError::Io { path: sums_path, source },
        LoadError::InUse => OpenError::InUse { path: path.to_owned() },
        LoadError::NotARecord => OpenError::damaged(&sums_path, "it does not begin as a record of checksums"),
    })
}

#[cfg(test)]
mod tests;
