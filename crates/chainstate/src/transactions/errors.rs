//! Why a transaction may not be in a block, and what a miner and the mempool do with it.
//!
//! # Not here
//! Failures that are mined (err responses, runtime failures, failed deployments): receipts with a status.

use std::time::Duration;

use clarity::costs::Cost;
use clarity::principal::{ContractId, Principal};

/// A transaction that may not be in a block. Nothing of it stays, fee and nonce included.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TransactionError {
    /// A signature does not fit its account, or is malformed.
    #[error("signature: {reason}")]
    Signature {
        /// What is wrong with the signature.
        reason: String,
    },
    /// Signed for another chain.
    #[error("chain id is {got:#010x}, not {expected:#010x}")]
    ChainId {
        /// In the transaction.
        got: u32,
        /// The chain's.
        expected: u32,
    },
    /// Signed for the other network.
    #[error("transaction version is of the other network")]
    Network,
    /// A kind of payload that blocks of this chain do not hold (docs/CONSENSUS.md#transactions-of-this-chain).
    #[error("payload {name} is not allowed")]
    PayloadNotAllowed {
        /// The payload's kind, as the wire format names it.
        name: &'static str,
    },
    /// A feature that the epoch does not know: hash modes, post-condition modes and kinds, Clarity versions
    /// (docs/CONSENSUS.md#transactions).
    #[error("not in this epoch: {what}")]
    NotInEpoch {
        /// The feature.
        what: String,
    },
    /// The nonce is not the account's next one.
    #[error("nonce of {principal} is {expected}, not {actual}")]
    BadNonce {
        /// The account whose nonce it is.
        principal: Principal,
        /// True for the origin, false for the sponsor.
        is_origin: bool,
        /// The account's next nonce.
        expected: u64,
        /// The transaction's nonce.
        actual: u64,
    },
    /// The payer cannot pay the fee.
    #[error("fee {fee} is above the available balance {available}")]
    FeeAboveBalance {
        /// In micro-STX.
        fee: u64,
        /// Unlocked micro-STX of the payer.
        available: u128,
    },
    /// A token transfer to its own sender.
    #[error("a token transfer to its own sender")]
    SelfTransfer,
    /// A token transfer with post-conditions.
    #[error("a token transfer with post-conditions")]
    TransferWithPostConditions,
    /// A token transfer of 0, or of more than there is after the fee.
    #[error("cannot transfer {amount} of {available}")]
    TransferAmount {
        /// In micro-STX.
        amount: u64,
        /// Unlocked micro-STX of the sender after the fee.
        available: u128,
    },
    /// The account has a contract of that name.
    #[error("contract {0} exists")]
    ContractExists(ContractId),
    /// The block's or tenure's cost limit would be exceeded.
    #[error("cost {} exceeds {}", .0.after, .0.limit)]
    CostExceeded(Box<CostOverrun>),
    /// The block's receipts would take more memory than a block's may (docs/CONSENSUS.md#limits-of-the-formats).
    #[error("receipts of {before} bytes and its own of {own}, at most {max} are allowed in a block")]
    ReceiptsTooLarge {
        /// Bytes of the receipts before it in the block.
        before: u64,
        /// Bytes of its own receipt; one more than the limit if a part alone exceeds it, which is not made then.
        own: u64,
        /// The limit.
        max: u64,
    },
    /// The contract that it deploys is larger than what is stored of one may be
    /// (docs/CONSENSUS.md#limits-of-the-formats).
    #[error("what is stored of the contract (its text, types and constants) takes more than {max} bytes")]
    ContractTooLarge {
        /// Most bytes.
        max: usize,
    },
    /// The engine refused in a way that no receipt can report: its own checks and internal errors.
    #[error("the engine refuses it: {error}")]
    Rejected {
        /// The engine's text.
        error: String,
    },
    /// The engine panicked over this transaction.
    #[error("the engine panicked: {message}")]
    Panicked {
        /// The panic's text.
        message: String,
    },
    /// The caller's time ended before the transaction did. Says nothing about the transaction, unless the caller gave
    /// it a time that must suffice for every transaction.
    #[error("the time is over")]
    DeadlinePassed,
    /// It took longer than a transaction may in assembly or validation.
    #[error("took longer than {limit:?}, which is what a transaction may take here (max_execution_time_secs)")]
    TookTooLong {
        /// The time that it may take.
        limit: Duration,
    },
    /// It held more memory than a transaction may in assembly or validation.
    #[error("held more than {limit} bytes, which is what a transaction may hold here (max_memory_bytes)")]
    HeldTooMuch {
        /// Most bytes, as the language counts them.
        limit: u64,
    },
    /// The node stops, or nobody wants the block any more, or others go first: says nothing about the transaction.
    #[error("interrupted")]
    Interrupted,
    /// Storage failed: not the transaction's fault, and no verdict on it.
    #[error("storage failed: {0}")]
    Storage(String),
    /// The session is unusable after an earlier failure: not the transaction's fault.
    #[error("the session is poisoned by an earlier failure")]
    SessionPoisoned,
}

/// How a cost limit was exceeded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CostOverrun {
    /// What the tenure had cost before the transaction.
    pub before: Cost,
    /// The tenure's cost when execution stopped.
    pub after: Cost,
    /// The most that the tenure may cost.
    pub limit: Cost,
}

impl CostOverrun {
    /// How much of the limit was used before, in percent, in the dimension where this is highest.
    fn percent_used(&self) -> u64 {
        let Cost { runtime, read_count, read_length, write_count, write_length } = self.before;
        let limit = &self.limit;
        let percent = |used: u64, limit: u64| u64::try_from(u128::from(used) * 100 / u128::from(limit.max(1)));
        [
            percent(runtime, limit.runtime),
            percent(read_count, limit.read_count),
            percent(read_length, limit.read_length),
            percent(write_count, limit.write_count),
            percent(write_length, limit.write_length),
        ]
        .into_iter()
        .map(|percent| percent.unwrap_or(u64::MAX))
        .max()
        .unwrap_or(0)
    }
}

/// What a miner does with a transaction that it could not include (docs/COMPATIBILITY.md#left-out-of-a-block).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MinerAction {
    /// Leaves it pending: it can be mined later, or its nonce has passed and the nonce rule drops it.
    KeepByNonce,
    /// Leaves it pending and tries the next.
    Skip,
    /// Leaves it pending: the block has hardly any room; at the second such transaction the block ends.
    NearlyFull,
    /// Drops it as too expensive for any block.
    DropTooExpensive,
    /// Drops it and remembers it as problematic.
    DropProblematic,
    /// The same, for one that took more time or memory than a transaction may, more receipts than any block may have,
    /// or deploys a contract that is too large to be stored.
    DropOverLimits,
    /// Leaves it pending until garbage collection.
    KeepUntilCollected,
    /// Abandons the block: the failure is the node's.
    Abandon,
}

/// What a sender can do when the tenure's budget is used up.
pub(crate) const WAITS_FOR_TENURE: &str =
    "the tenure's budget is used up: it is tried again in the next one, which begins with the next burn block";

/// If less than this share of the limit was used before, in percent, an overflowing transaction is too expensive by
/// itself.
const TOO_EXPENSIVE_BELOW_PERCENT: u64 = 30;
/// If at least this share of the limit was used before, in percent, the block counts as nearly full.
const NEARLY_FULL_FROM_PERCENT: u64 = 95;

impl TransactionError {
    /// What a miner does with the transaction.
    #[must_use]
    pub(crate) fn miner_action(&self) -> MinerAction {
        match self {
            Self::BadNonce { .. } => MinerAction::KeepByNonce,
            Self::ReceiptsTooLarge { own, max, .. } if own > max => MinerAction::DropOverLimits,
            Self::DeadlinePassed | Self::ReceiptsTooLarge { .. } => MinerAction::Skip,
            Self::CostExceeded(cost) => match cost.percent_used() {
                used if used < TOO_EXPENSIVE_BELOW_PERCENT => MinerAction::DropTooExpensive,
                used if used < NEARLY_FULL_FROM_PERCENT => MinerAction::Skip,
                _ => MinerAction::NearlyFull,
            },
            Self::Signature { .. }
            | Self::ChainId { .. }
            | Self::Network
            | Self::PayloadNotAllowed { .. }
            | Self::NotInEpoch { .. }
            | Self::SelfTransfer
            | Self::TransferWithPostConditions
            | Self::ContractExists(_) => MinerAction::KeepUntilCollected,
            Self::FeeAboveBalance { .. }
            | Self::TransferAmount { .. }
            | Self::Rejected { .. }
            | Self::Panicked { .. } => MinerAction::DropProblematic,
            Self::TookTooLong { .. } | Self::HeldTooMuch { .. } | Self::ContractTooLarge { .. } => {
                MinerAction::DropOverLimits
            }
            Self::Storage(_) | Self::SessionPoisoned | Self::Interrupted => MinerAction::Abandon,
        }
    }

    /// How the reference's miner begins what it says of the transaction.
    #[must_use]
    pub fn miner_verdict(&self) -> &'static str {
        match self.miner_action() {
            MinerAction::KeepByNonce
            | MinerAction::KeepUntilCollected
            | MinerAction::DropTooExpensive
            | MinerAction::Abandon => "Error processing transaction",
            MinerAction::Skip | MinerAction::NearlyFull => "Skipped transaction",
            MinerAction::DropProblematic | MinerAction::DropOverLimits => "Problematic transaction",
        }
    }

    /// What happens to the transaction, and what its sender can do.
    #[must_use]
    pub(crate) fn advice(&self) -> &'static str {
        match self.miner_action() {
            MinerAction::KeepByNonce => "it waits until its nonce is the account's next",
            MinerAction::Skip | MinerAction::NearlyFull if self.is_exhausted() => WAITS_FOR_TENURE,
            MinerAction::Skip | MinerAction::NearlyFull => "it is tried again in the next block",
            MinerAction::DropTooExpensive => match self {
                Self::CostExceeded(cost) if cost.before == Cost::default() => {
                    "it takes more than a whole tenure allows: split it, or make it cheaper"
                }
                _ => {
                    "it takes more than the tenure had left: send it again after the next burn block, split it, or make \
                     it cheaper"
                }
            },
            MinerAction::DropProblematic => match self {
                Self::FeeAboveBalance { .. } | Self::TransferAmount { .. } => {
                    "earlier transactions have spent what it needs: put more on the account, or send less, and sign it \
                     again (these bytes are refused for two days)"
                }
                _ => "no block can hold it: change it and sign it again (these bytes are refused for two days)",
            },
            MinerAction::DropOverLimits => "split it, or make it cheaper (these bytes are refused for two days)",
            MinerAction::KeepUntilCollected => {
                "no block can hold it: replace it by one of the same nonce with a higher fee"
            }
            MinerAction::Abandon => "the failure is the node's",
        }
    }

    /// Whether an account lacks the funds, which another transaction may bring.
    #[must_use]
    pub(crate) fn is_short_of_funds(&self) -> bool {
        matches!(self, Self::FeeAboveBalance { .. } | Self::TransferAmount { .. })
    }

    /// Whether it waits because earlier transactions have used the tenure's budget.
    #[must_use]
    pub(crate) fn is_exhausted(&self) -> bool {
        matches!(self, Self::CostExceeded(_)) && self.miner_action() != MinerAction::DropTooExpensive
    }

    /// True if the failure says nothing about the transaction: a block with it must not be rejected for this.
    #[must_use]
    pub const fn is_node_failure(&self) -> bool {
        matches!(self, Self::Storage(_) | Self::SessionPoisoned | Self::DeadlinePassed | Self::Interrupted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exceeded(percent: u64) -> MinerAction {
        let limit = Cost { runtime: 10_000, ..Cost::MAX };
        let before = Cost { runtime: 100 * percent, ..Cost::default() };
        let after = Cost::MAX;
        TransactionError::CostExceeded(Box::new(CostOverrun { before, after, limit })).miner_action()
    }

    #[test]
    fn an_overflow_is_judged_by_what_was_used_before() {
        assert_eq!(exceeded(0), MinerAction::DropTooExpensive);
        assert_eq!(exceeded(29), MinerAction::DropTooExpensive);
        assert_eq!(exceeded(30), MinerAction::Skip);
        assert_eq!(exceeded(94), MinerAction::Skip);
        assert_eq!(exceeded(95), MinerAction::NearlyFull);
    }

    #[test]
    fn what_waits_for_the_next_tenure_says_so_and_what_is_dropped_says_what_to_do() {
        let of = |percent: u64| {
            let limit = Cost { runtime: 10_000, ..Cost::MAX };
            let before = Cost { runtime: 100 * percent, ..Cost::default() };
            let after = Cost::MAX;
            TransactionError::CostExceeded(Box::new(CostOverrun { before, after, limit }))
        };
        assert!(!of(0).is_exhausted() && of(0).advice().contains("more than a whole tenure"));
        assert!(!of(29).is_exhausted() && of(29).advice().contains("more than the tenure had left"));
        for used in [30, 95] {
            assert!(of(used).is_exhausted() && of(used).advice().contains("next burn block"), "{used}");
        }
        let poor = TransactionError::TransferAmount { amount: 5, available: 1 };
        assert!(poor.advice().contains("put more on the account"));
    }

    #[test]
    fn storage_failures_are_not_held_against_a_transaction() {
        let error = TransactionError::Storage("disk".into());
        assert!(error.is_node_failure());
        assert_eq!(error.miner_action(), MinerAction::Abandon);
        assert!(!error.is_exhausted());
        assert!(!TransactionError::SelfTransfer.is_node_failure());
    }
}
