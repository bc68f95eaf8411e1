//! How many lines of one kind the terminal gets, so that a flood is counted and not shown.

use std::time::{Duration, Instant};

/// Time in which a kind has its number of lines.
pub(super) const WINDOW: Duration = Duration::from_secs(10);

/// Lines of one kind: so many in each [`WINDOW`].
#[derive(Debug)]
pub(super) struct LineBudget {
    most: u32,
    since: Instant,
    shown: u32,
    /// Things that got no line since the last line.
    hidden: u64,
}

impl LineBudget {
    pub(super) const fn new(most: u32, now: Instant) -> Self {
        Self { most, since: now, shown: 0, hidden: 0 }
    }

    /// Takes a line for `things` of the kind. Returns what to append to it: how many were not shown before. `None` when they
    /// get no line.
    pub(super) fn take(&mut self, now: Instant, things: usize) -> Option<String> {
        if now.saturating_duration_since(self.since) >= WINDOW {
            (self.since, self.shown) = (now, 0);
        }
        if self.shown >= self.most {
            self.hidden = self.hidden.saturating_add(u64::try_from(things).unwrap_or(u64::MAX));
            return None;
        }
        self.shown = self.shown.saturating_add(1);
        Some(match std::mem::take(&mut self.hidden) {
            0 => String::new(),
            hidden => format!(" (and {hidden} more before)"),
        })
    }
}
