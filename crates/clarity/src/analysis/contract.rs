//! Checks a contract's definitions in the order of evaluation.

use std::sync::Arc;

use super::checker::{Checker, join_returns};
use super::context::Scope;
use super::definitions::{Definition, binding, definition, parts};
use super::errors::{AnalysisError, BindingForm, Fault, Shown, concrete};
use super::interface::{FunctionType, Interface};
use super::traits;
use crate::costs::{CostFn, units};
use crate::keywords::Define;
use crate::names::ClarityName;
use crate::syntax::NodeId;
use crate::types::Type;

/// The most parameters of a function, from 3.3 on.
const MAX_PARAMETERS: usize = 256;

impl Checker<'_, '_> {
    pub(super) fn check(mut self) -> Result<Interface, Box<Fault>> {
        self.charge(CostFn::AnalysisStorage, units(self.tree.len()))?;
        for id in self.tree.top() {
            self.top_level(*id).map_err(|fault| fault.at(self.tree.span(*id)))?;
        }
        for trait_id in std::mem::take(&mut self.implemented) {
            if self.known.interface.implemented.contains(&trait_id) {
                continue;
            }
            // A check is free of charge, and as long as the trait.
            self.meter.look_now()?;
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
                self.meter.take(units(trait_id.name.len()))?;
                self.implemented.push(trait_id.clone());
            }
        }
        Ok(())
    }

    fn map(&mut self, name: &ClarityName, key: NodeId, value: NodeId) -> Result<(), Box<Fault>> {
        let key = self.read_type(key).map_err(|_| AnalysisError::BadMapTypeDefinition)?;
        let value = self.read_type(value).map_err(|_| AnalysisError::BadMapTypeDefinition)?;
        let (key_size, value_size) = (u64::from(key.type_size()), u64::from(value.type_size()));
        self.charge(CostFn::AnalysisBindName, key_size + value_size)?;
        self.meter.take(units(name.len()))?;
        self.meter.take(key_size)?;
        self.meter.take(value_size)?;
        self.claim(name)?;
        self.known.interface.maps.insert(name.clone(), (key, value));
        Ok(())
    }

    fn function(&mut self, access: Define, signature: &[NodeId], body: NodeId) -> Result<(), Box<Fault>> {
        let (name, parameters) = signature.split_first().ok_or(AnalysisError::DefineFunctionBadSignature)?;
        let name = self.tree.atom(*name).ok_or(AnalysisError::BadFunctionName)?;
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
        if access == Define::Public && !matches!(function.result, Type::Response(_)) {
            return Err(AnalysisError::PublicFunctionMustReturnResponse(Shown(function.result)).into());
        }
        self.claim(name)?;
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
        for (at, pair) in pairs.iter().enumerate() {
            parts(self.tree, *pair, BindingForm::Eval, at)?;
        }
        let mut parameters = Vec::with_capacity(pairs.len());
        for (at, pair) in pairs.iter().enumerate() {
            let (name, of) = binding(self.tree, *pair, BindingForm::Eval, at)?;
            let of = self.read_type(of).map_err(|error| Box::<Fault>::from(error).at(self.tree.span(of)))?;
            parameters.push((name.clone(), of));
        }
        Ok(parameters)
    }

    /// Checks a function's body; returns the common type of its end and its early exits.
    fn body(&mut self, parameters: &[(ClarityName, Type)], body: NodeId) -> Result<Type, Box<Fault>> {
        for (name, of) in parameters {
            self.claim(name)?;
            let size = units(name.len()).saturating_add(u64::from(of.type_size()));
            self.meter.take(size)?;
            self.scope.bind(name.clone(), of.clone(), matches!(of, Type::Trait(_)));
        }
        let last = self.visit(body)?;
        let result = match self.returned.take() {
            None => last,
            Some(returned) => join_returns(returned, &last)?,
        };
        Ok(concrete(result)?)
    }
}
