//! Detects a tip that does not move though it should, for health.
//!
//! An idle chain has no reason to move. It should move when somebody asked for blocks, or when a transaction could be
//! mined and blocks are not made on demand only. If it then does not move, producers or signers are gone or cannot do
//! it.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use chainstate::read::mempool::Due;

use super::NodeChain;

/// A tip that does not move though it should.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stall {
    /// How long it has not moved.
    pub time: Duration,
    /// Why a block is due.
    pub due: Due,
}

impl std::fmt::Display for Stall {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "the tip has not moved for {} s, though ", self.time.as_secs())?;
        match self.due {
            Due::RequestedBlocks(blocks) => write!(f, "blocks were asked for and {blocks} are missing: ")?,
            Due::Transaction(txid) => write!(f, "transaction {txid} could be mined: ")?,
        }
        f.write_str("is a producer running, and enough signers?")
    }
}

/// How long a transaction that could be mined, or a request for blocks, may wait without any block: far above the
/// longest assembly.
const STALL_AFTER: Duration = Duration::from_secs(60);

/// When the tip last moved, and since when something has waited.
pub(super) struct TipWatch(Mutex<Seen>);

struct Seen {
    moved: Instant,
    /// When something that could be mined was first seen waiting.
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

    /// How long something has waited since the tip last moved; zero unless it `waits` now.
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
    /// Reports a stall if a block is `due` now ([`chainstate::read::mempool::due`]) and has been for `STALL_AFTER`
    /// without a move of the tip. Does not block.
    pub fn stall(&self, due: Option<Due>) -> Option<Stall> {
        let time = self.watch.waited(due.is_some());
        due.filter(|_| time >= STALL_AFTER).map(|due| Stall { time, due })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_says_what_a_block_would_be_made_for() {
        let said = |due| Stall { time: STALL_AFTER, due }.to_string();
        let asked = said(Due::RequestedBlocks(3));
        assert!(
            asked.starts_with("the tip has not moved for 60 s, though blocks were asked for and 3 are missing: "),
            "{asked}"
        );
        let waits = said(Due::Transaction(stacks_types::ids::Txid([7; 32])));
        assert!(waits.contains("though transaction 0707"), "{waits}");
    }

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
