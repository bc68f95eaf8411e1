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

use std::sync::Arc;

use clarity::state::{Contract, MAX_STORED_BYTES, STORED_HEAD_BYTES};
use rusqlite::{Connection, MAIN_DB, OptionalExtension as _, Transaction, params};
use stacks_types::ids::StacksBlockId;

use crate::transactions::TransactionError;

/// A contract that a transaction has deployed, and its row.
pub(super) struct Deployed {
    pub(super) contract: Arc<Contract>,
    pub(super) row: ContractRow,
}

impl Deployed {
    /// Makes the row while the transaction can still fail: a commit must not meet one that is too large.
    ///
    /// # Errors
    /// [`TransactionError::ContractTooLarge`]
    pub(super) fn new(contract: Arc<Contract>) -> Result<Self, TransactionError> {
        let body = contract.encode().map_err(|_| TransactionError::ContractTooLarge { max: MAX_STORED_BYTES })?;
        let row = ContractRow { contract: contract.id().to_string(), body };
        Ok(Self { contract, row })
    }
}

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

/// The first bytes of such a contract, which say its size. The rest is not read.
///
/// # Errors
/// Those of SQLite.
pub(crate) fn select_contract_head(
    connection: &Connection,
    block_id: &[u8; 32],
    contract: &str,
) -> rusqlite::Result<Option<[u8; STORED_HEAD_BYTES]>> {
    let row = connection
        .prepare_cached("SELECT rowid FROM contracts WHERE block_id = ?1 AND contract = ?2")?
        .query_row(params![&block_id[..], contract], |row| row.get(0))
        .optional()?;
    let Some(row) = row else { return Ok(None) };
    let mut head = [0; STORED_HEAD_BYTES];
    connection.blob_open(MAIN_DB, "contracts", "body", row, true)?.read_at_exact(&mut head, 0)?;
    Ok(Some(head))
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
        insert_contracts(&tx, &StacksBlockId([1; 32]), &[row("ST.c", b"0123456789")]).unwrap();
        insert_contracts(&tx, &StacksBlockId([2; 32]), &[row("ST.b", b"right")]).unwrap();
        assert!(insert_contracts(&tx, &StacksBlockId([2; 32]), &[row("ST.b", b"again")]).is_err());
        tx.commit().unwrap();
        let read = |block: u8| select_contract(&connection, &[block; 32], "ST.b").unwrap();
        assert_eq!(read(1).as_deref(), Some(&b"left"[..]));
        assert_eq!(read(2).as_deref(), Some(&b"right"[..]));
        assert_eq!(read(3), None);
        let head = |block: u8| select_contract_head(&connection, &[block; 32], "ST.c").unwrap();
        assert_eq!((head(1), head(2)), (Some(*b"012345678"), None));
        assert_eq!(select_contracts(&connection, &StacksBlockId([1; 32])).unwrap(), ["ST.a", "ST.b", "ST.c"]);
    }
}
