//! Questions of a node about deployed contracts: whether a function takes the arguments of a transaction, and whether a contract
//! has what a trait asks for. Nothing is charged.

use super::errors::{AnalysisError, Fault, Shown};
use super::interface::FunctionType;
use super::{Contracts, traits};
use crate::principal::{ContractId, Principal, TraitId};
use crate::types::Type;
use crate::value::Value;

/// Checks that a function takes these arguments. A contract is taken for a trait when it has what the trait asks for.
///
/// # Errors
/// What is wrong with them.
pub fn takes(function: &FunctionType, arguments: &[Value], contracts: &dyn Contracts) -> Result<(), Box<Fault>> {
    let needed = function.parameters.len();
    if needed != arguments.len() {
        return Err(AnalysisError::IncorrectArgumentCount(needed, arguments.len()).into());
    }
    function.parameters.iter().zip(arguments).try_for_each(|((_, of), value)| takes_one(of, value, contracts))
}

fn takes_one(of: &Type, value: &Value, contracts: &dyn Contracts) -> Result<(), Box<Fault>> {
    if let (Type::Trait(wanted), Value::Principal(principal)) = (of, value)
        && let Principal::Contract(contract) = principal.as_ref()
    {
        return demand_trait(contract, wanted, contracts);
    }
    match value.fits(of) {
        Ok(true) => Ok(()),
        Ok(false) => Err(AnalysisError::TypeError(Shown(of.clone()), Shown(value.type_of())).into()),
        Err(fault) => Err(AnalysisError::from(fault).into()),
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

/// Whether a contract implements a trait, declared or not; none when there is no such contract or trait.
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
