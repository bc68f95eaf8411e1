//! Pending transactions.

use nakamoto_proto::v1::MiningMode;
use stacks_types::ids::Txid;

use super::LookupError;
use crate::chain::Snapshot;
use crate::mempool::{FeeRate, PendingTransaction};

/// Where a page of pending transactions begins: after this entry, in falling order of fee rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PendingCursor {
    /// Fee of the previous page's last transaction, in micro-STX.
    pub fee_ustx: u64,
    /// Length of that transaction in bytes.
    pub size_bytes: u32,
    /// Id of that transaction.
    pub txid: Txid,
}

/// A page of pending transactions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PendingPage {
    /// Highest fee rate first.
    pub transactions: Vec<PendingTransaction>,
    /// Number of all pending transactions.
    pub total: u64,
}

/// At most `limit` pending transactions after `after`, as of now rather than of the snapshot.
#[must_use]
pub fn pending(snapshot: &Snapshot<'_>, after: Option<PendingCursor>, limit: usize) -> PendingPage {
    let after =
        after.map(|cursor| (FeeRate { fee: cursor.fee_ustx, size_bytes: cursor.size_bytes.max(1) }, cursor.txid));
    let chain = snapshot.chain();
    PendingPage { transactions: chain.pending_list(after, limit), total: chain.pending_count() }
}

/// Why a block is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Due {
    /// This many blocks were requested.
    RequestedBlocks(u32),
    /// A transaction is pending: the one that would be mined first.
    Transaction(Txid),
}

/// Why a block is due. None when no transaction can be mined and no block was requested, or when blocks are made on
/// request and none was requested.
///
/// # Errors
/// The node's own failures only.
pub fn due(snapshot: &Snapshot<'_>) -> Result<Option<Due>, LookupError> {
    let mining = snapshot.mining()?;
    if mining.blocks_wanted > 0 {
        return Ok(Some(Due::RequestedBlocks(mining.blocks_wanted)));
    }
    if mining.mode == MiningMode::Manual {
        return Ok(None);
    }
    Ok(snapshot.chain().first_candidate().map(|first| Due::Transaction(first.txid)))
}
