//! How much time a block's filling, and one of its transactions, has left.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Time that a transaction may take while others wait, once cut transactions have taken too much. It shrinks to a half,
/// a third and so on with each transaction of the template that used it up. A transaction that takes longer goes behind
/// the others.
pub(super) const SHORT_TIME: Duration = Duration::from_millis(100);
/// The shortest that it becomes: several times what a call takes.
const SHORTEST_TIME: Duration = Duration::from_millis(5);

/// How far a block is filled.
#[derive(Clone, Copy)]
pub(crate) struct FillBounds<'a> {
    /// Most transactions, the coinbase included.
    pub(crate) most: u32,
    /// After this time no further transaction begins.
    pub(crate) time: Duration,
    /// Set when nobody wants the block any more, or another job must run: the transactions so far are the block.
    pub(crate) cancelled: &'a AtomicBool,
}

/// How much of the time is used up.
pub(super) struct FillTimer<'a> {
    bounds: FillBounds<'a>,
    begun: Instant,
    not_counted: Duration,
    /// Number of transactions that used up their short time and were put off, and the time that they took together.
    put_off: u32,
    put_off_time: Duration,
}

impl<'a> FillTimer<'a> {
    pub(super) fn begin(bounds: FillBounds<'a>) -> Self {
        let (not_counted, put_off_time) = (Duration::ZERO, Duration::ZERO);
        Self { bounds, begun: Instant::now(), not_counted, put_off: 0, put_off_time }
    }

    pub(super) fn bounds(&self) -> FillBounds<'a> {
        self.bounds
    }

    /// Leaves a transaction's time out of the count.
    pub(super) fn leave_out(&mut self, took: Duration) {
        self.not_counted += took;
    }

    pub(super) fn is_over(&self) -> bool {
        self.is_cancelled() || self.begun.elapsed().saturating_sub(self.not_counted) >= self.bounds.time
    }

    pub(super) fn is_cancelled(&self) -> bool {
        self.bounds.cancelled.load(Ordering::Relaxed)
    }

    pub(super) fn short_time(&self) -> Duration {
        (SHORT_TIME / self.put_off.saturating_add(1)).max(SHORTEST_TIME)
    }

    /// Counts a transaction that used up its short time. Its time does not count against the others, until all such
    /// together took `most`.
    pub(super) fn put_off(&mut self, took: Duration, most: Duration) {
        self.put_off = self.put_off.saturating_add(1);
        self.put_off_time += took;
        if self.put_off_time <= most {
            self.not_counted += took;
        }
    }
}
