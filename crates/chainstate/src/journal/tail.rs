//! The newest events in memory; calls listeners when new ones come.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{JournalBounds, JournalEvent, Oldest};

/// Most events in memory.
const TAIL_EVENTS: usize = 4096;
/// Most bytes of encoded events in memory: about two full blocks' events beside the small ones.
const TAIL_BYTES: usize = 16 << 20;

/// Called after each commit with the newest sequence. Must not block.
pub(crate) type Listener = Box<dyn Fn(u64) + Send + Sync>;

/// Shared by the writer, which appends, and all readers. Cheap to clone.
#[derive(Clone)]
pub struct JournalTail {
    inner: Arc<Inner>,
}

struct Inner {
    journal_id: [u8; 16],
    state: Mutex<State>,
    listeners: Mutex<Vec<Listener>>,
}

struct State {
    events: VecDeque<JournalEvent>,
    bytes: usize,
    bounds: JournalBounds,
}

impl JournalTail {
    pub(crate) fn new(journal_id: [u8; 16], bounds: JournalBounds) -> Self {
        let state = Mutex::new(State { events: VecDeque::new(), bytes: 0, bounds });
        Self { inner: Arc::new(Inner { journal_id, state, listeners: Mutex::new(Vec::new()) }) }
    }

    /// Id of the journal; it changes when the folder is wiped.
    #[must_use]
    pub fn journal_id(&self) -> [u8; 16] {
        self.inner.journal_id
    }

    /// Newest sequence committed; 0 when there is none.
    #[must_use]
    pub fn newest_sequence(&self) -> u64 {
        self.state().bounds.newest
    }

    /// Oldest and newest at one moment; the oldest is above the newest when there is none.
    #[must_use]
    pub fn bounds(&self) -> JournalBounds {
        self.state().bounds
    }

    /// Calls `listener` after each commit.
    pub fn listen(&self, listener: Listener) {
        self.inner.listeners.lock().unwrap_or_else(PoisonError::into_inner).push(listener);
    }

    /// Events from `from_sequence` on, if they are all still in memory; `None` sends the reader to the database.
    #[must_use]
    pub fn read(&self, from_sequence: u64, max_events: usize, max_bytes: usize) -> Option<Vec<JournalEvent>> {
        let state = self.state();
        if from_sequence > state.bounds.newest {
            return Some(Vec::new());
        }
        let first = state.events.front()?.sequence;
        let skip = usize::try_from(from_sequence.checked_sub(first)?).ok()?;
        let mut bytes = 0;
        let events = state.events.iter().skip(skip).take(max_events);
        // Returns at least one, so that a reader with a small limit makes progress.
        Some(events.take_while(|event| within(&mut bytes, event.encoded.len(), max_bytes)).cloned().collect())
    }

    /// Appends the events that were committed at `time_ms` and calls the listeners.
    pub(crate) fn publish(&self, events: Vec<JournalEvent>, time_ms: u64) {
        if events.is_empty() {
            return;
        }
        let newest = {
            let mut state = self.state();
            for event in events {
                if state.bounds.oldest == event.sequence {
                    state.bounds.oldest_time_ms = time_ms;
                    state.bounds.oldest_end = event.end_offset;
                }
                state.bounds.newest = event.sequence;
                state.bounds.end_offset = event.end_offset;
                state.bytes += event.encoded.len();
                state.events.push_back(event);
            }
            while state.events.len() > TAIL_EVENTS || state.bytes > TAIL_BYTES {
                let Some(event) = state.events.pop_front() else { break };
                state.bytes -= event.encoded.len();
            }
            state.bounds.newest
        };
        for listener in self.inner.listeners.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            listener(newest);
        }
    }

    /// Sets the oldest event: those before it were removed.
    pub(crate) fn set_oldest(&self, oldest: Oldest) {
        let mut state = self.state();
        state.bounds.oldest = oldest.sequence;
        state.bounds.oldest_time_ms = oldest.time_ms;
        state.bounds.oldest_end = oldest.end_offset;
        // Events removed from the database are not served from memory either.
        while state.events.front().is_some_and(|event| event.sequence < oldest.sequence) {
            let Some(event) = state.events.pop_front() else { break };
            state.bytes -= event.encoded.len();
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.inner.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn within(bytes: &mut usize, len: usize, max: usize) -> bool {
    let first = *bytes == 0;
    *bytes += len;
    first || *bytes <= max
}
