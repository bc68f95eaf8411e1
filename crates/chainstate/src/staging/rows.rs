//! Rows of the staging tables, one function for each query.

use super::block::{NewBlock, StagedBlock, StagingState};
use crate::db::{Compressed, StoreError, get_u64, to_integer};
use crate::rejection::Rejection;
use nakamoto_proto::v1;
use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};
use stacks_types::ids::{BurnBlockHash, StacksBlockId};

/// Number and bytes of waiting blocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Waiting {
    pub(super) blocks: u64,
    pub(super) bytes: u64,
}

/// How far the other databases were when the row was written.
#[derive(Debug, Clone, Copy)]
pub(super) struct KnownPositions {
    pub(super) event: u64,
    pub(super) burn_row: u64,
}

/// Stores a block in state `stored`.
pub(super) fn insert_block(
    tx: &Transaction<'_>,
    block: &NewBlock<'_>,
    attachable: bool,
    known: KnownPositions,
) -> Result<(), StoreError> {
    let size_bytes = u64::try_from(block.data.len()).unwrap_or(u64::MAX);
    let mut insert = tx.prepare_cached(
        "INSERT INTO staging_blocks (block_id, parent_id, burn_hash, chain_length, size_bytes, burn_attachable,
                                     stacks_attachable, state, known_event, known_burn_row)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 'stored', ?8, ?9) RETURNING arrival",
    )?;
    let values = params![
        block.block_id.0,
        block.parent_block_id.0,
        block.burn_block_hash.0,
        to_integer("chain length", block.chain_length)?,
        to_integer("block size", size_bytes)?,
        block.burn_attachable,
        attachable,
        to_integer("event", known.event)?,
        to_integer("burn block number", known.burn_row)?,
    ];
    let arrival: i64 = insert.query_row(values, |row| row.get("arrival"))?;
    tx.prepare_cached("INSERT INTO staging_block_data (arrival, data) VALUES (?1, ?2)")?
        .execute(params![arrival, Compressed::new(block.data)])?;
    Ok(())
}

/// The newest number that a block got; the block may be deleted since. 0 in an empty file.
pub(super) fn select_newest_row(conn: &Connection) -> Result<u64, StoreError> {
    let mut select = conn.prepare_cached("SELECT seq FROM sqlite_sequence WHERE name = 'staging_blocks'")?;
    Ok(select.query_row([], |row| get_u64(row, "seq")).optional()?.unwrap_or_default())
}

/// The state of a block.
pub(super) fn select_state(conn: &Connection, id: &StacksBlockId) -> Result<Option<StagingState>, StoreError> {
    let mut select = conn.prepare_cached(
        "SELECT state, reason, reason_detail, reason_ancestor FROM staging_blocks WHERE block_id = ?1",
    )?;
    Ok(select.query_row([id.0], to_state).optional()?)
}

/// The block with this id.
pub(super) fn select_block(conn: &Connection, id: &StacksBlockId) -> Result<Option<StagedBlock>, StoreError> {
    let mut select = conn.prepare_cached(
        "SELECT b.*, d.data FROM staging_blocks b LEFT JOIN staging_block_data d ON d.arrival = b.arrival
         WHERE b.block_id = ?1",
    )?;
    Ok(select.query_row([id.0], to_block).optional()?)
}

/// The processable block with the lowest chain length; among equals the one that came first.
pub(super) fn select_next_processable(conn: &Connection) -> Result<Option<StagedBlock>, StoreError> {
    let mut select = conn.prepare_cached(
        "SELECT b.*, d.data FROM staging_blocks b LEFT JOIN staging_block_data d ON d.arrival = b.arrival
         WHERE b.state = 'stored' AND b.burn_attachable = 1 AND b.stacks_attachable = 1
         ORDER BY b.chain_length, b.arrival LIMIT 1",
    )?;
    Ok(select.query_row([], to_block).optional()?)
}

/// Up to `limit` blocks that arrived after `row`, in order: together at most `max_bytes`, but at least one.
pub(super) fn select_after(
    conn: &Connection,
    row: u64,
    limit: u32,
    max_bytes: usize,
) -> Result<Vec<StagedBlock>, StoreError> {
    let mut select = conn.prepare_cached(
        "SELECT b.*, d.data FROM staging_blocks b LEFT JOIN staging_block_data d ON d.arrival = b.arrival
         WHERE b.arrival > ?1 ORDER BY b.arrival LIMIT ?2",
    )?;
    let (mut blocks, mut bytes) = (Vec::new(), 0_usize);
    for block in select.query_map(params![to_integer("staging row", row)?, limit], to_block)? {
        let block: StagedBlock = block?;
        bytes = bytes.saturating_add(block.data.len());
        if bytes > max_bytes && !blocks.is_empty() {
            break;
        }
        blocks.push(block);
    }
    Ok(blocks)
}

/// Hashes of the burn blocks for which stored blocks wait, in order.
pub(super) fn select_burn_hashes_waited_for(conn: &Connection) -> Result<Vec<BurnBlockHash>, StoreError> {
    let mut select = conn.prepare_cached(
        "SELECT DISTINCT burn_hash FROM staging_blocks
         WHERE state = 'stored' AND (burn_attachable = 0 OR stacks_attachable = 0) AND burn_attachable = 0
         ORDER BY burn_hash",
    )?;
    let rows = select.query_map([], |row| row.get(0).map(BurnBlockHash))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Stored blocks that wait for one burn block, in order of arrival.
pub(super) fn select_waiting_for_burn_block(
    conn: &Connection,
    burn_hash: &BurnBlockHash,
) -> Result<Vec<StagedBlock>, StoreError> {
    let mut select = conn.prepare_cached(
        "SELECT b.*, d.data FROM staging_blocks b LEFT JOIN staging_block_data d ON d.arrival = b.arrival
         WHERE b.burn_hash = ?1 AND b.burn_attachable = 0 AND b.state = 'stored' ORDER BY b.arrival",
    )?;
    let rows = select.query_map([burn_hash.0], to_block)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Number and bytes of all waiting blocks.
pub(super) fn select_waiting(conn: &Connection) -> Result<Waiting, StoreError> {
    let mut select = conn.prepare_cached(
        "SELECT COUNT(*) AS blocks, COALESCE(SUM(size_bytes), 0) AS bytes FROM staging_blocks
         WHERE state = 'stored' AND (burn_attachable = 0 OR stacks_attachable = 0)",
    )?;
    Ok(select.query_row([], to_waiting)?)
}

/// Number and bytes of the waiting blocks whose burn view is unknown.
pub(super) fn select_burn_unknown(conn: &Connection) -> Result<Waiting, StoreError> {
    let mut select = conn.prepare_cached(
        "SELECT COUNT(*) AS blocks, COALESCE(SUM(size_bytes), 0) AS bytes FROM staging_blocks
         WHERE state = 'stored' AND (burn_attachable = 0 OR stacks_attachable = 0) AND burn_attachable = 0",
    )?;
    Ok(select.query_row([], to_waiting)?)
}

/// The block and all its stored descendants, parents before children.
pub(super) fn select_stored_descendants(
    conn: &Connection,
    id: &StacksBlockId,
) -> Result<Vec<StacksBlockId>, StoreError> {
    let mut select = conn.prepare_cached(
        "WITH RECURSIVE doomed (block_id, depth) AS (
             VALUES (?1, 0)
             UNION
             SELECT b.block_id, doomed.depth + 1 FROM staging_blocks b JOIN doomed ON b.parent_id = doomed.block_id
             WHERE b.state = 'stored'
         )
         SELECT doomed.block_id FROM doomed JOIN staging_blocks b ON b.block_id = doomed.block_id
         ORDER BY doomed.depth, b.arrival",
    )?;
    let rows = select.query_map([id.0], |row| row.get(0).map(StacksBlockId))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Marks a stored block processed.
pub(super) fn update_processed(tx: &Transaction<'_>, id: &StacksBlockId) -> Result<(), StoreError> {
    // A processed block's burn view and parent are known by definition, even if this file lacks them.
    tx.prepare_cached(
        "UPDATE staging_blocks SET state = 'processed', burn_attachable = 1, stacks_attachable = 1
         WHERE block_id = ?1 AND state = 'stored'",
    )?
    .execute([id.0])?;
    Ok(())
}

/// Marks a stored block orphaned.
pub(super) fn update_orphaned(
    tx: &Transaction<'_>,
    id: &StacksBlockId,
    (reason, detail): (v1::RejectReason, &str),
    ancestor: Option<StacksBlockId>,
) -> Result<(), StoreError> {
    tx.prepare_cached(
        "UPDATE staging_blocks SET state = 'orphaned', reason = ?2, reason_detail = ?3, reason_ancestor = ?4
         WHERE block_id = ?1 AND state = 'stored'",
    )?
    .execute(params![id.0, i32::from(reason), detail, ancestor.map(|ancestor| ancestor.0)])?;
    Ok(())
}

/// Deletes a stored block and its bytes; returns whether it was there.
pub(super) fn delete_stored(tx: &Transaction<'_>, id: &StacksBlockId) -> Result<bool, StoreError> {
    // The bytes go with the row (ON DELETE CASCADE).
    let mut delete = tx.prepare_cached("DELETE FROM staging_blocks WHERE block_id = ?1 AND state = 'stored'")?;
    Ok(delete.execute([id.0])? > 0)
}

/// Deletes the oldest waiting block of an unknown burn view; returns whether there was one.
pub(super) fn delete_oldest_burn_unknown(tx: &Transaction<'_>) -> Result<bool, StoreError> {
    let mut delete = tx.prepare_cached(
        "DELETE FROM staging_blocks WHERE arrival = (
             SELECT MIN(arrival) FROM staging_blocks
             WHERE state = 'stored' AND (burn_attachable = 0 OR stacks_attachable = 0) AND burn_attachable = 0)",
    )?;
    Ok(delete.execute([])? > 0)
}

/// Marks the burn view of these blocks known; returns how many waited for it.
pub(super) fn update_burn_attachable(tx: &Transaction<'_>, hash: &BurnBlockHash) -> Result<usize, StoreError> {
    let mut update = tx
        .prepare_cached("UPDATE staging_blocks SET burn_attachable = 1 WHERE burn_hash = ?1 AND burn_attachable = 0")?;
    Ok(update.execute([hash.0])?)
}

/// Marks the parent of these blocks processed; returns how many waited for it.
pub(super) fn update_stacks_attachable(tx: &Transaction<'_>, parent_id: &StacksBlockId) -> Result<usize, StoreError> {
    let mut update = tx.prepare_cached(
        "UPDATE staging_blocks SET stacks_attachable = 1 WHERE parent_id = ?1 AND stacks_attachable = 0",
    )?;
    Ok(update.execute([parent_id.0])?)
}

/// Of the orphaned blocks with bytes, deletes the bytes of the `added` ones that follow the `keep` latest arrivals. If
/// `added` blocks were orphaned since the last call, no others are beyond the limit.
pub(super) fn delete_orphaned_data(tx: &Transaction<'_>, keep: u32, added: usize) -> Result<(), StoreError> {
    tx.prepare_cached(
        "DELETE FROM staging_block_data WHERE arrival IN (
             SELECT b.arrival FROM staging_blocks b JOIN staging_block_data d ON d.arrival = b.arrival
             WHERE b.state = 'orphaned' ORDER BY b.arrival DESC LIMIT ?2 OFFSET ?1)",
    )?
    .execute(params![keep, i64::try_from(added).unwrap_or(i64::MAX)])?;
    Ok(())
}

/// Deletes the `added` orphaned blocks that follow the `keep` latest arrivals.
pub(super) fn delete_orphaned_rows(tx: &Transaction<'_>, keep: u32, added: usize) -> Result<(), StoreError> {
    tx.prepare_cached(
        "DELETE FROM staging_blocks WHERE arrival IN (
             SELECT arrival FROM staging_blocks WHERE state = 'orphaned' ORDER BY arrival DESC LIMIT ?2 OFFSET ?1)",
    )?
    .execute(params![keep, i64::try_from(added).unwrap_or(i64::MAX)])?;
    Ok(())
}

fn to_waiting(row: &Row<'_>) -> rusqlite::Result<Waiting> {
    Ok(Waiting { blocks: get_u64(row, "blocks")?, bytes: get_u64(row, "bytes")? })
}

fn to_block(row: &Row<'_>) -> rusqlite::Result<StagedBlock> {
    Ok(StagedBlock {
        row: get_u64(row, "arrival")?,
        block_id: StacksBlockId(row.get("block_id")?),
        parent_block_id: StacksBlockId(row.get("parent_id")?),
        burn_block_hash: BurnBlockHash(row.get("burn_hash")?),
        chain_length: get_u64(row, "chain_length")?,
        burn_attachable: row.get("burn_attachable")?,
        stacks_attachable: row.get("stacks_attachable")?,
        state: to_state(row)?,
        data: row
            .get::<_, Option<Compressed<'_>>>("data")?
            .map(|Compressed(data)| data.into_owned())
            .unwrap_or_default(),
    })
}

fn to_state(row: &Row<'_>) -> rusqlite::Result<StagingState> {
    let state: String = row.get("state")?;
    Ok(match state.as_str() {
        "stored" => StagingState::Stored,
        "processed" => StagingState::Processed,
        // The table's CHECK allows no other state.
        _ => StagingState::Orphaned {
            rejection: Rejection::from_row(row, "reason_detail")?,
            ancestor: row.get::<_, Option<_>>("reason_ancestor")?.map(StacksBlockId),
        },
    })
}
