//! Stops the published VM from outside. It cannot be asked to stop, but it calls a hook before each expression, and a hook may
//! unwind: the session catches it like a panic, with the difference that it knows why.

use ::clarity::vm::contexts::{Environment, LocalContext};
use ::clarity::vm::errors::Error;
use ::clarity::vm::{EvalHook, ExecutionResult, SymbolicExpression, Value};

use crate::execution::Expired;

/// Expressions between two looks at the clock. An expression takes a microsecond, some a millisecond.
const EXPRESSIONS_PER_LOOK: u32 = 32;

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
