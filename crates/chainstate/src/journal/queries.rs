//! The journal's rows.

use rusqlite::{Connection, OptionalExtension as _, Row, Transaction};
use stacks_types::ids::StacksBlockId;

use super::JournalEvent;
use crate::db::{Compressed, StoreError};
use crate::staging::StagingReader;

/// Appends a row. With `block_id` the row has no event: the caller stores it with the block's header.
pub(crate) fn insert_event(
    tx: &Transaction<'_>,
    event: &JournalEvent,
    time_ms: u64,
    block_id: Option<&[u8; 32]>,
) -> Result<(), StoreError> {
    let sql =
        "INSERT INTO events (sequence, kind, time_ms, body, block_id, end_offset) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    let body = block_id.is_none().then_some(Compressed::new(&event.encoded));
    let kind = i32::from(event.kind);
    tx.prepare_cached(sql)?.execute((event.sequence, kind, time_ms, body, block_id, event.end_offset))?;
    Ok(())
}

/// Up to `max_events` events from `from_sequence`, oldest first; stops early at `max_bytes`, but returns at least one.
///
/// # Errors
/// [`StoreError`] when a row cannot be read or decoded.
pub fn select_events(
    conn: &Connection,
    staging: &StagingReader,
    from_sequence: u64,
    max_events: usize,
    max_bytes: usize,
) -> Result<Vec<JournalEvent>, StoreError> {
    let sql = "SELECT coalesce(e.body, h.processed_event, b.processed_event), e.end_offset
               FROM events e
               LEFT JOIN nakamoto_block_headers h ON h.block_id = e.block_id
               LEFT JOIN block_headers b ON b.block_id = e.block_id
               WHERE e.sequence >= ?1 ORDER BY e.sequence LIMIT ?2";
    let mut statement = conn.prepare_cached(sql)?;
    let mut rows = statement.query((from_sequence, max_events))?;
    let (mut events, mut bytes) = (Vec::new(), 0);
    while let Some(row) = rows.next()? {
        let Compressed(stored) = row.get(0)?;
        let event = JournalEvent::from_stored(stored.into_owned(), row.get(1)?, staging)?;
        bytes += event.encoded.len();
        events.push(event);
        if bytes >= max_bytes {
            break;
        }
    }
    Ok(events)
}

/// Which events a journal holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JournalBounds {
    /// Oldest sequence kept; above `newest` when there is none.
    pub oldest: u64,
    /// Newest sequence written; 0 when there is none.
    pub newest: u64,
    /// End offset of the newest event.
    pub end_offset: u64,
    /// When the oldest event kept was written, milliseconds since 1970; 0 when there is none.
    pub oldest_time_ms: u64,
    /// End offset of the oldest event.
    pub oldest_end: u64,
}

impl JournalBounds {
    /// Bytes of the events that are kept, as they are sent; without the oldest.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.end_offset.saturating_sub(self.oldest_end)
    }
}

/// The first event that is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Oldest {
    pub(crate) sequence: u64,
    pub(crate) time_ms: u64,
    pub(crate) end_offset: u64,
}

fn to_oldest(row: &Row<'_>) -> rusqlite::Result<Oldest> {
    Ok(Oldest { sequence: row.get(0)?, time_ms: row.get(1)?, end_offset: row.get(2)? })
}

pub(crate) fn select_bounds(conn: &Connection) -> Result<JournalBounds, StoreError> {
    let newest = "SELECT sequence, end_offset FROM events ORDER BY sequence DESC LIMIT 1";
    let newest: Option<(u64, u64)> = conn.query_row(newest, [], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
    let (newest, end_offset) = newest.unwrap_or_default();
    let oldest = "SELECT sequence, time_ms, end_offset FROM events ORDER BY sequence LIMIT 1";
    let none = Oldest { sequence: newest + 1, time_ms: 0, end_offset };
    let oldest = conn.query_row(oldest, [], to_oldest).optional()?.unwrap_or(none);
    Ok(JournalBounds {
        oldest: oldest.sequence,
        newest,
        end_offset,
        oldest_time_ms: oldest.time_ms,
        oldest_end: oldest.end_offset,
    })
}

/// The first event from a sequence on that is not older than `time_ms`, or else the last of the `most` events that are
/// looked at.
pub(crate) fn select_first_after(
    conn: &Connection,
    from_sequence: u64,
    time_ms: u64,
    most: u64,
) -> Result<Option<Oldest>, StoreError> {
    let sql = "SELECT sequence, time_ms, end_offset FROM
                 (SELECT sequence, time_ms, end_offset FROM events WHERE sequence >= ?1 ORDER BY sequence LIMIT ?3)
               ORDER BY time_ms < ?2, CASE WHEN time_ms < ?2 THEN -sequence ELSE sequence END LIMIT 1";
    Ok(conn.prepare_cached(sql)?.query_row((from_sequence, time_ms, most), to_oldest).optional()?)
}

/// The first event from a sequence on whose bytes all lie behind `offset`, or else the last of the `most` events that
/// are looked at.
pub(crate) fn select_first_behind(
    conn: &Connection,
    from_sequence: u64,
    offset: u64,
    most: u64,
) -> Result<Option<Oldest>, StoreError> {
    // It follows the first event that ends at `offset` or later.
    let sql = "SELECT sequence, time_ms, end_offset FROM
                 (SELECT sequence, time_ms, end_offset, lag(end_offset) OVER (ORDER BY sequence) AS start_offset FROM
                    (SELECT sequence, time_ms, end_offset FROM events WHERE sequence >= ?1 ORDER BY sequence LIMIT ?3))
               ORDER BY coalesce(start_offset < ?2, 1),
                        CASE WHEN coalesce(start_offset < ?2, 1) THEN -sequence ELSE sequence END LIMIT 1";
    Ok(conn.prepare_cached(sql)?.query_row((from_sequence, offset, most), to_oldest).optional()?)
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
