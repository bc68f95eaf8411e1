//! The one who makes the StackerDBs of contracts follow the tip, beside block processing, which never waits for it.

use std::sync::Arc;

use super::{FULL_DISK_PAUSE, WakeSignal};
use crate::chain::NodeChain;
use crate::error::ApiError;

/// Follows the tip on its own thread, which needs the stack of one that evaluates Clarity.
pub struct StackerDbFollower {
    /// Whose StackerDB contracts it asks.
    pub chain: Arc<NodeChain>,
    /// Rung with every event; the tip is looked at then.
    pub wake: WakeSignal,
}

impl StackerDbFollower {
    /// Runs until the wake is stopped. Begins with a round, as if every ring before had been lost.
    ///
    /// # Errors
    /// [`ApiError`] when the chain cannot go on.
    pub fn run(&self) -> Result<(), ApiError> {
        self.wake.notify();
        while self.wake.wait() {
            self.follow()?;
        }
        Ok(())
    }

    fn follow(&self) -> Result<(), ApiError> {
        let stopped = || self.wake.is_stopped();
        while !stopped() {
            match self.chain.follow_stacker_dbs(&stopped) {
                Ok(true) => {}
                Ok(false) => return Ok(()),
                Err(ApiError::StorageFull) => {
                    tracing::warn!("storage is full: StackerDBs do not follow the tip until there is room");
                    self.wake.pause(FULL_DISK_PAUSE);
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}
