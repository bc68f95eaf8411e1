//! The formulas of a cost table. `n` is the input of a cost function: a count, a size, a length.

use super::{Cost, CostError};

/// How runtime depends on the input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Formula {
    /// `b`, whatever the input
    Flat(u64),
    /// `a * n + b`
    Line(u64, u64),
    /// `a * log2(n) + b`
    Log(u64, u64),
    /// `a * n * log2(n) + b`
    NLog(u64, u64),
    /// `a * (n >> s) + b`
    Shift(u64, u32, u64),
    /// This table does not have the function.
    Missing,
}

impl Formula {
    /// The runtime for this input. The logarithm of zero fails as it does in the contracts that once computed costs.
    ///
    /// # Errors
    /// `n` is 0 in a logarithm, or the table does not have the function.
    pub(super) fn runtime(self, n: u64) -> Result<u64, &'static str> {
        Ok(match self {
            Self::Flat(b) => b,
            Self::Line(a, b) => a.saturating_mul(n).saturating_add(b),
            Self::Log(a, b) => a.saturating_mul(log2(n)?).saturating_add(b),
            Self::NLog(a, b) => a.saturating_mul(n).saturating_mul(log2(n)?).saturating_add(b),
            Self::Shift(a, s, b) => a.saturating_mul(n >> s).saturating_add(b),
            Self::Missing => return Err("NotImplemented"),
        })
    }
}

fn log2(n: u64) -> Result<u64, &'static str> {
    n.checked_ilog2().map(u64::from).ok_or("Arithmetic(\"log2 must be passed a positive integer\")")
}

/// How many bytes are read or written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Length {
    Fixed(u64),
    /// One more than the input.
    Input,
}

impl Length {
    const fn of(self, n: u64) -> u64 {
        match self {
            Self::Fixed(bytes) => bytes,
            Self::Input => n.saturating_add(1),
        }
    }
}

/// The four dimensions beside runtime.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Storage {
    pub(super) read_count: u64,
    pub(super) read_length: Length,
    pub(super) write_count: u64,
    pub(super) write_length: Length,
}

/// One cost function of one table.
#[derive(Debug, Clone, Copy)]
pub(super) struct Figures {
    pub(super) runtime: Formula,
    /// `None`: it touches no storage, and charging it is one addition.
    pub(super) storage: Option<Storage>,
}

impl Figures {
    /// The five dimensions for this input.
    pub(super) fn cost(&self, n: u64, table: &'static str, name: &'static str) -> Result<Cost, CostError> {
        let runtime = self.runtime.runtime(n).map_err(|reason| CostError::Computation { table, name, reason })?;
        Ok(self.storage.map_or(Cost { runtime, ..Cost::default() }, |s| Cost {
            runtime,
            read_count: s.read_count,
            read_length: s.read_length.of(n),
            write_count: s.write_count,
            write_length: s.write_length.of(n),
        }))
    }
}
