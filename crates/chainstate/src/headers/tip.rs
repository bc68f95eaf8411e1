//! Which Stacks block is canonical (docs/CONSENSUS.md#chain-state).
//!
//! # Invariants
//! - The processed blocks whose burn views are on one bitcoin fork form one chain: views never go back, and a second
//!   child of one parent would be a sibling. So the highest of them is unique.

use rusqlite::{Connection, OptionalExtension as _};
use stacks_types::ids::{BurnBlockHash, StacksBlockId};

use crate::burn::{BurnBlock, ProcessedBurnDb};
use crate::db::StoreError;

/// The Stacks block that is canonical when bitcoin ends with `tip`: (1) find the highest bitcoin block on that fork
/// which any processed Stacks block witnessed; (2) take the highest Stacks block that witnessed it. The boot block
/// witnessed the first burn block, so there always is one.
///
/// # Errors
/// [`StoreError`] when a row cannot be read.
pub fn get_canonical_stacks_block(
    conn: &Connection,
    burn: &ProcessedBurnDb,
    tip: &BurnBlock,
) -> Result<StacksBlockId, StoreError> {
    Ok(highest_witness(conn, burn, tip, 0)?.unwrap_or(StacksBlockId::BOOT))
}

/// The highest block that witnessed a burn block on the fork of `burn_tip`, at burn height `lowest` or above; none if
/// only the boot block did.
///
/// Goes down from the top and looks at each witnessed burn block once, however many blocks witnessed it, until one is
/// on the fork.
///
/// # Errors
/// [`StoreError`] when a row cannot be read.
pub(crate) fn highest_witness(
    conn: &Connection,
    burn: &ProcessedBurnDb,
    burn_tip: &BurnBlock,
    lowest: u64,
) -> Result<Option<StacksBlockId>, StoreError> {
    let sql = "SELECT burn_height, burn_view FROM nakamoto_block_headers
               WHERE (burn_height, burn_view, chain_length) < (?1, ?2, 0) AND burn_height >= ?3
               ORDER BY burn_height DESC, burn_view DESC, chain_length DESC LIMIT 1";
    // Every block's chain length is above 0, so this seeks past all blocks of a view at once.
    let mut next_below = conn.prepare_cached(sql)?;
    let mut place = (burn_tip.height.saturating_add(1), Vec::new());
    loop {
        let row =
            next_below.query_row((place.0, &place.1, lowest), |row| Ok((row.get(0)?, BurnBlockHash(row.get(1)?))));
        let Some((height, view)) = row.optional()? else { return Ok(None) };
        if burn.is_ancestor_of(&view, &burn_tip.hash)? {
            return last_witness(conn, height, &view).map(Some);
        }
        place = (height, view.0.to_vec());
    }
}

/// The highest block that witnessed a burn block. The least id wins a tie, though the sibling rule permits none.
fn last_witness(conn: &Connection, height: u64, burn_view: &BurnBlockHash) -> Result<StacksBlockId, StoreError> {
    let sql = "SELECT block_id FROM nakamoto_block_headers WHERE burn_height = ?1 AND burn_view = ?2
               ORDER BY chain_length DESC, block_id LIMIT 1";
    let mut statement = conn.prepare_cached(sql)?;
    Ok(statement.query_row((height, burn_view.as_bytes()), |row| Ok(StacksBlockId(row.get(0)?)))?)
}
