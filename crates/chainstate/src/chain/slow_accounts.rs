//! Accounts of which a transaction was cut for the time or memory that it took. What is cut pays nothing, so whoever sends such
//! ones again and again would hold up everybody: an account pauses after it, twice as long after each that follows. While it
//! pauses, others go first.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use stacks_types::address::StacksAddress;

use crate::mempool::PendingTransaction;

/// Accounts that are remembered; for a new one the one whose pause ends first is forgotten.
const MAX_SLOW_ACCOUNTS: usize = 10_000;
/// The longest pause. An account that sent none for so long after its last pause is like any other.
const MAX_SLOW_PAUSE: Duration = Duration::from_secs(600);

#[derive(Debug)]
struct Pause {
    length: Duration,
    end: Instant,
}

/// Accounts that pause, and those that did lately.
#[derive(Debug, Default)]
pub(crate) struct SlowAccounts(BTreeMap<StacksAddress, Pause>);

impl SlowAccounts {
    /// How long the transaction still waits for its accounts' pauses.
    pub(crate) fn wait(&self, pending: &PendingTransaction, now: Instant) -> Option<Duration> {
        let ends = accounts(pending).filter_map(|account| self.0.get(&account)).map(|pause| pause.end);
        let wait = ends.max()?.saturating_duration_since(now);
        (!wait.is_zero()).then_some(wait)
    }

    /// The transaction was cut after so long. Its accounts pause that long, or twice as long as the last time.
    pub(crate) fn cut(&mut self, pending: &PendingTransaction, took: Duration, now: Instant) {
        for account in accounts(pending) {
            let last = self.0.get(&account).filter(|last| now.saturating_duration_since(last.end) < MAX_SLOW_PAUSE);
            let length = last.map_or(took, |last| last.length.saturating_mul(2).max(took)).min(MAX_SLOW_PAUSE);
            if !self.0.contains_key(&account) && self.0.len() >= MAX_SLOW_ACCOUNTS {
                let first = self.0.iter().min_by_key(|(_, pause)| pause.end).map(|(account, _)| *account);
                first.and_then(|account| self.0.remove(&account));
            }
            self.0.insert(account, Pause { length, end: now + length });
        }
    }
}

/// Who acts, and who pays: a new account costs nothing, one that can pay does.
fn accounts(pending: &PendingTransaction) -> impl Iterator<Item = StacksAddress> + use<> {
    let payer = (pending.payer != pending.origin).then_some(pending.payer);
    std::iter::once(pending.origin).chain(payer)
}

#[cfg(test)]
mod tests {
    use stacks_types::ids::Txid;

    use super::*;
    use crate::test_support::address;

    const TOOK: Duration = Duration::from_secs(5);

    fn pending(origin: u8, payer: u8) -> PendingTransaction {
        PendingTransaction {
            arrival: 1,
            txid: Txid([origin; 32]),
            origin: address("user", origin),
            origin_nonce: 0,
            payer: address("user", payer),
            payer_nonce: 0,
            fee: 1,
            size_bytes: 1,
            accepted_s: 0,
        }
    }

    #[test]
    fn pauses_double_and_end() {
        let (mut slow, mut now) = (SlowAccounts::default(), Instant::now());
        assert_eq!(slow.wait(&pending(1, 1), now), None);
        for seconds in [5, 10, 20, 40, 80, 160, 320, 600, 600] {
            slow.cut(&pending(1, 1), TOOK, now);
            let pause = Duration::from_secs(seconds);
            assert_eq!(slow.wait(&pending(1, 1), now), Some(pause));
            assert_eq!(slow.wait(&pending(2, 2), now), None, "others go on");
            now += pause;
            assert_eq!(slow.wait(&pending(1, 1), now), None);
        }
        slow.cut(&pending(1, 1), TOOK, now + MAX_SLOW_PAUSE);
        assert_eq!(slow.wait(&pending(1, 1), now + MAX_SLOW_PAUSE), Some(TOOK), "like any other again");
    }

    #[test]
    fn who_pays_pauses_too() {
        let (mut slow, now) = (SlowAccounts::default(), Instant::now());
        slow.cut(&pending(1, 2), TOOK, now);
        for (origin, payer) in [(1, 1), (2, 2), (3, 2), (1, 3)] {
            assert_eq!(slow.wait(&pending(origin, payer), now), Some(TOOK));
        }
        assert_eq!(slow.wait(&pending(3, 3), now), None);
    }

    #[test]
    fn the_pause_that_ends_first_is_forgotten_for_a_new_account() {
        let (mut slow, now) = (SlowAccounts::default(), Instant::now());
        let of = |number: usize| {
            let mut hash = [0; 20];
            hash[..8].copy_from_slice(&number.to_be_bytes());
            let account = StacksAddress::of_key_hash(stacks_types::ids::Hash160(hash), false);
            PendingTransaction { origin: account, payer: account, ..pending(1, 1) }
        };
        for number in 0..=MAX_SLOW_ACCOUNTS {
            slow.cut(&of(number), TOOK + Duration::from_millis(number as u64), now);
        }
        assert_eq!(slow.0.len(), MAX_SLOW_ACCOUNTS);
        assert_eq!(slow.wait(&of(0), now), None);
        assert!(slow.wait(&of(1), now).is_some() && slow.wait(&of(MAX_SLOW_ACCOUNTS), now).is_some());
    }
}
