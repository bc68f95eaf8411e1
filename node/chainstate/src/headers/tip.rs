//! Which Stacks block is canonical (SPEC 4).

use nakamoto_proto::ids::{BurnBlockHash, StacksBlockId};
use rusqlite::Connection;

use crate::burn::{BurnBlock, BurnDbReader};
use crate::db::StoreError;

/// The canonical Stacks block: (1) from the canonical bitcoin tip, the highest bitcoin block in that fork which any
/// processed Stacks block witnessed; (2) the highest Stacks block that witnessed it. The boot block witnessed the first
/// burn block, so there always is one.
///
/// # Errors
/// [`StoreError`] when a row cannot be read.
pub fn canonical_stacks_block(conn: &Connection, burn: &BurnDbReader) -> Result<StacksBlockId, StoreError> {
    let tip = burn.get_canonical_burn_block()?;
    let tip = tip.ok_or_else(|| StoreError::Corrupt("the burn database has no block".to_owned()))?;
    let sql = "SELECT DISTINCT burn_height, burn_view FROM nakamoto_block_headers WHERE burn_height <= ?1
               ORDER BY burn_height DESC";
    let mut statement = conn.prepare_cached(sql)?;
    // Newest first: nearly always the first row is in the canonical fork.
    let mut rows = statement.query([tip.height])?;
    while let Some(row) = rows.next()? {
        let (height, witnessed): (u64, _) = (row.get(0)?, BurnBlockHash(row.get(1)?));
        if burn.is_ancestor_of(&witnessed, &tip.hash)? {
            return highest_witness(conn, height, &witnessed);
        }
    }
    Ok(StacksBlockId::BOOT)
}

/// The highest block that witnessed a burn block. The least id wins a tie, which the sibling rule makes impossible within
/// one bitcoin fork.
fn highest_witness(conn: &Connection, height: u64, burn_view: &BurnBlockHash) -> Result<StacksBlockId, StoreError> {
    let sql = "SELECT block_id FROM nakamoto_block_headers WHERE burn_height = ?1 AND burn_view = ?2
               ORDER BY chain_length DESC, block_id LIMIT 1";
    let mut statement = conn.prepare_cached(sql)?;
    Ok(statement.query_row((height, burn_view.as_bytes()), |row| Ok(StacksBlockId(row.get(0)?)))?)
}

/// Blocks that witnessed a burn block, lowest first.
///
/// # Errors
/// [`StoreError`] when a row cannot be read.
pub fn select_witnessed(conn: &Connection, burn_view: &BurnBlock) -> Result<Vec<StacksBlockId>, StoreError> {
    let sql = "SELECT block_id FROM nakamoto_block_headers WHERE burn_height = ?1 AND burn_view = ?2
               ORDER BY chain_length";
    let mut statement = conn.prepare_cached(sql)?;
    let rows =
        statement.query_map((burn_view.height, burn_view.hash.as_bytes()), |row| Ok(StacksBlockId(row.get(0)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}
