//! Which chain a file of its own is a part of.

use rusqlite::{Connection, OptionalExtension as _, Transaction};

use super::StoreError;

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
