//! How much of the journal is kept.

use super::Chain;
use crate::db::StoreError;
use crate::journal::prune;

/// Events that may be too many before any is removed: removal comes in batches, not with each event.
const SLACK: u64 = 1_024;
/// Most events that one call removes: bounds how long other writes wait for it.
const PRUNE_MAX: u64 = 4_096;

impl Chain {
    /// Removes the oldest events beyond the newest `keep`, a batch at a time. Returns whether there is more to remove.
    ///
    /// What the events report stays: blocks keep their receipts, slots their chunks.
    ///
    /// # Errors
    /// [`StoreError`]: nothing was removed.
    pub fn prune_journal(&self, keep: u64) -> Result<bool, StoreError> {
        let (oldest, newest) = (self.journal().oldest_sequence(), self.journal().newest_sequence());
        let keep_from = (newest + 1).saturating_sub(keep);
        if keep_from < oldest + SLACK {
            return Ok(false);
        }
        let tail = self.journal().clone();
        let new_oldest = keep_from.min(oldest + PRUNE_MAX);
        self.inner.store.write_all(move |tx| {
            prune(tx.sql(), new_oldest)?;
            durable::crash_point("prune:deleted");
            tx.after_commit(|| durable::crash_point("prune:committed"));
            tx.after_commit(move || tail.set_oldest(new_oldest));
            Ok(())
        })?;
        Ok(new_oldest < keep_from)
    }
}
