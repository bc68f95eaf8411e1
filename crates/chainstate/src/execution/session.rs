//! Executes one block: opens its trie on the parent's state, runs transactions, seals the result.
//!
//! ```text
//! begin ── process_transaction* / pay_reward* ── seal ──▶ ExecutedBlock ── (commit under the real id) ──▶ stored
//! ```
//!
//! # Invariants
//! - A transaction runs on a machine of its own. Its writes go into the trie once all of them are known to be good; a
//!   refused transaction leaves no write, no fee, no cost.
//! - A failure between the first and the last write of a transaction *poisons* the session: it refuses to go on.
//! - Run it on a thread with a stack of [`STACK_BYTES`]: evaluation recurses.
//!
//! # Not here
//! What a transaction does: `process`. Which transactions a block may hold, and rewards: the block rules.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Instant;

use clarity::Rules;
use clarity::costs::{Cost, CostError, MEMORY_LIMIT, Meter};
use clarity::error::{CheckError, InternalError, Stop};
use clarity::keys;
use clarity::principal::Principal;
use clarity::run::Machine;
use clarity::state::Write;
use marf::{BlockId, MarfError, SealedTrie};
use stacks_types::ids::{StacksBlockId, StateRoot};
use stacks_types::transaction::BlockTransaction;

use super::contract_store::{ContractRow, insert_contracts};
use super::env::BlockEnv;
use super::facts::BurnView;
use super::failure::{Done, Failure, panic_text};
use super::interrupt::{Expired, Supervision};
use super::process::process;
use super::world::{BlockWorld, Tip};
use crate::params::ChainParams;
use crate::transactions::{CostOverrun, MAX_RECEIPTS_BYTES, TransactionError, TransactionReceipt, VerifiedTransaction};

/// Stack of a thread that runs sessions or reads: what the engine needs, and room for its callers.
pub const STACK_BYTES: usize = clarity::engine::STACK_BYTES + (8 << 20);

/// A block's place in the chain.
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
    /// Cost of the tenure's earlier blocks; ignored if the tenure is new.
    pub tenure_cost_so_far: Cost,
}

/// Why a block could not be executed; never a transaction's fault.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    /// The state index failed.
    #[error("state index")]
    Marf(#[from] MarfError),
    /// Reading or writing state or contracts failed.
    #[error("storage failed: {0}")]
    Storage(String),
    /// The engine refused one of the chain's own operations, such as paying a reward.
    #[error("the engine refused {what}: {error}")]
    Refused {
        /// The operation.
        what: &'static str,
        /// The engine's error.
        error: String,
    },
    /// An earlier failure may have left half a transaction behind.
    #[error("the session is poisoned by an earlier failure")]
    Poisoned,
}

/// A block in execution.
pub struct BlockSession<'a> {
    pub(super) params: &'a ChainParams,
    pub(super) rules: &'static Rules,
    pub(super) world: BlockWorld<'a>,
    limit: Cost,
    spent_before: Cost,
    spent: Cost,
    pub(super) receipts: Vec<TransactionReceipt>,
    receipts_bytes: u64,
    deadline: Option<Expired<'a>>,
    supervision: Option<Supervision<'a>>,
    poisoned: bool,
}

impl<'a> BlockSession<'a> {
    /// Opens a block on `ctx.parent`, under the placeholder id (docs/CONSENSUS.md#committing-under-another-id).
    ///
    /// # Errors
    /// [`SessionError::Marf`] if the parent is not committed.
    pub fn begin(env: BlockEnv<'a>, ctx: BlockContext) -> Result<Self, SessionError> {
        let mut session = Self::open(env, &ctx, Some(BlockId(ctx.parent.0)))?;
        session.enter(&ctx)?;
        Ok(session)
    }

    /// Takes over the tenure's cost so far, and makes the first writes.
    pub(super) fn enter(&mut self, ctx: &BlockContext) -> Result<(), SessionError> {
        if !ctx.new_tenure {
            self.spent_before = ctx.tenure_cost_so_far;
            self.spent = self.spent_before;
        }
        self.write_heights(ctx)
    }

    /// Opens a block that has no parent and no limits: the boot block.
    pub(super) fn begin_boot(env: BlockEnv<'a>, ctx: &BlockContext) -> Result<Self, SessionError> {
        let mut session = Self::open(env, ctx, None)?;
        session.limit = Cost::MAX;
        Ok(session)
    }

    pub(super) fn open(env: BlockEnv<'a>, ctx: &BlockContext, parent: Option<BlockId>) -> Result<Self, SessionError> {
        let opened_as = BlockId(StacksBlockId::PLACEHOLDER.0);
        let trie = env.marf.begin(parent.unwrap_or(marf::SENTINEL), opened_as)?;
        let tip = Tip::Open { trie: Box::new(trie), opened_as, parent, tenure_height: ctx.tenure_height };
        Ok(Self {
            params: env.params,
            rules: env.params.rules,
            world: BlockWorld::new(&env, ctx.burn_view, tip),
            limit: env.params.tenure_cost_limit,
            spent_before: Cost::default(),
            spent: Cost::default(),
            receipts: Vec::new(),
            receipts_bytes: 0,
            deadline: None,
            supervision: None,
            poisoned: false,
        })
    }

    /// Makes transactions fail with [`TransactionError::DeadlinePassed`] once `expired` returns true: for estimates,
    /// where this says nothing about the transaction.
    pub(crate) const fn stop_when(&mut self, expired: Expired<'a>) {
        self.deadline = Some(expired);
    }

    /// Limits transactions: one that exceeds a limit fails with [`TransactionError::TookTooLong`] or
    /// [`TransactionError::HeldTooMuch`], and all fail with [`TransactionError::Interrupted`] once told to stop.
    pub(crate) const fn supervise(&mut self, supervision: Supervision<'a>) {
        self.supervision = Some(supervision);
    }

    /// The first writes of each block: the tenure's height, and the time in epochs whose contracts can ask for it.
    pub(super) fn write_heights(&mut self, ctx: &BlockContext) -> Result<(), SessionError> {
        let has_time = self.rules.has_block_time;
        self.run_chain("the block's heights", |machine| {
            machine.put_text(keys::TENURE_HEIGHT, &format!("{:08x}", ctx.tenure_height));
            if has_time {
                machine.put_text(keys::BLOCK_TIME, &ctx.burn_view.time_s.to_string());
            }
            Ok(())
        })
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
        let before = self.receipts_bytes;
        let (mut receipt, receipts_bytes) = self.run(self.limit, |machine| {
            let done = process(machine, params, tx, before)?;
            let own = done.value.approximate_bytes();
            let bytes = before.saturating_add(own);
            match bytes <= MAX_RECEIPTS_BYTES {
                true => Ok(Done { value: (done.value, bytes), deployed: done.deployed }),
                false => Err(TransactionError::ReceiptsTooLarge { before, own, max: MAX_RECEIPTS_BYTES }.into()),
            }
        })?;
        receipt.tx_index = index;
        self.receipts_bytes = receipts_bytes;
        self.receipts.push(receipt.clone());
        Ok(receipt)
    }

    /// Credits a matured reward of `amount_ustx` to `to`, and adds `mints_ustx` (its newly made part) to the liquid
    /// supply.
    ///
    /// # Errors
    /// [`SessionError::Refused`] if a sum exceeds 128 bits; storage failures.
    pub(crate) fn pay_reward(
        &mut self,
        to: &Principal,
        amount_ustx: u128,
        mints_ustx: u128,
    ) -> Result<(), SessionError> {
        self.run_chain("a reward", |machine| {
            machine.credit(to, amount_ustx)?;
            if mints_ustx > 0 {
                machine.grow_supply(mints_ustx)?;
            }
            Ok(())
        })
    }

    /// What this block's transactions have cost so far.
    #[must_use]
    pub const fn cost(&self) -> Cost {
        self.spent.minus(self.spent_before)
    }

    /// What the tenure has cost so far, this block included.
    #[must_use]
    pub(crate) const fn tenure_cost(&self) -> Cost {
        self.spent
    }

    /// Hashes the state and ends the block.
    ///
    /// # Errors
    /// [`SessionError::Poisoned`] after a failure; the state index's own.
    pub fn seal(self) -> Result<ExecutedBlock, SessionError> {
        if self.poisoned {
            return Err(SessionError::Poisoned);
        }
        let (cost, tenure_cost) = (self.cost(), self.tenure_cost());
        #[cfg(any(test, feature = "test-support"))]
        let writes = self.recorded().into();
        let (trie, contracts) = self.world.into_block().ok_or(SessionError::Poisoned)?;
        let trie = trie.seal()?;
        Ok(ExecutedBlock {
            state_root: StateRoot(trie.root().0),
            trie,
            contracts: contracts.into(),
            receipts: self.receipts.into(),
            cost,
            tenure_cost,
            #[cfg(any(test, feature = "test-support"))]
            writes,
        })
    }

    /// Runs an operation of the chain itself, free of cost.
    pub(super) fn run_chain(
        &mut self,
        what: &'static str,
        work: impl FnOnce(&mut Machine<'_>) -> Result<(), Stop>,
    ) -> Result<(), SessionError> {
        let done = |machine: &mut Machine<'_>| Ok(Done { value: work(machine)?, deployed: None });
        self.run(Cost::MAX, done).map_err(|error| match error {
            TransactionError::Storage(text) => SessionError::Storage(text),
            TransactionError::SessionPoisoned => SessionError::Poisoned,
            other => SessionError::Refused { what, error: other.to_string() },
        })
    }

    /// Runs `work` on a machine of its own, and keeps its writes if it succeeds.
    pub(super) fn run<R>(
        &mut self,
        limit: Cost,
        work: impl FnOnce(&mut Machine<'_>) -> Result<Done<R>, Failure>,
    ) -> Result<R, TransactionError> {
        if self.poisoned {
            return Err(TransactionError::SessionPoisoned);
        }
        let (supervision, begun) = (self.supervision, Instant::now());
        let over = || supervision.is_some_and(|supervision| supervision.is_over(begun));
        let interrupt = match (&supervision, self.deadline) {
            (Some(_), _) => Some(&over as Expired<'_>),
            (None, deadline) => deadline,
        };
        let memory_limit = supervision.map_or(MEMORY_LIMIT, |supervision| supervision.limits.memory_bytes);
        let mut meter = Meter::new(self.rules.costs, limit).with_memory_limit(memory_limit.min(MEMORY_LIMIT));
        meter.set_spent(self.spent);
        if let Some(interrupt) = interrupt {
            meter = meter.interrupted_by(interrupt);
        }
        let (world, rules) = (&mut self.world, self.rules);
        // The engine has no known panics; if it has one, that ends this transaction and not the node.
        let ran = catch_unwind(AssertUnwindSafe(|| {
            let mut machine = Machine::new(rules, meter, world);
            let done = work(&mut machine)?;
            Ok((done, machine.journal.take(), machine.meter.spent()))
        }));
        match ran {
            Ok(Ok((done, writes, spent))) => self.keep(done, writes, spent),
            Ok(Err(Failure::Invalid(error))) => Err(*error),
            Ok(Err(Failure::Stopped(stop))) => Err(self.stopped(stop)),
            Err(panic) => Err(TransactionError::Panicked { message: panic_text(panic.as_ref()) }),
        }
    }

    fn keep<R>(&mut self, done: Done<R>, writes: Vec<Write>, spent: Cost) -> Result<R, TransactionError> {
        if let Err(error) = self.world.keep(writes, done.deployed) {
            self.poisoned = true;
            return Err(TransactionError::Storage(error.to_string()));
        }
        self.spent = spent;
        Ok(done.value)
    }

    /// Why a transaction that stopped this way may not be in the block.
    fn stopped(&self, stop: Stop) -> TransactionError {
        let supervision = self.supervision;
        match stop {
            Stop::Internal(error) => match *error {
                InternalError::State(text) => TransactionError::Storage(text),
                other => TransactionError::Rejected { error: other.to_string() },
            },
            Stop::Check(error) => match *error {
                CheckError::Cost(CostError::Balance { spent, limit }) => {
                    let overrun = CostOverrun { before: self.spent, after: *spent, limit: *limit };
                    TransactionError::CostExceeded(Box::new(overrun))
                }
                CheckError::Cost(CostError::Interrupted) => match supervision {
                    Some(supervision) if supervision.is_stopped() => TransactionError::Interrupted,
                    Some(supervision) => TransactionError::TookTooLong { limit: supervision.limits.time },
                    None => TransactionError::DeadlinePassed,
                },
                CheckError::Cost(CostError::Memory { limit, .. }) if limit < MEMORY_LIMIT => {
                    TransactionError::HeldTooMuch { limit }
                }
                other => TransactionError::Rejected { error: other.to_string() },
            },
            other => TransactionError::Rejected { error: other.to_string() },
        }
    }
}

/// A block's execution result: all that a commit stores. Cheap to clone.
#[derive(Clone)]
pub struct ExecutedBlock {
    /// The sealed trie, to be committed under the block's real id.
    pub trie: SealedTrie,
    /// Root of the trie: the header's `state_index_root`.
    pub state_root: StateRoot,
    /// The contracts that the block deployed.
    pub(crate) contracts: Arc<[ContractRow]>,
    /// One receipt for each transaction, in order.
    pub receipts: Arc<[TransactionReceipt]>,
    /// Sum of the receipts' costs.
    pub cost: Cost,
    /// What the tenure has cost, this block included.
    pub(crate) tenure_cost: Cost,
    /// All state writes in order; none unless they were recorded.
    #[cfg(any(test, feature = "test-support"))]
    pub writes: Arc<[super::world::StateWrite]>,
}

impl ExecutedBlock {
    /// Writes the contracts as those of `block_id`.
    ///
    /// # Errors
    /// Those of SQLite.
    pub(crate) fn commit_contracts(
        &self,
        tx: &rusqlite::Transaction<'_>,
        block_id: &StacksBlockId,
    ) -> rusqlite::Result<()> {
        insert_contracts(tx, block_id, &self.contracts)
    }
}
