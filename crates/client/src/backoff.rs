//! Delays between attempts: doubling from a few milliseconds to a bound, with jitter.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

/// Delays that double from `first` up to `most`; each is shortened by up to a quarter at random, so that the clients of a
/// restarted node do not all reconnect at once.
#[derive(Debug, Clone)]
pub struct Backoff {
    first: Duration,
    most: Duration,
    next: Duration,
}

impl Backoff {
    /// Starts at `first`; no delay is above `most`.
    #[must_use]
    pub const fn new(first: Duration, most: Duration) -> Self {
        Self { first, most, next: first }
    }

    /// For connections: a node that starts is found within milliseconds, and one that is down costs a try every 2 s.
    #[must_use]
    pub const fn for_connections() -> Self {
        Self::new(Duration::from_millis(5), Duration::from_secs(2))
    }

    /// The delay before the next attempt; each call doubles it up to the bound.
    pub fn next_delay(&mut self) -> Duration {
        let delay = self.next;
        self.next = delay.saturating_mul(2).min(self.most);
        // The hasher's keys are random for each instance: enough for jitter, without another crate.
        let percent = u32::try_from(RandomState::new().hash_one(0_u8) % 26).unwrap_or(0);
        delay.saturating_sub(delay.saturating_mul(percent) / 100)
    }

    /// Starts over, after a success.
    pub const fn reset(&mut self) {
        self.next = self.first;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_double_up_to_the_bound_and_start_over() {
        let mut backoff = Backoff::new(Duration::from_millis(8), Duration::from_millis(100));
        for expected in [8_u32, 16, 32, 64, 100, 100] {
            let expected = Duration::from_millis(u64::from(expected));
            let delay = backoff.next_delay();
            assert!(delay <= expected && delay >= expected * 3 / 4, "{delay:?} for {expected:?}");
        }
        backoff.reset();
        assert!(backoff.next_delay() <= Duration::from_millis(8));
    }

    #[test]
    fn many_that_begin_together_do_not_come_together() {
        let delays = (0..100).map(|_| Backoff::for_connections().next_delay());
        assert!(delays.collect::<std::collections::BTreeSet<_>>().len() > 5);
    }
}
