//! The tables of `chainstate.sqlite`.

use rusqlite::Connection;
use sqlite::{Migration, Schema};

use super::OpenError;

/// Receipts, headers, contracts, mempool, StackerDB and journal: data that commits together is in one file.
///
/// Table `contracts` has row ids: in a table ordered by its key, SQLite would read a large neighbour, a contract's
/// body, whole just to compare keys.
pub(crate) const SCHEMA: Schema = Schema {
    application_id: 0,
    migrations: &[
        Migration { version: 1, sql: include_str!("../../migrations/chainstate/0001_chain.sql") },
        Migration { version: 1, sql: include_str!("../../migrations/chainstate/0001_metadata.sql") },
        Migration { version: 1, sql: include_str!("../../migrations/chainstate/0001_stackerdb.sql") },
        Migration { version: 1, sql: include_str!("../../migrations/chainstate/0001_mempool.sql") },
        Migration { version: 2, sql: include_str!("../../migrations/chainstate/0002_pruned_chain_events.sql") },
        Migration { version: 3, sql: include_str!("../../migrations/chainstate/0003_mining.sql") },
        Migration { version: 4, sql: include_str!("../../migrations/chainstate/0004_job_results.sql") },
        Migration { version: 5, sql: include_str!("../../migrations/chainstate/0005_stackerdb_contracts.sql") },
        Migration { version: 6, sql: include_str!("../../migrations/chainstate/0006_rejected_sequence.sql") },
        Migration { version: 7, sql: include_str!("../../migrations/chainstate/0007_mined_by_row.sql") },
        Migration { version: 8, sql: include_str!("../../migrations/chainstate/0008_bound.sql") },
        Migration { version: 9, sql: include_str!("../../migrations/chainstate/0009_dropped.sql") },
        Migration { version: CONTRACTS_SINCE, sql: include_str!("../../migrations/chainstate/0010_contracts.sql") },
        Migration { version: 11, sql: include_str!("../../migrations/chainstate/0011_chunk_in_event.sql") },
        Migration { version: 12, sql: include_str!("../../migrations/chainstate/0012_restored.sql") },
    ],
};

/// Since this version contracts are stored in the engine's form.
const CONTRACTS_SINCE: u32 = 10;

/// Refuses a file whose tables are newer than this release, and one whose contracts it cannot read. Writes nothing.
pub(crate) fn check_schema(conn: &Connection, path: &std::path::Path) -> Result<(), OpenError> {
    let found = SCHEMA.check(conn)?;
    if found < CONTRACTS_SINCE && has_chain(conn).map_err(OpenError::database(path))? {
        return Err(OpenError::OlderContracts { path: path.to_owned() });
    }
    Ok(())
}

/// Whether there is a boot block, and so a contract.
fn has_chain(conn: &Connection) -> rusqlite::Result<bool> {
    Ok(conn.table_exists(None, "meta")?
        && conn.query_row("SELECT EXISTS (SELECT 1 FROM meta)", [], |row| row.get(0))?)
}

/// A database of the newest version, for tests that need no file.
#[cfg(test)]
pub(crate) fn tables_in_memory() -> Connection {
    let mut conn = Connection::open_in_memory().expect("a database in memory");
    conn.pragma_update(None, "foreign_keys", true).expect("a setting");
    SCHEMA.migrate(&mut conn).expect("the tables");
    conn
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    /// The tables as they were before this version.
    fn before(version: u32) -> Schema {
        let steps = SCHEMA.migrations.partition_point(|step| step.version < version);
        Schema { migrations: &SCHEMA.migrations[..steps], ..SCHEMA }
    }

    #[test]
    fn contracts_of_the_other_engine_are_refused_before_anything_is_written() {
        let mut conn = Connection::open_in_memory().unwrap();
        let path = Path::new("folder/chainstate.sqlite");
        assert!(check_schema(&conn, path).is_ok(), "an empty file");
        before(CONTRACTS_SINCE).migrate(&mut conn).unwrap();
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
        SCHEMA.migrate(&mut conn).unwrap();
        assert!(check_schema(&conn, path).is_ok(), "one that has the table");
    }

    #[test]
    fn a_transaction_that_was_mined_before_the_tables_changed_has_its_block_by_row() {
        let mut conn = Connection::open_in_memory().unwrap();
        before(7).migrate(&mut conn).unwrap();
        let insert = "INSERT INTO nakamoto_block_headers VALUES (?1, zeroblob(32), x'00', 1, zeroblob(32), 1, 1, 1,
                      zeroblob(32), zeroblob(40), zeroblob(16), zeroblob(16), '', '', 1, x'00')";
        for block in [[3; 32], [1; 32], [2; 32]] {
            conn.execute(insert, [block]).unwrap();
            conn.execute("INSERT INTO mined_transactions VALUES (?1, ?2, ?3)", ([7; 32], block, block[0])).unwrap();
        }
        SCHEMA.migrate(&mut conn).unwrap();
        let sql = "SELECT h.block_id, m.tx_index FROM mined_transactions m
                   JOIN nakamoto_block_headers h ON h.rowid = m.block_row WHERE m.txid = ?1 ORDER BY m.block_row";
        let mined = |txid: u8| -> Vec<([u8; 32], u8)> {
            let mut select = conn.prepare(sql).unwrap();
            let rows = select.query_map([[txid; 32]], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
            rows.map(Result::unwrap).collect()
        };
        assert_eq!(mined(7), [([3; 32], 3), ([1; 32], 1), ([2; 32], 2)]);
        assert_eq!(mined(8), []);
    }
}
