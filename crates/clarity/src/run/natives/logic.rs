//! Logic, branches and bindings: `and`, `or`, `not`, `is-eq`, `if`, `asserts!`, `begin`, `let`, `print`.

use std::sync::Arc;

use super::super::events::Event;
use super::super::machine::{Frame, Machine, Outcome};
use super::{Arguments, Operands, boolean, one};
use crate::costs::{CostFn, units};
use crate::error::{CheckError, Stop, Thrower};
use crate::lower::program::{At, Binding, Many};
use crate::natives::Native;
use crate::value::Value;

pub(super) fn apply(native: Native, mut values: Operands<'_>) -> Outcome {
    match native {
        Native::Not => Ok(Value::Bool(!boolean(one(values)?)?)),
        Native::Begin => values.next_back().ok_or_else(|| CheckError::IncorrectArgumentCount(1, 0).into()),
        _ => equals(values.as_slice()),
    }
}

/// Stops at the first value that differs; it is an error if this value and the first have no common type.
fn equals(values: &[Value]) -> Outcome {
    let Some((first, rest)) = values.split_first() else { return Ok(Value::Bool(true)) };
    for other in rest {
        if first == other {
            continue;
        }
        if std::mem::discriminant(first) != std::mem::discriminant(other) || first.type_of().is_compound() {
            other.type_of().join(&first.type_of())?;
        }
        return Ok(Value::Bool(false));
    }
    Ok(Value::Bool(true))
}

impl Machine<'_> {
    pub(super) fn logic(&mut self, frame: &Frame<'_>, native: Native, arguments: &Arguments<'_>) -> Outcome {
        match native {
            Native::And | Native::Or => self.and_or(frame, native, arguments),
            Native::If => {
                self.meter.charge(CostFn::If, 0)?;
                let condition = boolean(self.argument(frame, arguments, 0)?)?;
                self.argument_copied(frame, arguments, if condition { 1 } else { 2 })
            }
            Native::Asserts => {
                self.meter.charge(CostFn::Asserts, 0)?;
                let condition = self.argument(frame, arguments, 0)?;
                if boolean(condition.clone())? {
                    self.copy_argument(frame, arguments, 0, &condition)?;
                    return Ok(condition);
                }
                let thrown = self.argument_copied(frame, arguments, 1)?;
                Err(Stop::Return(Box::new(thrown), Thrower::Asserted))
            }
            _ => self.print(frame, arguments),
        }
    }

    fn and_or(&mut self, frame: &Frame<'_>, native: Native, arguments: &Arguments<'_>) -> Outcome {
        let cost = if native == Native::And { CostFn::And } else { CostFn::Or };
        self.meter.charge(cost, units(arguments.len()))?;
        let decides = native == Native::Or;
        for index in 0..arguments.len() {
            if boolean(self.argument(frame, arguments, index)?)? == decides {
                return Ok(Value::Bool(decides));
            }
        }
        Ok(Value::Bool(!decides))
    }

    fn print(&mut self, frame: &Frame<'_>, arguments: &Arguments<'_>) -> Outcome {
        let value = self.argument(frame, arguments, 0)?;
        self.meter.charge(CostFn::Print, u64::from(value.size()))?;
        self.copy_argument(frame, arguments, 0, &value)?;
        self.say(Event::Print(Arc::clone(&frame.program().id), value.clone()))?;
        Ok(value)
    }

    pub(super) fn form_let(&mut self, frame: &Frame<'_>, bindings: &[(Binding, At)], slot: u32, body: Many) -> Outcome {
        self.meter.charge(CostFn::Let, units(bindings.len()))?;
        let mut held = 0;
        let outcome = self.bind_all(frame, bindings, &mut held).and_then(|()| self.eval_body(frame, body));
        self.slots.truncate(frame.base + slot as usize);
        self.meter.give(held);
        outcome
    }

    fn bind_all(&mut self, frame: &Frame<'_>, bindings: &[(Binding, At)], held: &mut u64) -> Result<(), Stop> {
        for (binding, at) in bindings {
            self.free(frame, binding)?;
            let value = self.eval(frame, *at)?;
            let size = u64::from(value.size());
            self.meter.take(size)?;
            *held += size;
            self.copy(frame, *at, &value)?;
            self.slots.push(value);
        }
        Ok(())
    }

    /// Fails if a name is taken and cannot be bound.
    pub(super) fn free(&self, frame: &Frame<'_>, binding: &Binding) -> Result<(), Stop> {
        let taken = binding.taken || binding.function.is_some_and(|function| self.is_defined(frame, function));
        if taken { Err(CheckError::NameAlreadyUsed(binding.name.to_string()).into()) } else { Ok(()) }
    }
}
