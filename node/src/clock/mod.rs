//! The mocked bitcoin's clock: a burn block every interval.
//!
//! # Invariants
//! - Off (interval 0) it mines nothing; burn blocks then come on demand only.
//! - One that was missed (the machine slept) is not made up for: the next one comes an interval later.

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::chain::{ApiError, ChainApi};
use crate::coordinator::Bell;

/// Stops the clock. Cheap to clone.
#[derive(Clone, Default)]
pub struct ClockStop {
    inner: Arc<(Mutex<bool>, Condvar)>,
}

impl ClockStop {
    /// The clock ends at once.
    pub fn stop(&self) {
        *self.inner.0.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.inner.1.notify_all();
    }

    /// Waits for `time`, or for ever; true when stopped.
    fn wait(&self, time: Option<Duration>) -> bool {
        let stopped = self.inner.0.lock().unwrap_or_else(PoisonError::into_inner);
        match time {
            Some(time) => {
                let waited = self.inner.1.wait_timeout_while(stopped, time, |stopped| !*stopped);
                *waited.unwrap_or_else(PoisonError::into_inner).0
            }
            None => {
                let waited = self.inner.1.wait_while(stopped, |stopped| !*stopped);
                *waited.unwrap_or_else(PoisonError::into_inner)
            }
        }
    }
}

/// Mines on the canonical tip at a fixed pace.
pub struct MockClock {
    /// The chain.
    pub chain: Arc<dyn ChainApi>,
    /// Rung after each burn block.
    pub bell: Bell,
    /// Time between burn blocks; 0 is off.
    pub interval: Duration,
    /// Mine one before anything else: a new chain has its first tenure at once, also with the clock off.
    pub mine_at_start: bool,
    /// Stops it.
    pub stop: ClockStop,
}

impl MockClock {
    /// Runs until stopped.
    ///
    /// # Errors
    /// [`ApiError`] when a burn block cannot be stored for another reason than a full disk.
    pub fn run(&self) -> Result<(), ApiError> {
        let interval = (!self.interval.is_zero()).then_some(self.interval);
        if self.mine_at_start {
            self.mine()?;
        }
        while !self.stop.wait(interval) {
            self.mine()?;
        }
        Ok(())
    }

    fn mine(&self) -> Result<(), ApiError> {
        match self.chain.mine_burn_block(now_s()) {
            Ok(()) => self.bell.ring(),
            Err(ApiError::StorageFull) => tracing::warn!("storage is full: no burn block was mined"),
            Err(error) => return Err(error),
        }
        Ok(())
    }
}

/// Seconds since 1970 by the machine's clock.
fn now_s() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}
