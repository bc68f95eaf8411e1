//! Processes blocks, on the only thread that does: wakes when a block was stored or a burn block mined, and works until
//! no block can be processed.
//!
//! # Invariants
//! - No signal is lost: one that comes while blocks are processed causes one more round.
//! - A failure of this machine (a disk error, say) stops the thread and with it the node, whose next start continues
//!   from the disk. Only a full disk is waited out.
//!
//! # Not here
//! The rules: `chainstate`.

mod follower;

pub(crate) use follower::StackerDbFollower;

use std::sync::Arc;

use crate::chain::NodeChain;
use crate::error::ApiError;
use crate::limits::FULL_DISK_PAUSE;
use crate::metrics::warning_limiter::WarningLimiter;
use crate::runtime::wake_signal::WakeSignal;

/// Processes blocks on its own thread.
pub(crate) struct NakamotoCoordinator {
    /// Chain whose blocks it processes.
    pub chain: Arc<NodeChain>,
    /// Notified when there may be something to announce or to process.
    pub wake: WakeSignal,
}

impl NakamotoCoordinator {
    /// Runs until the signal is stopped. Begins with a round, as a signal may have been lost before the start.
    ///
    /// # Errors
    /// [`ApiError`] when the chain cannot be read or written. A full disk is waited out.
    pub(crate) fn run(&self) -> Result<(), ApiError> {
        self.wake.notify();
        while self.wake.wait() {
            self.process_all()?;
        }
        Ok(())
    }

    fn process_all(&self) -> Result<(), ApiError> {
        static FULL: WarningLimiter = WarningLimiter::new();
        while !self.wake.is_stopped() {
            match self.chain.process_next() {
                Ok(true) => {}
                Ok(false) => return Ok(()),
                Err(ApiError::StorageFull) => {
                    if FULL.count().is_some() {
                        tracing::warn!("storage is full: blocks are not processed until there is room");
                    }
                    self.wake.pause(FULL_DISK_PAUSE);
                }
                // The block was interrupted. The next start processes it.
                Err(ApiError::ShuttingDown) if self.wake.is_stopped() => return Ok(()),
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}
