//! Joins warnings that many requests cause into one line with a count; otherwise they could fill the disk.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Least time between two lines of the same kind.
const PAUSE: Duration = Duration::from_secs(10);

/// A kind of warning.
#[derive(Debug)]
pub(crate) struct WarningLimiter {
    suppressed: AtomicU64,
    last_logged: Mutex<Option<Instant>>,
}

impl WarningLimiter {
    pub(crate) const fn new() -> Self {
        Self { suppressed: AtomicU64::new(0), last_logged: Mutex::new(None) }
    }

    /// Counts a warning. When a line is due, returns how many warnings there were since the last line.
    pub(crate) fn count(&self) -> Option<u64> {
        self.count_at(Instant::now())
    }

    fn count_at(&self, now: Instant) -> Option<u64> {
        let mut last_logged = self.last_logged.lock().unwrap_or_else(PoisonError::into_inner);
        let count = self.suppressed.fetch_add(1, Ordering::Relaxed) + 1;
        if last_logged.is_some_and(|last_logged| now.saturating_duration_since(last_logged) < PAUSE) {
            return None;
        }
        *last_logged = Some(now);
        self.suppressed.store(0, Ordering::Relaxed);
        Some(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_is_said_at_once_and_the_others_together() {
        let (repeats, begun) = (WarningLimiter::new(), Instant::now());
        assert_eq!(repeats.count_at(begun), Some(1));
        assert!((0..500).all(|_| repeats.count_at(begun + PAUSE / 2).is_none()));
        assert_eq!(repeats.count_at(begun + PAUSE), Some(501));
        assert_eq!(repeats.count_at(begun + PAUSE), None);
    }
}
