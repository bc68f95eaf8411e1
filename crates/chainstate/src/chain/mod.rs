//! The chain as one handle: opens the data folder, hands out snapshots, and changes the chain.
//!
//! ```text
//! store_block ─▶ staging ─(signal)─▶ announce ▸ process_next: check ▸ execute ▸ commit ─▶ journal ─▶ readers
//! ```
//!
//! One thread, the node's coordinator, calls [`NakamotoChainState::announce`] and [`NakamotoChainState::process_next`];
//! any thread may call the rest. Blocks are executed outside the write transaction, which only stores the result (one
//! commit: state index, header, receipts, mempool, journal).
//!
//! # Invariants
//! - An event is committed together with the state that it reports.
//! - Staging and the burn database are separate files. The next [`NakamotoChainState::announce`] announces their new
//!   rows, or [`NakamotoChainState::process_next`] does with the block that it appends, also after a crash.
//! - Every caller of the engine runs on a thread with [`crate::execution::STACK_BYTES`] of stack.
//!
//! # Not here
//! Threads, channels, timers: the node.

mod assembly_state;
mod block_orders;
mod chain_meta;
mod folder;
mod job_results;
mod mempool;
mod mining_policy;
mod pooled_reader;
mod processing;
mod reader;
mod snapshot;
mod stackerdb;

pub use block_orders::{BlockOrder, OnBlock};
pub use folder::UncheckedFiles;
pub use job_results::{JobKind, JobResult, ResultLimits};
pub use mempool::{Admission, AdmissionAnswer, AdmissionRefusal, Decision, Offered};
pub(crate) use mempool::{Problem, why_dropped};
pub use mining_policy::{BLOCKS_WANTED_MAX, Mining, TooManyRequested};
pub(crate) use pooled_reader::PooledReader;
pub use processing::{BurnReorg, Processed, Retention, StoreBlockError, StoreOutcome, Verdict};
pub use reader::{ChainReader, ReadStateError};
pub use snapshot::Snapshot;
pub use stackerdb::{ChunkOutcome, FollowContext};

use std::fs::File;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::blocks::{ExecutionCache, SignatureCache};
use crate::burn::BurnDbWriter;
use crate::db::StoreError;
use crate::execution::{ContractCache, ExecutionLimits};
use crate::journal::JournalTail;
use crate::mempool::MempoolIndex;
use crate::params::ChainParams;
use crate::staging::StagingWriter;
use crate::store::Store;
use marf::Marf;

/// The chain. Cheap to clone; the last clone closes the data folder.
#[derive(Clone)]
pub struct NakamotoChainState {
    inner: Arc<Inner>,
}

struct Inner {
    params: ChainParams,
    folder: PathBuf,
    marf: Marf,
    contracts: Arc<ContractCache>,
    store: Store,
    tail: JournalTail,
    burn: Mutex<BurnDbWriter>,
    staging: Mutex<StagingWriter>,
    mempool: Mutex<MempoolIndex>,
    /// Held while a transaction evicts others from the mempool.
    evicting: Mutex<()>,
    orders: Mutex<block_orders::BlockOrders>,
    assembly: assembly_state::AssemblyState,
    executed: ExecutionCache,
    verified: Arc<SignatureCache>,
    followed_ahead: Mutex<Option<stackerdb::FollowedAhead>>,
    start_number: u64,
    /// Time of the oldest event that the journal had at the start.
    oldest_at_start_ms: u64,
    readers: Mutex<Vec<ChainReader>>,
    clock: fn() -> u64,
    execution_limits: Mutex<ExecutionLimits>,
    /// Set when the node stops: running executions end.
    stop: AtomicBool,
    /// The parts that the start left to be compared.
    unchecked: Mutex<Option<UncheckedFiles>>,
    /// Held as long as the folder is in use.
    _lock: File,
}

impl NakamotoChainState {
    /// The chain's parameters.
    #[must_use]
    pub fn params(&self) -> &ChainParams {
        &self.inner.params
    }

    /// Ends the running executions and prevents further ones: the node stops. Work that was cut fails with
    /// [`StoreError::ShuttingDown`] and leaves nothing, and nobody is told of blocks any more.
    pub fn interrupt(&self) {
        self.inner.stop.store(true, Ordering::Relaxed);
        lock(&self.inner.orders).stop();
    }

    /// What one transaction may take in assembly and in the validation of proposals.
    #[must_use]
    pub(crate) fn execution_limits(&self) -> ExecutionLimits {
        *lock(&self.inner.execution_limits)
    }

    /// Sets what one transaction may take; a new handle has the defaults.
    pub fn set_execution_limits(&self, limits: ExecutionLimits) {
        *lock(&self.inner.execution_limits) = limits;
    }

    /// How often the folder was opened before: tells this process from all earlier ones.
    #[must_use]
    pub fn start_number(&self) -> u64 {
        self.inner.start_number
    }

    /// The newest events; calls listeners when new ones come.
    #[must_use]
    pub fn journal(&self) -> &JournalTail {
        &self.inner.tail
    }

    /// Number of commits since the start. Data that is read after this call is current while the number stays the same.
    #[must_use]
    pub fn commits(&self) -> u64 {
        self.inner.store.commits()
    }

    /// Runs `work` on one consistent snapshot of everything that is committed.
    ///
    /// # Errors
    /// Those of `work`, and [`StoreError`] when no connection can be opened.
    pub fn read<T, E: From<StoreError>>(&self, work: impl FnOnce(&Snapshot<'_>) -> Result<T, E>) -> Result<T, E> {
        // Read before the snapshot begins, which then holds at least the effect of every event up to it.
        let sequence = self.inner.tail.newest_sequence();
        let reader = self.take_reader()?;
        reader.begin()?;
        work(&Snapshot::new(self, &reader, sequence))
    }
}

/// A panic in a holder leaves the data whole: every change under a lock is one assignment or one transaction.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
