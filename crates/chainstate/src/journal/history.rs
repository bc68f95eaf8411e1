//! All burn blocks and processed blocks in journal order, including those that the journal no longer keeps.
//!
//! # Invariants
//! - Every burn block and processed block that the journal ever announced is here, once, under its sequence.

use nakamoto_proto::v1;
use prost::Message as _;
use rusqlite::Connection;
use stacks_types::ids::{BurnBlockHash, StacksBlockId};

use super::JournalEvent;
use crate::db::{Compressed, StoreError, get_u64, to_integer};
use crate::headers::processed_event;
use crate::staging::StagingReader;

/// Up to `max_events` burn blocks and processed blocks of the sequences `from..before`, oldest first; stops early at
/// `max_bytes`, but returns at least one.
///
/// # Errors
/// [`StoreError`] when a row cannot be read or decoded.
pub fn select_history(
    conn: &Connection,
    staging: &StagingReader,
    range: std::ops::Range<u64>,
    max_events: usize,
    max_bytes: usize,
) -> Result<Vec<JournalEvent>, StoreError> {
    let kinds = (i32::from(v1::EventKind::BurnBlock), i32::from(v1::EventKind::BlockProcessed));
    let mut statement = conn.prepare_cached(include_str!("select_history.sql"))?;
    let mut rows = statement.query((range.start, range.end, kinds.0, kinds.1, max_events))?;
    let (mut events, mut bytes) = (Vec::new(), 0);
    while let Some(row) = rows.next()? {
        let Compressed(stored) = row.get(0)?;
        // The byte offsets of removed events are not kept; readers of history do not need them.
        let event = JournalEvent::from_stored(stored.into_owned(), 0, staging)?;
        bytes += event.encoded.len();
        events.push(event);
        if bytes >= max_bytes {
            break;
        }
    }
    Ok(events)
}

/// Sequence of the event that announced a block processed, even if the journal has removed it; `None` for a block that
/// is not processed.
///
/// # Errors
/// [`StoreError`] when the block's row cannot be read or decoded.
pub fn sequence_of_processed(conn: &Connection, block_id: &StacksBlockId) -> Result<Option<u64>, StoreError> {
    let Some(encoded) = processed_event(conn, block_id)? else { return Ok(None) };
    let event = v1::Event::decode(encoded.as_slice());
    let event = event.map_err(|error| StoreError::Corrupt(format!("event of block {block_id}: {error}")))?;
    Ok(Some(event.sequence))
}

/// Sequence of the newest event before `before` that announced a burn block, even if the journal has removed it; `None`
/// if there is none.
///
/// # Errors
/// [`StoreError`] when a row cannot be read or decoded.
pub fn sequence_of_burn_block(conn: &Connection, hash: &BurnBlockHash, before: u64) -> Result<Option<u64>, StoreError> {
    let mut select = conn.prepare_cached(
        "SELECT sequence, body FROM events WHERE sequence < ?1 AND kind = ?2
         UNION ALL
         SELECT sequence, body FROM pruned_chain_events WHERE sequence < ?1 AND body IS NOT NULL
         ORDER BY sequence DESC",
    )?;
    let mut rows = select.query((to_integer("sequence", before)?, i32::from(v1::EventKind::BurnBlock)))?;
    while let Some(row) = rows.next()? {
        let (sequence, Compressed(encoded)) = (get_u64(row, "sequence")?, row.get("body")?);
        let event = v1::Event::decode(encoded.as_ref());
        let event = event.map_err(|error| StoreError::Corrupt(format!("event {sequence}: {error}")))?;
        let Some(v1::event::Body::BurnBlock(announced)) = event.body else { continue };
        if announced.burn_block.is_some_and(|block| block.burn_block_hash == hash.0[..]) {
            return Ok(Some(sequence));
        }
    }
    Ok(None)
}
