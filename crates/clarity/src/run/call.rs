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
    /// Evaluates arguments from left to right into the next slots, then calls `apply` with the slot of the first. Each
    /// argument is copied and holds memory until `apply` returns.
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

    /// Adds the memory taken to `held`, also if an argument fails.
    fn arguments(&mut self, frame: &Frame<'_>, arguments: &[At], held: &mut u64) -> Result<(), Stop> {
        for argument in arguments {
            match frame.program().op(*argument) {
                // A shortcut, as most arguments are variables: looking one up and copying it costs the same in all
                // epochs.
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

    /// Casts the arguments to the parameters' types, in their slots.
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
                // A caller in a newer version may have bound the contract to another trait.
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

    /// Evaluates a function's body; an early return is its result.
    fn body(&mut self, frame: &Frame<'_>, body: At) -> Outcome {
        match self.eval_copied(frame, body) {
            Err(Stop::Return(value, _)) => Ok(*value),
            outcome => outcome,
        }
    }

    /// Evaluates the body of a public or read-only function. Writes and events are kept only if a public function
    /// succeeds.
    fn body_in_level(&mut self, frame: &Frame<'_>, function: &Function) -> Outcome {
        let level = self.begin();
        let outcome = match self.body(frame, function.body) {
            // An early return may have another type: it can come from surplus arguments, which nobody checks.
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
            // The events of a read-only function are dropped, too.
            Ok(_) => function.visibility == Visibility::Public,
        };
        if !kept {
            self.roll_back(level);
        }
        outcome
    }
}

/// Casts an argument. From 4.0 on, which sanitizes it, too, an error shows the argument as it was given.
fn cast(rules: &Rules, of: &Type, value: Value) -> Outcome {
    if is_unchanged_by_cast(of, &value) {
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

/// A list that the cast leaves unchanged, known without looking at its entries: it is as long as its type says, and its
/// entries have a fixed size.
fn is_unchanged_by_cast(of: &Type, value: &Value) -> bool {
    let (Type::List(of), Value::List(list)) = (of, value) else { return false };
    matches!(list.entry(), Type::Int | Type::UInt | Type::Bool)
        && list.entry() == of.entry()
        && list.max_len() <= of.max_len()
        && !list.items().is_empty()
        && list.items().len() == list.max_len() as usize
}
