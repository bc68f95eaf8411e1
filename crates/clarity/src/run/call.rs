//! Functions of contracts: their arguments, entering and leaving them.

use std::sync::Arc;

use super::machine::{Frame, Machine, Outcome};
use crate::costs::{CostFn, Step, units};
use crate::error::{CheckError, Stop, shortened};
use crate::lower::Visibility;
use crate::lower::program::{At, Function, Many, Op};
use crate::principal::{ContractId, Principal, TraitId};
use crate::rules::Rules;
use crate::state::Contract;
use crate::types::Type;
use crate::value::{Callable, CastFault, Value};

impl Machine<'_> {
    /// Evaluates arguments from left to right into the next slots, and applies something to them. Each is copied and holds
    /// memory until the application ends. `apply` gets the slot of the first.
    pub(crate) fn with_arguments(
        &mut self,
        frame: &Frame<'_>,
        arguments: Many,
        apply: impl FnOnce(&mut Self, usize) -> Outcome,
    ) -> Outcome {
        let first = self.slots.len();
        let mut held = 0;
        let outcome = match self.arguments(frame, frame.program().many(arguments), &mut held) {
            Ok(()) => apply(self, first),
            Err(stop) => Err(stop),
        };
        self.slots.truncate(first);
        self.meter.give(held);
        outcome
    }

    /// What was taken is counted also when one fails.
    fn arguments(&mut self, frame: &Frame<'_>, arguments: &[At], held: &mut u64) -> Result<(), Stop> {
        for argument in arguments {
            match frame.program().op(*argument) {
                // What a variable costs to look up and to copy is the same in all epochs, and most arguments are variables.
                Op::Local { slot, depth, last } => {
                    self.meter.charge(CostFn::LookupVariableDepth, u64::from(*depth))?;
                    let value = &self.slots[frame.base + *slot as usize];
                    self.meter.charge(CostFn::LookupVariableSize, u64::from(value.size()))?;
                    let value = self.local(frame, *slot, *last);
                    self.slots.push(value);
                }
                _ => {
                    let value = self.eval_copied(frame, *argument)?;
                    self.slots.push(value);
                }
            }
            let size = self.slots.last().map_or(0, |value| u64::from(value.size()));
            self.meter.take(size)?;
            *held += size;
        }
        Ok(())
    }

    /// Applies a function to the values in the slots from `first` on. The frame is the caller's, at the function's level.
    pub(crate) fn apply_user(&mut self, frame: &Frame<'_>, index: u32, first: usize) -> Outcome {
        let contract = frame.contract;
        let function = &contract.program.functions[index as usize];
        if self.running.contains(&(frame.entered, index)) {
            return Err(CheckError::CircularReference(vec![function.name.to_string()]).into());
        }
        self.charge_application(function, first)?;
        let given = self.slots.len() - first;
        if given != function.parameters.len() {
            return Err(CheckError::IncorrectArgumentCount(function.parameters.len(), given).into());
        }
        self.bind(contract, function, first)?;
        let entered =
            Frame { base: first, read_only: frame.read_only || function.visibility == Visibility::ReadOnly, ..*frame };
        self.running.push((frame.entered, index));
        if self.meter.is_watched() {
            self.meter.watch(&Step::Enter { contract: &contract.program.id.to_string(), function: &function.name });
        }
        let outcome = match function.visibility {
            Visibility::Private => self.body(&entered, function.body),
            Visibility::Public | Visibility::ReadOnly => self.body_in_level(&entered, function),
        };
        self.meter.watch(&Step::Leave { ok: outcome.is_ok() });
        self.running.pop();
        outcome
    }

    fn charge_application(&mut self, function: &Function, first: usize) -> Result<(), Stop> {
        self.meter.charge(CostFn::UserFunctionApplication, units(function.parameters.len()))?;
        if self.rules.arguments_cost_by_size {
            for value in &self.slots[first..] {
                self.meter.charge(CostFn::InnerTypeCheckCost, u64::from(value.size()))?;
            }
        } else {
            for (_, of) in &function.parameters {
                self.meter.charge(CostFn::InnerTypeCheckCost, u64::from(of.size()))?;
            }
        }
        Ok(())
    }

    /// Brings the arguments to the parameters' types, where they lie.
    fn bind(&mut self, contract: &Contract, function: &Function, first: usize) -> Result<(), Stop> {
        let traits_are_values = contract.program.dialect.traits_are_values;
        let bound = function.repeated.map_or(function.parameters.len(), |at| at + 1);
        for ((_, of), slot) in function.parameters[..bound].iter().zip(&mut self.slots[first..]) {
            if matches!((of, &*slot), (Type::UInt, Value::UInt(_)) | (Type::Int, Value::Int(_))) {
                continue;
            }
            let value = std::mem::replace(slot, Value::NONE);
            let value = if traits_are_values { cast(self.rules, of, value)? } else { value };
            let bound_to = |contract: &ContractId, id: &TraitId| {
                Value::Callable(Arc::new(Callable { contract: contract.clone(), bound: Some(id.clone()) }))
            };
            let bound = match (of, &value) {
                // A caller of a newer version may have bound it to another trait.
                (Type::Trait(id), Value::Callable(callable)) if !traits_are_values => bound_to(&callable.contract, id),
                (Type::Trait(id), Value::Principal(principal)) => match principal.as_ref() {
                    Principal::Contract(callee) => bound_to(callee, id),
                    Principal::Standard(_) => return Err(CheckError::TypeValue(of.clone(), value).into()),
                },
                _ if value.fits(of).map_err(|_| CheckError::CouldNotDetermineType)? => value,
                _ => return Err(CheckError::TypeValue(of.clone(), value).into()),
            };
            *slot = bound;
        }
        match function.repeated {
            None => Ok(()),
            Some(at) => Err(CheckError::NameAlreadyUsed(function.parameters[at].0.to_string()).into()),
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
        let outcome = match self.body(frame, function.body) {
            // A value of another type can leave it early: from arguments that are not checked, as their function does not have them.
            Ok(value)
                if function.visibility == Visibility::Public && !matches!(value, Value::Ok(_) | Value::Err(_)) =>
            {
                let what = format!("Public function must return response: {}", value.type_of());
                Err(CheckError::Unreachable(shortened(what)).into())
            }
            outcome => outcome,
        };
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

/// Where arguments are sanitized, an error shows the argument as it was given; before, as it was cast.
fn cast(rules: &Rules, of: &Type, value: Value) -> Outcome {
    if is_as_it_will_be(of, &value) {
        return Ok(value);
    }
    let sanitizes = rules.sanitizes_arguments && of.is_compound();
    let given = sanitizes.then(|| value.clone());
    if sanitizes && let Some((of, value)) = value.unfitting_tuple(of) {
        return Err(CheckError::TypeValue(of, value).into());
    }
    let value = value.cast(of).map_err(|fault| match fault {
        CastFault::Type(fault) => Stop::from(fault),
        CastFault::Field(fault) => CheckError::TypeValue(fault.0, fault.1).into(),
    })?;
    let Some(given) = given else { return Ok(value) };
    match value.sanitized(of) {
        Some(sanitized) => Ok(sanitized),
        None => Err(CheckError::TypeValue(of.clone(), given).into()),
    }
}

/// A list that is known to come out of the cast as it is, without a look at its entries: as long as its type says, and of what
/// has one size.
fn is_as_it_will_be(of: &Type, value: &Value) -> bool {
    let (Type::List(of), Value::List(list)) = (of, value) else { return false };
    matches!(list.entry(), Type::Int | Type::UInt | Type::Bool)
        && list.entry() == of.entry()
        && list.max_len() <= of.max_len()
        && !list.items().is_empty()
        && list.items().len() == list.max_len() as usize
}
