//! Changes that a write made to the mempool: for the journal, and for [`super::MempoolIndex::apply`] after the commit.

use super::pending::PendingTransaction;
use stacks_types::address::StacksAddress;
use stacks_types::ids::Txid;

/// What one write changed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changes {
    /// Transactions that are pending now.
    pub added: Vec<PendingTransaction>,
    /// Transactions that are not pending any more.
    pub dropped: Vec<Dropped>,
    /// Next nonces of accounts with pending transactions that are new or have changed.
    pub nonces: Vec<(StacksAddress, u64)>,
}

/// A transaction that is not pending any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dropped {
    /// The transaction that left, without its bytes.
    pub pending: PendingTransaction,
    /// The reason.
    pub reason: DropReason,
}

/// Why a transaction is not pending any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DropReason {
    /// It is in a block of the canonical fork. Not a drop: the block's event reports it.
    Mined,
    /// A mined transaction used its nonce. The reference does not report this
    /// (docs/COMPATIBILITY.md#left-out-of-a-block).
    NonceUsed,
    /// A pending transaction with the same nonce pays more; as much suffices if a reorganization brings this one back.
    ReplaceByFee {
        /// That transaction.
        new_txid: Txid,
    },
    /// A transaction that a reorganization brought back has the same nonce and pays more.
    ReplaceAcrossFork {
        /// That transaction.
        new_txid: Txid,
    },
    /// It cannot fit even an almost empty block.
    TooExpensive,
    /// It waited too long.
    StaleGarbageCollect,
    /// It can never be mined.
    Problematic,
    /// It took more time or memory than a transaction may.
    OverExecutionLimits,
    /// A reorganization brought it back, and there was no room for it.
    NoRoom,
    /// It was removed from a full mempool to make room for another one.
    Evicted,
}

impl DropReason {
    /// Whether the transaction is refused for a while: no change of the chain would help it.
    #[must_use]
    pub(crate) const fn is_lasting(&self) -> bool {
        matches!(self, Self::Problematic | Self::OverExecutionLimits)
    }

    /// The transaction that replaced it.
    #[must_use]
    pub(crate) const fn new_txid(&self) -> Option<&Txid> {
        match self {
            Self::ReplaceByFee { new_txid } | Self::ReplaceAcrossFork { new_txid } => Some(new_txid),
            Self::Mined
            | Self::NonceUsed
            | Self::TooExpensive
            | Self::StaleGarbageCollect
            | Self::Problematic
            | Self::OverExecutionLimits
            | Self::NoRoom
            | Self::Evicted => None,
        }
    }
}

impl Changes {
    /// Adds later changes, so that applying the sum equals applying one after the other: a transaction that was added
    /// here and dropped later is in neither list.
    pub(crate) fn extend(&mut self, later: Self) {
        for dropped in later.dropped {
            let txid = dropped.pending.txid;
            let before = self.added.len();
            self.added.retain(|added| added.txid != txid);
            if self.added.len() == before {
                self.dropped.push(dropped);
            }
        }
        self.added.extend(later.added);
        self.nonces.extend(later.nonces);
    }
}
