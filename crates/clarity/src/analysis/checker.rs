//! The state of a check: the definitions so far, the costs, the names in use.

use hashbrown::HashMap;

use super::Contracts;
use super::context::{Known, Scope};
use super::errors::{AnalysisError, Fault, Shown};
use super::interface::Interface;
use crate::costs::{CostFn, Meter, units};
use crate::dialect::Dialect;
use crate::names::ClarityName;
use crate::natives::Native;
use crate::principal::{ContractId, TraitId};
use crate::rules::Rules;
use crate::syntax::{NodeId, Tree, TypeReader};
use crate::types::Type;

/// The state of checking a contract.
pub(super) struct Checker<'a, 'm> {
    pub(super) tree: &'a Tree,
    pub(super) contract: &'a ContractId,
    pub(super) dialect: &'static Dialect,
    pub(super) rules: &'a Rules,
    pub(super) contracts: &'a dyn Contracts,
    pub(super) meter: &'a mut Meter<'m>,
    pub(super) known: Known,
    pub(super) scope: Scope,
    /// The common type of the function's early exits so far; `None` outside functions and before the first exit.
    pub(super) returned: Option<Type>,
    pub(super) in_function: bool,
    /// Traits that the contract declares to implement, checked once each after all definitions. One may occur twice.
    pub(super) implemented: Vec<TraitId>,
    /// Traits already found compatible at no cost, with the depth at which that was found; it does not hold at a
    /// greater depth.
    pub(super) compared: HashMap<(TraitId, TraitId), usize>,
}

impl<'a, 'm> Checker<'a, 'm> {
    pub(super) fn new(
        tree: &'a Tree,
        contract: &'a ContractId,
        dialect: &'static Dialect,
        rules: &'a Rules,
        contracts: &'a dyn Contracts,
        meter: &'a mut Meter<'m>,
    ) -> Self {
        let known =
            Known { interface: Interface { version: dialect.version, ..Interface::default() }, ..Known::default() };
        let scope = Scope::default();
        let (returned, in_function, implemented, compared) = (None, false, Vec::new(), HashMap::new());
        Self {
            tree,
            contract,
            dialect,
            rules,
            contracts,
            meter,
            known,
            scope,
            returned,
            in_function,
            implemented,
            compared,
        }
    }

    pub(super) fn charge(&mut self, function: CostFn, n: u64) -> Result<(), Box<Fault>> {
        Ok(self.meter.charge(function, n)?)
    }

    pub(super) fn read_type(&self, at: NodeId) -> Result<Type, AnalysisError> {
        Ok(TypeReader::new(self.tree).read(at)?)
    }

    /// Charges binding a name of the contract, and its memory.
    pub(super) fn bind_name(&mut self, name: &ClarityName, size: u64) -> Result<(), Box<Fault>> {
        self.charge(CostFn::AnalysisBindName, size)?;
        self.meter.take(units(name.len()))?;
        self.meter.take(size)?;
        Ok(())
    }

    /// Refuses a name that is taken.
    pub(super) fn claim(&self, name: &ClarityName) -> Result<(), AnalysisError> {
        self.refuse_reserved(name)?;
        if self.known.has(name) {
            return Err(AnalysisError::NameAlreadyUsed(name.to_string()));
        }
        Ok(())
    }

    /// Refuses a former keyword.
    pub(super) fn refuse_reserved(&self, name: &ClarityName) -> Result<(), AnalysisError> {
        if self.dialect.strict_names && name.as_str() == "block-height" {
            return Err(AnalysisError::ReservedWord(name.to_string()));
        }
        Ok(())
    }

    /// Refuses a taken name for a local variable. The name of a bound trait is free.
    pub(super) fn claim_local(&self, name: &ClarityName) -> Result<(), AnalysisError> {
        self.refuse_reserved(name)?;
        if self.known.has(name) || self.scope.value(name).is_some() {
            return Err(AnalysisError::NameAlreadyUsed(name.to_string()));
        }
        Ok(())
    }

    /// Joins the type of an early exit with those of the function's other exits. Outside functions nothing is joined.
    pub(super) fn early_exit(&mut self, of: &Type) -> Result<(), Box<Fault>> {
        self.charge(CostFn::AnalysisTypeCheck, u64::from(of.type_size()))?;
        if self.in_function {
            self.returned = Some(match self.returned.take() {
                None => of.clone(),
                Some(returned) => join_returns(returned, of)?,
            });
        }
        Ok(())
    }

    pub(super) fn native(&self, name: &str) -> Option<Native> {
        Native::lookup(name, self.dialect.version)
    }
}

/// The common type of a function's exits.
pub(super) fn join_returns(mut returned: Type, of: &Type) -> Result<Type, Box<Fault>> {
    match returned.join_with(of) {
        Ok(()) => Ok(returned),
        Err(_) => Err(AnalysisError::ReturnTypesMustMatch(Shown(returned), Shown(of.clone())).into()),
    }
}
