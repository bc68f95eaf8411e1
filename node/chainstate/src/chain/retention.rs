//! How much of the journal is kept, and with it of the verdicts on blocks that broke a rule.

use std::time::Duration;

use super::Chain;
use crate::db::StoreError;
use crate::headers::prune_rejected;
use crate::journal::{prune, select_first_after};

/// Events that may be too many before any is removed: removal comes in batches, not with each event.
const SLACK: u64 = 1_024;
/// Most events that one call removes: bounds how long other writes wait for it.
const PRUNE_MAX: u64 = 4_096;

/// How much of the journal is kept. The newest event always is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// Events; about a thousand more before the oldest are removed.
    pub events: u64,
    /// Age of an event; a hundredth more before the oldest are removed.
    pub age: Duration,
}

impl Chain {
    /// Removes the oldest events beyond the limits, a batch at a time. Returns whether there may be more to remove.
    ///
    /// What the events report stays: blocks keep their receipts, slots their chunks.
    ///
    /// # Errors
    /// [`StoreError`]: nothing was removed.
    pub fn prune_journal(&self, keep: Retention) -> Result<bool, StoreError> {
        let bounds = self.journal().bounds();
        let by_count = (bounds.newest + 1).saturating_sub(keep.events);
        let too_many = by_count >= bounds.oldest + SLACK;
        let (now, age_ms) = ((self.inner.clock)(), u64::try_from(keep.age.as_millis()).unwrap_or(u64::MAX));
        let born_after = now.saturating_sub(age_ms);
        let too_old = bounds.oldest < bounds.newest && bounds.oldest_time_ms < born_after.saturating_sub(age_ms / 100);
        if !too_many && !too_old {
            return Ok(false);
        }
        // The newest is not among those that are looked at.
        let most = PRUNE_MAX.min(bounds.newest.saturating_sub(bounds.oldest)) + 1;
        let tail = self.journal().clone();
        let new_oldest = self.inner.store.write_all(move |tx| {
            let mut first = (bounds.oldest, bounds.oldest_time_ms);
            if too_old {
                first = select_first_after(tx.sql(), bounds.oldest, born_after, most)?.unwrap_or(first);
            }
            let by_count = by_count.min(bounds.oldest + PRUNE_MAX).min(bounds.newest);
            if too_many && by_count > first.0 {
                first = select_first_after(tx.sql(), by_count, 0, 1)?.unwrap_or(first);
            }
            let (new_oldest, time_ms) = first;
            prune(tx.sql(), new_oldest)?;
            prune_rejected(tx.sql(), new_oldest)?;
            durable::crash_point("prune:deleted");
            tx.after_commit(|| durable::crash_point("prune:committed"));
            tx.after_commit(move || tail.set_oldest(new_oldest, time_ms));
            Ok(new_oldest)
        })?;
        Ok(new_oldest - bounds.oldest >= PRUNE_MAX)
    }
}
