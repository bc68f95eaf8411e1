//! The mocked bitcoin's clock: mines a burn block every interval and, if the config says so, when transactions have
//! settled.
//!
//! # Invariants
//! - While paused it mines nothing; with interval 0 it mines nothing by time. Burn blocks then come on demand only.
//! - A missed burn block (the machine slept) is not made up for: the next one comes an interval later.
//! - A change of pace begins a new interval.
//! - Burn blocks have the machine's time, or one ahead of it: a caller may set it ahead, and the time of a chain goes on from
//!   that of its tip.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use chainstate::read;

use crate::chain::NodeChain;
use crate::config::MAX_TIME_S;
use crate::error::ApiError;
use crate::limits::FULL_DISK_PAUSE;
use crate::metrics::warning_limiter::WarningLimiter;
use crate::runtime::wake_signal::WakeSignal;

/// How often the clock mines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// Time between burn blocks; 0 = never.
    pub interval: Duration,
    /// Whether the clock is paused.
    pub paused: bool,
}

impl Pace {
    /// When the next burn block is due; `None` for never.
    fn next(self) -> Option<Instant> {
        (!self.paused && !self.interval.is_zero()).then(|| Instant::now() + self.interval)
    }
}

/// Changes the clock's pace, wakes it and stops it. Cheap to clone.
#[derive(Clone)]
pub struct ClockControl {
    inner: Arc<(Mutex<State>, Condvar)>,
}

struct State {
    pace: Pace,
    /// Number of changes of the pace so far.
    changes: u64,
    /// The tip has moved since [`ClockControl::wait`] last returned [`Wake::Moved`].
    moved: bool,
    stopped: bool,
    /// The clock's thread is mining a burn block now.
    mining: bool,
    /// Seconds by which the mocked bitcoin's time is ahead of the machine's clock.
    ahead_s: u64,
}

/// Why a wait ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wake {
    Due,
    Changed,
    Moved,
    Stopped,
}

impl ClockControl {
    /// A clock that runs with this interval; 0 means that it never mines by time.
    #[must_use]
    pub fn new(interval: Duration) -> Self {
        let pace = Pace { interval, paused: false };
        let state = State { pace, changes: 0, moved: false, stopped: false, mining: false, ahead_s: 0 };
        Self { inner: Arc::new((Mutex::new(state), Condvar::new())) }
    }

    /// The pace at this moment.
    #[must_use]
    pub fn pace(&self) -> Pace {
        self.state().pace
    }

    /// When the next burn block is due: one for which there was no room is tried again.
    fn next(&self, last: Mined) -> Option<Instant> {
        match last {
            Mined::Yes => self.pace().next(),
            Mined::NoRoom => Some(Instant::now() + FULL_DISK_PAUSE),
        }
    }

    /// Pauses the clock, and returns its new pace. If a burn block is being mined, this waits until it is done.
    pub fn pause(&self) -> Pace {
        let pace = self.change(|pace| pace.paused = true);
        let ended = self.inner.1.wait_while(self.state(), |state| state.mining && !state.stopped);
        drop(ended.unwrap_or_else(PoisonError::into_inner));
        pace
    }

    /// Runs `mine`; `None` if the clock was paused meanwhile. Only the clock's thread calls this.
    fn unless_paused<T>(&self, mine: impl FnOnce() -> T) -> Option<T> {
        let mut state = self.state();
        if state.pace.paused {
            return None;
        }
        state.mining = true;
        drop(state);
        let mined = mine();
        self.state().mining = false;
        self.inner.1.notify_all();
        Some(mined)
    }

    /// Starts the clock, with another interval if one is given, and returns its new pace. A new interval begins now.
    pub fn resume(&self, interval: Option<Duration>) -> Pace {
        self.change(|pace| *pace = Pace { interval: interval.unwrap_or(pace.interval), paused: false })
    }

    /// The time of a burn block that is mined now, in seconds since 1970.
    #[must_use]
    pub fn now_s(&self) -> u64 {
        machine_time_s().saturating_add(self.state().ahead_s).min(MAX_TIME_S)
    }

    /// Sets the time ahead if it is before `time_s`; it is never set back.
    pub fn advance_to(&self, time_s: u64) {
        let mut state = self.state();
        state.ahead_s = state.ahead_s.max(time_s.saturating_sub(machine_time_s()));
    }

    /// Tells the clock that the tip has moved.
    pub fn notify_moved(&self) {
        self.state().moved = true;
        self.inner.1.notify_all();
    }

    /// Ends the clock's thread at once.
    pub fn stop(&self) {
        self.state().stopped = true;
        self.inner.1.notify_all();
    }

    fn change(&self, change: impl FnOnce(&mut Pace)) -> Pace {
        let mut state = self.state();
        change(&mut state.pace);
        state.changes = state.changes.wrapping_add(1);
        self.inner.1.notify_all();
        state.pace
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.inner.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until `until`, a change of the pace since `seen`, a move of the tip, or the stop. A due burn block takes
    /// precedence over moves of the tip, so a tip that always moves cannot delay it.
    fn wait(&self, until: Option<Instant>, seen: &mut u64) -> Wake {
        let state = self.state();
        let known = *seen;
        let idle = |state: &mut State| !state.stopped && !state.moved && state.changes == known;
        let mut state = match until {
            Some(until) => {
                let pause = until.saturating_duration_since(Instant::now());
                self.inner.1.wait_timeout_while(state, pause, idle).unwrap_or_else(PoisonError::into_inner).0
            }
            None => self.inner.1.wait_while(state, idle).unwrap_or_else(PoisonError::into_inner),
        };
        if state.stopped {
            return Wake::Stopped;
        }
        if state.changes != known {
            *seen = state.changes;
            return Wake::Changed;
        }
        if is_past(until) {
            return Wake::Due;
        }
        state.moved = false;
        Wake::Moved
    }
}

fn is_past(at: Option<Instant>) -> bool {
    at.is_some_and(|at| at <= Instant::now())
}

/// The fees of the tip's tenure, and when its transactions have settled.
#[derive(Debug, Default)]
struct Settling {
    /// Fees of the tenure, in micro-STX; every paying transaction raises them.
    fees: u128,
    due: Option<Instant>,
}

impl Settling {
    /// Notes the fees of the tip's tenure; `None` while the burn tip has no tenure yet.
    fn look(&mut self, fees: Option<u128>, now: Instant, settle: Duration) {
        match fees {
            None | Some(0) => *self = Self::default(),
            Some(fees) if fees != self.fees => *self = Self { fees, due: Some(now + settle) },
            Some(_) => {}
        }
    }
}

/// Whether a burn block was mined.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mined {
    Yes,
    /// The disk is full.
    NoRoom,
}

/// Mines burn blocks on the canonical burn tip.
pub struct MockClock {
    /// Chain whose burn blocks it mines.
    pub chain: Arc<NodeChain>,
    /// Wakes the coordinator after each burn block.
    pub wake: WakeSignal,
    /// Whether to mine one at once: gives a new chain its first tenure, even with the clock off.
    pub mine_at_start: bool,
    /// Pace and stop of this clock.
    pub control: ClockControl,
    /// Time without mined transactions after which a burn block is mined, if none came before; 0 = never. For clients
    /// that wait for a burn block after their transactions.
    pub settle: Duration,
}

impl MockClock {
    /// Runs until stopped.
    ///
    /// # Errors
    /// [`ApiError`] when a burn block cannot be stored for another reason than a full disk, or the tip cannot be read.
    pub fn run(&self) -> Result<(), ApiError> {
        let mut mined = if self.mine_at_start { self.mine()? } else { Mined::Yes };
        let (mut seen, mut settling) = (self.control.state().changes, Settling::default());
        let mut due = self.control.next(mined);
        loop {
            let settled = settling.due.filter(|_| !self.control.pace().paused);
            match self.control.wait([due, settled].into_iter().flatten().min(), &mut seen) {
                Wake::Due => {
                    // Meanwhile a burn block may have been requested, or a transaction mined.
                    self.look(&mut settling)?;
                    if is_past(due) || is_past(settling.due) {
                        mined = self.control.unless_paused(|| self.mine()).transpose()?.unwrap_or(mined);
                        settling = Settling::default();
                        due = self.control.next(mined);
                    }
                }
                Wake::Changed => {
                    due = self.control.next(mined);
                    // After a pause, settling takes its full time again.
                    settling.due = settling.due.map(|_| Instant::now() + self.settle);
                }
                Wake::Moved => self.look(&mut settling)?,
                Wake::Stopped => return Ok(()),
            }
        }
    }

    fn look(&self, settling: &mut Settling) -> Result<(), ApiError> {
        if !self.settle.is_zero() {
            settling.look(self.chain.chainstate().read(read::tenure::fees)?, Instant::now(), self.settle);
        }
        Ok(())
    }

    fn mine(&self) -> Result<Mined, ApiError> {
        static FULL: WarningLimiter = WarningLimiter::new();
        match self.chain.mine_burn_block(self.control.now_s()) {
            Ok(()) => {
                self.wake.notify();
                Ok(Mined::Yes)
            }
            Err(ApiError::StorageFull) => {
                if FULL.count().is_some() {
                    tracing::warn!("storage is full: no burn block is mined until there is room");
                }
                Ok(Mined::NoRoom)
            }
            Err(error) => Err(error),
        }
    }
}

/// Seconds since 1970, by the machine's clock.
fn machine_time_s() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_is_set_ahead_and_never_back() {
        let control = ClockControl::new(Duration::ZERO);
        let ahead = control.now_s() + 86_400;
        control.advance_to(ahead);
        assert!((ahead..ahead + 60).contains(&control.now_s()), "it goes on from there");
        control.advance_to(1);
        assert!(control.now_s() >= ahead);
        control.advance_to(u64::MAX);
        assert_eq!(control.now_s(), MAX_TIME_S);
    }

    #[test]
    fn a_paused_clock_waits_until_it_runs_again_or_stops() {
        let control = ClockControl::new(Duration::from_millis(1));
        let mut seen = 0;
        assert_eq!(control.wait(control.pace().next(), &mut seen), Wake::Due);
        assert!(control.pause().paused && control.pace().paused);
        assert_eq!(control.wait(None, &mut seen), Wake::Changed);
        assert_eq!(control.pace().next(), None);
        let waiter = control.clone();
        let (sender, wakes) = std::sync::mpsc::channel();
        let thread = std::thread::spawn(move || {
            for _ in 0..3 {
                sender.send(waiter.wait(waiter.pace().next(), &mut seen)).unwrap();
            }
        });
        let next = || wakes.recv_timeout(Duration::from_secs(30)).unwrap();
        assert!(wakes.recv_timeout(Duration::from_millis(50)).is_err(), "it is paused");
        control.resume(Some(Duration::from_millis(2)));
        assert_eq!(next(), Wake::Changed);
        assert_eq!(next(), Wake::Due);
        control.stop();
        // The third wait ended because it was due or stopped, whichever came first.
        assert_ne!(next(), Wake::Changed);
        thread.join().unwrap();
        assert_eq!(control.wait(None, &mut seen), Wake::Stopped);
        assert_eq!(control.pace(), Pace { interval: Duration::from_millis(2), paused: false });
    }

    #[test]
    fn a_pause_waits_for_the_burn_block_that_is_being_mined() {
        let control = ClockControl::new(Duration::from_millis(1));
        let (begin, begun) = std::sync::mpsc::channel();
        let (end, ended) = std::sync::mpsc::channel();
        let clock = control.clone();
        let mines = std::thread::spawn(move || {
            clock.unless_paused(|| {
                begin.send(()).unwrap();
                ended.recv()
            })
        });
        begun.recv().unwrap();
        let pauses = std::thread::spawn({
            let control = control.clone();
            move || control.pause()
        });
        while !control.pace().paused {
            std::thread::yield_now();
        }
        std::thread::sleep(Duration::from_millis(20));
        assert!(!pauses.is_finished());
        end.send(()).unwrap();
        assert!(pauses.join().unwrap().paused);
        mines.join().unwrap().unwrap().unwrap();
        assert_eq!(control.unless_paused(|| ()), None, "it is paused");
    }

    #[test]
    fn a_burn_block_without_room_is_tried_again_though_the_clock_is_off() {
        let (off, begun) = (ClockControl::new(Duration::ZERO), Instant::now());
        assert_eq!(off.next(Mined::Yes), None);
        assert!(off.next(Mined::NoRoom).unwrap() >= begun + FULL_DISK_PAUSE);
    }

    #[test]
    fn a_move_of_the_chain_is_seen_once_and_holds_up_nothing_that_is_due() {
        let control = ClockControl::new(Duration::ZERO);
        let (mut seen, now) = (0, Instant::now());
        let later = now + Duration::from_secs(3_600);
        control.notify_moved();
        assert_eq!(control.wait(Some(now), &mut seen), Wake::Due, "the move waits");
        assert_eq!(control.wait(Some(later), &mut seen), Wake::Moved);
        assert_eq!(control.wait(Some(now + Duration::from_millis(1)), &mut seen), Wake::Due);
        assert!(now + Duration::from_millis(1) <= Instant::now());
    }

    #[test]
    fn transactions_settle_after_the_last_of_them() {
        let (settle, now) = (Duration::from_secs(60), Instant::now());
        let later = now + Duration::from_secs(1);
        let mut settling = Settling::default();
        settling.look(Some(0), now, settle);
        assert_eq!(settling.due, None, "nothing was mined in this tenure");
        settling.look(Some(5), now, settle);
        settling.look(Some(5), later, settle);
        assert_eq!(settling.due, Some(now + settle), "an empty block changes nothing");
        settling.look(Some(6), later, settle);
        assert_eq!(settling.due, Some(later + settle));
        settling.look(None, later, settle);
        assert_eq!(settling.due, None, "a burn block has come");
    }

    #[test]
    fn a_clock_without_interval_is_off() {
        assert_eq!(ClockControl::new(Duration::ZERO).pace().next(), None);
    }
}
