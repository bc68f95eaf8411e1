//! Transactions, mined and pending.

use chainstate::chain::{ChainReader, why_dropped, wire};
use chainstate::headers::mined_blocks_of;
use chainstate::mempool::{FeeRate, PendingTransaction, Stand, get_raw};
use nakamoto_proto::v1;
use stacks_types::ids::{StacksBlockId, Txid};

use super::NodeChain;
use crate::error::{ApiError, Unknown};

/// Where a page of pending transactions begins: after this entry, in falling order of fee rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PendingCursor {
    /// Fee of the last entry of the page before, micro-STX.
    pub fee_ustx: u64,
    /// Its length in bytes.
    pub size_bytes: u32,
    /// Id of the last transaction of the page before.
    pub txid: [u8; 32],
}

impl NodeChain {
    /// A transaction, pending or mined.
    pub fn transaction(&self, txid: [u8; 32]) -> Result<v1::GetTransactionResponse, ApiError> {
        let txid = Txid(txid);
        self.read(|reader| {
            let mut answer = v1::GetTransactionResponse::default();
            if let Some(raw) = get_raw(reader.conn(), &txid)? {
                answer.pending = true;
                answer.transaction = raw.into();
            }
            if let Some((block_id, index, is_canonical)) = mined_in(reader, &txid)? {
                let processed = reader.block_processed(&block_id)?.unwrap_or_default();
                let receipt = processed.receipts.into_iter().nth(index);
                answer.block = processed.block;
                answer.is_canonical = is_canonical;
                if let Some(receipt) = receipt {
                    answer.transaction = receipt.transaction.clone();
                    answer.receipt = Some(receipt);
                }
            }
            let dropped = if answer.pending || answer.is_canonical { None } else { why_dropped(reader.conn(), &txid)? };
            stand(self, &txid, &mut answer, dropped);
            match answer.state() {
                v1::TransactionState::Unspecified => Err(ApiError::unknown(Unknown::Transaction, &txid.0)),
                _ => Ok(answer),
            }
        })
    }
}

/// Where it stands, and why.
fn stand(node: &NodeChain, txid: &Txid, answer: &mut v1::GetTransactionResponse, dropped: Option<v1::MempoolDropped>) {
    use v1::TransactionState::{Dropped, Mined, Ready, RolledBack, Waiting};
    let (state, detail) = if answer.is_canonical {
        (Mined, String::new())
    } else if answer.pending {
        match node.chain.pending_stand(txid) {
            // Also what has just left: the next question tells more.
            Some(Stand::Ready) | None => (
                Ready,
                executing(node, txid).or_else(|| node.chain.why_left_out(txid)).unwrap_or_else(|| READY.to_owned()),
            ),
            Some(Stand::Behind { account, nonce, txid }) => {
                let left_out = node.chain.why_left_out(&txid).unwrap_or_default();
                (
                    Waiting,
                    format!("it waits for transaction 0x{txid}, which has nonce {nonce} of {account}. {left_out}"),
                )
            }
            Some(Stand::MissingNonce { account, nonce }) => {
                (Waiting, format!("it waits for nonce {nonce} of {account}: send a transaction with that nonce"))
            }
        }
    } else if let Some(dropped) = dropped {
        answer.drop_reason = dropped.reason;
        answer.new_txid = dropped.new_txid;
        (Dropped, dropped.detail)
    } else if answer.block.is_some() {
        (RolledBack, "a reorganization took its block off the canonical fork; send it again".to_owned())
    } else {
        return;
    };
    answer.state = state.into();
    answer.detail = detail.trim_end().to_owned();
}

/// Said of the transaction that a template executes now.
fn executing(node: &NodeChain, txid: &Txid) -> Option<String> {
    let (_, time) = node.chain.executing().filter(|(executed, _)| executed == txid)?;
    let (so_far, most) = (time.as_secs_f64(), node.chain.execution_limits().time.as_secs());
    Some(format!("a block's template executes it now, for {so_far:.1} s so far; above {most} s it is dropped"))
}

/// What a transaction waits for that nothing holds back.
const READY: &str = "its turn: blocks take transactions by fee rate, highest first";

/// The canonical block that holds it, else any.
fn mined_in(reader: &ChainReader, txid: &Txid) -> Result<Option<(StacksBlockId, usize, bool)>, ApiError> {
    let mut other = None;
    for (block_id, index) in mined_blocks_of(reader.conn(), txid)? {
        if reader.is_canonical(&block_id)? {
            return Ok(Some((block_id, index, true)));
        }
        other = Some((block_id, index, false));
    }
    Ok(other)
}

pub(super) fn pending(
    node: &NodeChain,
    after: Option<PendingCursor>,
    limit: usize,
) -> (Vec<v1::PendingTransaction>, u64) {
    let after =
        after.map(|cursor| (FeeRate { fee: cursor.fee_ustx, size_bytes: cursor.size_bytes.max(1) }, Txid(cursor.txid)));
    let page = node.chain.pending_list(after, limit);
    (page.iter().map(message).collect(), node.chain.pending_count())
}

fn message(pending: &PendingTransaction) -> v1::PendingTransaction {
    v1::PendingTransaction {
        txid: wire::bytes(&pending.txid.0),
        origin: pending.origin.to_string(),
        nonce: pending.origin_nonce,
        fee_ustx: pending.fee,
        size_bytes: pending.size_bytes,
    }
}
