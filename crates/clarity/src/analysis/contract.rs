//! A contract's definitions, one after the other in the order of evaluation.

use std::sync::Arc;

use super::context::{Known, Scope};
use super::definitions::{Definition, binding, definition};
use super::errors::{AnalysisError, BindingForm, Fault, Shown, concrete, joined};
use super::interface::Interface;
use super::signature::FunctionType;
use super::{Contracts, traits};
use crate::costs::{CostFn, Meter};
use crate::dialect::Dialect;
use crate::keywords::Define;
use crate::names::ClarityName;
use crate::natives::Native;
use crate::principal::{ContractId, TraitId};
use crate::rules::Rules;
use crate::syntax::{NodeId, Tree, TypeReader};
use crate::types::Type;

/// The most parameters of a function, where they are counted.
const MAX_PARAMETERS: usize = 256;

/// Types are read as in this version of the language: the checker has traits as types in all versions.
pub(super) const TYPES_AS_IN: &Dialect = Dialect::ALL[1];

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
    /// The type that the function's early exits have in common; none outside of functions and before the first.
    returned: Option<Type>,
    in_function: bool,
    implemented: Vec<TraitId>,
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
        let (returned, in_function, implemented) = (None, false, Vec::new());
        Self { tree, contract, dialect, rules, contracts, meter, known, scope, returned, in_function, implemented }
    }

    pub(super) fn charge(&mut self, function: CostFn, n: u64) -> Result<(), Box<Fault>> {
        Ok(self.meter.charge(function, n)?)
    }

    pub(super) fn check(mut self) -> Result<Interface, Box<Fault>> {
        self.charge(CostFn::AnalysisStorage, u64::try_from(self.tree.len()).unwrap_or(u64::MAX))?;
        for id in self.tree.top() {
            self.top_level(*id).map_err(|fault| fault.at(self.tree.span(*id)))?;
        }
        for trait_id in std::mem::take(&mut self.implemented) {
            self.check_implementation(&trait_id)?;
            self.known.interface.implemented.insert(trait_id);
        }
        Ok(self.known.interface)
    }

    fn top_level(&mut self, id: NodeId) -> Result<(), Box<Fault>> {
        match definition(self.tree, id)? {
            None => {
                self.visit(id)?;
            }
            Some(Definition::Constant { name, value }) => {
                let of = self.visit(value)?;
                self.bind_name(name, u64::from(of.type_size()))?;
                self.claim(name)?;
                self.known.interface.constants.insert(name.clone(), of);
            }
            Some(Definition::Function { access, signature, body }) => self.function(access, signature, body)?,
            Some(Definition::Variable { name, of, value }) => {
                let of = self.read_type(of).map_err(|_| AnalysisError::DefineVariableBadSignature)?;
                self.expect(value, &of)?;
                self.bind_name(name, u64::from(of.type_size()))?;
                self.claim(name)?;
                self.known.interface.variables.insert(name.clone(), of);
            }
            Some(Definition::Map { name, key, value }) => self.map(name, key, value)?,
            Some(Definition::Token { name, supply }) => {
                if let Some(supply) = supply {
                    self.expect(supply, &Type::UInt)?;
                }
                self.bind_name(name, 1)?;
                self.claim(name)?;
                self.known.interface.tokens.insert(name.clone());
            }
            Some(Definition::Asset { name, of }) => {
                let of = self.read_type(of).map_err(|_| AnalysisError::DefineNFTBadSignature)?;
                self.bind_name(name, u64::from(of.type_size()))?;
                self.claim(name)?;
                self.known.interface.assets.insert(name.clone(), of);
            }
            Some(Definition::Trait { name, methods }) => self.define_trait(name, methods)?,
            Some(Definition::UseTrait { alias, used }) => self.use_trait(alias, used)?,
            Some(Definition::ImplTrait { implemented }) => {
                let trait_id = traits::field(self.tree, implemented)?;
                self.meter.take(u64::try_from(trait_id.name.len()).unwrap_or(u64::MAX))?;
                self.implemented.push(trait_id.clone());
            }
        }
        Ok(())
    }

    pub(super) fn read_type(&self, at: NodeId) -> Result<Type, AnalysisError> {
        Ok(TypeReader::new(self.tree, TYPES_AS_IN).read(at)?)
    }

    /// Charges a name of the contract, and the memory that it takes.
    pub(super) fn bind_name(&mut self, name: &ClarityName, size: u64) -> Result<(), Box<Fault>> {
        self.charge(CostFn::AnalysisBindName, size)?;
        self.meter.take(u64::try_from(name.len()).unwrap_or(u64::MAX))?;
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

    /// Refuses a word that was a keyword once.
    pub(super) fn refuse_reserved(&self, name: &ClarityName) -> Result<(), AnalysisError> {
        if self.dialect.strict_names && name.as_str() == "block-height" {
            return Err(AnalysisError::ReservedWord(name.to_string()));
        }
        Ok(())
    }

    fn map(&mut self, name: &ClarityName, key: NodeId, value: NodeId) -> Result<(), Box<Fault>> {
        let key = self.read_type(key).map_err(|_| AnalysisError::BadMapTypeDefinition)?;
        let value = self.read_type(value).map_err(|_| AnalysisError::BadMapTypeDefinition)?;
        let (key_size, value_size) = (u64::from(key.type_size()), u64::from(value.type_size()));
        self.charge(CostFn::AnalysisBindName, key_size + value_size)?;
        self.meter.take(u64::try_from(name.len()).unwrap_or(u64::MAX))?;
        self.meter.take(key_size)?;
        self.meter.take(value_size)?;
        self.claim(name)?;
        self.known.interface.maps.insert(name.clone(), (key, value));
        Ok(())
    }

    fn function(&mut self, access: Define, signature: &[NodeId], body: NodeId) -> Result<(), Box<Fault>> {
        let (name, parameters) = signature.split_first().ok_or(AnalysisError::DefineFunctionBadSignature)?;
        let name = self.tree.atom(*name).ok_or(AnalysisError::DefineFunctionBadSignature)?;
        let parameters = self.parameters(parameters)?;
        let before = self.meter.memory();
        self.in_function = true;
        self.scope.depth = 1;
        let result = self.body(&parameters, body);
        self.in_function = false;
        self.scope = Scope::default();
        self.returned = None;
        self.meter.give(self.meter.memory() - before);
        let function = FunctionType { parameters, result: result? };
        self.bind_name(name, function.size())?;
        self.claim(name)?;
        if access == Define::Public && !matches!(function.result, Type::Response(_)) {
            return Err(AnalysisError::PublicFunctionMustReturnResponse(Shown(function.result)).into());
        }
        let interface = &mut self.known.interface;
        let group = match access {
            Define::Public => &mut interface.public,
            Define::ReadOnly => &mut interface.read_only,
            _ => &mut interface.private,
        };
        group.insert(name.clone(), Arc::new(function));
        Ok(())
    }

    fn parameters(&self, pairs: &[NodeId]) -> Result<Vec<(ClarityName, Type)>, Box<Fault>> {
        if self.rules.counts_parameters && pairs.len() > MAX_PARAMETERS {
            return Err(AnalysisError::TooManyFunctionParameters(pairs.len(), MAX_PARAMETERS).into());
        }
        let mut parameters = Vec::with_capacity(pairs.len());
        for (at, pair) in pairs.iter().enumerate() {
            let (name, of) = binding(self.tree, *pair, BindingForm::Eval, at)?;
            let of = self.read_type(of).map_err(|error| Box::<Fault>::from(error).at(self.tree.span(of)))?;
            parameters.push((name.clone(), of));
        }
        Ok(parameters)
    }

    /// Checks a function's body; what the function gives, by its end and its early exits.
    fn body(&mut self, parameters: &[(ClarityName, Type)], body: NodeId) -> Result<Type, Box<Fault>> {
        for (name, of) in parameters {
            self.claim(name)?;
            let size = u64::try_from(name.len()).unwrap_or(u64::MAX).saturating_add(u64::from(of.type_size()));
            self.meter.take(size)?;
            self.scope.bind(name.clone(), of.clone(), matches!(of, Type::Trait(_)));
        }
        let last = self.visit(body)?;
        let result = match self.returned.take() {
            None => last,
            Some(returned) => join_returns(&returned, &last)?,
        };
        Ok(concrete(result)?)
    }

    /// Refuses a name for a local variable that is taken.
    pub(super) fn claim_local(&self, name: &ClarityName) -> Result<(), AnalysisError> {
        self.refuse_reserved(name)?;
        if self.known.has(name) || self.scope.get(name).is_some() {
            return Err(AnalysisError::NameAlreadyUsed(name.to_string()));
        }
        Ok(())
    }

    /// An early exit of the function: its type must go with those of the others. Outside of functions nothing is joined.
    pub(super) fn early_exit(&mut self, of: &Type) -> Result<(), Box<Fault>> {
        self.charge(CostFn::AnalysisTypeCheck, u64::from(of.type_size()))?;
        if self.in_function {
            self.returned = Some(match self.returned.take() {
                None => of.clone(),
                Some(returned) => join_returns(&returned, of)?,
            });
        }
        Ok(())
    }

    pub(super) fn native(&self, name: &str) -> Option<Native> {
        Native::lookup(name, self.dialect.version)
    }
}

fn join_returns(returned: &Type, of: &Type) -> Result<Type, Box<Fault>> {
    let fault = |_| AnalysisError::ReturnTypesMustMatch(Shown(returned.clone()), Shown(of.clone()));
    Ok(joined(returned, of).map_err(fault)?)
}
