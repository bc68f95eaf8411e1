//! Whether the tip stands still though it should move: what health says.
//!
//! A chain that is left alone has no reason to move. One with a transaction that could be mined has, unless blocks are made
//! by hand: then somebody's producer or signers are gone, or cannot do it.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use stacks_types::ids::Txid;

use super::NodeChain;

/// The tip stands still though it should move.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stall {
    /// For how long.
    pub time: Duration,
    /// The transaction that would be mined first.
    pub first: Txid,
}

impl std::fmt::Display for Stall {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (seconds, first) = (self.time.as_secs(), &self.first);
        write!(f, "the tip has not moved for {seconds} s, though transaction {first} could be mined: ")?;
        f.write_str("is a producer running, and enough signers?")
    }
}

/// So long may a transaction that could be mined wait without any block: far above the longest assembly.
const STALL_AFTER: Duration = Duration::from_secs(60);

/// When the tip moved last, and what has waited since when.
pub(super) struct TipWatch(Mutex<Seen>);

struct Seen {
    moved: Instant,
    /// When something that could be mined was first seen to wait.
    waits_since: Option<Instant>,
}

impl Default for TipWatch {
    fn default() -> Self {
        Self(Mutex::new(Seen { moved: Instant::now(), waits_since: None }))
    }
}

impl TipWatch {
    /// The tip moved.
    pub(super) fn moved(&self) {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *seen = Seen { moved: Instant::now(), waits_since: None };
    }

    /// How long something has waited while the tip stood still, when it `waits` now.
    fn waited(&self, waits: bool) -> Duration {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !waits {
            seen.waits_since = None;
            return Duration::ZERO;
        }
        let since = *seen.waits_since.get_or_insert_with(Instant::now);
        since.max(seen.moved).elapsed()
    }
}

impl NodeChain {
    /// Since when the tip has not moved though it should, when a block is `due` for this transaction now
    /// ([`chainstate::read::mempool::due`]); none when all is well. Does not block.
    pub fn stall(&self, due: Option<Txid>) -> Option<Stall> {
        let time = self.watch.waited(due.is_some());
        due.filter(|_| time >= STALL_AFTER).map(|first| Stall { time, first })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_counts_from_when_something_waits_and_begins_anew_with_a_block() {
        let watch = TipWatch::default();
        let earlier = Instant::now().checked_sub(STALL_AFTER).unwrap();
        watch.0.lock().unwrap().moved = earlier;
        assert!(watch.waited(true) < STALL_AFTER, "it has begun to wait just now");
        watch.0.lock().unwrap().waits_since = Some(earlier);
        assert!(watch.waited(true) >= STALL_AFTER);
        watch.moved();
        assert!(watch.waited(true) < STALL_AFTER);
        watch.0.lock().unwrap().waits_since = Some(earlier);
        watch.0.lock().unwrap().moved = earlier;
        assert_eq!(watch.waited(false), Duration::ZERO);
        assert!(watch.waited(true) < STALL_AFTER, "what waited is gone");
    }
}
