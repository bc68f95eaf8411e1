//! Traits: defined here, imported, implemented; and contracts and traits as arguments where a trait is expected.

use std::sync::Arc;

use super::checker::Checker;
use super::errors::{AnalysisError, Fault};
use super::interface::{Interface, Method, Methods};
use crate::costs::{Cost, CostError, CostFn, units};
use crate::names::ClarityName;
use crate::principal::{ContractId, TraitId};
use crate::syntax::{Node, NodeId, Tree};
use crate::types::{Type, TypeFault};

/// The most methods of a trait, and parameters of a method, from 3.3 on.
const MAX_METHODS: usize = 256;
/// How deep types and traits may nest when traits are compared: a trait may refer to traits that refer to traits.
const MAX_CHAIN: usize = 32;

/// The trait that is named in full.
pub(super) fn field(tree: &Tree, id: NodeId) -> Result<&TraitId, AnalysisError> {
    match tree.node(id) {
        Node::Field(trait_id) => Ok(trait_id),
        _ => Err(AnalysisError::ExpectedName),
    }
}

/// Size of a trait, by which it is charged.
pub(super) fn size(methods: &Methods) -> u64 {
    let of = |method: &Method| {
        let parameters: u64 = method.parameters.iter().map(|of| u64::from(of.type_size())).sum();
        parameters + u64::from(method.result.type_size())
    };
    methods.values().map(of).sum()
}

impl Checker<'_, '_> {
    pub(super) fn define_trait(&mut self, name: &ClarityName, methods: NodeId) -> Result<(), Box<Fault>> {
        let methods = Arc::new(self.methods(methods)?);
        self.bind_name(name, size(&methods))?;
        if self.dialect.strict_names {
            self.claim(name)?;
        }
        let trait_id = TraitId { contract: self.contract.clone(), name: name.clone() };
        self.known.last_traits.insert(name.clone(), trait_id.clone());
        self.known.traits.insert(trait_id, Arc::clone(&methods));
        self.known.trait_names.insert(name.clone());
        self.known.interface.traits.insert(name.clone(), methods);
        Ok(())
    }

    fn methods(&self, id: NodeId) -> Result<Methods, Box<Fault>> {
        let items = self.tree.list(id).ok_or(AnalysisError::DefineTraitBadSignature)?;
        if self.rules.counts_parameters && items.len() > MAX_METHODS {
            return Err(AnalysisError::TraitTooManyMethods(items.len(), MAX_METHODS).into());
        }
        let mut methods = Methods::new();
        for item in items {
            let parts = self.tree.list(*item).ok_or(AnalysisError::DefineTraitBadSignature)?;
            let &[name, parameters, result] = parts else { return Err(AnalysisError::InvalidTypeDescription.into()) };
            let name = self.tree.atom(name).ok_or(AnalysisError::DefineTraitBadSignature)?;
            let parameters = self.tree.list(parameters).ok_or(AnalysisError::DefineTraitBadSignature)?;
            if self.rules.counts_parameters && parameters.len() > MAX_METHODS {
                return Err(AnalysisError::TooManyFunctionParameters(parameters.len(), MAX_METHODS).into());
            }
            let parameters = parameters.iter().map(|of| self.read_type(*of)).collect::<Result<Vec<_>, _>>()?;
            let Ok(result @ Type::Response(_)) = self.read_type(result) else {
                return Err(AnalysisError::DefineTraitBadSignature.into());
            };
            // In Clarity 1 the last method of a name counts.
            let before = methods.insert(name.clone(), Method { parameters, result });
            if before.is_some() && self.dialect.traits_are_values {
                return Err(AnalysisError::DefineTraitDuplicateMethod(name.to_string()).into());
            }
        }
        Ok(methods)
    }

    pub(super) fn use_trait(&mut self, alias: &ClarityName, used: NodeId) -> Result<(), Box<Fault>> {
        let trait_id = field(self.tree, used)?;
        let contract = self.contracts.interface(&trait_id.contract);
        let contract = contract.ok_or_else(|| AnalysisError::NoSuchContract(trait_id.contract.to_string()))?;
        let methods = contract.traits.get(&trait_id.name);
        let Some(methods) = methods else {
            self.charge(CostFn::AnalysisUseTraitEntry, 1)?;
            return Err(AnalysisError::TraitReferenceUnknown(alias.to_string()).into());
        };
        let size = size(methods);
        self.charge(CostFn::AnalysisUseTraitEntry, size)?;
        self.bind_name(&trait_id.name, size)?;
        if self.dialect.strict_names {
            self.claim(alias)?;
        }
        // In Clarity 1 the trait's own name is taken, and the alias is free.
        let taken = if self.dialect.traits_are_values { alias } else { &trait_id.name };
        self.known.trait_names.insert(taken.clone());
        self.known.last_traits.insert(trait_id.name.clone(), trait_id.clone());
        self.known.traits.insert(trait_id.clone(), Arc::clone(methods));
        Ok(())
    }

    /// Checks that the contract implements a trait that it declares.
    pub(super) fn check_implementation(&self, trait_id: &TraitId) -> Result<(), Box<Fault>> {
        let contract = self.contracts.interface(&trait_id.contract);
        let methods = contract.as_ref().and_then(|contract| contract.traits.get(&trait_id.name));
        let methods = methods.ok_or_else(|| AnalysisError::TraitReferenceUnknown(trait_id.name.to_string()))?;
        implements(&self.known.interface, trait_id, methods)
    }

    /// The methods of a trait, and whether this contract defines or imports it.
    fn trait_methods(&self, trait_id: &TraitId) -> Result<(Arc<Methods>, bool), AnalysisError> {
        if let Some(methods) = self.known.traits.get(trait_id) {
            return Ok((Arc::clone(methods), true));
        }
        let contract = self.contracts.interface(&trait_id.contract);
        let methods = contract.as_ref().and_then(|contract| contract.traits.get(&trait_id.name));
        let methods = methods.ok_or_else(|| AnalysisError::TraitReferenceUnknown(trait_id.name.to_string()))?;
        Ok((Arc::clone(methods), false))
    }

    /// The methods of a trait that is being compared. Looking up one that the contract defines or imports is free
    /// before 4.0; since then it costs runtime only.
    fn look_up_trait(&mut self, trait_id: &TraitId) -> Result<Arc<Methods>, Box<Fault>> {
        let (methods, is_own) = self.trait_methods(trait_id)?;
        if !is_own {
            self.charge(CostFn::AnalysisUseTraitEntry, size(&methods))?;
        } else if self.rules.own_traits_cost {
            let cost = self.meter.quote(CostFn::AnalysisUseTraitEntry, size(&methods))?;
            self.meter.add(Cost { runtime: cost.runtime, ..Cost::default() })?;
        }
        Ok(methods)
    }

    /// A method of a trait that is called.
    pub(super) fn method(&mut self, trait_id: &TraitId, name: &ClarityName) -> Result<Method, Box<Fault>> {
        self.charge(CostFn::AnalysisLookupFunction, 0)?;
        let last = self.known.last_traits.get(&trait_id.name).filter(|_| !self.dialect.traits_are_values);
        let (methods, _) = self.trait_methods(last.unwrap_or(trait_id))?;
        let method = methods.get(name).cloned();
        let method =
            method.ok_or_else(|| AnalysisError::TraitMethodUnknown(trait_id.name.to_string(), name.to_string()))?;
        let parameters: u64 = method.parameters.iter().map(|of| u64::from(of.type_size())).sum();
        self.charge(CostFn::AnalysisLookupFunctionTypes, parameters + u64::from(method.result.type_size()))?;
        Ok(method)
    }

    /// In Clarity 1: the type of a contract literal where a trait is expected, at no cost. `None` for everything else.
    pub(super) fn expect_trait_as_it_is(&self, id: NodeId, wanted: &TraitId) -> Result<Option<Type>, Box<Fault>> {
        let Node::Literal(value) = self.tree.node(id) else { return Ok(None) };
        let Type::Callable(contract) = super::expression::literal_type(value) else { return Ok(None) };
        let interface = self.contracts.interface(&contract);
        let interface = interface.ok_or_else(|| AnalysisError::NoSuchContract(contract.to_string()))?;
        let (methods, _) = self.trait_methods(wanted)?;
        implements(&interface, wanted, &methods)?;
        Ok(Some(Type::Trait(Arc::new(wanted.clone()))))
    }

    /// From Clarity 2 on: fails unless a type can be cast to the expected one.
    pub(super) fn demand_cast(&mut self, expected: &Type, found: &Type) -> Result<(), Box<Fault>> {
        self.charge_comparison(expected, found)?;
        self.cast(expected, found, 0)
    }

    fn cast(&mut self, expected: &Type, found: &Type, depth: usize) -> Result<(), Box<Fault>> {
        if depth >= MAX_CHAIN {
            return Err(AnalysisError::TraitReferenceChainTooDeep.into());
        }
        let mismatch = || AnalysisError::type_error(expected, found).into();
        let depth = depth + 1;
        match (expected, found) {
            (Type::Optional(a), Type::Optional(b)) if b.inner() != &Type::NoType => {
                self.cast(a.inner(), b.inner(), depth)
            }
            (Type::Response(a), Type::Response(b)) => {
                if b.ok() != &Type::NoType {
                    self.cast(a.ok(), b.ok(), depth)?;
                }
                if b.err() != &Type::NoType {
                    self.cast(a.err(), b.err(), depth)?;
                }
                Ok(())
            }
            (Type::List(a), Type::List(b)) if b.max_len() <= a.max_len() => {
                // `as-max-len?` can give an empty list a length; its entries still have no type.
                if *b.entry() == Type::NoType { Ok(()) } else { self.cast(a.entry(), b.entry(), depth) }
            }
            (Type::Tuple(a), Type::Tuple(b)) if a.fields().len() == b.fields().len() => {
                for ((name, expected), (other, found)) in a.fields().iter().zip(b.fields()) {
                    if name != other {
                        return Err(mismatch());
                    }
                    self.cast(expected, found, depth)?;
                }
                Ok(())
            }
            (Type::Trait(wanted), Type::Callable(contract)) => self.contract_as(contract, wanted),
            (Type::Trait(wanted), Type::Trait(found)) => self.trait_as(found, wanted, depth),
            (Type::Trait(_), Type::Union(members)) => {
                members.iter().try_for_each(|member| self.cast(expected, member, depth))
            }
            _ => match expected.admits(found) {
                Ok(true) => Ok(()),
                Ok(false) => Err(mismatch()),
                Err(TypeFault::Undetermined) => Err(AnalysisError::CouldNotDetermineType.into()),
                Err(fault) => Err(fault.into()),
            },
        }
    }

    /// Fails unless a contract implements a trait.
    fn contract_as(&mut self, contract: &ContractId, wanted: &TraitId) -> Result<(), Box<Fault>> {
        let Some(interface) = self.contracts.interface(contract) else {
            self.charge(CostFn::AnalysisFetchContractEntry, 1)?;
            return Err(AnalysisError::NoSuchContract(contract.to_string()).into());
        };
        let functions = interface.public.len() + interface.read_only.len();
        self.charge(CostFn::AnalysisFetchContractEntry, units(functions))?;
        let methods = self.look_up_trait(wanted)?;
        implements(&interface, wanted, &methods)
    }

    /// Fails unless a trait has all methods of another, with compatible types.
    fn trait_as(&mut self, found: &TraitId, wanted: &TraitId, depth: usize) -> Result<(), Box<Fault>> {
        // Traits that refer to each other twice per level can be compared exponentially often, so the interrupt is
        // asked.
        self.meter.look_now()?;
        let is_known = |at: &usize| depth <= *at;
        if found == wanted || self.compared.get(&(found.clone(), wanted.clone())).is_some_and(is_known) {
            return Ok(());
        }
        let spent = self.meter.spent();
        let wanted_methods = self.look_up_trait(wanted)?;
        let found_methods = self.look_up_trait(found)?;
        let incompatible = || AnalysisError::IncompatibleTrait(wanted.to_string(), found.to_string());
        for (name, method) in wanted_methods.iter() {
            let other = found_methods.get(name).ok_or_else(incompatible)?;
            if other.parameters.len() != method.parameters.len() {
                return Err(incompatible().into());
            }
            for (asked, given) in method.parameters.iter().zip(&other.parameters) {
                self.cast(given, asked, depth).map_err(|fault| self.inside(fault, incompatible()))?;
            }
            self.cast(&method.result, &other.result, depth).map_err(|fault| self.inside(fault, incompatible()))?;
        }
        // Only a comparison without charges is remembered: others must be charged each time.
        if self.meter.spent() == spent {
            self.compared.insert((found.clone(), wanted.clone()), depth);
        }
        Ok(())
    }

    /// The error of a comparison of traits in which the types of a method fail. An interrupt stays as it is: it is no
    /// verdict.
    fn inside(&self, fault: Box<Fault>, otherwise: AnalysisError) -> Box<Fault> {
        match fault.error {
            AnalysisError::TraitReferenceChainTooDeep | AnalysisError::Cost(CostError::Interrupted) => fault,
            AnalysisError::Cost(_) if self.rules.own_traits_cost => fault,
            _ => otherwise.into(),
        }
    }
}

pub(super) fn implements(interface: &Interface, trait_id: &TraitId, methods: &Methods) -> Result<(), Box<Fault>> {
    for (name, method) in methods {
        let fits = interface.callable(name).is_some_and(|function| {
            function.parameters.len() == method.parameters.len()
                && function.parameters.iter().zip(&method.parameters).all(|((_, of), asked)| admits(of, asked))
                && admits(&method.result, &function.result)
        });
        if !fits {
            return Err(AnalysisError::BadTraitImplementation(trait_id.name.to_string(), name.to_string()).into());
        }
    }
    Ok(())
}

fn admits(expected: &Type, found: &Type) -> bool {
    expected.admits(found).unwrap_or(false)
}
