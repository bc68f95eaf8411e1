//! Rows of the contracts that are StackerDBs, and the tip that they have followed.

use rusqlite::{Connection, OptionalExtension as _, Transaction};
use stacks_types::ids::StacksBlockId;

use super::instance::MAX_INSTANCES;
use super::rows;
use crate::db::StoreError;

/// Most contracts that are kept: all instances except the two mocked ones.
pub const MAX_CONTRACTS: usize = MAX_INSTANCES - 2;

/// A contract that is a StackerDB.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StackerDbContract {
    /// "ADDRESS.name".
    pub contract: String,
    /// Why its last answer is not a configuration; empty when its last answer is in force.
    pub refusal: String,
}

/// All contracts that are kept, in the order in which they were found.
///
/// # Errors
/// When the database fails.
pub fn list_contracts(conn: &Connection) -> Result<Vec<StackerDbContract>, StoreError> {
    let mut select = conn.prepare_cached("SELECT contract, refusal FROM stackerdb_contracts ORDER BY number")?;
    let rows = select.query_map([], |row| Ok(StackerDbContract { contract: row.get(0)?, refusal: row.get(1)? }))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Keeps a contract; false when there is no room. Keeping it again changes nothing.
///
/// # Errors
/// When the database fails.
pub(crate) fn insert_contract(tx: &Transaction<'_>, contract: &str) -> Result<bool, StoreError> {
    let kept: usize = tx.prepare_cached("SELECT COUNT(*) FROM stackerdb_contracts")?.query_row([], |row| row.get(0))?;
    if kept >= MAX_CONTRACTS {
        return Ok(false);
    }
    tx.prepare_cached("INSERT OR IGNORE INTO stackerdb_contracts (contract) VALUES (?1)")?.execute([contract])?;
    Ok(true)
}

/// Stores why a contract's answer is not a configuration; empty when it is one.
///
/// # Errors
/// When the database fails.
pub(crate) fn update_refusal(tx: &Transaction<'_>, contract: &str, refusal: &str) -> Result<(), StoreError> {
    tx.prepare_cached("UPDATE stackerdb_contracts SET refusal = ?2 WHERE contract = ?1")?
        .execute([contract, refusal])?;
    Ok(())
}

/// Deletes a contract, its slots and its chunks.
///
/// # Errors
/// When the database fails.
pub(crate) fn delete_contract(tx: &Transaction<'_>, contract: &str) -> Result<(), StoreError> {
    tx.prepare_cached("DELETE FROM stackerdb_contracts WHERE contract = ?1")?.execute([contract])?;
    rows::delete_instance(tx, contract)
}

/// The tip as of which the instances match their contracts; none before the first round.
///
/// # Errors
/// When the database fails.
pub(crate) fn select_followed(conn: &Connection) -> Result<Option<StacksBlockId>, StoreError> {
    let mut select = conn.prepare_cached("SELECT tip_block_id FROM stackerdb_followed")?;
    Ok(select.query_row([], |row| row.get(0).map(StacksBlockId)).optional()?)
}

/// Sets the followed tip; with `None` the next round looks at all blocks.
///
/// # Errors
/// When the database fails.
pub(crate) fn update_followed(tx: &Transaction<'_>, tip: Option<&StacksBlockId>) -> Result<(), StoreError> {
    match tip {
        Some(tip) => tx.prepare_cached("INSERT OR REPLACE INTO stackerdb_followed VALUES (1, ?1)")?.execute([tip.0])?,
        None => tx.prepare_cached("DELETE FROM stackerdb_followed")?.execute([])?,
    };
    Ok(())
}
