//! The one row of facts about the database as a whole.

use rusqlite::{Connection, OptionalExtension as _, Transaction};
use stacks_types::ids::StacksBlockId;

use crate::db::StoreError;

/// Facts about the database as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Meta {
    /// Id of the journal.
    pub(crate) journal_id: [u8; 16],
    /// Fingerprint of the chain's parameters.
    pub(crate) params: [u8; 32],
    /// Canonical Stacks tip as of the last commit.
    pub(crate) tip: StacksBlockId,
    /// Newest row of the burn database that the journal has announced.
    pub(crate) announced_burn_row: u64,
    /// Newest row of the staging database that the journal has announced.
    pub(crate) announced_staging_row: u64,
}

/// The row; none before genesis.
pub(crate) fn select_meta(conn: &Connection) -> Result<Option<Meta>, StoreError> {
    let sql = "SELECT journal_id, params, tip_block_id, announced_burn_row, announced_staging_row FROM meta";
    let row = conn.prepare_cached(sql)?.query_row([], |row| {
        Ok(Meta {
            journal_id: row.get(0)?,
            params: row.get(1)?,
            tip: StacksBlockId(row.get(2)?),
            announced_burn_row: row.get(3)?,
            announced_staging_row: row.get(4)?,
        })
    });
    Ok(row.optional()?)
}

/// The canonical Stacks tip as of the last commit, or as this transaction has it.
pub(crate) fn tip_of(conn: &Connection) -> Result<StacksBlockId, StoreError> {
    let meta = select_meta(conn)?.ok_or_else(|| StoreError::Corrupt("the database has no genesis".to_owned()))?;
    Ok(meta.tip)
}

pub(crate) fn insert_meta(tx: &Transaction<'_>, meta: &Meta) -> Result<(), StoreError> {
    let sql = "INSERT INTO meta (id, journal_id, params, tip_block_id, announced_burn_row, announced_staging_row)
               VALUES (1, ?1, ?2, ?3, ?4, ?5)";
    let tip = meta.tip.as_bytes();
    tx.execute(sql, (meta.journal_id, meta.params, tip, meta.announced_burn_row, meta.announced_staging_row))?;
    Ok(())
}

/// Counts an opening of the folder. Returns how often it was opened before; 0 in a new folder.
pub(crate) fn count_start(conn: &Connection) -> Result<u64, StoreError> {
    let sql = "UPDATE meta SET starts = starts + 1 RETURNING starts";
    Ok(conn.query_row(sql, [], |row| row.get(0)).optional()?.unwrap_or(0))
}

pub(crate) fn update_tip(tx: &Transaction<'_>, tip: &StacksBlockId) -> Result<(), StoreError> {
    tx.prepare_cached("UPDATE meta SET tip_block_id = ?1")?.execute([tip.as_bytes()])?;
    Ok(())
}

pub(crate) fn update_announced(tx: &Transaction<'_>, burn_row: u64, staging_row: u64) -> Result<(), StoreError> {
    let sql = "UPDATE meta SET announced_burn_row = ?1, announced_staging_row = ?2";
    tx.prepare_cached(sql)?.execute((burn_row, staging_row))?;
    Ok(())
}

/// Whether the burn and staging databases say which chain they belong to. Also reads files of earlier versions.
pub(crate) fn is_bound(conn: &Connection) -> Result<bool, StoreError> {
    if !conn.column_exists(None, "meta", "bound")? {
        return Ok(false);
    }
    Ok(conn.query_row("SELECT bound FROM meta", [], |row| row.get(0)).optional()?.unwrap_or(false))
}

pub(crate) fn set_bound(tx: &Transaction<'_>) -> Result<(), StoreError> {
    tx.execute("UPDATE meta SET bound = 1", [])?;
    Ok(())
}
