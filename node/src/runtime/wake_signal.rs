//! Wakes a waiting thread. A signal carries no data: the journal or a database says what happened.
//!
//! # Invariants
//! - No signal is lost: one that comes while the thread works causes one more round.

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
    changed: Condvar,
}

#[derive(Default)]
struct WakeSignalState {
    notified: bool,
    stopped: bool,
}

impl WakeSignal {
    /// Wakes the thread: there may be something to do.
    pub fn notify(&self) {
        self.lock().notified = true;
        self.inner.changed.notify_all();
    }

    /// Ends the thread after its present round.
    pub fn stop(&self) {
        self.lock().stopped = true;
        self.inner.changed.notify_all();
    }

    /// Whether [`Self::stop`] was called.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        self.lock().stopped
    }

    /// Waits for a signal and takes it; false when stopped.
    pub(crate) fn wait(&self) -> bool {
        let mut state = self.lock();
        while !state.notified && !state.stopped {
            state = self.inner.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.notified = false;
        !state.stopped
    }

    /// Waits for a stop or the end of `pause`. A signal stays for [`Self::wait`].
    pub(crate) fn pause(&self, pause: Duration) {
        let state = self.lock();
        let waited = self.inner.changed.wait_timeout_while(state, pause, |state| !state.stopped);
        drop(waited.unwrap_or_else(PoisonError::into_inner));
    }

    fn lock(&self) -> MutexGuard<'_, WakeSignalState> {
        self.inner.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
