//! Who wants to watch an execution: conformance tests. Of a node nobody does, and there the compiler leaves the steps out.

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
    /// So many bytes more are held.
    MemoryTaken(u64),
    /// So many bytes fewer are held.
    MemoryGiven(u64),
    /// A function of a contract is entered.
    Enter {
        /// The contract, as `S….name`.
        contract: &'a str,
        /// The function, by its name in the contract.
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

/// A watcher. The meter holds one or none.
pub trait Trace: Send {
    /// Takes note of a step. It cannot stop the execution.
    fn step(&mut self, step: &Step<'_>);
}

/// What a meter can hold.
#[cfg(any(test, feature = "test-support"))]
pub(super) type Watcher = Box<dyn Trace>;

/// What a meter can hold: nothing.
#[cfg(not(any(test, feature = "test-support")))]
pub(super) enum Watcher {}

#[cfg(not(any(test, feature = "test-support")))]
impl Trace for Watcher {
    fn step(&mut self, _: &Step<'_>) {
        match *self {}
    }
}
