//! One page of the journal, with the same filters, payload modes and cursors as streams.

use nakamoto_proto::v1;

use super::cursor::Cursor;
use super::filter::Filter;
use super::journal::{Journal, ReadLimit, time_of};
use super::payload::Payload;
use super::position::PositionError;
use crate::limits::MAX_PAGE_BYTES;

/// Most events that one page scans: a filter that matches nothing must not read the whole journal in one call. The page
/// is then short or empty, and its cursor continues after the scanned events.
pub(super) const MAX_SCANNED_EVENTS: u64 = 10_000;
/// One read of the journal.
const READ_STEP: ReadLimit = ReadLimit { events: 256, bytes: 4 << 20 };

/// What page to read.
#[derive(Debug, Clone)]
pub struct PageRequest {
    /// Which events to return.
    pub filter: Filter,
    /// How much of each event to return.
    pub payload: Payload,
    /// Sequence of the first event to look at.
    pub start: u64,
    /// Most events on the page.
    pub size: usize,
}

/// Reads a page of events. Blocks. If events are removed meanwhile, the page ends before them; the next call then
/// reports it.
///
/// # Errors
/// [`PositionError`] when the start was removed meanwhile, or the journal cannot be read.
pub fn read_page(journal: &dyn Journal, request: &PageRequest) -> Result<v1::ListEventsResponse, PositionError> {
    let (mut events, mut labels, mut bytes, mut next) = (Vec::new(), Vec::new(), 0_usize, request.start);
    let end = request.start.saturating_add(MAX_SCANNED_EVENTS);
    'page: while next < end {
        let entries = match journal.read_memory(next, READ_STEP) {
            Some(entries) => entries,
            None => journal.read_disk(next, READ_STEP)?,
        };
        match entries.first() {
            Some(first) if first.sequence == next => {}
            Some(first) if next == request.start => {
                return Err(PositionError::Pruned { wanted: next, oldest: first.sequence });
            }
            Some(_) | None => break,
        }
        for entry in entries {
            if let Some(found) = request.filter.labels(&entry) {
                let (event, length) = request.payload.event(&entry);
                let too_large = bytes.saturating_add(length) > MAX_PAGE_BYTES && !events.is_empty();
                if events.len() >= request.size || too_large {
                    break 'page;
                }
                bytes = bytes.saturating_add(length);
                events.push(event);
                labels.push(found);
            }
            next = entry.sequence.saturating_add(1);
        }
    }
    let bounds = journal.bounds();
    let sequence = next.saturating_sub(1);
    let cursor = Cursor { journal_id: journal.id(), sequence, time_ms: time_of(journal, sequence)? };
    Ok(v1::ListEventsResponse {
        events,
        next_cursor: cursor.encode().into(),
        end_of_journal: next > bounds.newest,
        oldest_sequence: if bounds.oldest > bounds.newest { 0 } else { bounds.oldest },
        newest_sequence: bounds.newest,
        labels: if request.filter.has_labels() { labels } else { Vec::new() },
    })
}
