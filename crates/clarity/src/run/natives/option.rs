//! Optionals and responses: making, testing and unwrapping them.

use super::super::machine::{Frame, Machine, Outcome};
use super::{Operands, one, ruled_out, two};
use crate::costs::CostFn;
use crate::error::{CheckError, RuntimeError, Stop, Thrower};
use crate::lower::program::{At, Binding, Form};
use crate::natives::Native;
use crate::value::Value;

pub(super) fn apply(native: Native, values: Operands<'_>) -> Outcome {
    match native {
        Native::ConsOkay => Value::okay(one(values)?).map_err(Stop::from),
        Native::ConsError => Value::error(one(values)?).map_err(Stop::from),
        Native::ConsSome => Value::some(one(values)?).map_err(Stop::from),
        Native::DefaultTo => match two(values)? {
            (_, Value::Optional(Some(inner))) => Ok(inner.as_ref().clone()),
            (default, Value::Optional(None)) => Ok(default),
            (_, other) => Err(no_optional(&other)),
        },
        _ => match (native, one(values)?) {
            (Native::IsOk, Value::Ok(_)) | (Native::IsErr, Value::Err(_)) => Ok(Value::Bool(true)),
            (Native::IsOk, Value::Err(_)) | (Native::IsErr, Value::Ok(_)) => Ok(Value::Bool(false)),
            (Native::IsSome, Value::Optional(inner)) => Ok(Value::Bool(inner.is_some())),
            (Native::IsNone, Value::Optional(inner)) => Ok(Value::Bool(inner.is_none())),
            (Native::IsOk | Native::IsErr, other) => Err(no_response(&other)),
            (_, other) => Err(no_optional(&other)),
        },
    }
}

fn no_optional(value: &Value) -> Stop {
    ruled_out(format_args!("Expected option value: {value}"))
}

fn no_response(value: &Value) -> Stop {
    ruled_out(format_args!("Expected response value: {value}"))
}

/// The functions that unwrap a value, or else return early with another one, or fail.
pub(super) fn unwrap(native: Native, mut values: Operands<'_>) -> Outcome {
    let thrown = match native {
        Native::UnwrapRet | Native::UnwrapErrRet => values.next_back(),
        _ => None,
    };
    let value = one(values)?;
    match (native, value) {
        (Native::UnwrapRet | Native::Unwrap | Native::TryRet, Value::Optional(Some(inner)) | Value::Ok(inner)) => {
            Ok(std::sync::Arc::unwrap_or_clone(inner))
        }
        (Native::UnwrapErrRet | Native::UnwrapErr, Value::Err(inner)) => Ok(std::sync::Arc::unwrap_or_clone(inner)),
        (Native::TryRet, Value::Optional(None)) => Err(Stop::Return(Box::new(Value::NONE), Thrower::Unwrapped)),
        (Native::TryRet, failure @ Value::Err(_)) => Err(Stop::Return(Box::new(failure), Thrower::Unwrapped)),
        (Native::UnwrapRet, Value::Optional(None) | Value::Err(_)) | (Native::UnwrapErrRet, Value::Ok(_)) => {
            match thrown {
                Some(thrown) => Err(Stop::Return(Box::new(thrown), Thrower::Unwrapped)),
                None => Err(CheckError::IncorrectArgumentCount(2, 1).into()),
            }
        }
        (Native::Unwrap, Value::Optional(None) | Value::Err(_)) | (Native::UnwrapErr, Value::Ok(_)) => {
            Err(RuntimeError::UnwrapFailure.into())
        }
        (Native::UnwrapErrRet | Native::UnwrapErr, other) => Err(no_response(&other)),
        (_, other) => Err(ruled_out(format_args!("Expected optional or response value: {other}"))),
    }
}

impl Machine<'_> {
    pub(super) fn form_match(&mut self, frame: &Frame<'_>, form: &Form) -> Outcome {
        let (Form::MatchOptional { input, .. } | Form::MatchResponse { input, .. }) = form else {
            return Err(CheckError::Unreachable("not a match".to_owned()).into());
        };
        let value = self.eval_copied(frame, *input)?;
        self.meter.charge(CostFn::Match, 0)?;
        match (form, value) {
            (Form::MatchOptional { some, slot, then, .. }, Value::Optional(Some(inner))) => {
                self.branch(frame, some, *slot, *then, inner.as_ref().clone())
            }
            (Form::MatchOptional { none, .. }, Value::Optional(None)) => self.eval_copied(frame, *none),
            (Form::MatchResponse { ok, slot, then, .. }, Value::Ok(inner)) => {
                self.branch(frame, ok, *slot, *then, inner.as_ref().clone())
            }
            (Form::MatchResponse { err, slot, otherwise, .. }, Value::Err(inner)) => {
                self.branch(frame, err, *slot, *otherwise, inner.as_ref().clone())
            }
            (Form::MatchOptional { .. }, Value::Ok(_) | Value::Err(_)) => {
                Err(ruled_out("Bad match response syntax: args 3 != 4"))
            }
            (_, Value::Optional(_)) => Err(ruled_out("Bad match option syntax: args 4 != 3")),
            (_, other) => Err(ruled_out(format_args!("Bad match input: {}", other.type_of()))),
        }
    }

    /// Evaluates a branch with the value bound to its name.
    fn branch(&mut self, frame: &Frame<'_>, binding: &Binding, slot: u32, body: At, value: Value) -> Outcome {
        self.free(frame, binding)?;
        let size = u64::from(value.size());
        self.meter.take(size)?;
        self.slots.push(value);
        let outcome = self.eval_copied(frame, body);
        self.slots.truncate(frame.base + slot as usize);
        self.meter.give(size);
        outcome
    }
}
