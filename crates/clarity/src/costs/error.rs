//! Why the meter stops an execution, in the network's words.

use std::fmt;

use super::Cost;

/// Why the meter stops an execution.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CostError {
    /// More was spent than is allowed.
    Balance {
        /// The sum, including the charge that passed the limit.
        spent: Box<Cost>,
        /// The sum that may be spent.
        limit: Box<Cost>,
    },
    /// More memory would be held than is allowed.
    Memory {
        /// Bytes that would be held.
        held: u64,
        /// Bytes that may be held.
        limit: u64,
    },
    /// A cost function has no result for its input.
    Computation {
        /// The cost table, by the network's name.
        table: &'static str,
        /// The cost function, by the network's name.
        name: &'static str,
        /// Why the function has no result.
        reason: &'static str,
    },
    /// The interrupt stopped the execution: a deadline passed or a flag was set. This is no verdict on the transaction.
    Interrupted,
}

impl CostError {
    /// The variant's name, as the network's texts have it.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Balance { .. } => "CostBalanceExceeded",
            Self::Memory { .. } => "MemoryBalanceExceeded",
            Self::Computation { .. } => "CostComputationFailed",
            Self::Interrupted => "ExecutionResourceBudgetExceeded",
        }
    }
}

impl fmt::Display for CostError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Balance { spent, limit } => {
                write!(f, "CostBalanceExceeded({spent}, {limit})")
            }
            Self::Memory { held, limit } => write!(f, "MemoryBalanceExceeded({held}, {limit})"),
            Self::Computation { table, name, reason } => {
                write!(f, "CostComputationFailed({:?})", computation(table, name, reason))
            }
            Self::Interrupted => f.write_str("ExecutionResourceBudgetExceeded"),
        }
    }
}

/// The text still names the contract whose functions once computed costs.
fn computation(table: &str, name: &str, reason: &str) -> String {
    format!("Error evaluating result of cost function ST000000000000000000002AMW42H.{table}.cost_{name}: {reason}")
}
