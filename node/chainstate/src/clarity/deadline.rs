//! Stops an evaluation that takes too long: templates, validation and read-only calls have deadlines, blocks have none.
//!
//! The VM cannot be asked to stop, but it calls a hook before each expression, and a hook may unwind: the session catches
//! it like a panic, with the difference that it knows why. No panic message is printed.
//!
//! # Not here
//! The clock: the caller brings a function that says whether the time is over.

use ::clarity::vm::contexts::{Environment, LocalContext};
use ::clarity::vm::errors::Error;
use ::clarity::vm::{EvalHook, ExecutionResult, SymbolicExpression, Value};

/// Says whether the time is over. Asked now and then, on the thread that evaluates.
pub type Expired<'a> = &'a dyn Fn() -> bool;

/// Expressions between two looks at the clock: about a millisecond of evaluation.
const EXPRESSIONS_PER_LOOK: u32 = 512;

/// What an evaluation unwinds with when its time is over.
pub(super) struct DeadlinePassed;

/// Looks at the clock while the VM evaluates.
pub(super) struct Watch<'a> {
    expired: Expired<'a>,
    until_look: u32,
}

impl<'a> Watch<'a> {
    pub(super) const fn new(expired: Expired<'a>) -> Self {
        Self { expired, until_look: EXPRESSIONS_PER_LOOK }
    }
}

impl EvalHook for Watch<'_> {
    fn will_begin_eval(&mut self, _: &mut Environment<'_, '_>, _: &LocalContext<'_>, _: &SymbolicExpression) {
        self.until_look -= 1;
        if self.until_look == 0 {
            self.until_look = EXPRESSIONS_PER_LOOK;
            if (self.expired)() {
                std::panic::resume_unwind(Box::new(DeadlinePassed));
            }
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
