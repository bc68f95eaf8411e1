//! Who wants to watch an execution: conformance tests, simulation, call traces and profiles.

use super::{Cost, CostFn};

/// One thing that happened, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step<'a> {
    /// A cost function was evaluated and charged.
    Charge(CostFn, u64, Cost),
    /// A cost function was evaluated; its cost is charged later, in a sum, or not at all.
    Quote(CostFn, u64, Cost),
    /// A sum of quotes was charged.
    Add(Cost),
    /// Memory was taken.
    MemoryTaken(u64),
    /// Memory was given back.
    MemoryGiven(u64),
    /// A function of a contract is entered.
    Enter {
        /// The contract's identifier.
        contract: &'a str,
        /// The function's name.
        function: &'a str,
    },
    /// The function that was entered last is left: with a value, or not.
    Leave {
        /// Whether it gave a value.
        ok: bool,
    },
    /// A key of the state was read.
    Read(&'a str),
    /// A key of the state was written; the write is undone when its level is rolled back.
    Write(&'a str),
}

/// A watcher. The meter holds one or none; none costs a comparison a step.
pub trait Trace: Send {
    /// Something happened.
    fn step(&mut self, step: &Step<'_>);
}
