//! Connections to `chainstate.sqlite`, its migrations, and the thread that writes it.
//!
//! What raises events (headers, receipts, StackerDB, mempool) lives in this one file beside the journal, so that an
//! event commits with its state. Staging and the burn database are files of their own.

mod compressed;
mod error;
mod migrate;
mod positions;
mod store;

pub(crate) use compressed::Compressed;
pub use error::{OpenError, StoreError};
pub(crate) use migrate::migrate;
pub(crate) use positions::Positions;
pub use store::{Store, WriteTx};

use std::path::Path;
use std::time::{Duration, Instant};

use rusqlite::{Connection, OpenFlags};
use sqlite::Inspected;

use crate::burn::file::keep_plans;

/// How long a statement waits for a lock. The only writer is our own thread; others hold locks for checkpoints alone.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);
/// Prepared statements kept by a connection: more than we have queries.
const STATEMENT_CACHE: usize = 128;

/// Opens `chainstate.sqlite` for writing and brings its tables up to date.
pub(crate) fn open_writer(inspected: Inspected, path: &Path) -> Result<Connection, OpenError> {
    let at = OpenError::database(path);
    let mut conn = inspected.open()?;
    conn.busy_timeout(BUSY_TIMEOUT).map_err(&at)?;
    conn.set_prepared_statement_cache_capacity(STATEMENT_CACHE);
    conn.pragma_update(None, "foreign_keys", true).map_err(&at)?;
    keep_plans(&conn).map_err(&at)?;
    migrate(&mut conn, MIGRATIONS).map_err(|error| error.at(path))?;
    marf::Marf::create_tables(&conn).map_err(&at)?;
    Ok(conn)
}

/// Migrations of the tables after which contracts are stored in the engine's form.
const CONTRACTS_SINCE: usize = 10;

/// Refuses a file whose tables are newer than we know, and one whose contracts nobody can read any more. Writes nothing.
pub(crate) fn check_schema(conn: &Connection, path: &Path) -> Result<(), OpenError> {
    let found: usize =
        conn.pragma_query_value(None, "user_version", |row| row.get(0)).map_err(OpenError::database(path))?;
    match MIGRATIONS.len() {
        known if found > known => Err(OpenError::SchemaTooNew { path: path.to_owned(), found, known }),
        _ if found < CONTRACTS_SINCE && has_chain(conn).map_err(OpenError::database(path))? => {
            Err(OpenError::OlderContracts { path: path.to_owned() })
        }
        _ => Ok(()),
    }
}

/// Whether there is a boot block, and so a contract.
fn has_chain(conn: &Connection) -> rusqlite::Result<bool> {
    Ok(conn.table_exists(None, "meta")?
        && conn.query_row("SELECT EXISTS (SELECT 1 FROM meta)", [], |row| row.get(0))?)
}

/// The folder is ours: what may still have the file is the writer of a chain that this process has just closed. It ends
/// after its last job.
pub(crate) fn inspect_when_free(path: &Path) -> Result<Inspected, OpenError> {
    let end = Instant::now() + BUSY_TIMEOUT;
    loop {
        match sqlite::inspect(path) {
            Err(sqlite::OpenError::InUse { .. }) if Instant::now() < end => {
                std::thread::park_timeout(Duration::from_millis(1));
            }
            inspected => return Ok(inspected?),
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
    sqlite::leave_log(&conn).map_err(&at)?;
    keep_plans(&conn).map_err(&at)?;
    Ok(conn)
}

/// Append-only: a released migration is never edited.
const MIGRATIONS: &[&[&str]] = &[
    &[
        include_str!("0001_chain.sql"),
        include_str!("0001_metadata.sql"),
        crate::stackerdb::SCHEMA,
        crate::mempool::SCHEMA,
    ],
    &[crate::journal::PRUNED_SCHEMA],
    &[include_str!("0003_mining.sql")],
    &[include_str!("0004_job_results.sql")],
    &[crate::stackerdb::CONTRACTS_SCHEMA],
    &[include_str!("0006_rejected_sequence.sql")],
    &[include_str!("0007_mined_by_row.sql")],
    &[include_str!("0008_bound.sql")],
    &[include_str!("0009_dropped.sql")],
    &[crate::execution::contract_store::SCHEMA],
];

#[cfg(test)]
mod tests {
    use stacks_types::ids::{StacksBlockId, Txid};

    use super::*;
    use crate::headers::mined_blocks_of;

    #[test]
    fn contracts_of_the_other_engine_are_refused_before_anything_is_written() {
        let mut conn = Connection::open_in_memory().unwrap();
        let path = Path::new("folder/chainstate.sqlite");
        assert!(check_schema(&conn, path).is_ok(), "an empty file");
        migrate(&mut conn, &MIGRATIONS[..CONTRACTS_SINCE - 1]).unwrap();
        assert!(check_schema(&conn, path).is_ok(), "a start that came to no boot block");
        conn.execute(
            "INSERT INTO meta (id, journal_id, params, tip_block_id, announced_burn_row, announced_staging_row)
                      VALUES (1, zeroblob(16), zeroblob(32), zeroblob(32), 1, 0)",
            [],
        )
        .unwrap();
        let refused = check_schema(&conn, path).unwrap_err();
        assert!(matches!(refused, OpenError::OlderContracts { .. }), "{refused}");
        assert!(refused.to_string().contains("empty folder"), "{refused}");
        migrate(&mut conn, MIGRATIONS).unwrap();
        assert!(check_schema(&conn, path).is_ok(), "one that has the table");
    }

    #[test]
    fn a_transaction_that_was_mined_before_the_tables_changed_is_found() {
        let mut conn = Connection::open_in_memory().unwrap();
        migrate(&mut conn, &MIGRATIONS[..6]).unwrap();
        let insert = "INSERT INTO nakamoto_block_headers VALUES (?1, zeroblob(32), x'00', 1, zeroblob(32), 1, 1, 1,
                      zeroblob(32), zeroblob(40), zeroblob(16), zeroblob(16), '', '', 1, x'00')";
        for block in [[3; 32], [1; 32], [2; 32]] {
            conn.execute(insert, [block]).unwrap();
            conn.execute("INSERT INTO mined_transactions VALUES (?1, ?2, ?3)", ([7; 32], block, block[0])).unwrap();
        }
        migrate(&mut conn, MIGRATIONS).unwrap();
        let mined = |id: u8| (StacksBlockId([id; 32]), usize::from(id));
        assert_eq!(mined_blocks_of(&conn, &Txid([7; 32])).unwrap(), [mined(3), mined(1), mined(2)]);
        assert_eq!(mined_blocks_of(&conn, &Txid([8; 32])).unwrap(), []);
    }
}
