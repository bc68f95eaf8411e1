//! Transactions: mined, pending and dropped.

use nakamoto_proto::v1;
use stacks_types::ids::{StacksBlockId, Txid};

use super::{LookupError, Unknown, known_header};
use crate::chain::{Snapshot, why_dropped};
use crate::headers::{ProcessedHeader, mined_blocks_of};
use crate::mempool::{PendingStatus, get_raw};

/// A transaction that the node knows.
#[derive(Debug, Clone)]
pub struct KnownTransaction {
    /// Its encoding. Empty for a dropped one, of which only the reason is kept.
    pub raw: Vec<u8>,
    /// Whether it is in the mempool.
    pub is_pending: bool,
    /// The block that mined it: the canonical one, else one of another fork.
    pub mined: Option<Mined>,
    /// Its state.
    pub state: TransactionState,
    /// For people: what it waits for or why it was dropped, and what to do; empty when it is mined.
    pub detail: String,
}

/// Where and how a transaction was mined.
#[derive(Debug, Clone)]
pub struct Mined {
    /// The block that mined it.
    pub block: ProcessedHeader,
    /// Whether that block is on the canonical fork.
    pub is_canonical: bool,
    /// Its receipt, as the block's event has it.
    pub receipt: Option<v1::TransactionReceipt>,
}

/// The state of a transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TransactionState {
    /// In a block of the canonical fork.
    Mined,
    /// In the mempool, with the next nonce of its accounts: blocks take it by its fee rate.
    Ready,
    /// In the mempool; no block can take it before another transaction.
    Waiting,
    /// In a block of another fork only, and not in the mempool.
    RolledBack,
    /// It left the mempool without being mined.
    Dropped {
        /// The reason.
        reason: v1::DropReason,
        /// The transaction that replaced it.
        new_txid: Option<Txid>,
    },
}

/// What a transaction waits for when nothing holds it back.
const READY: &str = "its turn: blocks take transactions by fee rate, highest first";
/// The same for one that a reorganization brought back.
const RESTORED: &str = "its turn: a reorganization brought it back, and blocks take such first, in their old order";

/// A transaction and its state.
///
/// # Errors
/// [`Unknown::Transaction`].
pub fn get(snapshot: &Snapshot<'_>, txid: &Txid) -> Result<KnownTransaction, LookupError> {
    let raw = get_raw(snapshot.conn(), txid)?;
    let is_pending = raw.is_some();
    let mined = mined(snapshot, txid)?;
    let receipt = mined.as_ref().and_then(|mined| mined.receipt.as_ref());
    let raw = receipt.map(|receipt| receipt.transaction.to_vec()).or(raw).unwrap_or_default();
    let (state, detail) = if mined.as_ref().is_some_and(|mined| mined.is_canonical) {
        (TransactionState::Mined, String::new())
    } else if is_pending {
        pending(snapshot, txid)
    } else if let Some(dropped) = why_dropped(snapshot.conn(), txid)? {
        (TransactionState::Dropped { reason: dropped.reason, new_txid: dropped.new_txid }, dropped.detail)
    } else if mined.is_some() {
        let detail = "a reorganization took its block off the canonical fork; send it again";
        (TransactionState::RolledBack, detail.to_owned())
    } else {
        return Err(LookupError::unknown(Unknown::Transaction, &txid.0));
    };
    Ok(KnownTransaction { raw, is_pending, mined, state, detail })
}

/// The canonical block that mined it, else one of another fork.
fn mined(snapshot: &Snapshot<'_>, txid: &Txid) -> Result<Option<Mined>, LookupError> {
    let Some((block_id, index, is_canonical)) = mined_in(snapshot, txid)? else { return Ok(None) };
    let processed = snapshot.block_processed(&block_id)?.unwrap_or_default();
    let receipt = processed.receipts.into_iter().nth(index);
    Ok(Some(Mined { block: known_header(snapshot, &block_id)?, is_canonical, receipt }))
}

fn mined_in(snapshot: &Snapshot<'_>, txid: &Txid) -> Result<Option<(StacksBlockId, usize, bool)>, LookupError> {
    let mut other = None;
    for (block_id, index) in mined_blocks_of(snapshot.conn(), txid)? {
        if snapshot.is_canonical(&block_id)? {
            return Ok(Some((block_id, index, true)));
        }
        other = Some((block_id, index, false));
    }
    Ok(other)
}

/// What a pending transaction waits for.
fn pending(snapshot: &Snapshot<'_>, txid: &Txid) -> (TransactionState, String) {
    let chain = snapshot.chain();
    match chain.pending_status(txid) {
        // `None`: it has just left the mempool; the next question tells more.
        status @ (Some(PendingStatus::Ready { .. }) | None) => {
            let why = executing(snapshot, txid).or_else(|| chain.why_left_out(txid));
            let turn = if status == Some(PendingStatus::Ready { restored: true }) { RESTORED } else { READY };
            (TransactionState::Ready, why.unwrap_or_else(|| turn.to_owned()))
        }
        Some(PendingStatus::Behind { account, nonce, txid }) => {
            let detail = format!("it waits for transaction 0x{txid}, which has nonce {nonce} of {account}.");
            let left_out = chain.why_left_out(&txid).map(|why| format!("{detail} {why}"));
            (TransactionState::Waiting, left_out.unwrap_or(detail))
        }
        Some(PendingStatus::MissingNonce { account, nonce }) => {
            let detail = format!("it waits for nonce {nonce} of {account}: send a transaction with that nonce");
            (TransactionState::Waiting, detail)
        }
    }
}

/// The text for the transaction that a template executes now.
fn executing(snapshot: &Snapshot<'_>, txid: &Txid) -> Option<String> {
    let chain = snapshot.chain();
    let (_, time) = chain.executing().filter(|(executed, _)| executed == txid)?;
    let (so_far, most) = (time.as_secs_f64(), chain.execution_limits().time.as_secs());
    Some(format!("a block's template executes it now, for {so_far:.1} s so far; above {most} s it is dropped"))
}
