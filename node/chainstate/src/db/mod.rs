//! Connections to `chainstate.sqlite`, its migrations, and the thread that writes it.
//!
//! What raises events (headers, receipts, StackerDB, mempool) lives in this one file beside the journal, so that an
//! event commits with its state. Staging and the burn database are files of their own.

mod error;
mod migrate;
mod packed;
mod store;

pub use error::{OpenError, StoreError};
pub(crate) use migrate::migrate;
pub(crate) use packed::Packed;
pub use store::{Store, WriteTx};

use std::path::Path;
use std::time::{Duration, Instant};

use rusqlite::{Connection, OpenFlags};

use crate::burn::sqlite::keep_plans;

/// How long a statement waits for a lock. The only writer is our own thread; others hold locks for checkpoints alone.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);
/// Prepared statements kept by a connection: more than we have queries.
const STATEMENT_CACHE: usize = 128;

/// Opens `chainstate.sqlite` for writing and brings its tables up to date.
pub(crate) fn open_writer(path: &Path) -> Result<Connection, OpenError> {
    let at = OpenError::database(path);
    let mut conn = open_when_free(path)?;
    conn.busy_timeout(BUSY_TIMEOUT).map_err(&at)?;
    conn.set_prepared_statement_cache_capacity(STATEMENT_CACHE);
    conn.pragma_update(None, "foreign_keys", true).map_err(&at)?;
    keep_plans(&conn).map_err(&at)?;
    migrate(&mut conn, MIGRATIONS).map_err(|error| error.at(path))?;
    marf::Marf::create_tables(&conn).map_err(&at)?;
    Ok(conn)
}

/// The folder is ours: what may still have the file is the writer of a chain that this process has just closed. It ends
/// after its last job.
fn open_when_free(path: &Path) -> Result<Connection, OpenError> {
    let end = Instant::now() + BUSY_TIMEOUT;
    loop {
        match durable::open(path) {
            Err(durable::OpenError::InUse { .. }) if Instant::now() < end => {
                std::thread::park_timeout(Duration::from_millis(1));
            }
            opened => return Ok(opened?),
        }
    }
}

/// Opens `chainstate.sqlite` for reading.
pub(crate) fn open_reader(path: &Path) -> Result<Connection, OpenError> {
    let at = OpenError::database(path);
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let conn = Connection::open_with_flags(path, flags).map_err(&at)?;
    conn.busy_timeout(BUSY_TIMEOUT).map_err(&at)?;
    conn.set_prepared_statement_cache_capacity(STATEMENT_CACHE);
    conn.pragma_update(None, "query_only", true).map_err(&at)?;
    durable::leave_log(&conn).map_err(&at)?;
    keep_plans(&conn).map_err(&at)?;
    Ok(conn)
}

/// Append-only: a released migration is never edited.
const MIGRATIONS: &[&[&str]] = &[
    &[
        include_str!("0001_chain.sql"),
        crate::clarity::side_store::SCHEMA,
        crate::stackerdb::SCHEMA,
        crate::mempool::SCHEMA,
    ],
    &[crate::journal::PRUNED_SCHEMA],
    &[include_str!("0003_mining.sql")],
    &[include_str!("0004_job_results.sql")],
    &[crate::stackerdb::CONTRACTS_SCHEMA],
    &[include_str!("0006_rejected_sequence.sql")],
];
