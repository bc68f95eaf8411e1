//! What the SQLite files of the smaller stores have in common: opening, migrating, integer conversions.
//!
//! # Invariants
//! - A file is only used when its application id says that it is the wanted kind of file.
//! - Migrations are append-only; `user_version` counts those applied, and all missing ones commit as one.
//!
//! # Not here
//! The tables themselves: beside the code that uses them. `chainstate.sqlite`: `crate::db`.

use std::path::Path;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, OptionalExtension as _, Row, Transaction, TransactionBehavior};
use sqlite::Inspected;
use stacks_types::address::StacksAddress;
use stacks_types::ids::Hash160;

/// How long a statement waits for a lock: readers of a WAL file never do, the one writer only for a checkpoint.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);
/// Prepared statements kept by a connection: more than any of these stores has queries.
const STATEMENT_CACHE: usize = 64;

/// Why a store could not read or write. Ours, not the sender's.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// SQLite refused: disk full, file damaged, constraint broken by a bug of ours.
    #[error("database: {0}")]
    Sqlite(#[from] rusqlite::Error),
    /// The file was written by a newer version of this software.
    #[error("the file has schema version {found}, this software knows up to {known}")]
    SchemaTooNew {
        /// Version in the file.
        found: i64,
        /// Newest version known.
        known: i64,
    },
    /// The file is a database, but not the wanted one.
    #[error("the file has application id {found:#010x}, not {expected:#010x}")]
    WrongFile {
        /// Id in the file.
        found: u32,
        /// Id of the wanted kind of file.
        expected: u32,
    },
    /// The file cannot be opened, or is damaged.
    #[error(transparent)]
    Open(#[from] sqlite::OpenError),
    /// A stored value that this software never writes.
    #[error("the database holds an impossible {column}")]
    Impossible {
        /// The column it was read from.
        column: &'static str,
    },
    /// A number that a database integer (63 bits and sign) cannot hold.
    #[error("{what} {value} does not fit a database integer")]
    TooBig {
        /// What the number means.
        what: &'static str,
        /// The number.
        value: u64,
    },
}

/// One kind of database file.
pub(crate) struct FileKind {
    /// SQLite's `application_id`: tells our files from each other and from strangers'.
    pub(crate) application_id: u32,
    /// Schema changes, oldest first. Only ever appended to.
    pub(crate) migrations: &'static [&'static str],
}

/// Opens a file for its one writer; makes it when it is missing and applies missing migrations.
///
/// `synchronous=FULL` (see [`sqlite::Inspected`]): what these stores acknowledge (a burn block that chain state will name, an accepted Stacks block)
/// must outlive a power cut. Burn blocks are rare and stored blocks are committed in groups, so one sync each is cheap.
pub(crate) fn open_writer(inspected: Inspected, kind: &FileKind) -> Result<Connection, StoreError> {
    let mut conn = inspected.open()?;
    conn.busy_timeout(BUSY_TIMEOUT)?;
    conn.set_prepared_statement_cache_capacity(STATEMENT_CACHE);
    conn.pragma_update(None, "foreign_keys", true)?;
    keep_plans(&conn)?;
    migrate(&mut conn, kind)?;
    Ok(conn)
}

/// Opens an existing file for reading only. Several may be open at once, also while the writer writes.
pub(crate) fn open_reader(path: &Path, kind: &FileKind) -> Result<Connection, StoreError> {
    // Not READ_ONLY: a reader of a WAL file may have to make its shared-memory index. `query_only` forbids the rest.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let conn = Connection::open_with_flags(path, flags)?;
    conn.busy_timeout(BUSY_TIMEOUT)?;
    conn.set_prepared_statement_cache_capacity(STATEMENT_CACHE);
    conn.pragma_update(None, "query_only", true)?;
    sqlite::leave_log(&conn)?;
    keep_plans(&conn)?;
    check_kind(&conn, kind)?;
    Ok(conn)
}

/// A table with a partial index has SQLite plan a statement again for every value that is bound to it, to see whether the
/// value fits the index. Ours name such values in the statement.
pub(crate) fn keep_plans(conn: &Connection) -> rusqlite::Result<()> {
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).map(|_| ())
}

/// Applies the migrations that `conn` has not seen, all in one transaction.
fn migrate(conn: &mut Connection, kind: &FileKind) -> Result<(), StoreError> {
    let tx = conn.transaction_with_behavior(TransactionBehavior::Exclusive)?;
    if is_empty(&tx)? {
        tx.pragma_update(None, "application_id", kind.application_id)?;
    }
    let found = check_kind(&tx, kind)?;
    for (version, sql) in (1_i64..).zip(kind.migrations) {
        if version > found {
            tx.execute_batch(sql)?;
            tx.pragma_update(None, "user_version", version)?;
        }
    }
    Ok(tx.commit()?)
}

/// Returns how many migrations the file has seen; refuses another kind of file and a newer schema.
fn check_kind(conn: &Connection, kind: &FileKind) -> Result<i64, StoreError> {
    let found: u32 = conn.pragma_query_value(None, "application_id", |row| row.get(0))?;
    if found != kind.application_id {
        return Err(StoreError::WrongFile { found, expected: kind.application_id });
    }
    let found: i64 = conn.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let known = i64::try_from(kind.migrations.len()).unwrap_or(i64::MAX);
    if found > known {
        return Err(StoreError::SchemaTooNew { found, known });
    }
    Ok(found)
}

/// Whether anything was ever put in the file; refuses another kind of file and a newer schema. Writes nothing.
pub(crate) fn has_tables(conn: &Connection, kind: &FileKind) -> Result<bool, StoreError> {
    Ok(!is_empty(conn)? && check_kind(conn, kind)? > 0)
}

/// The chain that the file is a part of, if it says so. Asks files of before as well.
pub(crate) fn select_identity(conn: &Connection) -> Result<Option<[u8; 16]>, StoreError> {
    if !conn.table_exists(None, "identity")? {
        return Ok(None);
    }
    Ok(conn.query_row("SELECT chain FROM identity", [], |row| row.get(0)).optional()?)
}

/// Has the file say which chain it is a part of.
pub(crate) fn insert_identity(tx: &Transaction<'_>, chain: [u8; 16]) -> Result<(), StoreError> {
    tx.execute("INSERT INTO identity (id, chain) VALUES (1, ?1) ON CONFLICT DO NOTHING", [chain])?;
    Ok(())
}

fn is_empty(conn: &Connection) -> Result<bool, StoreError> {
    Ok(conn.query_row("SELECT NOT EXISTS (SELECT 1 FROM sqlite_schema)", [], |row| row.get(0))?)
}

/// A number as a database integer.
pub(crate) fn to_integer(what: &'static str, value: u64) -> Result<i64, StoreError> {
    i64::try_from(value).map_err(|_| StoreError::TooBig { what, value })
}

/// The address in columns `address_version` and `address_hash160`.
pub(super) fn get_address(row: &Row<'_>) -> rusqlite::Result<StacksAddress> {
    let version: u8 = row.get("address_version")?;
    StacksAddress::new(version, Hash160(row.get("address_hash160")?))
        .ok_or(rusqlite::Error::IntegralValueOutOfRange(0, version.into()))
}

/// Reads a column that holds a number from 0 up.
pub(crate) fn get_u64(row: &Row<'_>, column: &'static str) -> rusqlite::Result<u64> {
    let value: i64 = row.get(column)?;
    u64::try_from(value).map_err(|_| rusqlite::Error::IntegralValueOutOfRange(0, value))
}
