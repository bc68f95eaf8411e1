//! When a process that ended is started again: after pauses that double.

use std::time::Duration;

/// Pause before the first restart; each further one doubles it.
const PAUSE_FIRST: Duration = Duration::from_millis(250);

/// Upper bound of the pauses.
const PAUSE_MOST: Duration = Duration::from_secs(30);

/// After a run of this length the pauses begin anew. It is short, as people kill nodes to test their clients.
const RAN_WELL: Duration = Duration::from_secs(5);

/// After this many ends in a row without a stable run the devnet gives up: nothing works without the node.
pub(crate) const NODE_TRIES: u32 = 5;

/// How many times in a row one process ended.
#[derive(Debug, Default)]
pub(crate) struct Restarts {
    in_a_row: u32,
}

impl Restarts {
    /// Counts an end after a run of `ran`. Returns the number of ends in a row, and the pause until the restart.
    pub(crate) fn ended(&mut self, ran: Duration) -> (u32, Duration) {
        if ran >= RAN_WELL {
            self.in_a_row = 0;
        }
        let doublings = 1_u32.checked_shl(self.in_a_row).unwrap_or(u32::MAX);
        self.in_a_row = self.in_a_row.saturating_add(1);
        (self.in_a_row, PAUSE_FIRST.saturating_mul(doublings).min(PAUSE_MOST))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_to_the_longest_and_begin_anew_after_a_good_run() {
        let mut restarts = Restarts::default();
        let mut ended = |seconds| restarts.ended(Duration::from_secs(seconds));
        for (times, millis) in [(1, 250), (2, 500), (3, 1000), (4, 2000), (5, 4000), (6, 8000), (7, 16_000)] {
            assert_eq!(ended(1), (times, Duration::from_millis(millis)));
        }
        for times in 8..100 {
            assert_eq!(ended(4), (times, PAUSE_MOST));
        }
        assert_eq!(ended(5), (1, PAUSE_FIRST));
    }
}
