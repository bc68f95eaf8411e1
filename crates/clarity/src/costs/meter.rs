//! What an execution has spent, and when it must stop: at a limit of cost or memory, or when its interrupt says so.

use super::trace::{Trace, Watcher};
use super::{Cost, CostError, CostFn, CostTable, Step};

/// Bytes that a transaction may hold at once, by the language's own measure.
pub const MEMORY_LIMIT: u64 = 100_000_000;
/// An [`Interrupt`] is asked once in this many charges, because it may read a clock. A charge for a large input counts as
/// several.
const CHARGES_BETWEEN_LOOKS: u64 = 256;
/// The input that counts as one more charge, as a power of two: 4 KiB of a value.
const LOOK_SHIFT: u32 = 12;

/// Says whether an execution must end now: its time is over, or its result is no longer wanted.
pub type Interrupt<'i> = &'i dyn Fn() -> bool;

/// Five saturating counters and their limits, and the memory that is held.
pub struct Meter<'i> {
    spent: Cost,
    limit: Cost,
    table: &'static CostTable,
    memory: u64,
    #[cfg(any(test, feature = "test-support"))]
    memory_peak: u64,
    memory_limit: u64,
    until_look: u64,
    interrupt: Option<Interrupt<'i>>,
    watcher: Option<Watcher>,
}

impl std::fmt::Debug for Meter<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Meter")
            .field("spent", &self.spent)
            .field("limit", &self.limit)
            .field("memory", &self.memory)
            .finish_non_exhaustive()
    }
}

impl<'i> Meter<'i> {
    /// A meter that has spent nothing.
    #[must_use]
    pub fn new(table: &'static CostTable, limit: Cost) -> Self {
        Self {
            spent: Cost::default(),
            limit,
            table,
            memory: 0,
            #[cfg(any(test, feature = "test-support"))]
            memory_peak: 0,
            memory_limit: MEMORY_LIMIT,
            until_look: CHARGES_BETWEEN_LOOKS,
            interrupt: None,
            watcher: None,
        }
    }

    /// The same meter with an interrupt.
    #[must_use]
    pub const fn interrupted_by(mut self, interrupt: Interrupt<'i>) -> Self {
        self.interrupt = Some(interrupt);
        self
    }

    /// The same meter with another memory limit.
    #[must_use]
    pub const fn with_memory_limit(mut self, bytes: u64) -> Self {
        self.memory_limit = bytes;
        self
    }

    /// Charges a cost function's result for this input. A sum above the limit is kept, and the error shows it.
    ///
    /// # Errors
    /// The limit is passed, the function fails for this input, or the execution was interrupted.
    #[inline]
    pub fn charge(&mut self, function: CostFn, n: u64) -> Result<(), CostError> {
        let figures = self.table.figures(function);
        if figures.storage.is_none()
            && self.watcher.is_none()
            && self.until_look > 0
            && let Ok(runtime) = figures.runtime.runtime(n)
        {
            self.until_look = self.until_look.saturating_sub(charges(n));
            self.spent.runtime = self.spent.runtime.saturating_add(runtime);
            return if self.spent.runtime <= self.limit.runtime { Ok(()) } else { Err(self.over()) };
        }
        self.charge_in_full(function, n)
    }

    fn charge_in_full(&mut self, function: CostFn, n: u64) -> Result<(), CostError> {
        let cost = self.table.cost(function, n)?;
        self.watch(&Step::Charge(function, n, cost));
        self.spend(cost, charges(n))
    }

    /// The cost for this input, without charging it.
    ///
    /// # Errors
    /// The function fails for this input.
    pub fn quote(&mut self, function: CostFn, n: u64) -> Result<Cost, CostError> {
        let cost = self.table.cost(function, n)?;
        self.watch(&Step::Quote(function, n, cost));
        Ok(cost)
    }

    /// Charges a sum of quotes.
    ///
    /// # Errors
    /// The limit is passed, or the execution was interrupted.
    pub fn add(&mut self, cost: Cost) -> Result<(), CostError> {
        self.watch(&Step::Add(cost));
        self.spend(cost, 1)
    }

    fn spend(&mut self, cost: Cost, charges: u64) -> Result<(), CostError> {
        self.spent = self.spent.plus(cost);
        if self.spent.exceeds(&self.limit) {
            return Err(self.over());
        }
        if self.until_look > 0 {
            self.until_look = self.until_look.saturating_sub(charges);
            return Ok(());
        }
        self.look_now()
    }

    /// Asks the interrupt, if there is one. For work that takes time without charging.
    ///
    /// # Errors
    /// The execution was interrupted.
    pub(crate) fn look_now(&mut self) -> Result<(), CostError> {
        self.until_look = CHARGES_BETWEEN_LOOKS;
        if self.interrupt.is_some_and(|interrupt| interrupt()) { Err(CostError::Interrupted) } else { Ok(()) }
    }

    #[cold]
    fn over(&self) -> CostError {
        CostError::Balance { spent: Box::new(self.spent), limit: Box::new(self.limit) }
    }

    /// Counts bytes as held, by the language's own measure.
    ///
    /// # Errors
    /// More is held than is allowed. The bytes are counted all the same; the caller decides whether to give them back.
    #[inline]
    pub fn take(&mut self, bytes: u64) -> Result<(), CostError> {
        let held = self.memory.saturating_add(bytes);
        self.memory = held;
        #[cfg(any(test, feature = "test-support"))]
        {
            self.memory_peak = self.memory_peak.max(held);
        }
        if self.watcher.is_some() {
            self.watch(&Step::MemoryTaken(bytes));
        }
        if held > self.memory_limit {
            return Err(CostError::Memory { held, limit: self.memory_limit });
        }
        Ok(())
    }

    /// Counts bytes as no longer held.
    #[inline]
    pub fn give(&mut self, bytes: u64) {
        self.memory = self.memory.saturating_sub(bytes);
        if self.watcher.is_some() {
            self.watch(&Step::MemoryGiven(bytes));
        }
    }

    /// Shows a step to the watcher, if there is one.
    #[inline]
    pub(crate) fn watch(&mut self, step: &Step<'_>) {
        if let Some(watcher) = &mut self.watcher {
            watcher.step(step);
        }
    }

    /// Whether there is a watcher; without one, skip steps that are expensive to describe.
    #[must_use]
    pub(crate) const fn is_watched(&self) -> bool {
        self.watcher.is_some()
    }

    /// The sum so far, including the charge that passed the limit.
    #[must_use]
    pub const fn spent(&self) -> Cost {
        self.spent
    }

    /// Bytes that are held.
    #[must_use]
    pub const fn memory(&self) -> u64 {
        self.memory
    }

    /// Sets the cost back to an earlier sum, for work that the network does not count, such as a rejected transaction.
    pub const fn set_spent(&mut self, cost: Cost) {
        self.spent = cost;
    }
}

/// How many charges the charge for an input of this size counts as.
const fn charges(n: u64) -> u64 {
    1 + (n >> LOOK_SHIFT)
}

#[cfg(any(test, feature = "test-support"))]
impl Meter<'_> {
    /// The same meter with a watcher.
    #[must_use]
    pub fn watched_by(mut self, watcher: Box<dyn Trace>) -> Self {
        self.watcher = Some(watcher);
        self
    }

    /// The most that was held at once.
    #[must_use]
    pub const fn memory_peak(&self) -> u64 {
        self.memory_peak
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;
    use crate::Rules;

    #[test]
    fn charges_for_large_inputs_bring_the_next_look_nearer() {
        for (n, most) in [(1 << 20, 2), (1 << 16, 16), (100, 257)] {
            let looks = Cell::new(0);
            let interrupt = || {
                looks.set(looks.get() + 1);
                false
            };
            let mut meter = Meter::new(Rules::EPOCH_4_0.costs, Cost::MAX).interrupted_by(&interrupt);
            for _ in 0..10 * most {
                meter.charge(CostFn::LookupVariableSize, n).unwrap();
            }
            assert!((9..=10).contains(&looks.get()), "{} looks in {} charges for {n}", looks.get(), 10 * most);
        }
    }
}
