//! The journal's rows.

use nakamoto_proto::ids::StacksBlockId;
use rusqlite::{Connection, OptionalExtension as _, Transaction};

use super::JournalEvent;
use crate::db::StoreError;

/// Appends a row. With `block_id` the event is stored by the caller, beside the block's header.
pub(crate) fn insert_event(
    tx: &Transaction<'_>,
    event: &JournalEvent,
    time_ms: u64,
    block_id: Option<&[u8; 32]>,
) -> Result<(), StoreError> {
    let sql = "INSERT INTO events (sequence, kind, time_ms, body, block_id) VALUES (?1, ?2, ?3, ?4, ?5)";
    let body = block_id.is_none().then_some(&*event.encoded);
    let kind = i32::from(event.kind);
    tx.prepare_cached(sql)?.execute((event.sequence, kind, time_ms, body, block_id))?;
    Ok(())
}

/// Up to `max_events` events from `from_sequence` on, oldest first; stops early at `max_bytes` (but gives one at least).
///
/// # Errors
/// [`StoreError`] when a row cannot be read or decoded.
pub fn select_events(
    conn: &Connection,
    from_sequence: u64,
    max_events: usize,
    max_bytes: usize,
) -> Result<Vec<JournalEvent>, StoreError> {
    let sql = "SELECT coalesce(e.body, h.processed_event, b.processed_event)
               FROM events e
               LEFT JOIN nakamoto_block_headers h ON h.block_id = e.block_id
               LEFT JOIN block_headers b ON b.block_id = e.block_id
               WHERE e.sequence >= ?1 ORDER BY e.sequence LIMIT ?2";
    let mut statement = conn.prepare_cached(sql)?;
    let mut rows = statement.query((from_sequence, max_events))?;
    let (mut events, mut bytes) = (Vec::new(), 0);
    while let Some(row) = rows.next()? {
        let encoded: Vec<u8> = row.get(0)?;
        bytes += encoded.len();
        let event = JournalEvent::from_encoded(encoded);
        events.push(event.map_err(|error| StoreError::Corrupt(format!("journal: {error}")))?);
        if bytes >= max_bytes {
            break;
        }
    }
    Ok(events)
}

/// Oldest sequence kept and newest ever written; (1, 0) for an empty journal.
pub(crate) fn select_bounds(conn: &Connection) -> Result<(u64, u64), StoreError> {
    let newest = "SELECT seq FROM sqlite_sequence WHERE name = 'events'";
    let newest: u64 = conn.query_row(newest, [], |row| row.get(0)).optional()?.unwrap_or(0);
    let oldest: Option<u64> = conn.query_row("SELECT min(sequence) FROM events", [], |row| row.get(0))?;
    Ok((oldest.unwrap_or(newest + 1), newest))
}

/// Sequence of the event that announced a block processed.
pub(crate) fn select_sequence_of_block(conn: &Connection, block_id: &StacksBlockId) -> Result<Option<u64>, StoreError> {
    let sql = "SELECT sequence FROM events WHERE block_id = ?1";
    Ok(conn.prepare_cached(sql)?.query_row([block_id.as_bytes()], |row| row.get(0)).optional()?)
}

/// Removes the events below a sequence.
pub(crate) fn prune(tx: &Transaction<'_>, keep_from: u64) -> Result<(), StoreError> {
    tx.prepare_cached("DELETE FROM events WHERE sequence < ?1")?.execute([keep_from])?;
    Ok(())
}
