//! Fills a block: the coinbase, then candidates until cost, size, count or time ends it.

mod block_draft;
mod timer;

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use stacks_types::block::HEADER_BYTES_MIN;
use stacks_types::ids::{BurnBlockHash, Txid};
use stacks_types::limits::MAX_BLOCK_BYTES;
use stacks_types::transaction::BlockTransaction;

use self::block_draft::{BlockDraft, pauses, took_short_time};
use self::timer::{FillTimer, SHORT_TIME};
use super::TemplateFailure;
use crate::blocks::rules::signatures_bytes;
use crate::blocks::{BlockPlan, Execution, begin_block, finish_block};
use crate::chain::{ChainReader, NakamotoChainState, Problem};
use crate::db::StoreError;
use crate::execution::{ExecutionLimits, SessionError, Supervision};
use crate::mempool::{Candidates, PendingTransaction, get_raw};
use crate::transactions::{MinerAction, TransactionError, VerifiedTransaction};

pub(crate) use self::timer::FillBounds;

/// Most transactions of a template, as in the reference's miner: a policy, not a rule of blocks.
pub const MAX_TEMPLATE_TRANSACTIONS: u32 = 11_650;

/// Most rounds in one template in which underfunded transactions are tried again after others.
const UNDERFUNDED_ROUNDS: u32 = 4;

/// Most underfunded transactions that one template keeps, some MB; further ones are left out for good at once, so that
/// a crowd of them does not take the time of every block. Where blocks stay full they are tried in each.
const UNDERFUNDED_MAX: usize = 10_000;

/// Length of the count before a block's transactions.
const TRANSACTION_COUNT_BYTES: usize = 4;

/// A block's content.
pub(crate) struct Filled {
    /// The transactions, in order.
    pub(crate) transactions: Vec<BlockTransaction>,
    /// Their execution.
    pub(crate) execution: Execution,
    /// Transactions that were left out, and why.
    pub(crate) skipped: Vec<(Txid, String)>,
    /// Transactions that can never be mined.
    pub(crate) problems: Vec<Problem>,
    /// The transaction that first found the budget of the tenure used up.
    pub(crate) exhausted: Option<Txid>,
    /// Whether the time ended, or others went first, before all candidates were tried.
    pub(crate) ended_early: bool,
}

/// Whether other transactions wait while one executes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum OthersWait {
    /// It gets a short time only, if cut ones took too much lately.
    Yes,
    /// It gets the full time, and ends when a transaction comes that goes first.
    No,
}

/// The result of trying a transaction.
#[derive(PartialEq, Eq)]
enum Tried {
    /// It is in the block, or was left out with a reason.
    Done,
    /// It was cut at a limit, or dropped after it had taken long.
    Cut,
    /// It used up its short time, and may be tried again when no others wait.
    PutOff,
    /// It gave way to a transaction that came.
    GaveWay,
    /// The block takes no more.
    Full,
}

impl NakamotoChainState {
    /// Bytes that the transactions of a block of this plan may have together.
    pub(super) fn room_for_transactions(&self, reader: &ChainReader, plan: &BlockPlan) -> Result<usize, StoreError> {
        let stackers = reader.burn().get_stacker_set(&plan.burn_view.hash)?.stackers.len();
        let overhead = HEADER_BYTES_MIN + signatures_bytes(stackers, self.params().signing) + TRANSACTION_COUNT_BYTES;
        Ok(MAX_BLOCK_BYTES.saturating_sub(overhead))
    }

    /// Fills a block of this plan.
    pub(crate) fn fill(
        &self,
        reader: &ChainReader,
        plan: &BlockPlan,
        coinbase: Option<BlockTransaction>,
        bounds: FillBounds<'_>,
    ) -> Result<Result<Filled, TemplateFailure>, StoreError> {
        let headers = reader.headers(plan.parent.block_id);
        let session = begin_block(reader.block_env(&headers), plan).map_err(node_failure)?;
        let room = self.room_for_transactions(reader, plan)?;
        let mut draft = BlockDraft::new(session, room);
        let mut candidates = Candidates::default();
        if let Some(coinbase) = coinbase {
            if let Err(error) = draft.session.process_transaction(&coinbase) {
                return if error.is_node_failure() { Err(node_failure(error)) } else { Ok(Err(bad_coinbase(&error))) };
            }
            draft.bytes_left = draft.bytes_left.saturating_sub(coinbase.length());
            // The producer's own next transaction is a candidate of this block.
            let (producer, nonce) = (coinbase.origin_address(self.params().mainnet), coinbase.origin_nonce());
            self.with_mempool(|index| candidates.nonce_used(index, &producer, nonce));
            draft.transactions.push(coinbase);
        }
        let mut run = FillRun {
            chain: self,
            reader,
            tenure: plan.burn_view.hash,
            draft,
            candidates,
            timer: FillTimer::begin(bounds),
            waiting: Vec::new(),
            underfunded: Vec::new(),
            tried: false,
            ended_early: false,
        };
        run.fill()?;
        let FillRun { draft, ended_early, .. } = run;
        let BlockDraft { session, transactions, skipped, problems, exhausted, .. } = draft;
        let execution = finish_block(session, plan).map_err(node_failure)?;
        Ok(Ok(Filled { transactions, execution, skipped, problems, exhausted, ended_early }))
    }
}

/// Fills a block that has its coinbase.
struct FillRun<'a> {
    chain: &'a NakamotoChainState,
    reader: &'a ChainReader,
    /// The burn block that began the block's tenure.
    tenure: BurnBlockHash,
    draft: BlockDraft<'a>,
    candidates: Candidates,
    timer: FillTimer<'a>,
    /// Transactions that pause or were put off, and why: others go first.
    waiting: Vec<(PendingTransaction, String)>,
    /// Transactions whose account has too little, and the error. Another transaction may bring the funds.
    underfunded: Vec<(PendingTransaction, TransactionError)>,
    tried: bool,
    ended_early: bool,
}

impl FillRun<'_> {
    fn fill(&mut self) -> Result<(), StoreError> {
        let begins_with = self.draft.transactions.len();
        let mut has_room = self.try_candidates()? && self.retry_underfunded()?;
        for (next, error) in std::mem::take(&mut self.underfunded) {
            self.draft.skipped.push((next.txid, format!("{error}; it is tried again in the next block")));
        }
        // A pause only lets others go first: if none of the others is mined, those that pause are, until one is slow
        // again.
        let mut waiting = std::mem::take(&mut self.waiting).into_iter();
        if self.draft.transactions.len() == begins_with {
            while has_room {
                let Some((next, why)) = waiting.next() else { break };
                if !self.may_begin() {
                    self.draft.skipped.push((next.txid, why));
                    break;
                }
                match self.try_one(&next, OthersWait::No)? {
                    Tried::Done => {}
                    Tried::Full => has_room = false,
                    Tried::Cut => break,
                    Tried::GaveWay | Tried::PutOff => {
                        self.draft.skipped.push((next.txid, why));
                        self.candidates.again();
                        self.try_candidates()?;
                        break;
                    }
                }
            }
        }
        let left = waiting.chain(std::mem::take(&mut self.waiting));
        self.draft.skipped.extend(left.map(|(next, why)| (next.txid, why)));
        Ok(())
    }

    /// Tries candidates by rank, except those that pause. Returns whether there is still room.
    fn try_candidates(&mut self) -> Result<bool, StoreError> {
        self.chain.unpaused_arrival().store(false, Ordering::Relaxed);
        while let Some(next) = self.chain.with_mempool(|index| self.candidates.next(index)) {
            if !self.may_begin() {
                return Ok(false);
            }
            let used = self.draft.session.tenure_cost();
            if self.chain.overruns().contains(&self.tenure, &next.txid, &used) {
                self.draft.leave_out_exhausted(next.txid);
                continue;
            }
            if let Some(wait) = self.chain.slow_accounts().wait(&next, Instant::now()) {
                self.waiting.push((next, pauses(wait)));
                continue;
            }
            match self.try_one(&next, OthersWait::Yes)? {
                Tried::Done | Tried::Cut | Tried::GaveWay => {}
                Tried::PutOff => self.waiting.push((next, took_short_time())),
                Tried::Full => return Ok(false),
            }
        }
        Ok(true)
    }

    /// Tries the underfunded again, as long as that gets any of them mined. If it does not, and every other transaction
    /// was tried on this state, they can never be mined. Returns whether there is still room.
    fn retry_underfunded(&mut self) -> Result<bool, StoreError> {
        for _ in 0..UNDERFUNDED_ROUNDS {
            let mined = self.draft.transactions.len();
            let mut underfunded = std::mem::take(&mut self.underfunded).into_iter();
            while let Some((next, error)) = underfunded.next() {
                let tried = if self.may_begin() { self.try_one(&next, OthersWait::Yes)? } else { Tried::Full };
                match tried {
                    Tried::Done | Tried::Cut | Tried::GaveWay => {}
                    Tried::PutOff => self.waiting.push((next, took_short_time())),
                    Tried::Full => {
                        self.underfunded.push((next, error));
                        self.underfunded.extend(underfunded);
                        return Ok(false);
                    }
                }
            }
            if self.draft.transactions.len() == mined {
                if self.waiting.is_empty() && !self.draft.has_left {
                    for (next, error) in std::mem::take(&mut self.underfunded) {
                        self.draft.leave_out(next.txid, &error);
                    }
                }
                return Ok(true);
            }
            if !self.try_candidates()? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Whether the next one may begin; at least one is tried.
    fn may_begin(&mut self) -> bool {
        if self.draft.transactions.len() >= self.timer.bounds().most as usize {
            return false;
        }
        self.ended_early |= self.tried && self.timer.is_over();
        !self.ended_early
    }

    fn try_one(&mut self, next: &PendingTransaction, others_wait: OthersWait) -> Result<Tried, StoreError> {
        self.tried = true;
        if next.size_bytes as usize > self.draft.bytes_left {
            self.draft.leave_out_large(next);
            return Ok(Tried::Done);
        }
        // It was dropped after the walk looked at it.
        let Some(raw) = get_raw(self.reader.conn(), &next.txid)? else { return Ok(Tried::Done) };
        let transaction = BlockTransaction::decode(&raw)
            .map_err(|error| StoreError::Corrupt(format!("pending transaction {}: {error}", next.txid)))?;
        let begun = Instant::now();
        let has_short_time = self.supervise(others_wait, begun);
        let executing = self.chain.begin_executing(next.txid);
        // Its signatures were verified at admission; the mempool's table remembers.
        let done = self.draft.session.process_verified(&VerifiedTransaction::remembered(&transaction));
        drop(executing);
        match done {
            Ok(_) => {
                self.chain.with_mempool(|index| self.candidates.mined(index, next));
                self.draft.bytes_left -= transaction.length();
                self.draft.transactions.push(transaction);
                Ok(Tried::Done)
            }
            Err(TransactionError::Interrupted) if !self.timer.is_cancelled() => {
                self.timer.leave_out(begun.elapsed());
                Ok(Tried::GaveWay)
            }
            // The transactions so far are a block, if anybody still wants it.
            Err(TransactionError::Interrupted) => {
                self.ended_early = true;
                Ok(Tried::Full)
            }
            Err(error) if error.is_node_failure() => Err(node_failure(error)),
            Err(error) if error.is_short_of_funds() && self.underfunded.len() < UNDERFUNDED_MAX => {
                self.underfunded.push((next.clone(), error));
                Ok(Tried::Done)
            }
            Err(TransactionError::TookTooLong { .. }) if has_short_time => {
                self.timer.put_off(begun.elapsed(), self.chain.execution_limits().time);
                self.chain.slow_accounts().put_off(next, Instant::now());
                Ok(Tried::PutOff)
            }
            Err(error) => {
                let is_cut = self.count_lost_time(next, &error, begun.elapsed());
                let tried = self.draft.leave_out(next.txid, &error);
                Ok(if is_cut { Tried::Cut } else { tried })
            }
        }
    }

    /// An unmined transaction pays nothing: its time counts against its accounts, not against the other transactions.
    /// Returns whether it was cut, or dropped after it had taken long.
    fn count_lost_time(&mut self, next: &PendingTransaction, error: &TransactionError, took: Duration) -> bool {
        let (is_slow, action, now) = (took > SHORT_TIME, error.miner_action(), Instant::now());
        let is_dropped = matches!(action, MinerAction::DropTooExpensive | MinerAction::DropProblematic);
        let is_cut = action == MinerAction::DropOverLimits || (is_dropped && is_slow);
        if is_cut {
            self.timer.leave_out(took);
            self.chain.slow_accounts().cut(next, took, now);
        } else if is_slow {
            self.timer.put_off(took, self.chain.execution_limits().time);
            self.chain.slow_accounts().leave(next, took, now);
            if let (TransactionError::CostExceeded(overrun), true) = (error, error.is_exhausted()) {
                self.chain.overruns().insert(self.tenure, next.txid, overrun.before);
            }
        }
        is_cut
    }

    /// Sets what the next transaction may take. Returns whether that is a short time.
    fn supervise(&mut self, others_wait: OthersWait, now: Instant) -> bool {
        let usual = self.chain.execution_limits();
        let has_short_time = others_wait == OthersWait::Yes && !self.chain.slow_accounts().may_take(usual.time, now);
        let time = if has_short_time { usual.time.min(self.timer.short_time()) } else { usual.time };
        let gives_way = (others_wait == OthersWait::No).then(|| self.chain.unpaused_arrival());
        let limits = ExecutionLimits { time, ..usual };
        self.draft.session.supervise(Supervision { limits, stop: self.timer.bounds().cancelled, gives_way });
        has_short_time
    }
}

fn bad_coinbase(error: &TransactionError) -> TemplateFailure {
    TemplateFailure::BadCoinbase(error.to_string())
}

fn node_failure(error: impl Into<NodeFailure>) -> StoreError {
    match error.into() {
        NodeFailure(None) => StoreError::ShuttingDown,
        NodeFailure(Some(text)) => StoreError::Corrupt(text),
    }
}

/// The text of a failure that is the node's, not a transaction's; none after an interrupt.
struct NodeFailure(Option<String>);

impl From<SessionError> for NodeFailure {
    fn from(error: SessionError) -> Self {
        Self(Some(error.to_string()))
    }
}

impl From<TransactionError> for NodeFailure {
    fn from(error: TransactionError) -> Self {
        Self((error != TransactionError::Interrupted).then(|| error.to_string()))
    }
}
