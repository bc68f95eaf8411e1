//! Stops an execution from outside: because it takes too long, holds too much memory, or the node stops.
//!
//! Costs do not bound time: a loop of cheap steps runs for hours before it reaches a tenure's limit. So assembly,
//! validation, admission and reads, which a node does for others, are limited in wall time and memory too. These limits
//! are not rules of the chain: a block's validity does not depend on them, so a block that stackers signed is appended
//! without them.
//!
//! The engine asks now and then, between two charges, whether to stop.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Returns whether the time is over. Called now and then, on the thread that evaluates.
pub(crate) type Expired<'a> = &'a dyn Fn() -> bool;

/// What one transaction may take, in assembly and in the validation of proposals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExecutionLimits {
    /// Wall time.
    pub time: Duration,
    /// Bytes held at once, as the language counts them.
    pub memory_bytes: u64,
}

impl Default for ExecutionLimits {
    /// Long enough for anything that a block of the main network can hold, short enough that a devnet goes on; and the
    /// language's own memory limit.
    fn default() -> Self {
        Self { time: Duration::from_secs(5), memory_bytes: 100_000_000 }
    }
}

impl ExecutionLimits {
    /// For the transactions of signed blocks, which only the rules of the chain bound.
    pub const NONE: Self = Self { time: Duration::MAX, memory_bytes: u64::MAX };
}

/// Limits and signals for the transactions of a block in execution.
#[derive(Debug, Clone, Copy)]
pub struct Supervision<'a> {
    /// What each may take.
    pub limits: ExecutionLimits,
    /// Set when the node stops, or nobody wants the result any more.
    pub stop: &'a AtomicBool,
    /// Set when a transaction comes that goes first; `None` where none does.
    pub gives_way: Option<&'a AtomicBool>,
}

impl Supervision<'_> {
    /// Whether the execution must end, whatever it has taken.
    #[must_use]
    pub(crate) fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed) || self.gives_way.is_some_and(|newcomer| newcomer.load(Ordering::Relaxed))
    }

    /// Whether a transaction that began at `begun` must end.
    pub(crate) fn is_over(&self, begun: Instant) -> bool {
        self.is_stopped() || begun.elapsed() >= self.limits.time
    }
}
