//! A block in the making, and what is left out of it (docs/COMPATIBILITY.md#left-out-of-a-block).

use std::time::Duration;

use stacks_types::ids::Txid;
use stacks_types::transaction::BlockTransaction;

use super::Tried;
use crate::chain::Problem;
use crate::execution::BlockSession;
use crate::mempool::{DropReason, PendingTransaction};
use crate::transactions::{MinerAction, TransactionError, WAITS_FOR_TENURE};

/// A block in the making.
pub(super) struct BlockDraft<'a> {
    pub(super) session: BlockSession<'a>,
    pub(super) transactions: Vec<BlockTransaction>,
    pub(super) skipped: Vec<(Txid, String)>,
    pub(super) problems: Vec<Problem>,
    pub(super) exhausted: Option<Txid>,
    /// Bytes that a block without a coinbase has for transactions.
    pub(super) room: usize,
    pub(super) bytes_left: usize,
    pub(super) nearly_full: bool,
    /// A transaction was left for a later block; it may bring what others lack.
    pub(super) has_left: bool,
}

impl<'a> BlockDraft<'a> {
    /// A block without transactions, which may have `room` bytes together.
    pub(super) fn new(session: BlockSession<'a>, room: usize) -> Self {
        Self {
            session,
            transactions: Vec::new(),
            skipped: Vec::new(),
            problems: Vec::new(),
            exhausted: None,
            room,
            bytes_left: room,
            nearly_full: false,
            has_left: false,
        }
    }

    /// Leaves out a transaction that has too many bytes, for this block or for any.
    pub(super) fn leave_out_large(&mut self, next: &PendingTransaction) {
        let txid = next.txid;
        if next.size_bytes as usize > self.room {
            let detail = format!("{} bytes, and a block has room for {}: split it", next.size_bytes, self.room);
            self.skipped.push((txid, detail.clone()));
            self.problems.push(Problem { txid, reason: DropReason::TooExpensive, detail });
        } else {
            self.has_left = true;
            self.skipped.push((txid, "the block has no room for its bytes; it is tried again in the next".to_owned()));
        }
    }

    /// Leaves out a transaction that did not fit into the tenure's budget before.
    pub(super) fn leave_out_exhausted(&mut self, txid: Txid) {
        self.exhausted.get_or_insert(txid);
        self.has_left = true;
        self.skipped
            .push((txid, format!("what is left of the tenure's budget is too little for it; {WAITS_FOR_TENURE}")));
    }

    /// Leaves out a transaction that could not be mined (docs/COMPATIBILITY.md#left-out-of-a-block).
    pub(super) fn leave_out(&mut self, txid: Txid, error: &TransactionError) -> Tried {
        let (action, detail) = (error.miner_action(), format!("{error}; {}", error.advice()));
        if self.exhausted.is_none() && error.is_exhausted() {
            self.exhausted = Some(txid);
        }
        self.skipped.push((txid, detail.clone()));
        let problem = |reason| Problem { txid, reason, detail };
        match action {
            MinerAction::DropTooExpensive => self.problems.push(problem(DropReason::TooExpensive)),
            MinerAction::DropProblematic => self.problems.push(problem(DropReason::Problematic)),
            MinerAction::DropOverLimits => self.problems.push(problem(DropReason::OverExecutionLimits)),
            MinerAction::NearlyFull if self.nearly_full => return Tried::Full,
            MinerAction::NearlyFull => (self.nearly_full, self.has_left) = (true, true),
            MinerAction::Skip => self.has_left = true,
            MinerAction::KeepByNonce | MinerAction::KeepUntilCollected | MinerAction::Abandon => {}
        }
        Tried::Done
    }
}

pub(super) fn pauses(wait: Duration) -> String {
    format!(
        "a transaction of its account took more than one may, so others go first for another {:.1} s",
        wait.as_secs_f64()
    )
}

pub(super) fn took_short_time() -> String {
    "others that took more than one may have used up the time for such, so it had a short one, which it took; it is tried again"
        .to_owned()
}
