//! Lets conformance tests watch an execution step by step. A node has no watcher, and the compiler removes the steps.

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
    /// This many more bytes are held.
    MemoryTaken(u64),
    /// This many bytes are no longer held.
    MemoryGiven(u64),
    /// A function of a contract is entered.
    Enter {
        /// The contract, as `S….name`.
        contract: &'a str,
        /// The function, by its name in the contract.
        function: &'a str,
    },
    /// The function that was entered last ends.
    Leave {
        /// Whether it returned a value.
        ok: bool,
    },
    /// A key of the state was read.
    Read(&'a str),
    /// A key of the state was written; the write is undone when its level is rolled back.
    Write(&'a str),
}

/// A watcher. The meter holds one or none.
pub trait Trace: Send {
    /// Takes note of a step. It cannot stop the execution.
    fn step(&mut self, step: &Step<'_>);
}

/// The watcher of a meter in tests.
#[cfg(any(test, feature = "test-support"))]
pub(super) type Watcher = Box<dyn Trace>;

/// The watcher of a meter in a node: none is possible.
#[cfg(not(any(test, feature = "test-support")))]
pub(super) enum Watcher {}

#[cfg(not(any(test, feature = "test-support")))]
impl Trace for Watcher {
    fn step(&mut self, _: &Step<'_>) {
        match *self {}
    }
}
