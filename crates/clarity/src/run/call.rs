//! Functions of contracts: their arguments, entering and leaving them.

use std::sync::Arc;

use super::machine::{Frame, Machine, Outcome};
use crate::costs::{CostFn, Step};
use crate::error::{CheckError, Stop};
use crate::lower::Visibility;
use crate::lower::program::{At, Function, Many};
use crate::state::Contract;
use crate::types::Type;
use crate::value::{Callable, Principal, Value};

/// Values of arguments that are being collected, and the memory that they hold.
#[derive(Debug, Default)]
pub(crate) struct Held {
    pub(crate) values: Vec<Value>,
    pub(crate) bytes: u64,
}

impl Machine<'_> {
    /// Evaluates arguments from left to right; each is copied and holds memory. What was taken is counted also when one fails.
    pub(crate) fn arguments(&mut self, frame: &Frame<'_>, arguments: &[At], held: &mut Held) -> Result<(), Stop> {
        held.values.reserve(arguments.len());
        for argument in arguments {
            let value = self.eval_copied(frame, *argument)?;
            let size = u64::from(value.size());
            self.meter.take(size)?;
            held.bytes += size;
            held.values.push(value);
        }
        Ok(())
    }

    /// A call of a function of the same contract.
    pub(crate) fn call_own(&mut self, frame: &Frame<'_>, index: u32, arguments: Many, level: usize) -> Outcome {
        let mut held = Held::default();
        let outcome = match self.arguments(frame, frame.program().many(arguments), &mut held) {
            Ok(()) => self.apply_user(&Frame { level, ..*frame }, index, std::mem::take(&mut held.values)),
            Err(stop) => Err(stop),
        };
        self.meter.give(held.bytes);
        outcome
    }

    /// Applies a function to values. The frame is the caller's, at the function's level.
    pub(crate) fn apply_user(&mut self, frame: &Frame<'_>, index: u32, values: Vec<Value>) -> Outcome {
        let contract = frame.contract;
        let function = &contract.program.functions[index as usize];
        if self.is_running(contract, index) {
            return Err(CheckError::CircularReference(vec![function.name.to_string()]).into());
        }
        self.charge_application(function, &values)?;
        if values.len() != function.parameters.len() {
            return Err(CheckError::IncorrectArgumentCount(function.parameters.len(), values.len()).into());
        }
        let base = self.slots.len();
        let bound = self.bind(contract, function, values);
        if let Err(stop) = bound {
            self.slots.truncate(base);
            return Err(stop);
        }
        let entered =
            Frame { base, read_only: frame.read_only || function.visibility == Visibility::ReadOnly, ..*frame };
        self.running.push((Arc::clone(&contract.program.id), index));
        if self.meter.is_watched() {
            self.meter.watch(&Step::Enter { contract: &contract.program.id.to_string(), function: &function.name });
        }
        let outcome = match function.visibility {
            Visibility::Private => self.body(&entered, function.body),
            Visibility::Public | Visibility::ReadOnly => self.body_in_level(&entered, function),
        };
        self.meter.watch(&Step::Leave { ok: outcome.is_ok() });
        self.running.pop();
        self.slots.truncate(base);
        outcome
    }

    fn is_running(&self, contract: &Contract, index: u32) -> bool {
        self.running.iter().any(|(id, running)| {
            *running == index && (Arc::ptr_eq(id, &contract.program.id) || *id == contract.program.id)
        })
    }

    fn charge_application(&mut self, function: &Function, values: &[Value]) -> Result<(), Stop> {
        self.meter.charge(CostFn::UserFunctionApplication, count(function.parameters.len()))?;
        if self.rules.arguments_cost_by_size {
            for value in values {
                self.meter.charge(CostFn::InnerTypeCheckCost, u64::from(value.size()))?;
            }
        } else {
            for (_, of) in &function.parameters {
                self.meter.charge(CostFn::InnerTypeCheckCost, u64::from(of.size()))?;
            }
        }
        Ok(())
    }

    /// Brings the arguments to the parameters' types and into the frame.
    fn bind(&mut self, contract: &Contract, function: &Function, values: Vec<Value>) -> Result<(), Stop> {
        let traits_are_values = contract.program.dialect.traits_are_values;
        for ((_, of), value) in function.parameters.iter().zip(values) {
            let value = if traits_are_values { self.cast(of, value)? } else { value };
            let bound = match (of, &value) {
                (Type::Trait(id), Value::Principal(principal)) => match principal.as_ref() {
                    Principal::Contract(callee) => Value::Callable(Arc::new(Callable {
                        contract: callee.clone(),
                        bound: Some(id.as_ref().clone()),
                    })),
                    Principal::Standard(_) => return Err(CheckError::TypeValue(of.clone(), value).into()),
                },
                (Type::TraitReference(id), Value::Callable(callable)) => Value::Callable(Arc::new(Callable {
                    contract: callable.contract.clone(),
                    bound: Some(id.as_ref().clone()),
                })),
                _ if of.admits_value(&value).map_err(|_| CheckError::CouldNotDetermineType)? => value,
                _ => return Err(CheckError::TypeValue(of.clone(), value).into()),
            };
            self.slots.push(bound);
        }
        Ok(())
    }

    /// Where arguments are sanitized, an error shows the argument as it was given; before, as it was cast.
    fn cast(&self, of: &Type, value: Value) -> Outcome {
        let sanitizes = self.rules.sanitizes_arguments && super::natives::is_compound(of);
        let given = sanitizes.then(|| value.clone());
        if sanitizes && let Some((of, value)) = value.unfitting_tuple(of) {
            return Err(CheckError::TypeValue(of, value).into());
        }
        let value = value.cast(of).map_err(super::natives::too_large)?;
        let Some(given) = given else { return Ok(value) };
        match value.sanitized(of) {
            Some(sanitized) => Ok(sanitized),
            None => Err(CheckError::TypeValue(of.clone(), given).into()),
        }
    }

    /// A function's body; a value that leaves it early is what it gives.
    fn body(&mut self, frame: &Frame<'_>, body: At) -> Outcome {
        match self.eval_copied(frame, body) {
            Err(Stop::Return(value, _)) => Ok(*value),
            outcome => outcome,
        }
    }

    /// The body of a public or read-only function: what it does is kept only if it succeeds.
    fn body_in_level(&mut self, frame: &Frame<'_>, function: &Function) -> Outcome {
        let level = self.begin();
        let outcome = self.body(frame, function.body);
        let kept = match &outcome {
            Ok(Value::Err(_)) | Err(_) => false,
            // A read-only function says nothing, either.
            Ok(_) => function.visibility == Visibility::Public,
        };
        if !kept {
            self.roll_back(level);
        }
        outcome
    }
}

/// A count as the input of a cost function.
pub(crate) fn count(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}
