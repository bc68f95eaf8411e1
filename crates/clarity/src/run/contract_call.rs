//! Calls between contracts, and from transactions.

use std::sync::Arc;

use super::machine::{Context, Frame, Machine, Outcome};
use crate::costs::CostFn;
use crate::error::{CheckError, RuntimeError, Stop};
use crate::lower::Visibility;
use crate::lower::program::{At, Function, Many, Method, Op, Target};
use crate::names::ClarityName;
use crate::principal::{ContractId, Principal, TraitId};
use crate::state::{Contract, Found};
use crate::types::Type;
use crate::value::Value;

impl Machine<'_> {
    /// Calls a public or read-only function as a transaction does.
    ///
    /// # Errors
    /// The call fails.
    pub fn call(&mut self, context: &Context, contract: &ContractId, function: &str, arguments: Vec<Value>) -> Outcome {
        self.call_as(context, contract, function, arguments, false)
    }

    pub(crate) fn call_as(
        &mut self,
        context: &Context,
        contract: &ContractId,
        function: &str,
        arguments: Vec<Value>,
        read_only: bool,
    ) -> Outcome {
        let sender = Value::principal(context.sender.clone());
        self.sponsor = context.sponsor.clone().map(Value::principal);
        let outer = Caller { sender: &sender, caller: &sender, level: 0, read_only };
        let first = self.slots.len();
        self.slots.extend(arguments);
        let outcome = self.call_contract(contract, function, first, &outer);
        self.slots.truncate(first);
        outcome
    }

    /// Loads a contract, holds its memory, and calls one of its functions with the values in the slots from `first` on.
    /// The load is charged before the contract is decoded: a constant's few bytes of source may be a mebibyte.
    fn call_contract(&mut self, id: &ContractId, function: &str, first: usize, caller: &Caller<'_>) -> Outcome {
        let found = self.find(id)?;
        let size = found.size();
        self.meter.charge(CostFn::LoadContract, size)?;
        self.meter.take(size)?;
        let contract = self.loaded(id, found)?;
        let outcome = self.call_loaded(&contract, function, first, caller);
        self.meter.give(size);
        outcome
    }

    pub(super) fn find(&mut self, id: &ContractId) -> Result<Found, Stop> {
        let found = self.world.find_contract(self.view, id)?;
        found.ok_or_else(|| CheckError::NoSuchContract(id.to_string()).into())
    }

    /// A contract that was found, ready to run.
    fn loaded(&mut self, id: &ContractId, found: Found) -> Result<Arc<Contract>, Stop> {
        let contract = match found {
            Found::Loaded(contract) => Some(contract),
            Found::Stored { .. } => self.world.contract(self.view, id)?,
        };
        contract.ok_or_else(|| CheckError::NoSuchContract(id.to_string()).into())
    }

    fn call_loaded(&mut self, contract: &Arc<Contract>, name: &str, first: usize, caller: &Caller<'_>) -> Outcome {
        if contract.is_damaged() && self.rules.sanitizes_constants_once {
            return Err(CheckError::CouldNotDetermineType.into());
        }
        let program = &contract.program;
        let index = *program.function_names.get(name).ok_or_else(|| CheckError::UndefinedFunction(name.to_owned()))?;
        let function = &program.functions[index as usize];
        if function.visibility == Visibility::Private {
            return Err(CheckError::NoSuchPublicFunction(program.id.to_string(), name.to_owned()).into());
        }
        if let Some(what) = self.world.not_done_here(&program.id, name) {
            return Err(RuntimeError::NotDoneHere(what).into());
        }
        if !self.rules.sanitizes_arguments {
            self.sanitize_arguments(first)?;
        }
        let frame = Frame {
            contract,
            entered: self.enter(&program.id),
            base: 0,
            level: caller.level + 1,
            sender: caller.sender,
            caller: caller.caller,
            read_only: caller.read_only,
        };
        let outcome = self.apply_user(&frame, index, first);
        self.leave();
        outcome
    }

    /// Sanitizes arguments to the types that they carry, which become as narrow as their content. An argument whose
    /// content is not of its type (a cast does not check) fails here, so it does not reach another contract.
    fn sanitize_arguments(&mut self, first: usize) -> Result<(), Stop> {
        for value in &mut self.slots[first..] {
            let of = value.type_of();
            if of.is_compound() && !value.is_sanitary(&of) {
                *value = value.sanitized(&of).ok_or_else(|| CheckError::TypeValue(of, value.clone()))?;
            }
        }
        Ok(())
    }

    /// `contract-call?`
    pub(super) fn contract_call(
        &mut self,
        frame: &Frame<'_>,
        target: &Target,
        name: &ClarityName,
        arguments: Many,
        level: usize,
    ) -> Outcome {
        self.meter.charge(CostFn::ContractCall, 0)?;
        let first = self.slots.len();
        let outcome = self.contract_call_from(frame, target, name, arguments, level);
        self.slots.truncate(first);
        outcome
    }

    fn contract_call_from(
        &mut self,
        frame: &Frame<'_>,
        target: &Target,
        name: &ClarityName,
        arguments: Many,
        level: usize,
    ) -> Outcome {
        let first = self.slots.len();
        for argument in frame.program().many(arguments) {
            let value = self.eval_copied(frame, *argument)?;
            self.slots.push(value);
        }
        let (id, by_trait) = match target {
            Target::Literal(id) => (id.as_ref().clone(), None),
            Target::Dynamic(at) => self.callee(frame, *at)?,
        };
        let expected = match &by_trait {
            Some(bound) => self.check_trait(frame, &id, bound, name)?,
            None => None,
        };
        let caller_principal = Value::principal(Principal::Contract(frame.program().id.as_ref().clone()));
        let caller =
            Caller { sender: frame.sender, caller: &caller_principal, level: level + 1, read_only: frame.read_only };
        let value = self.call_contract(&id, name, first, &caller)?;
        let value = value.sanitized(&value.type_of()).ok_or(CheckError::CouldNotDetermineType)?;
        if let Some(expected) = expected
            && !value.fits(&expected).map_err(|_| CheckError::CouldNotDetermineType)?
        {
            return Err(CheckError::ReturnTypesMustMatch(expected, value.type_of()).into());
        }
        Ok(value)
    }

    /// The contract that an expression means, and the trait that the contract is bound to.
    fn callee(&self, frame: &Frame<'_>, at: At) -> Result<(ContractId, Option<TraitId>), Stop> {
        let value = match frame.program().op(at) {
            Op::Local { slot, .. } | Op::TraitLocal { slot, .. } => self.slots[frame.base + *slot as usize].clone(),
            Op::Constant { index, .. }
                if self.rules.constants_are_callable && frame.program().dialect.traits_are_values =>
            {
                self.constant(frame, *index)?
            }
            _ => return Err(CheckError::ContractCallExpectName.into()),
        };
        match &value {
            Value::Callable(callable) => Ok((callable.contract.clone(), callable.bound.clone())),
            Value::Principal(principal) => match principal.as_ref() {
                Principal::Contract(contract) => Ok((contract.clone(), None)),
                Principal::Standard(_) => Err(CheckError::ContractCallExpectName.into()),
            },
            _ => Err(CheckError::ContractCallExpectName.into()),
        }
    }

    /// Checks that the contract has the trait's function with the trait's parameters. Returns the type that the result
    /// must be checked against, or `None` for a contract that declares the trait.
    fn check_trait(
        &mut self,
        frame: &Frame<'_>,
        id: &ContractId,
        bound: &TraitId,
        name: &ClarityName,
    ) -> Result<Option<Type>, Stop> {
        if *frame.program().id == *id {
            return Err(CheckError::CircularReference(vec![id.name.to_string()]).into());
        }
        let found = self.find(id)?;
        let callee = self.loaded(id, found)?;
        let definer = self.definer(frame, bound)?;
        let methods = definer.program.traits.get(bound.name.as_str());
        let methods = methods.ok_or_else(|| CheckError::TraitReferenceUnknown(bound.name.to_string()))?;
        let bad = || CheckError::BadTraitImplementation(bound.name.to_string(), name.to_string());
        let index = *callee.program.function_names.get(name.as_str()).ok_or_else(bad)?;
        let unknown = || CheckError::TraitMethodUnknown(bound.name.to_string(), name.to_string());
        let method = methods.get(name.as_str()).ok_or_else(unknown)?;
        let function = &callee.program.functions[index as usize];
        if function.visibility == Visibility::Private {
            return Err(CheckError::NoSuchPublicFunction(id.to_string(), name.to_string()).into());
        }
        if !fits(function, method) {
            return Err(bad().into());
        }
        Ok((!callee.program.implements.contains(bound)).then(|| method.returns.clone()))
    }

    /// The contract that defines a trait.
    fn definer(&mut self, frame: &Frame<'_>, bound: &TraitId) -> Result<Arc<Contract>, Stop> {
        if *frame.program().id == bound.contract {
            return Ok(Arc::clone(frame.contract));
        }
        let found = self.find(&bound.contract)?;
        self.loaded(&bound.contract, found)
    }
}

/// Sender, caller and depth with which a contract is entered.
struct Caller<'a> {
    sender: &'a Value,
    caller: &'a Value,
    level: usize,
    read_only: bool,
}

/// Whether a function takes the parameters of the trait's function. A parameter that is a trait must be the same trait.
fn fits(function: &Function, method: &Method) -> bool {
    function.parameters.len() == method.parameters.len()
        && function.parameters.iter().zip(&method.parameters).all(|((_, of), asked)| of.admits(asked).unwrap_or(false))
}
