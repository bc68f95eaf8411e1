use rusqlite::Connection;

use super::*;
use crate::db::StoreError;
use crate::test_support::{on_a_large_stack, params};

/// SQLite's numbers of FULL and OFF.
const FULL: u8 = 2;
const OFF: u8 = 0;

fn synchronous(conn: &Connection) -> u8 {
    conn.query_row("PRAGMA synchronous", [], |row| row.get(0)).unwrap()
}

#[test]
fn every_database_of_a_chain_is_as_durable_as_the_chain() {
    on_a_large_stack(|| {
        for (durability, expected) in [(Durability::Synced, FULL), (Durability::Unsynced, OFF)] {
            let folder = tempfile::tempdir().unwrap();
            let (chain, _writer) =
                NakamotoChainState::open(folder.path(), params(1, 1), durability, || 1_800_000_000_000).unwrap();
            let found = [
                chain.inner.store.write(|tx| Ok::<_, StoreError>(synchronous(tx.sql()))).unwrap(),
                synchronous(chain.inner.burn.lock().unwrap().connection()),
                synchronous(chain.inner.staging.lock().unwrap().connection()),
            ];
            assert_eq!(found, [expected; 3], "{durability:?}");
        }
    });
}
