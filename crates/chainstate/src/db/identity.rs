//! Which chain a separate file belongs to.

use rusqlite::{Connection, OptionalExtension as _, Transaction};

use super::StoreError;

/// The chain that the file belongs to, if the file says so. Also reads files of earlier versions.
pub(crate) fn select_identity(conn: &Connection) -> Result<Option<[u8; 16]>, StoreError> {
    if !conn.table_exists(None, "identity")? {
        return Ok(None);
    }
    Ok(conn.query_row("SELECT chain FROM identity", [], |row| row.get(0)).optional()?)
}

/// Records in the file which chain it belongs to.
pub(crate) fn insert_identity(tx: &Transaction<'_>, chain: [u8; 16]) -> Result<(), StoreError> {
    tx.execute("INSERT INTO identity (id, chain) VALUES (1, ?1) ON CONFLICT DO NOTHING", [chain])?;
    Ok(())
}
