//! Stops an execution from outside: because it takes too long, holds too much, or the node stops.
//!
//! Costs do not bound time: a loop of cheap steps takes hours before it meets a tenure's limit. So what a node does for
//! others, assembly, validation, admission and reads, has a wall time and a memory too. They are no rules of the chain:
//! a block's validity does not depend on them, and a block that is appended has a margin over what any producer or
//! signer of this node let pass.
//!
//! The engine asks now and then, between two charges, whether it is to end.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Says whether the time is over. Asked now and then, on the thread that evaluates.
pub(crate) type Expired<'a> = &'a dyn Fn() -> bool;

/// How much longer, and how much larger, than in assembly a transaction of a signed block may be: machines and their load
/// differ, and what a signer let pass must not fail here.
const APPEND_MARGIN: u32 = 10;

/// What one transaction may take, in assembly and in the validation of proposals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExecutionLimits {
    /// Wall time.
    pub time: Duration,
    /// Bytes held at once, as the language counts them.
    pub memory_bytes: u64,
}

impl Default for ExecutionLimits {
    /// Long enough for what a block of the main network could hold, short enough that a devnet goes on; and the language's
    /// own limit of memory.
    fn default() -> Self {
        Self { time: Duration::from_secs(5), memory_bytes: 100_000_000 }
    }
}

impl ExecutionLimits {
    /// What a transaction of a signed block may take.
    #[must_use]
    pub const fn with_margin(self) -> Self {
        Self {
            time: self.time.saturating_mul(APPEND_MARGIN),
            memory_bytes: self.memory_bytes.saturating_mul(APPEND_MARGIN as u64),
        }
    }
}

/// What watches over the transactions of a block in execution.
#[derive(Debug, Clone, Copy)]
pub struct Supervision<'a> {
    /// What each may take.
    pub limits: ExecutionLimits,
    /// Set when the node stops, or nobody wants the result any more.
    pub stop: &'a AtomicBool,
    /// Set when somebody comes who goes first; `None` where nobody does.
    pub gives_way: Option<&'a AtomicBool>,
}

impl Supervision<'_> {
    /// Whether the execution is to end, whatever it has taken.
    #[must_use]
    pub(crate) fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed) || self.gives_way.is_some_and(|newcomer| newcomer.load(Ordering::Relaxed))
    }

    /// Whether a transaction that began then must end.
    pub(crate) fn is_over(&self, begun: Instant) -> bool {
        self.is_stopped() || begun.elapsed() >= self.limits.time
    }
}
