//! Why a block is not valid: one variant for each rule, with the values that break it
//! (docs/CONSENSUS.md#rules-of-a-block).
//!
//! The rules in `blocks` return it; staging and headers store its code and text, so this module is below all of them.

use nakamoto_proto::v1;
use rusqlite::Row;
use rusqlite::types::Type;
use stacks_types::ids::{BurnBlockHash, MerkleRoot, StacksBlockId, StateRoot, Txid};

/// A broken rule. Final for these bytes, except for the two variants that depend on the blocks that this node has
/// processed ([`Rejection::UnknownParent`], [`Rejection::UnknownBurnBlock`]).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// Rule 1.
    #[error("header version {0} is not 0")]
    BadVersion(u8),
    /// Rule 1.
    #[error("not a block: {0}")]
    BadEncoding(String),
    /// Rule 1.
    #[error("block has {size} bytes, at most {max} are allowed")]
    TooLarge {
        /// Encoded size in bytes.
        size: usize,
        /// The limit in bytes.
        max: usize,
    },
    /// Rule 2.
    #[error("parent {0} is not processed")]
    UnknownParent(StacksBlockId),
    /// Rule 2.
    #[error("chain_length is {got}, the parent makes it {expected}")]
    BadChainLength {
        /// The parent's plus one.
        expected: u64,
        /// The header's.
        got: u64,
    },
    /// Rule 2: a length that no parent can lead to.
    #[error("chain_length {0} is more than any chain has")]
    ChainLengthTooLarge(u64),
    /// Rule 2.
    #[error("burn_spent is {got}, parent and tenure make it {expected}")]
    BadBurnSpent {
        /// The value that follows from parent and tenure.
        expected: u64,
        /// The header's.
        got: u64,
    },
    /// Rule 3.
    #[error("burn view {0} is not processed")]
    UnknownBurnBlock(BurnBlockHash),
    /// Rule 3.
    #[error("burn view {got} is not the parent's ({parent}) or a descendant of it")]
    BurnViewRegressed {
        /// The parent's burn view.
        parent: BurnBlockHash,
        /// The header's.
        got: BurnBlockHash,
    },
    /// Rule 4.
    #[error("processed block {sibling} has the same parent and a burn view on the same bitcoin fork")]
    HasSibling {
        /// The block that was processed before.
        sibling: StacksBlockId,
    },
    /// Rule 5.
    #[error("producer signature: {0}")]
    BadProducer(String),
    /// Rule 5.
    #[error("vrf proof does not verify for the producer and the burn view's sortition hash")]
    BadVrfProof,
    /// Rule 5.
    #[error("stacker signatures: {0}")]
    BadStackerSignatures(String),
    /// Rule 5.
    #[error("stackers of weight {got} signed, {threshold} of {total} are needed")]
    NotEnoughStackers {
        /// Weight that signed.
        got: u64,
        /// 70 % of all, rounded up.
        threshold: u64,
        /// Weight of all.
        total: u64,
    },
    /// Rule 6.
    #[error("tx_merkle_root is {got}, the transactions make it {expected}")]
    BadTxMerkleRoot {
        /// The root of the transactions.
        expected: MerkleRoot,
        /// The header's.
        got: MerkleRoot,
    },
    /// Rule 6.
    #[error("coinbase: {0}")]
    BadCoinbase(String),
    /// Rule 6.
    #[error("transaction {txid}: {cause}")]
    BadTransaction {
        /// The transaction at fault.
        txid: Txid,
        /// Why it may not be in this block.
        cause: String,
    },
    /// Rule 6.
    #[error("transaction {txid} exceeds the tenure's cost limit: {cause}")]
    CostExceeded {
        /// The transaction at fault.
        txid: Txid,
        /// Cost and limit.
        cause: String,
    },
    /// Rule 7.
    #[error("state_index_root is {got}, execution makes it {expected}")]
    BadStateRoot {
        /// The root after execution.
        expected: StateRoot,
        /// The header's.
        got: StateRoot,
    },
    /// Any rule, broken by a block that was judged earlier: only the code and the text of a rejection are stored.
    #[error("{detail}")]
    Known {
        /// The code.
        reason: v1::RejectReason,
        /// The original text.
        detail: String,
    },
}

impl Rejection {
    /// The stable code.
    #[must_use]
    pub const fn reason(&self) -> v1::RejectReason {
        match self {
            Self::BadVersion(_) => v1::RejectReason::BadVersion,
            Self::BadEncoding(_) => v1::RejectReason::BadEncoding,
            Self::TooLarge { .. } => v1::RejectReason::TooLarge,
            Self::UnknownParent(_) => v1::RejectReason::UnknownParent,
            Self::BadChainLength { .. } | Self::ChainLengthTooLarge(_) => v1::RejectReason::BadChainLength,
            Self::BadBurnSpent { .. } => v1::RejectReason::BadBurnSpent,
            Self::UnknownBurnBlock(_) => v1::RejectReason::UnknownBurnBlock,
            Self::BurnViewRegressed { .. } => v1::RejectReason::BurnViewRegressed,
            Self::HasSibling { .. } => v1::RejectReason::HasSibling,
            Self::BadProducer(_) => v1::RejectReason::BadProducer,
            Self::BadVrfProof => v1::RejectReason::BadVrfProof,
            Self::BadStackerSignatures(_) => v1::RejectReason::BadStackerSignatures,
            Self::NotEnoughStackers { .. } => v1::RejectReason::NotEnoughStackers,
            Self::BadTxMerkleRoot { .. } => v1::RejectReason::BadTxMerkleRoot,
            Self::BadCoinbase(_) => v1::RejectReason::BadCoinbase,
            Self::BadTransaction { .. } => v1::RejectReason::BadTransaction,
            Self::CostExceeded { .. } => v1::RejectReason::CostExceeded,
            Self::BadStateRoot { .. } => v1::RejectReason::BadStateRoot,
            Self::Known { reason, .. } => *reason,
        }
    }

    /// Whether it holds for every block with this id. The id does not cover stackers' signatures, and this node may yet
    /// process a burn block that is unknown now.
    #[must_use]
    pub(crate) const fn holds_for_id(&self) -> bool {
        use v1::RejectReason as Reason;
        match self.reason() {
            Reason::BadStackerSignatures
            | Reason::NotEnoughStackers
            | Reason::UnknownParent
            | Reason::UnknownBurnBlock => false,
            // All listed by name: a wrong answer for a new reason would reject an id for good.
            Reason::BadVersion
            | Reason::BadEncoding
            | Reason::TooLarge
            | Reason::BadChainLength
            | Reason::BadBurnSpent
            | Reason::BurnViewRegressed
            | Reason::HasSibling
            | Reason::BadProducer
            | Reason::BadVrfProof
            | Reason::BadTxMerkleRoot
            | Reason::BadCoinbase
            | Reason::BadTransaction
            | Reason::CostExceeded
            | Reason::BadStateRoot
            | Reason::Unspecified => true,
        }
    }

    /// The transaction at fault, when one is.
    #[must_use]
    pub(crate) const fn failed_txid(&self) -> Option<&Txid> {
        match self {
            Self::BadTransaction { txid, .. } | Self::CostExceeded { txid, .. } => Some(txid),
            _ => None,
        }
    }

    /// Reads a stored rejection from a row: the code in column `reason`, the text in the column that `detail` names.
    ///
    /// # Errors
    /// Those of the database; also for a code that this version does not know.
    pub(crate) fn from_row(row: &Row<'_>, detail: &str) -> rusqlite::Result<Self> {
        let code: i32 = row.get("reason")?;
        match v1::RejectReason::try_from(code) {
            Err(_) | Ok(v1::RejectReason::Unspecified) => {
                let error = format!("code {code} is of no rule of blocks that this version knows").into();
                let column = row.as_ref().column_index("reason")?;
                Err(rusqlite::Error::FromSqlConversionFailure(column, Type::Integer, error))
            }
            Ok(reason) => Ok(Self::Known { reason, detail: row.get(detail)? }),
        }
    }
}
