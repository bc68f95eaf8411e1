//! Stops an evaluation from outside: because it takes too long, holds too much, or the node stops.
//!
//! Costs do not bound time: a loop of cheap steps takes hours before it meets a tenure's limit. So what a node does for
//! others, assembly, validation, admission and reads, has a wall time and a memory too. They are no rules of the chain:
//! a block's validity does not depend on them, and a block that is appended has a margin over what any producer or
//! signer of this node let pass.
//!
//! The VM cannot be asked to stop, but it calls a hook before each expression, and a hook may unwind: the session catches
//! it like a panic, with the difference that it knows why. No panic message is printed. A native function that goes over
//! a list by itself (`fold` with `+`) is one expression and ends before the next look; the check of a contract's text
//! before it is run has no hook.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use ::clarity::vm::contexts::{Environment, LocalContext};
use ::clarity::vm::errors::Error;
use ::clarity::vm::{EvalHook, ExecutionResult, SymbolicExpression, Value};

/// Says whether the time is over. Asked now and then, on the thread that evaluates.
pub type Expired<'a> = &'a dyn Fn() -> bool;

/// Expressions between two looks at the clock. An expression takes a microsecond, some a millisecond.
const EXPRESSIONS_PER_LOOK: u32 = 32;

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
}

impl Supervision<'_> {
    /// Whether all is to end.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// Whether a transaction that began then must end.
    pub(crate) fn is_over(&self, begun: Instant) -> bool {
        self.is_stopped() || begun.elapsed() >= self.limits.time
    }
}

/// What an evaluation unwinds with when it is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cut {
    /// Its time is over, or it is to stop.
    Time,
    /// It holds too much.
    Memory,
}

/// Looks at the clock and at the memory while the VM evaluates.
pub(super) struct Watch<'a> {
    expired: Expired<'a>,
    memory_bytes: u64,
    until_look: u32,
}

impl<'a> Watch<'a> {
    pub(super) const fn new(expired: Expired<'a>, memory_bytes: u64) -> Self {
        Self { expired, memory_bytes, until_look: EXPRESSIONS_PER_LOOK }
    }
}

impl EvalHook for Watch<'_> {
    fn will_begin_eval(&mut self, env: &mut Environment<'_, '_>, _: &LocalContext<'_>, _: &SymbolicExpression) {
        self.until_look -= 1;
        if self.until_look > 0 {
            return;
        }
        self.until_look = EXPRESSIONS_PER_LOOK;
        if (self.expired)() {
            std::panic::resume_unwind(Box::new(Cut::Time));
        }
        if env.global_context.cost_track.get_memory() > self.memory_bytes {
            std::panic::resume_unwind(Box::new(Cut::Memory));
        }
    }

    fn did_finish_eval(
        &mut self,
        _: &mut Environment<'_, '_>,
        _: &LocalContext<'_>,
        _: &SymbolicExpression,
        _: &Result<Value, Error>,
    ) {
    }

    fn did_complete(&mut self, _: Result<&mut ExecutionResult, String>) {}
}
