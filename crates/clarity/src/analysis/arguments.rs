//! What a node asks about deployed contracts: whether a function takes the arguments of a transaction, and whether a
//! contract implements a trait. Nothing is charged.

use super::errors::{AnalysisError, Fault, Shown};
use super::interface::FunctionType;
use super::{Contracts, traits};
use crate::principal::{ContractId, Principal, TraitId};
use crate::types::Type;
use crate::value::Value;

/// Why arguments do not fit a function.
#[derive(Debug)]
pub struct Misfit {
    /// The first argument that does not fit, from 0; none when their number is wrong.
    pub index: Option<usize>,
    /// The error.
    pub fault: Box<Fault>,
}

impl Misfit {
    /// What does not fit, for the sender; `name` is the function's.
    #[must_use]
    pub fn text(&self, name: &str, function: &FunctionType) -> String {
        let error = &self.fault.error;
        match self.index.and_then(|index| Some((index, function.parameters.get(index)?))) {
            Some((index, (parameter, _))) => {
                format!("argument {} of {name}, {parameter}: {error}", index.saturating_add(1))
            }
            None => format!("{name}: {error}"),
        }
    }
}

/// Checks that a function takes these arguments. A contract that implements a trait is accepted for it.
///
/// # Errors
/// The arguments do not fit, and why.
pub fn takes(function: &FunctionType, arguments: &[Value], contracts: &dyn Contracts) -> Result<(), Misfit> {
    let needed = function.parameters.len();
    if needed != arguments.len() {
        let fault = AnalysisError::IncorrectArgumentCount(needed, arguments.len()).into();
        return Err(Misfit { index: None, fault });
    }
    function.parameters.iter().zip(arguments).enumerate().try_for_each(|(index, ((_, of), value))| {
        takes_one(of, value, contracts).map_err(|fault| Misfit { index: Some(index), fault })
    })
}

fn takes_one(of: &Type, value: &Value, contracts: &dyn Contracts) -> Result<(), Box<Fault>> {
    if names_trait(of) {
        let each = |of: &Type, values: &[Value]| values.iter().try_for_each(|value| takes_one(of, value, contracts));
        match (of, value) {
            (Type::Trait(wanted), Value::Principal(principal)) => {
                if let Principal::Contract(contract) = principal.as_ref() {
                    return demand_trait(contract, wanted, contracts);
                }
            }
            (Type::Optional(of), Value::Optional(Some(inner))) => return takes_one(of.inner(), inner, contracts),
            (Type::Response(of), Value::Ok(inner)) => return takes_one(of.ok(), inner, contracts),
            (Type::Response(of), Value::Err(inner)) => return takes_one(of.err(), inner, contracts),
            (Type::List(of), Value::List(list)) if list.max_len <= of.max_len() => {
                return each(of.entry(), &list.items);
            }
            (Type::Tuple(of), Value::Tuple(tuple)) if of.fields().len() == tuple.shape().fields().len() => {
                let values = || of.fields().iter().map(|(name, of)| Some((of, tuple.get(name.as_str())?)));
                if values().all(|field| field.is_some()) {
                    return values().flatten().try_for_each(|(of, value)| takes_one(of, value, contracts));
                }
            }
            _ => {}
        }
    }
    match value.fits(of) {
        Ok(true) => Ok(()),
        Ok(false) => Err(AnalysisError::TypeError(Shown(of.clone()), Shown(value.type_of())).into()),
        Err(fault) => Err(AnalysisError::from(fault).into()),
    }
}

/// Whether the type is a trait or contains one.
fn names_trait(of: &Type) -> bool {
    match of {
        Type::Trait(_) => true,
        Type::Optional(of) => names_trait(of.inner()),
        Type::Response(of) => names_trait(of.ok()) || names_trait(of.err()),
        Type::List(of) => names_trait(of.entry()),
        Type::Tuple(of) => of.fields().iter().any(|(_, of)| names_trait(of)),
        _ => false,
    }
}

fn demand_trait(contract: &ContractId, wanted: &TraitId, contracts: &dyn Contracts) -> Result<(), Box<Fault>> {
    let interface = contracts.interface(contract);
    let interface = interface.ok_or_else(|| AnalysisError::NoSuchContract(contract.to_string()))?;
    let definer = contracts.interface(&wanted.contract);
    let methods = definer.as_ref().and_then(|definer| definer.traits.get(&wanted.name));
    let methods = methods.ok_or_else(|| AnalysisError::TraitReferenceUnknown(wanted.name.to_string()))?;
    traits::implements(&interface, wanted, methods)
}

/// Whether a contract implements a trait, declared or not; `None` if there is no such contract or trait.
#[must_use]
pub fn implements_trait(contract: &ContractId, wanted: &TraitId, contracts: &dyn Contracts) -> Option<bool> {
    let interface = contracts.interface(contract)?;
    if interface.implemented.contains(wanted) {
        return Some(true);
    }
    let definer = contracts.interface(&wanted.contract)?;
    let methods = definer.traits.get(&wanted.name)?;
    Some(traits::implements(&interface, wanted, methods).is_ok())
}
