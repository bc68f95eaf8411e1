//! Accounts that sent a transaction which was cut for time or memory, or dropped after it had taken long. Such a
//! transaction pays nothing, so without this its sender could hold up all others: the account pauses, twice as long each
//! time, and others go first meanwhile.
//!
//! New accounts cost little, so all of them together have a limit too: a tenth of the time, plus a few transactions at
//! once. Beyond that limit a transaction gets a short time only, where others wait.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use stacks_types::address::StacksAddress;

use crate::mempool::PendingTransaction;

/// Most accounts that are remembered; a new one replaces the one whose pause ends first.
const MAX_SLOW_ACCOUNTS: usize = 10_000;
/// The longest pause. An account without a slow transaction for this long after its last pause is like any other.
const MAX_SLOW_PAUSE: Duration = Duration::from_secs(600);

#[derive(Debug, Clone, Copy)]
struct Pause {
    length: Duration,
    end: Instant,
}

/// Most transactions that may be cut in a row, each after its full time.
pub(crate) const MAX_CUT: u32 = 2;
/// Time after which one unit of the time that cut transactions took is forgiven.
const CUT_TIME_SHARE: u32 = 10;
/// Pause after a transaction that used up its short time.
pub(crate) const SHORT_PAUSE: Duration = Duration::from_secs(1);

/// Accounts that pause, and those that paused lately.
#[derive(Debug, Default)]
pub(crate) struct SlowAccounts {
    pauses: BTreeMap<StacksAddress, Pause>,
    /// Time lost to cut transactions that still counts, and when it was last computed.
    lost: Option<(Duration, Instant)>,
}

impl SlowAccounts {
    /// How long the pauses of the transaction's accounts still last; none if none pauses.
    pub(crate) fn wait(&self, pending: &PendingTransaction, now: Instant) -> Option<Duration> {
        let ends = accounts(pending).filter_map(|account| self.pauses.get(&account)).map(|pause| pause.end);
        let wait = ends.max()?.saturating_duration_since(now);
        (!wait.is_zero()).then_some(wait)
    }

    /// Records that the transaction was cut after `took`. Its accounts pause that long, or twice as long as the last
    /// time.
    pub(crate) fn cut(&mut self, pending: &PendingTransaction, took: Duration, now: Instant) {
        self.lose(took, now);
        for account in accounts(pending) {
            let last =
                self.pauses.get(&account).filter(|last| now.saturating_duration_since(last.end) < MAX_SLOW_PAUSE);
            let length = last.map_or(took, |last| last.length.saturating_mul(2).max(took)).min(MAX_SLOW_PAUSE);
            self.pause(account, Pause { length, end: now + length });
        }
    }

    /// Records that the transaction used up its short time. Its accounts pause briefly, unless they already pause
    /// longer.
    pub(crate) fn put_off(&mut self, pending: &PendingTransaction, now: Instant) {
        let short = Pause { length: SHORT_PAUSE, end: now + SHORT_PAUSE };
        for account in accounts(pending) {
            if self.pauses.get(&account).is_none_or(|last| last.length <= SHORT_PAUSE) {
                self.pause(account, short);
            }
        }
    }

    /// Records that the transaction was left for a later block after `took`. Its accounts pause briefly, unless they
    /// already pause longer.
    pub(crate) fn leave(&mut self, pending: &PendingTransaction, took: Duration, now: Instant) {
        self.lose(took, now);
        self.put_off(pending, now);
    }

    fn lose(&mut self, took: Duration, now: Instant) {
        self.lost = Some((self.lost(now).saturating_add(took), now));
    }

    /// Whether another transaction may take all of `time` while others wait.
    pub(crate) fn may_take(&self, time: Duration, now: Instant) -> bool {
        self.lost(now).saturating_add(time) <= time.saturating_mul(MAX_CUT)
    }

    fn lost(&self, now: Instant) -> Duration {
        self.lost.map_or(Duration::ZERO, |(lost, then)| {
            lost.saturating_sub(now.saturating_duration_since(then) / CUT_TIME_SHARE)
        })
    }

    fn pause(&mut self, account: StacksAddress, pause: Pause) {
        if !self.pauses.contains_key(&account) && self.pauses.len() >= MAX_SLOW_ACCOUNTS {
            let first = self.pauses.iter().min_by_key(|(_, pause)| pause.end).map(|(account, _)| *account);
            first.and_then(|account| self.pauses.remove(&account));
        }
        self.pauses.insert(account, pause);
    }
}

/// The origin and the payer: the origin alone may be a new account, which costs nothing; an account that can pay does
/// cost something.
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
            restored: false,
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
    fn all_of_them_lose_a_tenth_of_the_time_and_two_at_once() {
        let (mut slow, mut now) = (SlowAccounts::default(), Instant::now());
        for account in 1..=2 {
            assert!(slow.may_take(TOOK, now));
            slow.cut(&pending(account, account), TOOK, now);
        }
        for account in 3..6 {
            assert!(!slow.may_take(TOOK, now));
            now += TOOK * CUT_TIME_SHARE - Duration::from_millis(1);
            assert!(!slow.may_take(TOOK, now));
            now += Duration::from_millis(1);
            assert!(slow.may_take(TOOK, now));
            slow.cut(&pending(account, account), TOOK, now);
        }
    }

    #[test]
    fn who_took_a_short_time_pauses_for_a_moment_and_not_longer_each_time() {
        let (mut slow, now) = (SlowAccounts::default(), Instant::now());
        slow.put_off(&pending(1, 1), now);
        slow.put_off(&pending(1, 1), now);
        assert_eq!(slow.wait(&pending(1, 1), now), Some(SHORT_PAUSE));
        slow.cut(&pending(2, 2), TOOK, now);
        slow.put_off(&pending(2, 2), now);
        assert_eq!(slow.wait(&pending(2, 2), now), Some(TOOK), "the longer pause stays");
        assert!(slow.may_take(TOOK, now));
    }

    #[test]
    fn what_is_left_for_a_later_block_is_time_that_is_lost() {
        let (mut slow, now) = (SlowAccounts::default(), Instant::now());
        slow.leave(&pending(1, 1), TOOK * 2, now);
        assert_eq!(slow.wait(&pending(1, 1), now), Some(SHORT_PAUSE));
        assert!(!slow.may_take(TOOK, now));
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
        assert_eq!(slow.pauses.len(), MAX_SLOW_ACCOUNTS);
        assert_eq!(slow.wait(&of(0), now), None);
        assert!(slow.wait(&of(1), now).is_some() && slow.wait(&of(MAX_SLOW_ACCOUNTS), now).is_some());
    }
}
