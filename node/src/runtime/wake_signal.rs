//! Wakes a thread that waits, and carries no data: what happened is in the journal or in a database.
//!
//! # Invariants
//! - A signal is never lost: one that comes while the thread works makes it look once more.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Wakes a thread. Cheap to clone.
#[derive(Clone, Default)]
pub struct WakeSignal {
    inner: Arc<WakeSignalInner>,
}

#[derive(Default)]
struct WakeSignalInner {
    state: Mutex<WakeSignalState>,
    rung: Condvar,
}

#[derive(Default)]
struct WakeSignalState {
    rung: bool,
    stopped: bool,
}

impl WakeSignal {
    /// There may be something to do.
    pub fn notify(&self) {
        self.lock().rung = true;
        self.inner.rung.notify_all();
    }

    /// The thread ends after what it is at.
    pub fn stop(&self) {
        self.lock().stopped = true;
        self.inner.rung.notify_all();
    }

    /// Whether [`Self::stop`] was called.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        self.lock().stopped
    }

    /// Waits for a ring and takes it; false when stopped.
    pub(crate) fn wait(&self) -> bool {
        let mut state = self.lock();
        while !state.rung && !state.stopped {
            state = self.inner.rung.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.rung = false;
        !state.stopped
    }

    /// Waits for a ring, a stop or the end of `pause`, and leaves the ring.
    pub(crate) fn pause(&self, pause: Duration) {
        let state = self.lock();
        let waited = self.inner.rung.wait_timeout_while(state, pause, |state| !state.stopped);
        drop(waited.unwrap_or_else(PoisonError::into_inner));
    }

    fn lock(&self) -> MutexGuard<'_, WakeSignalState> {
        self.inner.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
