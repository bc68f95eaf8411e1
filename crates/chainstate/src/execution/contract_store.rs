//! Stores the contracts of committed blocks: data that execution needs and the state root does not cover.
//!
//! A row's key contains the block that deployed the contract, so forks that deploy the same name do not collide. It
//! holds source, interface and constants in the engine's form; the program is compiled again from the source.
//!
//! # Invariants
//! - Rows of a block are written in the transaction that commits the block, and never change.
//!
//! # Not here
//! Contracts of the block in execution: they are in memory, in `world`.

use rusqlite::{Connection, OptionalExtension as _, Transaction, params};
use stacks_types::ids::StacksBlockId;

/// One contract, deployed by the block that is being committed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ContractRow {
    /// Its identifier, as Clarity prints it.
    pub contract: String,
    /// The engine's form of it.
    pub body: Vec<u8>,
}

/// Writes the contracts of a block that is being committed as `block_id`.
///
/// # Errors
/// Those of SQLite; also when the row exists already, as a block is committed once.
pub(crate) fn insert_contracts(
    tx: &Transaction<'_>,
    block_id: &StacksBlockId,
    rows: &[ContractRow],
) -> rusqlite::Result<()> {
    let mut statement = tx.prepare_cached("INSERT INTO contracts (block_id, contract, body) VALUES (?1, ?2, ?3)")?;
    for row in rows {
        statement.execute(params![&block_id.0[..], row.contract, row.body])?;
    }
    Ok(())
}

/// The contract that block `block_id` deployed as `contract`.
///
/// # Errors
/// Those of SQLite.
pub(crate) fn select_contract(
    connection: &Connection,
    block_id: &[u8; 32],
    contract: &str,
) -> rusqlite::Result<Option<Vec<u8>>> {
    connection
        .prepare_cached("SELECT body FROM contracts WHERE block_id = ?1 AND contract = ?2")?
        .query_row(params![&block_id[..], contract], |row| row.get(0))
        .optional()
}

/// The contracts that block `block_id` deployed, in alphabetical order.
///
/// # Errors
/// Those of SQLite.
pub(crate) fn select_contracts(connection: &Connection, block_id: &StacksBlockId) -> rusqlite::Result<Vec<String>> {
    let mut statement =
        connection.prepare_cached("SELECT contract FROM contracts WHERE block_id = ?1 ORDER BY contract")?;
    let rows = statement.query_map([&block_id.0[..]], |row| row.get(0))?;
    rows.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(contract: &str, body: &[u8]) -> ContractRow {
        ContractRow { contract: contract.into(), body: body.into() }
    }

    #[test]
    fn rows_of_two_forks_do_not_meet() {
        let mut connection = crate::db::tables_in_memory();
        let tx = connection.transaction().unwrap();
        insert_contracts(&tx, &StacksBlockId([1; 32]), &[row("ST.b", b"left"), row("ST.a", b"")]).unwrap();
        insert_contracts(&tx, &StacksBlockId([2; 32]), &[row("ST.b", b"right")]).unwrap();
        assert!(insert_contracts(&tx, &StacksBlockId([2; 32]), &[row("ST.b", b"again")]).is_err());
        tx.commit().unwrap();
        let read = |block: u8| select_contract(&connection, &[block; 32], "ST.b").unwrap();
        assert_eq!(read(1).as_deref(), Some(&b"left"[..]));
        assert_eq!(read(2).as_deref(), Some(&b"right"[..]));
        assert_eq!(read(3), None);
        assert_eq!(select_contracts(&connection, &StacksBlockId([1; 32])).unwrap(), ["ST.a", "ST.b"]);
    }
}
