//! The handle that the services hold.

use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Instant;

use chainstate::chain::{NakamotoChainState, Retention};
use chainstate::wire;
use nakamoto_proto::v1;

use super::block_spans::BlockSpans;
use super::process;
use super::refusals::Refusals;
use super::stall::TipWatch;
use crate::chain::FinishedJob;
use crate::config::CallLimits;
use crate::error::ApiError;

/// The chain of this node.
pub struct NodeChain {
    pub(super) chain: NakamotoChainState,
    /// How much of the journal is kept.
    retention: Retention,
    /// Retention counts an event's age only while the node runs.
    pub(super) started: Instant,
    call_limits: CallLimits,
    /// The tip after the coordinator's last change.
    tip: Mutex<v1::BlockRef>,
    tip_listener: OnceLock<Box<dyn Fn() + Send + Sync>>,
    pub(super) spans: BlockSpans,
    pub(super) watch: TipWatch,
    pub(super) refusals: Refusals,
}

impl NodeChain {
    /// Reads the tip once. `retention` says how much of the journal is kept.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn new(chain: NakamotoChainState, retention: Retention) -> Result<Self, ApiError> {
        let tip = read_tip(&chain)?;
        let call_limits = CallLimits::default();
        Ok(Self {
            chain,
            retention,
            started: Instant::now(),
            call_limits,
            tip: Mutex::new(tip),
            tip_listener: OnceLock::new(),
            spans: BlockSpans::default(),
            watch: TipWatch::default(),
            refusals: Refusals::default(),
        })
    }

    /// Bounds read-only calls by `limits` instead of the defaults.
    #[must_use]
    pub fn with_call_limits(mut self, limits: CallLimits) -> Self {
        self.call_limits = limits;
        self
    }
}

fn read_tip(chain: &NakamotoChainState) -> Result<v1::BlockRef, ApiError> {
    chain.read(|snapshot| Ok(wire::block_ref(&snapshot.tip()?)))
}

impl NodeChain {
    /// The chain itself, for calls that need nothing of the node.
    pub const fn chainstate(&self) -> &NakamotoChainState {
        &self.chain
    }

    /// What a read-only call of a client may use.
    pub const fn call_limits(&self) -> &CallLimits {
        &self.call_limits
    }

    /// The canonical Stacks tip as last announced. Does not block.
    pub fn tip_ref(&self) -> v1::BlockRef {
        self.tip.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Height of the tip that was last announced. Does not block.
    pub fn tip_height(&self) -> u64 {
        self.tip.lock().unwrap_or_else(PoisonError::into_inner).chain_length
    }

    /// Stores a job's end and its event in one commit. Calls `visible` after the commit and before anybody sees the
    /// event; never when nothing was stored.
    pub fn finish_job(&self, job: FinishedJob, visible: Box<dyn FnOnce() + Send>) -> Result<(), ApiError> {
        self.spans.name(&job.body);
        self.chain.finish_job(&job.id, job.body, job.result, job.limits, visible)?;
        Ok(())
    }

    /// Calls `listener` after each move of the tip; only the first listener that is set counts. It must not block.
    pub fn listen_tip(&self, listener: Box<dyn Fn() + Send + Sync>) {
        let _ = self.tip_listener.set(listener);
    }

    /// Processes the next block that can be processed; false when there is none. Called by the coordinator only.
    pub fn process_next(&self) -> Result<bool, ApiError> {
        let changed = process::process_next(self, self.retention)?;
        if changed {
            let new = read_tip(&self.chain)?;
            let before = std::mem::replace(&mut *self.tip.lock().unwrap_or_else(PoisonError::into_inner), new.clone());
            if new.block_id != before.block_id {
                self.watch.moved();
                if let Some(listener) = self.tip_listener.get() {
                    listener();
                }
            }
        }
        Ok(changed)
    }

    /// Mines a burn block on the canonical tip; called by the mock clock.
    pub fn mine_burn_block(&self, time_s: u64) -> Result<(), ApiError> {
        let mined = self.chain.mine_burn_block(None, time_s)?;
        tracing::debug!(height = mined.height, hash = %mined.hash, "burn block mined");
        Ok(())
    }
}
