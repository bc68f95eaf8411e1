//! The rows of processed blocks.

use clarity::costs::Cost;
use rusqlite::{Connection, OptionalExtension as _, Row, Transaction, named_params};
use stacks_types::block::NakamotoStacksBlockHeader;
use stacks_types::ids::{BurnBlockHash, StacksBlockId, StateRoot, Txid};

use super::{ProcessedHeader, TenureSoFar};
use crate::burn::BurnBlock;
use crate::db::{Compressed, StoreError};

/// The header of a processed block, of any fork.
///
/// # Errors
/// [`StoreError`] when the row cannot be read.
pub(crate) fn select_header(
    conn: &Connection,
    block_id: &StacksBlockId,
) -> Result<Option<ProcessedHeader>, StoreError> {
    if *block_id == StacksBlockId::BOOT {
        return select_boot(conn);
    }
    Ok(select_headers(conn, "WHERE block_id = ?1", [block_id.as_bytes()])?.pop())
}

fn select_boot(conn: &Connection) -> Result<Option<ProcessedHeader>, StoreError> {
    let sql = "SELECT state_root, burn_view, burn_height, burn_time_s FROM block_headers WHERE block_id = ?1";
    let row = conn.prepare_cached(sql)?.query_row([StacksBlockId::BOOT.as_bytes()], |row| {
        let (state_root, burn_view) = (StateRoot(row.get(0)?), BurnBlockHash(row.get(1)?));
        Ok(ProcessedHeader::boot(state_root, burn_view, row.get(2)?, row.get(3)?))
    });
    Ok(row.optional()?)
}

fn header_from_row(row: &Row<'_>) -> Result<ProcessedHeader, StoreError> {
    let encoded: Vec<u8> = row.get("header")?;
    let header = NakamotoStacksBlockHeader::decode(&encoded)
        .map_err(|error| StoreError::Corrupt(format!("header of a processed block: {error}")))?;
    Ok(ProcessedHeader {
        block_id: StacksBlockId(row.get("block_id")?),
        parent_block_id: StacksBlockId(row.get("parent_block_id")?),
        state_root: header.state_index_root,
        header: Some(header),
        chain_length: row.get("chain_length")?,
        burn_view: BurnBlockHash(row.get("burn_view")?),
        burn_height: row.get("burn_height")?,
        burn_time_s: row.get("burn_time_s")?,
        tenure: TenureSoFar {
            height: row.get("tenure_height")?,
            start: StacksBlockId(row.get("tenure_start_block_id")?),
            cost: cost_from_bytes(&row.get("tenure_cost")?),
            fees: u128::from_be_bytes(row.get("tenure_fees")?),
            coinbase: u128::from_be_bytes(row.get("coinbase")?),
            recipient: row.get("reward_recipient")?,
            producer: row.get("producer")?,
        },
        size_bytes: row.get("size_bytes")?,
    })
}

/// Stores the boot block's row.
pub(crate) fn insert_boot(tx: &Transaction<'_>, boot: &ProcessedHeader, event: &[u8]) -> Result<(), StoreError> {
    let sql = "INSERT INTO block_headers (block_id, state_root, burn_view, burn_height, burn_time_s, processed_event)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    let id = boot.block_id.as_bytes();
    let (root, view) = (boot.state_root.as_bytes(), boot.burn_view.as_bytes());
    tx.execute(sql, (id, root, view, boot.burn_height, boot.burn_time_s, Compressed::new(event)))?;
    Ok(())
}

/// Stores a processed block's row; returns its number.
pub(crate) fn insert_header(
    tx: &Transaction<'_>,
    block: &ProcessedHeader,
    header: &NakamotoStacksBlockHeader,
    event: &[u8],
) -> Result<i64, StoreError> {
    tx.prepare_cached(include_str!("insert_header.sql"))?.execute(named_params! {
        ":block_id": block.block_id.as_bytes(),
        ":parent_block_id": block.parent_block_id.as_bytes(),
        ":header": header.encode(),
        ":chain_length": block.chain_length,
        ":burn_view": block.burn_view.as_bytes(),
        ":burn_height": block.burn_height,
        ":burn_time_s": block.burn_time_s,
        ":tenure_height": block.tenure.height,
        ":tenure_start_block_id": block.tenure.start.as_bytes(),
        ":tenure_cost": cost_to_bytes(&block.tenure.cost),
        ":tenure_fees": block.tenure.fees.to_be_bytes(),
        ":coinbase": block.tenure.coinbase.to_be_bytes(),
        ":reward_recipient": block.tenure.recipient,
        ":producer": block.tenure.producer,
        ":size_bytes": block.size_bytes,
        ":processed_event": Compressed::new(event),
    })?;
    Ok(tx.last_insert_rowid())
}

/// Records which transactions the block in a row mined.
pub(crate) fn insert_mined(
    tx: &Transaction<'_>,
    block_row: i64,
    txids: impl Iterator<Item = Txid>,
) -> Result<(), StoreError> {
    let sql = "INSERT INTO mined_transactions (txid, block_row, tx_index) VALUES (?1, ?2, ?3)";
    let mut statement = tx.prepare_cached(sql)?;
    for (index, txid) in txids.enumerate() {
        statement.execute((txid.as_bytes(), block_row, index))?;
    }
    Ok(())
}

/// Blocks, of all forks, that mined a transaction, with its place in each.
///
/// # Errors
/// [`StoreError`] when a row cannot be read.
pub fn mined_blocks_of(conn: &Connection, txid: &Txid) -> Result<Vec<(StacksBlockId, usize)>, StoreError> {
    let sql = "SELECT block_id, tx_index FROM mined_transactions JOIN nakamoto_block_headers h ON h.rowid = block_row
               WHERE txid = ?1 ORDER BY block_row";
    let mut statement = conn.prepare_cached(sql)?;
    let rows = statement.query_map([txid.as_bytes()], |row| Ok((StacksBlockId(row.get(0)?), row.get(1)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The `BlockProcessed` event of a block as it is stored: receipts included, without their transactions.
pub(crate) fn processed_event(conn: &Connection, block_id: &StacksBlockId) -> Result<Option<Vec<u8>>, StoreError> {
    let sql = "SELECT processed_event FROM nakamoto_block_headers WHERE block_id = ?1
               UNION ALL SELECT processed_event FROM block_headers WHERE block_id = ?1";
    let event: Option<Compressed<'_>> =
        conn.prepare_cached(sql)?.query_row([block_id.as_bytes()], |row| row.get(0)).optional()?;
    Ok(event.map(|Compressed(event)| event.into_owned()))
}

/// Burn views of the processed children of a block, with their ids.
pub(crate) fn children_burn_views(
    conn: &Connection,
    parent: &StacksBlockId,
) -> Result<Vec<(StacksBlockId, BurnBlockHash)>, StoreError> {
    let sql = "SELECT block_id, burn_view FROM nakamoto_block_headers WHERE parent_block_id = ?1";
    let mut statement = conn.prepare_cached(sql)?;
    let rows =
        statement.query_map([parent.as_bytes()], |row| Ok((StacksBlockId(row.get(0)?), BurnBlockHash(row.get(1)?))))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// First blocks, of all forks, of the tenures with this height.
///
/// # Errors
/// [`StoreError`] when a row cannot be read.
pub(crate) fn select_tenure_starts(conn: &Connection, tenure_height: u64) -> Result<Vec<StacksBlockId>, StoreError> {
    let sql = "SELECT block_id FROM nakamoto_block_headers
               WHERE tenure_height = ?1 AND block_id = tenure_start_block_id";
    let mut statement = conn.prepare_cached(sql)?;
    let rows = statement.query_map([tenure_height], |row| Ok(StacksBlockId(row.get(0)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The newest `limit` blocks, newest first, of the tenure that a burn block began. All forks are searched, but the
/// sibling rule leaves blocks on one only.
///
/// # Errors
/// [`StoreError`] when a row cannot be read.
pub(crate) fn select_tenure(
    conn: &Connection,
    burn_view: &BurnBlock,
    limit: usize,
) -> Result<Vec<ProcessedHeader>, StoreError> {
    let condition = "WHERE burn_height = ?1 AND burn_view = ?2
               ORDER BY chain_length DESC, block_id LIMIT ?3";
    select_headers(conn, condition, (burn_view.height, burn_view.hash.as_bytes(), limit))
}

/// Ids of the blocks of the tenure that a burn block began, lowest first.
///
/// # Errors
/// [`StoreError`] when a row cannot be read.
pub(crate) fn select_tenure_block_ids(
    conn: &Connection,
    burn_view: &BurnBlock,
) -> Result<Vec<StacksBlockId>, StoreError> {
    let sql = "SELECT block_id FROM nakamoto_block_headers WHERE burn_height = ?1 AND burn_view = ?2
               ORDER BY chain_length";
    let mut statement = conn.prepare_cached(sql)?;
    let rows =
        statement.query_map((burn_view.height, burn_view.hash.as_bytes()), |row| Ok(StacksBlockId(row.get(0)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The newest `limit` blocks of all forks whose burn views are at these heights, newest first.
///
/// # Errors
/// [`StoreError`] when a row cannot be read.
pub(crate) fn select_headers_at_burn_heights(
    conn: &Connection,
    burn_heights: std::ops::Range<u64>,
    limit: usize,
) -> Result<Vec<ProcessedHeader>, StoreError> {
    let condition = "WHERE burn_height >= ?1 AND burn_height < ?2
               ORDER BY burn_height DESC, chain_length DESC LIMIT ?3";
    select_headers(conn, condition, (burn_heights.start, burn_heights.end, limit))
}

/// Columns of [`header_from_row`]. The event is left out: it may have megabytes, which a sorting query would copy.
const HEADER_COLUMNS: &str =
    "header, block_id, parent_block_id, chain_length, burn_view, burn_height, burn_time_s, tenure_height,
    tenure_start_block_id, tenure_cost, tenure_fees, coinbase, reward_recipient, producer, size_bytes";

fn select_headers(
    conn: &Connection,
    condition: &str,
    values: impl rusqlite::Params,
) -> Result<Vec<ProcessedHeader>, StoreError> {
    let sql = format!("SELECT {HEADER_COLUMNS} FROM nakamoto_block_headers {condition}");
    let mut statement = conn.prepare_cached(&sql)?;
    let mut rows = statement.query(values)?;
    let mut headers = Vec::new();
    while let Some(row) = rows.next()? {
        headers.push(header_from_row(row)?);
    }
    Ok(headers)
}

fn cost_to_bytes(cost: &Cost) -> [u8; 40] {
    let parts = [cost.write_length, cost.write_count, cost.read_length, cost.read_count, cost.runtime];
    let mut bytes = [0; 40];
    for (chunk, part) in bytes.chunks_exact_mut(8).zip(parts) {
        chunk.copy_from_slice(&part.to_be_bytes());
    }
    bytes
}

fn cost_from_bytes(bytes: &[u8; 40]) -> Cost {
    let part = |index: usize| {
        let mut eight = [0; 8];
        eight.copy_from_slice(&bytes[8 * index..8 * index + 8]);
        u64::from_be_bytes(eight)
    };
    Cost { write_length: part(0), write_count: part(1), read_length: part(2), read_count: part(3), runtime: part(4) }
}
