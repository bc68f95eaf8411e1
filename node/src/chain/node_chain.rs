//! The handle that the services hold.

use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use chainstate::chain::{Chain, ChainReader, JobKind, JobResult, Retention, UncheckedFiles, wire};
use nakamoto_proto::v1;
use stacks_types::ids::Txid;

use super::block_spans::{self, BlockSpans};
use super::refusals::Refusals;
use super::stall::TipWatch;
use super::{jobs, process, transactions};
use crate::chain::{FinishedJob, PendingCursor};
use crate::config::CallLimits;
use crate::error::ApiError;

/// What never changes on a chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// Goes into every transaction.
    pub chain_id: u32,
    /// Which address and transaction versions are this chain's.
    pub mainnet: bool,
    /// How blocks are signed.
    pub signing_mode: v1::SigningMode,
    /// The epoch's number in peer versions.
    pub network_epoch: u8,
}

/// The chain of this node.
pub struct NodeChain {
    pub(super) chain: Chain,
    /// What of the journal is kept.
    retention: Retention,
    /// Events grow old while the node runs.
    pub(super) started: Instant,
    pub(super) call_limits: CallLimits,
    /// As of the coordinator's last change.
    tip: Mutex<v1::BlockRef>,
    tip_listener: OnceLock<Box<dyn Fn() + Send + Sync>>,
    pub(super) spans: BlockSpans,
    pub(super) watch: TipWatch,
    pub(super) refusals: Refusals,
}

impl NodeChain {
    /// Reads the tip once. `retention` says what of the journal is kept.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn new(chain: Chain, retention: Retention) -> Result<Self, ApiError> {
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

    /// Has read-only calls bounded by `limits` in place of the defaults.
    #[must_use]
    pub fn with_call_limits(mut self, limits: CallLimits) -> Self {
        self.call_limits = limits;
        self
    }

    /// Runs `read` on one snapshot.
    pub(super) fn read<T>(&self, read: impl FnOnce(&ChainReader) -> Result<T, ApiError>) -> Result<T, ApiError> {
        self.chain.read(read)
    }
}

fn read_tip(chain: &Chain) -> Result<v1::BlockRef, ApiError> {
    chain.read(|reader| Ok(wire::block_ref(&reader.tip()?)))
}

impl NodeChain {
    /// What never changes. Does not block.
    pub fn identity(&self) -> Identity {
        let params = self.chain.params();
        Identity {
            chain_id: params.chain_id,
            mainnet: params.mainnet,
            signing_mode: wire::signing_mode(params.signing),
            network_epoch: params.network_epoch(),
        }
    }

    /// The canonical Stacks tip as last announced. Does not block.
    pub fn tip_ref(&self) -> v1::BlockRef {
        self.tip.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Its height. Does not block.
    pub fn tip_height(&self) -> u64 {
        self.tip.lock().unwrap_or_else(PoisonError::into_inner).chain_length
    }

    /// Checks and stores a signed block.
    pub fn push_block(&self, block: Bytes) -> Result<v1::PushBlockResponse, ApiError> {
        block_spans::push(self, &block)
    }

    /// The transaction that the template in the making executes now, and for how long so far. Does not block.
    pub fn executing(&self) -> Option<(Txid, Duration)> {
        self.chain.executing()
    }

    /// The first transaction for which the last template found the budget of its tenure used up. Does not block.
    pub fn tenure_full(&self) -> Option<v1::SkippedTransaction> {
        let (txid, reason) = self.chain.tenure_full()?;
        Some(v1::SkippedTransaction { txid: wire::bytes(&txid.0), reason })
    }

    /// How often something was committed since the start. Does not block.
    pub fn commits(&self) -> u64 {
        self.chain.commits()
    }

    /// At most `limit` pending transactions after `after`, with how many wait in all.
    pub fn pending_transactions(
        &self,
        after: Option<PendingCursor>,
        limit: usize,
    ) -> Result<(Vec<v1::PendingTransaction>, u64), ApiError> {
        Ok(transactions::pending(self, after, limit))
    }

    /// How often the chain was opened before: makes ids of jobs that no earlier process gave. Does not block.
    pub fn start_number(&self) -> u64 {
        self.chain.start_number()
    }

    /// Stores how a job ended together with its event. `visible` is called when both are on disk, before anybody sees
    /// the event; never when nothing was stored.
    pub fn finish_job(&self, job: FinishedJob, visible: Box<dyn FnOnce() + Send>) -> Result<(), ApiError> {
        self.spans.name(&job.body);
        jobs::finish(self, job, visible)
    }

    /// The stored ends of jobs, oldest first, and the time it is by the clock that stamped them.
    pub fn job_results(&self, kind: JobKind) -> Result<(Vec<JobResult>, u64), ApiError> {
        Ok(self.chain.job_results(kind)?)
    }

    /// Ends what is executed now: the node stops.
    pub fn interrupt(&self) {
        self.chain.interrupt();
    }

    /// What the start left to be compared with its checksums, if it left anything; once.
    pub fn take_unchecked(&self) -> Option<UncheckedFiles> {
        self.chain.take_unchecked()
    }

    /// Calls `listener` after each move of the tip, the first that is given. It must not block.
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

    /// What the tenure of the burn tip has earned in fees, micro-STX; `None` while it has no block.
    pub fn tenure_fees(&self) -> Result<Option<u128>, ApiError> {
        self.read(|reader| {
            let (tip, burn_tip) = (reader.tip()?, reader.burn_tip()?);
            Ok((tip.burn_view == burn_tip.hash).then_some(tip.tenure.fees))
        })
    }

    /// Mines a burn block on the canonical tip; called by the mock clock.
    pub fn mine_burn_block(&self, time_s: u64) -> Result<(), ApiError> {
        let mined = self.chain.mine_burn_block(None, time_s)?;
        tracing::debug!(height = mined.height, hash = %mined.hash, "burn block mined");
        Ok(())
    }
}
