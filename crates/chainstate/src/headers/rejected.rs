//! Verdicts on blocks that broke a rule (table `rejected_blocks`), as long as the journal has their event.

use rusqlite::{Connection, OptionalExtension as _, Transaction};
use stacks_types::ids::StacksBlockId;

use crate::db::StoreError;
use crate::rejection::Rejection;

/// Keeps the verdict on a staged block that broke a rule, which the event with this sequence announces.
pub(crate) fn insert_rejected(
    tx: &Transaction<'_>,
    block_id: &StacksBlockId,
    rejection: &Rejection,
    sequence: u64,
) -> Result<(), StoreError> {
    let sql = "INSERT INTO rejected_blocks (block_id, reason, detail, sequence) VALUES (?1, ?2, ?3, ?4)";
    let (code, detail) = (i32::from(rejection.reason()), rejection.to_string());
    tx.prepare_cached(sql)?.execute((block_id.as_bytes(), code, detail, sequence))?;
    Ok(())
}

/// Deletes the verdicts that events below a sequence announced. Staging has marked these blocks by now, and still knows
/// those that it has not forgotten as old orphans.
pub(crate) fn prune_rejected(tx: &Transaction<'_>, keep_from: u64) -> Result<(), StoreError> {
    tx.prepare_cached("DELETE FROM rejected_blocks WHERE sequence < ?1")?.execute([keep_from])?;
    Ok(())
}

/// The verdict on a staged block, when it broke a rule.
pub(crate) fn rejected(conn: &Connection, block_id: &StacksBlockId) -> Result<Option<Rejection>, StoreError> {
    let sql = "SELECT reason, detail FROM rejected_blocks WHERE block_id = ?1";
    let row = conn.prepare_cached(sql)?.query_row([block_id.as_bytes()], |row| Rejection::from_row(row, "detail"));
    Ok(row.optional()?)
}

/// The block that was rejected last, of those whose verdicts are kept, and the rule that it broke.
pub(crate) fn newest_rejected(conn: &Connection) -> Result<Option<(StacksBlockId, Rejection)>, StoreError> {
    let sql = "SELECT block_id, reason, detail FROM rejected_blocks ORDER BY sequence DESC LIMIT 1";
    let mut select = conn.prepare_cached(sql)?;
    let row =
        select.query_row([], |row| Ok((StacksBlockId(row.get("block_id")?), Rejection::from_row(row, "detail")?)));
    Ok(row.optional()?)
}
