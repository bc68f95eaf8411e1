//! The journal as streams read it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use chainstate::journal::{JournalBounds, JournalEvent};
use nakamoto_proto::v1;

use super::cursor::time_ms;
use crate::error::ApiError;

const ONE_EVENT: ReadLimit = ReadLimit { events: 1, bytes: usize::MAX };

/// Size of one read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReadLimit {
    /// Most events of one read.
    pub events: usize,
    /// Most bytes of one read; a read has at least one event anyway.
    pub bytes: usize,
}

/// An ordered list of events.
pub trait Journal: Send + Sync + 'static {
    /// Id of the journal. Does not block.
    fn id(&self) -> [u8; 16];
    /// First and last event that can be read now. Does not block.
    fn bounds(&self) -> JournalBounds;
    /// Events from `from` on; empty when `from` is above the newest, `None` when not all of them are in memory. Does
    /// not block.
    fn read_memory(&self, from: u64, limit: ReadLimit) -> Option<Vec<JournalEvent>>;
    /// Events from `from` on, read from the disk. Blocks.
    fn read_disk(&self, from: u64, limit: ReadLimit) -> Result<Vec<JournalEvent>, ApiError>;
    /// Sequence of the event that a Stacks block was processed, whether the event is still kept or not. Blocks.
    fn sequence_of_block(&self, block_id: [u8; 32]) -> Result<Option<u64>, ApiError>;
    /// Sequence of that event for the canonical block with this chain length. Blocks.
    fn sequence_of_height(&self, chain_length: u64) -> Result<Option<u64>, ApiError>;
    /// Calls `listener` with the newest sequence after each commit.
    fn listen(&self, listener: Box<dyn Fn(u64) + Send + Sync>);
}

/// When the event with this sequence was written, in milliseconds since 1970, if it is still in memory. Does not block.
#[must_use]
pub fn time_in_memory(journal: &dyn Journal, sequence: u64) -> Option<u64> {
    let events = journal.read_memory(sequence, ONE_EVENT)?;
    events.first().filter(|event| event.sequence == sequence).map(|event| time_ms(&event.event))
}

/// As [`time_in_memory`], for any event that is kept. Blocks.
///
/// # Errors
/// [`ApiError`] when the journal cannot be read.
pub fn time_of(journal: &dyn Journal, sequence: u64) -> Result<Option<u64>, ApiError> {
    if let Some(time_ms) = time_in_memory(journal, sequence) {
        return Ok(Some(time_ms));
    }
    let events = journal.read_disk(sequence, ONE_EVENT)?;
    Ok(events.first().filter(|event| event.sequence == sequence).map(|event| time_ms(&event.event)))
}

/// Calls `heard` after each commit with an event of one of `kinds`.
///
/// May call once too often: the kinds of events that have already left memory are unknown.
pub fn listen_for(
    journal: &Arc<dyn Journal>,
    kinds: &'static [v1::EventKind],
    heard: impl Fn() + Send + Sync + 'static,
) {
    let seen = AtomicU64::new(journal.bounds().newest);
    let reader = Arc::downgrade(journal);
    journal.listen(Box::new(move |newest| {
        let from = seen.swap(newest, Ordering::Relaxed).saturating_add(1);
        let Some(journal) = reader.upgrade() else { return };
        let news = journal.read_memory(from, ReadLimit { events: usize::MAX, bytes: usize::MAX });
        if news.is_none_or(|events| events.iter().any(|event| kinds.contains(&event.kind))) {
            heard();
        }
    }));
}
