//! Fills a block: the coinbase, then candidates until cost, size, count or time ends it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use stacks_types::block::HEADER_BYTES_MIN;
use stacks_types::ids::Txid;
use stacks_types::keys::MessageSignature;
use stacks_types::limits::MAX_BLOCK_BYTES;
use stacks_types::transaction::BlockTransaction;

use super::TemplateFailure;
use crate::blocks::{BlockPlan, Execution, close, open};
use crate::chain::{Chain, ChainReader, Problem};
use crate::db::StoreError;
use crate::execution::{BlockSession, ExecutionLimits, SessionError, Supervision};
use crate::mempool::{Candidates, DropReason, PendingTransaction, get_raw};
use crate::transactions::{MinerAction, TransactionError, VerifiedTransaction};

/// Most transactions of a block, as the reference's miner has it (docs/CONSENSUS.md#limits-of-the-formats).
pub const MAX_BLOCK_TRANSACTIONS: usize = 11_650;

/// A block's content.
pub(crate) struct Filled {
    /// The transactions, in order.
    pub(crate) transactions: Vec<BlockTransaction>,
    /// What they did.
    pub(crate) execution: Execution,
    /// Those that were left out, and why.
    pub(crate) skipped: Vec<(Txid, String)>,
    /// Those that can never be mined.
    pub(crate) problems: Vec<Problem>,
    /// Who first found the budget of the tenure used up.
    pub(crate) exhausted: Option<Txid>,
}

/// Transactions that may be dropped from one template for what they take. Each holds the block up for all that it may take, so
/// those after these have [`SHORT_TIME`] alone.
const MAX_CUT: u32 = 2;
/// What a transaction may take in a template that was held up. One that takes longer waits for the next.
const SHORT_TIME: Duration = Duration::from_millis(100);

/// How far a block is filled.
#[derive(Clone, Copy)]
pub(crate) struct FillBounds<'a> {
    /// Transactions, the coinbase included.
    pub(crate) most: usize,
    /// Until no further transaction begins.
    pub(crate) time: Duration,
    /// Set when nobody wants the block any more.
    pub(crate) cancelled: &'a AtomicBool,
}

/// How much of the time is used up.
struct Clock<'a> {
    bounds: FillBounds<'a>,
    begun: Instant,
    not_counted: Duration,
    cut: u32,
}

impl Clock<'_> {
    fn is_over(&self) -> bool {
        self.is_cancelled() || self.begun.elapsed().saturating_sub(self.not_counted) >= self.bounds.time
    }

    fn is_held_up(&self) -> bool {
        self.cut >= MAX_CUT
    }

    fn is_cancelled(&self) -> bool {
        self.bounds.cancelled.load(Ordering::Relaxed)
    }
}

/// A block in the making.
struct Filling<'a> {
    session: BlockSession<'a>,
    transactions: Vec<BlockTransaction>,
    skipped: Vec<(Txid, String)>,
    problems: Vec<Problem>,
    exhausted: Option<Txid>,
    bytes_left: usize,
    nearly_full: bool,
}

/// Whether a block takes more.
#[derive(PartialEq, Eq)]
enum Room {
    Left,
    Gone,
}

impl Chain {
    /// Fills a block of this plan.
    pub(crate) fn fill(
        &self,
        reader: &ChainReader,
        plan: &BlockPlan,
        coinbase: Option<BlockTransaction>,
        bounds: FillBounds<'_>,
    ) -> Result<Result<Filled, TemplateFailure>, StoreError> {
        let headers = reader.headers(plan.parent.block_id);
        let mut session = open(reader.block_env(&headers), plan).map_err(ours)?;
        session.supervise(Supervision { limits: self.execution_limits(), stop: bounds.cancelled });
        let stackers = reader.burn().get_stacker_set(&plan.burn_view.hash)?.stackers.len();
        let overhead = HEADER_BYTES_MIN + MessageSignature::LEN * stackers + 4;
        let mut filling = Filling {
            session,
            transactions: Vec::new(),
            skipped: Vec::new(),
            problems: Vec::new(),
            exhausted: None,
            bytes_left: MAX_BLOCK_BYTES.saturating_sub(overhead),
            nearly_full: false,
        };
        let mut candidates = Candidates::default();
        if let Some(coinbase) = coinbase {
            if let Err(error) = filling.session.process_transaction(&coinbase) {
                return if error.is_ours() { Err(ours(error)) } else { Ok(Err(bad_coinbase(&error))) };
            }
            filling.bytes_left = filling.bytes_left.saturating_sub(coinbase.length());
            // The producer's own next transaction is a candidate of this block.
            let (producer, nonce) = (coinbase.origin_address(self.params().mainnet), coinbase.origin_nonce());
            self.with_mempool(|index| candidates.nonce_used(index, &producer, nonce));
            filling.transactions.push(coinbase);
        }
        let mut clock = Clock { bounds, begun: Instant::now(), not_counted: Duration::ZERO, cut: 0 };
        let most = bounds.most.min(MAX_BLOCK_TRANSACTIONS);
        let (mut tried, mut put_off, begins_with) = (false, Vec::new(), filling.transactions.len());
        while filling.transactions.len() < most && !(tried && clock.is_over()) {
            let Some(next) = self.with_mempool(|index| candidates.next(index)) else { break };
            if let Some(wait) = self.slow_accounts().wait(&next, Instant::now()) {
                put_off.push((next, wait));
                continue;
            }
            tried = true;
            if self.try_candidate(reader, &mut filling, &mut candidates, &next, &mut clock)? == Room::Gone {
                break;
            }
        }
        // A pause lets others go first: where nobody else is mined, accounts that pause are, until one is slow again.
        let (is_alone, cut) = (filling.transactions.len() == begins_with, clock.cut);
        for (next, wait) in put_off {
            let is_tried = is_alone && clock.cut == cut && filling.transactions.len() < most;
            if !is_tried || tried && clock.is_over() {
                filling.skipped.push((next.txid, pauses(wait)));
                continue;
            }
            tried = true;
            if self.try_candidate(reader, &mut filling, &mut candidates, &next, &mut clock)? == Room::Gone {
                break;
            }
        }
        let Filling { session, transactions, skipped, problems, exhausted, .. } = filling;
        let execution = close(session, plan).map_err(ours)?;
        Ok(Ok(Filled { transactions, execution, skipped, problems, exhausted }))
    }

    fn try_candidate<'a>(
        &self,
        reader: &ChainReader,
        filling: &mut Filling<'a>,
        candidates: &mut Candidates,
        next: &PendingTransaction,
        clock: &mut Clock<'a>,
    ) -> Result<Room, StoreError> {
        // Dropped since the walk looked at it.
        let Some(raw) = get_raw(reader.conn(), &next.txid)? else { return Ok(Room::Left) };
        let transaction = BlockTransaction::decode(&raw)
            .map_err(|error| StoreError::Corrupt(format!("pending transaction {}: {error}", next.txid)))?;
        if transaction.length() > filling.bytes_left {
            filling
                .skipped
                .push((next.txid, "the block has no room for its bytes; it is tried again in the next".to_owned()));
            return Ok(Room::Left);
        }
        let begun = Instant::now();
        let executing = self.begin_executing(next.txid);
        // Its signatures were verified at admission; the mempool's table remembers.
        let done = filling.session.process_verified(&VerifiedTransaction::remembered(&transaction));
        drop(executing);
        match done {
            Ok(_) => {
                self.with_mempool(|index| candidates.mined(index, next));
                filling.bytes_left -= transaction.length();
                filling.transactions.push(transaction);
                Ok(Room::Left)
            }
            // What is there already is a block, if anybody still wants it.
            Err(TransactionError::Interrupted) => Ok(Room::Gone),
            Err(error) if error.is_ours() => Err(ours(error)),
            Err(error) => {
                if error.miner_action() == MinerAction::DropOverLimits {
                    if clock.is_held_up() && matches!(error, TransactionError::TookTooLong { .. }) {
                        filling.skipped.push((next.txid, too_long_for_now()));
                        return Ok(Room::Left);
                    }
                    self.cut(filling, next, begun.elapsed(), clock);
                }
                Ok(filling.leave_out(next.txid, &error))
            }
        }
    }
}

impl Chain {
    /// A transaction took more than it may, after so long.
    fn cut<'a>(&self, filling: &mut Filling<'a>, pending: &PendingTransaction, took: Duration, clock: &mut Clock<'a>) {
        self.slow_accounts().cut(pending, took, Instant::now());
        clock.cut += 1;
        clock.not_counted += took;
        if clock.is_held_up() {
            let limits = self.execution_limits();
            let limits = ExecutionLimits { time: limits.time.min(SHORT_TIME), ..limits };
            filling.session.supervise(Supervision { limits, stop: clock.bounds.cancelled });
        }
    }
}

fn pauses(wait: Duration) -> String {
    format!(
        "a transaction of its account took more than one may, so others go first for another {:.1} s",
        wait.as_secs_f64()
    )
}

fn too_long_for_now() -> String {
    format!(
        "took longer than {} ms, which is what is left to each where {MAX_CUT} others took longer than they may; it is tried \
         again in the next",
        SHORT_TIME.as_millis()
    )
}

impl Filling<'_> {
    /// A transaction that could not be mined (docs/COMPATIBILITY.md#left-out-of-a-block).
    fn leave_out(&mut self, txid: Txid, error: &TransactionError) -> Room {
        let (action, detail) = (error.miner_action(), format!("{error}; {}", error.cure()));
        if self.exhausted.is_none() && error.is_exhausted() {
            self.exhausted = Some(txid);
        }
        self.skipped.push((txid, detail.clone()));
        let problem = |reason| Problem { txid, reason, detail };
        match action {
            MinerAction::DropTooExpensive => self.problems.push(problem(DropReason::TooExpensive)),
            MinerAction::DropProblematic => self.problems.push(problem(DropReason::Problematic)),
            MinerAction::DropOverLimits => self.problems.push(problem(DropReason::OverExecutionLimits)),
            MinerAction::NearlyFull if self.nearly_full => return Room::Gone,
            MinerAction::NearlyFull => self.nearly_full = true,
            MinerAction::KeepByNonce | MinerAction::Skip | MinerAction::KeepUntilCollected | MinerAction::Abandon => {}
        }
        Room::Left
    }
}

fn bad_coinbase(error: &TransactionError) -> TemplateFailure {
    TemplateFailure::BadCoinbase(error.to_string())
}

fn ours(error: impl Into<Ours>) -> StoreError {
    match error.into() {
        Ours(None) => StoreError::ShuttingDown,
        Ours(Some(text)) => StoreError::Corrupt(text),
    }
}

/// The text of a failure that is not a transaction's; none when it was interrupted.
struct Ours(Option<String>);

impl From<SessionError> for Ours {
    fn from(error: SessionError) -> Self {
        Self(Some(error.to_string()))
    }
}

impl From<TransactionError> for Ours {
    fn from(error: TransactionError) -> Self {
        Self((error != TransactionError::Interrupted).then(|| error.to_string()))
    }
}
