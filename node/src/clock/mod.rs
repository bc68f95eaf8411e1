//! The mocked bitcoin's clock: a burn block every interval.
//!
//! # Invariants
//! - Off (interval 0) or paused it mines nothing; burn blocks then come on demand only.
//! - One that was missed (the machine slept) is not made up for: the next one comes an interval later.
//! - A change of pace begins a new interval.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::chain::NodeChain;
use crate::error::ApiError;
use crate::runtime::wake_signal::WakeSignal;

/// How the clock runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// Time between burn blocks; 0 is off.
    pub interval: Duration,
    /// Whether it stands still.
    pub paused: bool,
}

impl Pace {
    /// Until the next burn block; `None` for ever.
    fn pause(self) -> Option<Duration> {
        (!self.paused && !self.interval.is_zero()).then_some(self.interval)
    }
}

/// Sets the clock's pace, and stops it. Cheap to clone.
#[derive(Clone)]
pub struct ClockControl {
    inner: Arc<(Mutex<State>, Condvar)>,
}

struct State {
    pace: Pace,
    /// Counts the changes of the pace.
    changes: u64,
    stopped: bool,
}

/// Why a wait ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wake {
    Due,
    Changed,
    Stopped,
}

impl ClockControl {
    /// A clock that runs with this interval; 0 is off.
    #[must_use]
    pub fn new(interval: Duration) -> Self {
        let state = State { pace: Pace { interval, paused: false }, changes: 0, stopped: false };
        Self { inner: Arc::new((Mutex::new(state), Condvar::new())) }
    }

    /// How the clock runs.
    #[must_use]
    pub fn pace(&self) -> Pace {
        self.state().pace
    }

    /// Stands still.
    pub fn pause(&self) -> Pace {
        self.change(|pace| pace.paused = true)
    }

    /// Runs (on), with another interval if one is given.
    pub fn resume(&self, interval: Option<Duration>) -> Pace {
        self.change(|pace| *pace = Pace { interval: interval.unwrap_or(pace.interval), paused: false })
    }

    /// The clock ends at once.
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

    /// Waits for the next burn block's time, a change of the pace, or the stop.
    fn wait(&self) -> Wake {
        let state = self.state();
        let changes = state.changes;
        let idle = |state: &mut State| !state.stopped && state.changes == changes;
        let state = match state.pace.pause() {
            Some(pause) => {
                self.inner.1.wait_timeout_while(state, pause, idle).unwrap_or_else(PoisonError::into_inner).0
            }
            None => self.inner.1.wait_while(state, idle).unwrap_or_else(PoisonError::into_inner),
        };
        if state.stopped {
            return Wake::Stopped;
        }
        if state.changes == changes { Wake::Due } else { Wake::Changed }
    }
}

/// Mines on the canonical tip at a fixed pace.
pub struct MockClock {
    /// The chain.
    pub chain: Arc<NodeChain>,
    /// Rung after each burn block.
    pub wake: WakeSignal,
    /// Mine one before anything else: a new chain has its first tenure at once, also with the clock off.
    pub mine_at_start: bool,
    /// Its pace.
    pub control: ClockControl,
}

impl MockClock {
    /// Runs until stopped.
    ///
    /// # Errors
    /// [`ApiError`] when a burn block cannot be stored for another reason than a full disk.
    pub fn run(&self) -> Result<(), ApiError> {
        if self.mine_at_start {
            self.mine()?;
        }
        loop {
            match self.control.wait() {
                Wake::Due => self.mine()?,
                Wake::Changed => {}
                Wake::Stopped => return Ok(()),
            }
        }
    }

    fn mine(&self) -> Result<(), ApiError> {
        match self.chain.mine_burn_block(now_s()) {
            Ok(()) => self.wake.notify(),
            Err(ApiError::StorageFull) => tracing::warn!("storage is full: no burn block was mined"),
            Err(error) => return Err(error),
        }
        Ok(())
    }
}

/// Seconds since 1970 by the machine's clock.
pub fn now_s() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_paused_clock_waits_until_it_runs_again_or_stops() {
        let control = ClockControl::new(Duration::from_millis(1));
        assert_eq!(control.wait(), Wake::Due);
        assert!(control.pause().paused && control.pace().paused);
        let waiter = control.clone();
        let (tell, told) = std::sync::mpsc::channel();
        let thread = std::thread::spawn(move || {
            for _ in 0..3 {
                tell.send(waiter.wait()).unwrap();
            }
        });
        let next = || told.recv_timeout(Duration::from_secs(30)).unwrap();
        assert!(told.recv_timeout(Duration::from_millis(50)).is_err(), "it is paused");
        control.resume(Some(Duration::from_millis(2)));
        assert_eq!(next(), Wake::Changed);
        assert_eq!(next(), Wake::Due);
        control.stop();
        // The third wait was due or stopped, whichever came first.
        assert_ne!(next(), Wake::Changed);
        thread.join().unwrap();
        assert_eq!(control.wait(), Wake::Stopped);
        assert_eq!(control.pace(), Pace { interval: Duration::from_millis(2), paused: false });
    }

    #[test]
    fn a_clock_without_interval_is_off() {
        assert_eq!(ClockControl::new(Duration::ZERO).pace().pause(), None);
    }
}
