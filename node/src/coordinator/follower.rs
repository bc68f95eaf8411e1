//! Makes StackerDBs follow their contracts at the tip, on a thread of its own: block processing never waits for it.

use std::sync::Arc;
use std::time::Instant;

use chainstate::chain::FollowContext;
use chainstate::db::StoreError;

use crate::chain::NodeChain;
use crate::error::ApiError;
use crate::limits::FULL_DISK_PAUSE;
use crate::metrics::warning_limiter::WarningLimiter;
use crate::runtime::wake_signal::WakeSignal;

/// Updates the StackerDBs of contracts after each new tip. Its thread evaluates Clarity and needs a large stack.
pub(crate) struct StackerDbFollower {
    /// Chain whose StackerDB contracts it reads.
    pub chain: Arc<NodeChain>,
    /// Notified when the tip has moved.
    pub wake: WakeSignal,
}

impl StackerDbFollower {
    /// Runs until the signal is stopped. Begins with a round, as a signal may have been lost before the start.
    ///
    /// # Errors
    /// [`ApiError`] when the chain cannot be read or written. A full disk is waited out.
    pub(crate) fn run(&self) -> Result<(), ApiError> {
        self.wake.notify();
        while self.wake.wait() {
            self.follow()?;
        }
        Ok(())
    }

    fn follow(&self) -> Result<(), ApiError> {
        static FULL: WarningLimiter = WarningLimiter::new();
        let stopped = || self.wake.is_stopped();
        while !stopped() {
            let begun = Instant::now();
            let context = FollowContext { now: &|| begun.elapsed(), stopped: &stopped };
            match self.chain.chainstate().follow_stackerdbs(&context) {
                Ok(true) => {}
                Ok(false) => return Ok(()),
                Err(StoreError::DiskFull) => {
                    if FULL.count().is_some() {
                        tracing::warn!("storage is full: StackerDBs do not follow the tip until there is room");
                    }
                    self.wake.pause(FULL_DISK_PAUSE);
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }
}
