//! The one who processes blocks: wakes when a block was stored or a burn block mined, and goes on until nothing is
//! processable.
//!
//! # Invariants
//! - A ring is never lost: one that comes while blocks are processed makes one more round.
//! - A failure of ours (a disk error, say) stops the thread and with it the node, which starts again from what is on the
//!   disk; only a full disk is waited out.
//!
//! # Not here
//! The rules: `chainstate`.

mod follower;

pub use follower::StackerDbFollower;

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::chain::{ApiError, ChainApi};

/// How long to wait before the next try when the disk is full. Nothing rings when somebody makes room.
const FULL_DISK_PAUSE: Duration = Duration::from_secs(1);

/// Wakes the coordinator. Cheap to clone.
#[derive(Clone, Default)]
pub struct Bell {
    inner: Arc<BellInner>,
}

#[derive(Default)]
struct BellInner {
    state: Mutex<BellState>,
    rung: Condvar,
}

#[derive(Default)]
struct BellState {
    rung: bool,
    stopped: bool,
}

impl Bell {
    /// There may be something to process.
    pub fn ring(&self) {
        self.lock().rung = true;
        self.inner.rung.notify_all();
    }

    /// The coordinator ends after the block that it is at.
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
    fn pause(&self, pause: Duration) {
        let state = self.lock();
        let waited = self.inner.rung.wait_timeout_while(state, pause, |state| !state.stopped);
        drop(waited.unwrap_or_else(PoisonError::into_inner));
    }

    fn lock(&self) -> MutexGuard<'_, BellState> {
        self.inner.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Processes blocks on its own thread.
pub struct Coordinator {
    /// The chain.
    pub chain: Arc<dyn ChainApi>,
    /// What wakes it.
    pub bell: Bell,
}

impl Coordinator {
    /// Runs until the bell is stopped. Begins with a round, as if every ring before had been lost.
    ///
    /// # Errors
    /// [`ApiError`] when the chain cannot go on.
    pub fn run(&self) -> Result<(), ApiError> {
        self.bell.ring();
        while self.bell.wait() {
            self.process_all()?;
        }
        Ok(())
    }

    fn process_all(&self) -> Result<(), ApiError> {
        while !self.bell.is_stopped() {
            match self.chain.process_next() {
                Ok(true) => {}
                Ok(false) => return Ok(()),
                Err(ApiError::StorageFull) => {
                    tracing::warn!("storage is full: blocks are not processed until there is room");
                    self.bell.pause(FULL_DISK_PAUSE);
                }
                // It was cut: the same block comes again after the next start.
                Err(ApiError::ShuttingDown) => return Ok(()),
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}
