//! Executes one block: opens its trie on the parent's state, runs transactions, seals the result.
//!
//! ```text
//! begin ── process_transaction* / pay_reward* ── seal ──▶ ExecutedBlock ── (commit under the real id) ──▶ stored
//! ```
//!
//! # Invariants
//! - A transaction that is refused leaves nothing: no write, no fee, no cost.
//! - The cost tracker is made once a block, and reset for a transaction that is not kept.
//! - VM code may panic on storage failures by design; the panic ends in an error here. After a panic or failure that
//!   may have left half a transaction in the trie, the session is *poisoned* and refuses to go on.
//! - Run it on a thread with a stack of [`crate::execution::STACK_BYTES`]: evaluation recurses.
//!
//! # Not here
//! What a transaction does: `transactions`. Which transactions a block may hold, and rewards: the block rules.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Instant;

use ::clarity::vm::costs::{ExecutionCost, LimitedCostTracker};
use ::clarity::vm::database::{BurnStateDB, ClarityDatabase, HeadersDB};
use ::clarity::vm::errors::Error as VmError;
use engine::costs::Cost;
use marf::{BlockId, Marf, MarfError, SealedTrie};
use rusqlite::Connection;
use stacks_types::ids::{StacksBlockId, StateRoot};
use stacks_types::transaction::BlockTransaction;

use super::burn_view::{BurnView, EpochHeaders, has_nakamoto_views};
use super::convert;
use super::interrupt::Cut;
use super::kept_contracts::ContractCache;
use super::process::process;
use super::scope::{ChainView, Scope};
use super::side_store::{MetadataRow, insert_metadata};
use super::store::{StateStore, StateWrite, TENURE_HEIGHT_KEY, Tip};
use super::trackers::make_tracker;
use crate::execution::{Expired, MAX_RECEIPTS_BYTES, Supervision};
use crate::params::ChainParams;
use crate::transactions::{TransactionError, TransactionReceipt, VerifiedTransaction};

/// What every execution on one chain needs. The connection must see the same commits as the index.
#[derive(Clone, Copy)]
pub struct BlockEnv<'a> {
    /// The rules of the chain.
    pub params: &'a ChainParams,
    /// The state index.
    pub marf: &'a Marf,
    /// Holds table `clarity_metadata`.
    pub side: &'a Connection,
    /// Contracts that were called before.
    pub contracts: &'a ContractCache,
    /// Facts about ancestors.
    pub headers: &'a dyn HeadersDB,
    /// Facts about the burn chain.
    pub burn: &'a dyn BurnStateDB,
}

/// Where a block stands.
#[derive(Debug, Clone)]
pub struct BlockContext {
    /// The committed block on which it builds.
    pub parent: StacksBlockId,
    /// The burn block that it witnessed.
    pub burn_view: BurnView,
    /// Tenures before and including its own; the boot block has 0, the first mined block 1.
    pub tenure_height: u32,
    /// True for the first block of a tenure: the cost limit starts anew.
    pub new_tenure: bool,
    /// What the tenure's earlier blocks cost; not looked at if the tenure is new.
    pub tenure_cost_so_far: Cost,
    /// Keep the list of all state writes in [`ExecutedBlock::writes`]. For tests and tools.
    pub record_writes: bool,
}

/// Why a block could not be executed. Never a transaction's fault.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    /// The state index.
    #[error("state index")]
    Marf(#[from] MarfError),
    /// Reading or writing state or side store failed.
    #[error("storage failed: {0}")]
    Storage(String),
    /// The figures of cost functions are damaged: a bug of the build.
    #[error("no cost tracker: {0}")]
    CostTracker(String),
    /// The VM refused what the chain itself does, such as paying a reward.
    #[error("vm refused {what}: {error}")]
    Vm {
        /// What was done.
        what: &'static str,
        /// The VM's text.
        error: String,
    },
    /// An earlier panic or failure may have left half a transaction behind.
    #[error("the session is poisoned by an earlier failure")]
    Poisoned,
}

/// A block in execution.
pub struct BlockSession<'a> {
    pub(super) params: &'a ChainParams,
    headers: EpochHeaders<'a>,
    burn: &'a dyn BurnStateDB,
    pub(super) store: StateStore<'a>,
    tracker: Option<LimitedCostTracker>,
    limit: ExecutionCost,
    cost_at_begin: ExecutionCost,
    pub(super) receipts: Vec<TransactionReceipt>,
    receipts_bytes: u64,
    bytes: u64,
    deadline: Option<Expired<'a>>,
    supervision: Option<Supervision<'a>>,
    poisoned: bool,
}

impl<'a> BlockSession<'a> {
    /// Opens a block on `ctx.parent`, under the placeholder id (docs/CONSENSUS.md#committing-under-another-id).
    ///
    /// # Errors
    /// [`SessionError::Marf`] if the parent is not committed; [`SessionError::CostTracker`].
    pub fn begin(env: BlockEnv<'a>, ctx: BlockContext) -> Result<Self, SessionError> {
        let mut session = Self::open(env, &ctx, Some(BlockId(ctx.parent.0)))?;
        session.write_tenure_height(ctx.tenure_height)?;
        let mut tracker = session.new_tracker()?;
        if !ctx.new_tenure {
            session.cost_at_begin = convert::vm_cost(ctx.tenure_cost_so_far);
            tracker.set_total(session.cost_at_begin.clone());
        }
        session.tracker = Some(tracker);
        Ok(session)
    }

    /// Opens a block whose execution costs nothing: all of the boot block's.
    pub(super) fn begin_boot(env: BlockEnv<'a>, ctx: &BlockContext) -> Result<Self, SessionError> {
        let mut session = Self::open(env, ctx, None)?;
        session.tracker = Some(LimitedCostTracker::new_free());
        Ok(session)
    }

    fn open(env: BlockEnv<'a>, ctx: &BlockContext, parent: Option<BlockId>) -> Result<Self, SessionError> {
        let opened_as = BlockId(StacksBlockId::PLACEHOLDER.0);
        let trie = env.marf.begin(parent.unwrap_or(marf::SENTINEL), opened_as)?;
        let tip = Tip::Open { trie: Box::new(trie), opened_as, parent, tenure_height: ctx.tenure_height };
        let epoch = super::EPOCH;
        let mut store = StateStore::new(&env, tip);
        store.writes = ctx.record_writes.then(Vec::new);
        Ok(Self {
            params: env.params,
            headers: EpochHeaders::new(env.headers, epoch, ctx.burn_view),
            burn: env.burn,
            store,
            tracker: None,
            limit: convert::vm_cost(env.params.tenure_cost_limit),
            cost_at_begin: ExecutionCost::zero(),
            receipts: Vec::new(),
            receipts_bytes: 0,
            bytes: 0,
            deadline: None,
            supervision: None,
            poisoned: false,
        })
    }

    /// Has transactions fail with [`TransactionError::DeadlinePassed`] once `expired` says so: for estimates, which say
    /// nothing about a transaction.
    pub const fn stop_when(&mut self, expired: Expired<'a>) {
        self.deadline = Some(expired);
    }

    /// Has transactions end that take more than they may, with [`TransactionError::TookTooLong`] and
    /// [`TransactionError::HeldTooMuch`], and all with [`TransactionError::Interrupted`] once it is told to stop.
    pub const fn supervise(&mut self, supervision: Supervision<'a>) {
        self.supervision = Some(supervision);
    }

    /// From epoch 3.0 on, the first write of each block.
    pub(super) fn write_tenure_height(&mut self, tenure_height: u32) -> Result<(), SessionError> {
        if has_nakamoto_views(super::EPOCH) {
            let written = self.store.put(TENURE_HEIGHT_KEY, &format!("{tenure_height:08x}"));
            written.map_err(|error| SessionError::Storage(error.to_string()))?;
        }
        Ok(())
    }

    fn new_tracker(&self) -> Result<LimitedCostTracker, SessionError> {
        make_tracker(self.params, self.limit.clone()).map_err(SessionError::CostTracker)
    }

    /// Verifies and executes one transaction, and keeps it.
    ///
    /// # Errors
    /// The transaction may not be in a block; nothing of it stays, fee and nonce included.
    pub fn process_transaction(&mut self, tx: &BlockTransaction) -> Result<TransactionReceipt, TransactionError> {
        let verified = VerifiedTransaction::verify(tx, self.params)?;
        self.process_verified(&verified)
    }

    /// Executes one transaction whose signatures are known to be good, and keeps it.
    ///
    /// # Errors
    /// As [`Self::process_transaction`].
    pub fn process_verified(&mut self, tx: &VerifiedTransaction<'_>) -> Result<TransactionReceipt, TransactionError> {
        let params = self.params;
        let index = u32::try_from(self.receipts.len()).unwrap_or(u32::MAX);
        let receipts_before = self.receipts_bytes;
        let (mut receipt, receipts_bytes) = self.run(|scope| {
            let receipt = process(scope, params, tx)?;
            let bytes = receipts_before.saturating_add(receipt.approximate_bytes());
            match bytes <= MAX_RECEIPTS_BYTES {
                true => Ok((receipt, bytes)),
                false => Err(TransactionError::ReceiptsTooLarge { bytes, max: MAX_RECEIPTS_BYTES }),
            }
        })?;
        receipt.tx_index = index;
        self.receipts_bytes = receipts_bytes;
        self.bytes += tx.transaction().length() as u64;
        self.receipts.push(receipt.clone());
        Ok(receipt)
    }

    /// What this block's transactions have cost so far.
    #[must_use]
    pub fn cost(&self) -> ExecutionCost {
        let mut cost = self.tenure_cost();
        // The tracker starts at the earlier cost and only grows, so this cannot fail.
        let _ = cost.sub(&self.cost_at_begin);
        cost
    }

    /// What the tenure has cost so far, this block included.
    #[must_use]
    pub fn tenure_cost(&self) -> ExecutionCost {
        self.tracker.as_ref().map_or_else(|| self.cost_at_begin.clone(), LimitedCostTracker::get_total)
    }

    /// The tenure's cost limit.
    #[must_use]
    pub const fn limit(&self) -> &ExecutionCost {
        &self.limit
    }

    /// How many state writes were recorded; 0 if they are not.
    #[must_use]
    pub fn writes_len(&self) -> usize {
        self.store.writes.as_ref().map_or(0, Vec::len)
    }

    /// Encoded size of the transactions so far, in bytes, without the block's header.
    #[must_use]
    pub const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The receipts so far, in order.
    #[must_use]
    pub fn receipts(&self) -> &[TransactionReceipt] {
        &self.receipts
    }

    /// Hashes the state and ends the block.
    ///
    /// # Errors
    /// [`SessionError::Poisoned`] after a failure; the state index's own.
    pub fn seal(self) -> Result<ExecutedBlock, SessionError> {
        if self.poisoned {
            return Err(SessionError::Poisoned);
        }
        let (cost, tenure_cost) = (convert::cost(&self.cost()), convert::cost(&self.tenure_cost()));
        let (trie, metadata, writes) = self.store.into_block().ok_or(SessionError::Poisoned)?;
        let trie = trie.seal()?;
        Ok(ExecutedBlock {
            state_root: StateRoot(trie.root().0),
            trie,
            metadata: metadata.into(),
            receipts: self.receipts.into(),
            cost,
            tenure_cost,
            writes: writes.map(Into::into),
        })
    }

    /// Runs `work` on the database in a scope of its own, unmetered.
    pub(super) fn run_chain<R>(
        &mut self,
        what: &'static str,
        work: impl FnOnce(&mut ClarityDatabase<'_>) -> Result<R, VmError>,
    ) -> Result<R, SessionError> {
        self.run(|scope| scope.with_db(work).map_err(|error| TransactionError::Rejected { error: error.to_string() }))
            .map_err(|error| match error {
                TransactionError::Storage(text) => SessionError::Storage(text),
                TransactionError::SessionPoisoned => SessionError::Poisoned,
                other => SessionError::Vm { what, error: other.to_string() },
            })
    }

    /// Runs `work` in a scope; commits it if it succeeds. The boundary where panics and faults become errors.
    pub(super) fn run<R>(
        &mut self,
        work: impl FnOnce(&mut Scope<'_, 'a>) -> Result<R, TransactionError>,
    ) -> Result<R, TransactionError> {
        if self.poisoned {
            return Err(TransactionError::SessionPoisoned);
        }
        let before = self.tenure_cost();
        let chain = ChainView {
            mainnet: self.params.mainnet,
            chain_id: self.params.chain_id,
            epoch: super::EPOCH,
            headers: &self.headers,
            burn: self.burn,
        };
        let (store, tracker, supervision) = (&mut self.store, &mut self.tracker, self.supervision);
        let begun = Instant::now();
        let over = || supervision.is_some_and(|supervision| supervision.is_over(begun));
        let watched = match (&supervision, self.deadline) {
            (Some(supervision), _) => Some((&over as Expired<'_>, supervision.limits.memory_bytes)),
            (None, Some(expired)) => Some((expired, u64::MAX)),
            (None, None) => None,
        };
        let ran = catch_unwind(AssertUnwindSafe(|| {
            let mut scope = Scope::begin(store, chain, tracker);
            scope.watch(watched);
            let value = work(&mut scope)?;
            scope.commit().map_err(|error| TransactionError::Storage(format!("{error:?}")))?;
            Ok(value)
        }));
        self.store.unshift();
        if let Some(fault) = &self.store.fault {
            self.poisoned = true;
            return Err(TransactionError::Storage(fault.clone()));
        }
        let error = match ran {
            Ok(Ok(value)) => return Ok(value),
            Ok(Err(error)) => error,
            Err(panic) => match panic.downcast_ref::<Cut>() {
                Some(cut) => self.cut(*cut),
                None => TransactionError::Panicked { message: panic_text(panic.as_ref()) },
            },
        };
        self.recover(before);
        Err(error)
    }

    /// Why an evaluation was cut.
    fn cut(&self, cut: Cut) -> TransactionError {
        match (cut, &self.supervision) {
            (Cut::Time, Some(supervision)) if supervision.is_stopped() => TransactionError::Interrupted,
            (Cut::Time, Some(supervision)) => TransactionError::TookTooLong { limit: supervision.limits.time },
            (Cut::Time, None) => TransactionError::DeadlinePassed,
            (Cut::Memory, supervision) => {
                let limit = supervision.map_or(0, |supervision| supervision.limits.memory_bytes);
                TransactionError::HeldTooMuch { limit }
            }
        }
    }

    /// Puts the tracker back to where it was before a transaction that is not kept.
    fn recover(&mut self, before: ExecutionCost) {
        if self.store.committing {
            self.poisoned = true;
            return;
        }
        match self.tracker.take() {
            Some(mut tracker @ LimitedCostTracker::Limited(_)) => {
                tracker.set_total(before);
                self.tracker = Some(tracker);
            }
            Some(LimitedCostTracker::Free) => self.tracker = Some(LimitedCostTracker::Free),
            // The panicking VM took it along.
            None => match self.new_tracker() {
                Ok(mut tracker) => {
                    tracker.set_total(before);
                    self.tracker = Some(tracker);
                }
                Err(error) => {
                    tracing::error!("no cost tracker after a panic: {error}");
                    self.poisoned = true;
                }
            },
        }
    }
}

/// The text of a caught panic.
pub(super) fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("no text")
        .to_owned()
}

/// A block's execution result: all that a commit stores. Cheap to clone.
#[derive(Clone)]
pub struct ExecutedBlock {
    /// The sealed trie, to be committed under the block's real id.
    pub trie: SealedTrie,
    /// Root of the trie: the header's `state_index_root`.
    pub state_root: StateRoot,
    /// Side-store rows of the contracts that the block deployed.
    pub metadata: Arc<[MetadataRow]>,
    /// One receipt a transaction, in order.
    pub receipts: Arc<[TransactionReceipt]>,
    /// Sum of the receipts' costs.
    pub cost: Cost,
    /// What the tenure has cost, this block included.
    pub tenure_cost: Cost,
    /// All state writes in order, if the context asked for them.
    pub writes: Option<Arc<[StateWrite]>>,
}

impl ExecutedBlock {
    /// Writes the side-store rows as those of `block_id`.
    ///
    /// # Errors
    /// Those of SQLite.
    pub fn commit_metadata(&self, tx: &rusqlite::Transaction<'_>, block_id: &StacksBlockId) -> rusqlite::Result<()> {
        insert_metadata(tx, block_id, &self.metadata)
    }
}
