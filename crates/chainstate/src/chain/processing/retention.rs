//! How much of the journal is kept, and with it the verdicts on blocks that broke a rule.

use std::time::Duration;

use crate::chain::NakamotoChainState;
use crate::db::StoreError;
use crate::headers::prune_rejected;
use crate::journal::{JournalBounds, Oldest, prune, select_first_after, select_first_behind};
use crate::stackerdb::keep_chunks_of_events;

/// Events above the limit before any is removed: removal comes in batches, not with each event.
const SLACK: u64 = 1_024;
/// Most events that one call removes: bounds how long other writes wait.
const PRUNE_MAX: u64 = 4_096;

/// Bytes above the limit before any event is removed: the limit divided by this.
const SLACK_PART: u64 = 16;

/// How much of the journal is kept. The newest event always is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// Most events. The oldest are removed once there are about a thousand more.
    pub events: u64,
    /// Most bytes of the events as they are sent. The oldest are removed once there is a sixteenth more.
    pub bytes: u64,
    /// Greatest age, counted while the node runs: a clock that jumps ahead does not age events. The oldest are removed
    /// once they are a hundredth older.
    pub age: Duration,
}

impl NakamotoChainState {
    /// Removes the oldest events beyond the limits, a batch at a time. Returns whether there may be more to remove. `ran` is how
    /// long this process has run, by a clock that does not jump.
    ///
    /// What the events report stays: blocks keep their receipts, slots their chunks.
    ///
    /// # Errors
    /// [`StoreError`]: nothing was removed.
    pub fn prune_journal(&self, keep: Retention, ran: Duration) -> Result<bool, StoreError> {
        let bounds = self.journal().bounds();
        let excess = ExcessEvents::of(bounds, keep, self.oldest_allowed_time(keep, ran));
        if excess == ExcessEvents::default() {
            return Ok(false);
        }
        // The newest event is never removed, so it is not looked at.
        let most = PRUNE_MAX.min(bounds.newest.saturating_sub(bounds.oldest)) + 1;
        let tail = self.journal().clone();
        let new_oldest = self.inner.store.write(move |tx| {
            let mut first =
                Oldest { sequence: bounds.oldest, time_ms: bounds.oldest_time_ms, end_offset: bounds.oldest_end };
            if let Some(oldest_allowed_time) = excess.age {
                first = select_first_after(tx.sql(), bounds.oldest, oldest_allowed_time, most)?.unwrap_or(first);
            }
            if let Some(offset) = excess.bytes {
                first = select_first_behind(tx.sql(), bounds.oldest, offset, most)?.unwrap_or(first).max(first);
            }
            let by_count = excess.count.map(|by_count| by_count.min(bounds.oldest + PRUNE_MAX).min(bounds.newest));
            if let Some(by_count) = by_count.filter(|by_count| *by_count > first.sequence) {
                first = select_first_after(tx.sql(), by_count, 0, 1)?.unwrap_or(first);
            }
            keep_chunks_of_events(tx.sql(), first.sequence)?;
            prune(tx.sql(), first.sequence)?;
            prune_rejected(tx.sql(), first.sequence)?;
            sqlite::crash_point("prune:deleted");
            tx.after_commit(|| sqlite::crash_point("prune:committed"));
            tx.after_commit(move || tail.set_oldest(first));
            Ok(first.sequence)
        })?;
        Ok(new_oldest - bounds.oldest >= PRUNE_MAX)
    }

    /// Time before which events are removed. It is never further past the oldest event of the start than this process
    /// has run, so a clock that jumps does not age events.
    fn oldest_allowed_time(&self, keep: Retention, ran: Duration) -> u64 {
        let millis = |duration: Duration| u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
        let by_clock = (self.inner.clock)().saturating_sub(millis(keep.age));
        by_clock.min(self.inner.oldest_at_start_ms.saturating_add(millis(ran)))
    }
}

/// Which limits are exceeded, and the first events to keep.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct ExcessEvents {
    /// The first sequence to keep.
    count: Option<u64>,
    /// Events whose bytes end behind this offset are kept.
    bytes: Option<u64>,
    /// Events of this time or later are kept.
    age: Option<u64>,
}

impl ExcessEvents {
    fn of(bounds: JournalBounds, keep: Retention, oldest_allowed_time: u64) -> Self {
        let by_count = (bounds.newest + 1).saturating_sub(keep.events);
        let is_one = bounds.oldest >= bounds.newest;
        let age_ms = u64::try_from(keep.age.as_millis()).unwrap_or(u64::MAX);
        let is_old = bounds.oldest_time_ms < oldest_allowed_time.saturating_sub(age_ms / 100);
        let is_large = bounds.bytes() > keep.bytes.saturating_add(keep.bytes / SLACK_PART);
        Self {
            count: (by_count >= bounds.oldest + SLACK).then_some(by_count),
            bytes: (is_large && !is_one).then(|| bounds.end_offset.saturating_sub(keep.bytes)),
            age: (is_old && !is_one).then_some(oldest_allowed_time),
        }
    }
}
