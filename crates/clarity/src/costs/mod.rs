//! What work costs: five counters, a formula for each kind of work, and the meter that adds up and stops.
//!
//! Costs are consensus: a block holds a bounded sum, and all nodes must agree on the step at which a call runs out of
//! budget. So work is charged where and when the network's rules say, never earlier and never merged.
//!
//! | file | holds |
//! |---|---|
//! | `table.rs` | the figures: one row per cost function, one column per table |
//! | `formula.rs` | the formulas in the tables |
//! | `meter.rs` | what was spent, what is left, memory, interruption |
//! | `trace.rs` | watching an execution, for tests |
//! | `error.rs` | why the meter stops an execution |
//! | `contract.rs` | a table as the text of a contract |

use std::fmt;

mod contract;
mod error;
mod formula;
mod meter;
mod old_tables;
mod table;
mod trace;

pub use error::CostError;
pub use meter::{Interrupt, MEMORY_LIMIT, Meter};
pub use table::{CostFn, CostTable};
pub use trace::{Step, Trace};

/// A sum in the five dimensions that the network limits. All arithmetic saturates.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Cost {
    /// Computation, in units of the network's own.
    pub runtime: u64,
    /// Reads of the state.
    pub read_count: u64,
    /// Bytes read.
    pub read_length: u64,
    /// Writes to the state.
    pub write_count: u64,
    /// Bytes written.
    pub write_length: u64,
}

impl Cost {
    /// No limit at all.
    pub const MAX: Self = Self {
        runtime: u64::MAX,
        read_count: u64::MAX,
        read_length: u64::MAX,
        write_count: u64::MAX,
        write_length: u64::MAX,
    };

    /// The sum of both.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self {
            runtime: self.runtime.saturating_add(other.runtime),
            read_count: self.read_count.saturating_add(other.read_count),
            read_length: self.read_length.saturating_add(other.read_length),
            write_count: self.write_count.saturating_add(other.write_count),
            write_length: self.write_length.saturating_add(other.write_length),
        }
    }

    /// The difference, but at least 0 in each dimension.
    #[must_use]
    pub const fn minus(self, other: Self) -> Self {
        Self {
            runtime: self.runtime.saturating_sub(other.runtime),
            read_count: self.read_count.saturating_sub(other.read_count),
            read_length: self.read_length.saturating_sub(other.read_length),
            write_count: self.write_count.saturating_sub(other.write_count),
            write_length: self.write_length.saturating_sub(other.write_length),
        }
    }

    /// Whether any dimension is above the limit's.
    #[must_use]
    pub const fn exceeds(&self, limit: &Self) -> bool {
        self.runtime > limit.runtime
            || self.read_count > limit.read_count
            || self.read_length > limit.read_length
            || self.write_count > limit.write_count
            || self.write_length > limit.write_length
    }
}

/// As the network's error texts show it.
impl fmt::Display for Cost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { runtime, read_count, read_length, write_count, write_length } = self;
        write!(
            f,
            "ExecutionCost {{ write_length: {write_length}, write_count: {write_count}, read_length: {read_length}, \
             read_count: {read_count}, runtime: {runtime} }}"
        )
    }
}

/// A count or a size as cost functions and the memory counter take it.
pub(crate) fn units(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Receipts show this text, and a data folder identifies its chain by a hash over it.
    #[test]
    fn a_sum_has_the_networks_text() {
        let cost = Cost { runtime: 1, read_count: 2, read_length: 3, write_count: 4, write_length: 5 };
        let text = "ExecutionCost { write_length: 5, write_count: 4, read_length: 3, read_count: 2, runtime: 1 }";
        assert_eq!(cost.to_string(), text);
    }
}
