//! Keeps contract source, body and analysis of committed blocks: what the VM needs and the state root does not cover.
//!
//! A row is found by the block that deployed its contract, so forks that deploy one name twice do not meet.
//!
//! # Invariants
//! - Rows of a block are written in the transaction that commits the block, and never change.
//!
//! # Not here
//! Rows of the block in execution: they are in memory, in `store`.

use rusqlite::{Connection, OptionalExtension as _, Transaction, params};
use stacks_types::ids::StacksBlockId;

/// One entry of one contract, written by the block that deployed it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MetadataRow {
    /// The contract's identifier, as Clarity prints it.
    pub contract: String,
    /// Which entry: the VM's name for it, such as `analysis`.
    pub key: String,
    /// The VM's text form of the entry.
    pub value: String,
}

/// Writes the rows of a block that is being committed as `block_id`.
///
/// # Errors
/// Those of SQLite; a row that exists already is one, as a block is committed once.
pub fn insert_metadata(tx: &Transaction<'_>, block_id: &StacksBlockId, rows: &[MetadataRow]) -> rusqlite::Result<()> {
    let mut statement =
        tx.prepare_cached("INSERT INTO clarity_metadata (block_id, contract, key, value) VALUES (?1, ?2, ?3, ?4)")?;
    for row in rows {
        statement.execute(params![&block_id.0[..], row.contract, row.key, row.value])?;
    }
    Ok(())
}

/// Reads one entry of the contract that block `block_id` deployed.
///
/// # Errors
/// Those of SQLite.
pub fn select_metadata(
    connection: &Connection,
    block_id: &[u8; 32],
    contract: &str,
    key: &str,
) -> rusqlite::Result<Option<String>> {
    connection
        .prepare_cached("SELECT value FROM clarity_metadata WHERE block_id = ?1 AND contract = ?2 AND key = ?3")?
        .query_row(params![&block_id[..], contract, key], |row| row.get(0))
        .optional()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(contract: &str, key: &str, value: &str) -> MetadataRow {
        MetadataRow { contract: contract.into(), key: key.into(), value: value.into() }
    }

    #[test]
    fn rows_of_two_forks_do_not_meet() {
        let mut connection = crate::db::tables_in_memory();
        let tx = connection.transaction().unwrap();
        insert_metadata(&tx, &StacksBlockId([1; 32]), &[row("ST.a", "analysis", "left")]).unwrap();
        insert_metadata(&tx, &StacksBlockId([2; 32]), &[row("ST.a", "analysis", "right")]).unwrap();
        assert!(insert_metadata(&tx, &StacksBlockId([2; 32]), &[row("ST.a", "analysis", "again")]).is_err());
        tx.commit().unwrap();
        let read = |block: u8, key: &str| select_metadata(&connection, &[block; 32], "ST.a", key).unwrap();
        assert_eq!(read(1, "analysis").as_deref(), Some("left"));
        assert_eq!(read(2, "analysis").as_deref(), Some("right"));
        assert_eq!(read(3, "analysis"), None);
        assert_eq!(read(1, "contract"), None);
    }
}
