//! Transactions that wait.

use nakamoto_proto::v1::MiningMode;
use stacks_types::ids::Txid;

use super::LookupError;
use crate::chain::Snapshot;
use crate::mempool::{FeeRate, PendingTransaction};

/// Where a page of pending transactions begins: after this entry, in falling order of fee rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PendingCursor {
    /// Fee of the last entry of the page before, micro-STX.
    pub fee_ustx: u64,
    /// Its length in bytes.
    pub size_bytes: u32,
    /// Id of the last transaction of the page before.
    pub txid: Txid,
}

/// A page of pending transactions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PendingPage {
    /// Highest fee rate first.
    pub transactions: Vec<PendingTransaction>,
    /// How many wait in all.
    pub total: u64,
}

/// At most `limit` pending transactions after `after`. They are as of now, not of the snapshot.
#[must_use]
pub fn pending(snapshot: &Snapshot<'_>, after: Option<PendingCursor>, limit: usize) -> PendingPage {
    let after =
        after.map(|cursor| (FeeRate { fee: cursor.fee_ustx, size_bytes: cursor.size_bytes.max(1) }, cursor.txid));
    let chain = snapshot.chain();
    PendingPage { transactions: chain.pending_list(after, limit), total: chain.pending_count() }
}

/// For what a block is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Due {
    /// So many blocks were asked for.
    Wanted(u32),
    /// The transaction that would be mined first.
    Transaction(Txid),
}

/// For what a block is due. None when no transaction can be mined and no block was asked for, or when blocks are made by hand and
/// none was.
///
/// # Errors
/// Ours only.
pub fn due(snapshot: &Snapshot<'_>) -> Result<Option<Due>, LookupError> {
    let mining = snapshot.mining()?;
    if mining.blocks_wanted > 0 {
        return Ok(Some(Due::Wanted(mining.blocks_wanted)));
    }
    if mining.mode == MiningMode::Manual {
        return Ok(None);
    }
    Ok(snapshot.chain().first_candidate().map(|first| Due::Transaction(first.txid)))
}
