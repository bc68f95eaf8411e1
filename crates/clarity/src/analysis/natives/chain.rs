//! Calls between contracts, events, and facts about blocks.

use super::Checked;
use super::simple::{optional, tuple};
use crate::analysis::checker::Checker;
use crate::analysis::definitions::{at_least, count, first};
use crate::analysis::errors::{AnalysisError, Fault, Shown};
use crate::costs::CostFn;
use crate::keywords::{BlockProperty, BurnProperty};
use crate::names::ClarityName;
use crate::natives::Native;
use crate::principal::{ContractId, TraitId};
use crate::syntax::{Node, NodeId};
use crate::types::Type;

/// The target of a call between contracts.
enum Callee {
    Contract(ContractId),
    Trait(TraitId),
}

impl Checker<'_, '_> {
    pub(super) fn chain(&mut self, native: Native, arguments: &[NodeId]) -> Checked {
        match native {
            Native::Print | Native::AsContract => {
                let [of] = self.visit_exactly(arguments)?;
                Ok(of)
            }
            Native::AtBlock => {
                let [hash, closure] = count(arguments)?;
                if !self.rules.has_at_block {
                    return Err(AnalysisError::AtBlockUnavailable.into());
                }
                self.expect(hash, &Type::Buffer(32))?;
                self.visit(closure)
            }
            Native::ContractOf => {
                let [argument] = count(arguments)?;
                let name = self.tree.atom(argument).ok_or(AnalysisError::ContractOfExpectsTrait)?;
                if self.scope.callable(name).is_none() {
                    return Err(AnalysisError::TraitReferenceUnknown(name.to_string()).into());
                }
                self.charge(CostFn::ContractOf, 1)?;
                Ok(Type::Principal)
            }
            _ => self.contract_call(arguments),
        }
    }

    fn contract_call(&mut self, arguments: &[NodeId]) -> Checked {
        at_least(2, arguments)?;
        let function = self.tree.atom(arguments[1]).ok_or(AnalysisError::ContractCallExpectName)?;
        match self.callee(arguments[0])? {
            Callee::Contract(contract) => self.static_call(&contract, function, &arguments[2..]),
            Callee::Trait(trait_id) => {
                let method = self.method(&trait_id, function)?;
                self.expect_all(&arguments[2..], &method.parameters)?;
                Ok(method.result)
            }
        }
    }

    fn callee(&self, id: NodeId) -> Result<Callee, Box<Fault>> {
        match self.tree.node(id) {
            Node::Literal(value) => match crate::analysis::expression::literal_type(value) {
                Type::Callable(contract) => Ok(Callee::Contract(contract.as_ref().clone())),
                _ => Err(AnalysisError::ContractCallExpectName.into()),
            },
            Node::Atom(name) => {
                if let Some(Type::Trait(trait_id)) = self.scope.callable(name) {
                    return Ok(Callee::Trait(trait_id.as_ref().clone()));
                }
                match self.known.interface.constants.get(name).filter(|_| self.dialect.traits_are_values) {
                    Some(Type::Callable(contract)) => Ok(Callee::Contract(contract.as_ref().clone())),
                    Some(of) => Err(AnalysisError::ExpectedCallableType(Shown(of.clone())).into()),
                    None => Err(AnalysisError::TraitReferenceUnknown(name.to_string()).into()),
                }
            }
            _ => Err(AnalysisError::ContractCallExpectName.into()),
        }
    }

    fn static_call(&mut self, contract: &ContractId, name: &ClarityName, arguments: &[NodeId]) -> Checked {
        let interface = self.contracts.interface(contract);
        let interface = interface.ok_or_else(|| AnalysisError::NoSuchContract(contract.to_string()))?;
        let function = interface.callable(name);
        let function =
            function.ok_or_else(|| AnalysisError::NoSuchPublicFunction(contract.to_string(), name.to_string()))?;
        self.charge(CostFn::AnalysisGetFunctionEntry, function.size())?;
        let types: Vec<_> = function.parameters.iter().map(|(_, of)| of.clone()).collect();
        self.expect_all(arguments, &types)?;
        Ok(function.result.clone())
    }

    pub(super) fn block_property(&mut self, native: Native, arguments: &[NodeId]) -> Checked {
        let [property, height] = if native == Native::GetBlockInfo { first(arguments)? } else { count(arguments)? };
        let of = match self.tree.atom(property) {
            Some(name) => self.property_type(native, name)?,
            None => {
                return Err(match native {
                    Native::GetBlockInfo => AnalysisError::GetBlockInfoExpectPropertyName,
                    Native::GetBurnBlockInfo => AnalysisError::GetBurnBlockInfoExpectPropertyName,
                    Native::GetStacksBlockInfo => AnalysisError::GetStacksBlockInfoExpectPropertyName,
                    _ => AnalysisError::GetTenureInfoExpectPropertyName,
                }
                .into());
            }
        };
        self.expect(height, &Type::UInt)?;
        Ok(optional(of))
    }

    fn property_type(&self, native: Native, name: &ClarityName) -> Result<Type, Box<Fault>> {
        let unknown = |error: fn(String) -> AnalysisError| move || error(name.to_string());
        let property = match native {
            Native::GetBurnBlockInfo => {
                let property = BurnProperty::lookup(name);
                return Ok(match property.ok_or_else(unknown(AnalysisError::NoSuchBlockInfoProperty))? {
                    BurnProperty::HeaderHash => Type::Buffer(32),
                    BurnProperty::PoxAddrs => {
                        let address = tuple([("version", Type::Buffer(1)), ("hashbytes", Type::Buffer(32))]);
                        tuple([("addrs", Type::list(address, 2)?), ("payout", Type::UInt)])
                    }
                });
            }
            Native::GetBlockInfo => BlockProperty::of_block(name, self.dialect.version)
                .ok_or_else(unknown(AnalysisError::NoSuchBlockInfoProperty))?,
            Native::GetStacksBlockInfo => BlockProperty::of_stacks_block(name)
                .ok_or_else(unknown(AnalysisError::NoSuchStacksBlockInfoProperty))?,
            _ => BlockProperty::of_tenure(name).ok_or_else(unknown(AnalysisError::NoSuchTenureInfoProperty))?,
        };
        Ok(match property {
            BlockProperty::MinerAddress => Type::Principal,
            BlockProperty::VrfSeed
            | BlockProperty::HeaderHash
            | BlockProperty::IdHeaderHash
            | BlockProperty::BurnchainHeaderHash => Type::Buffer(32),
            _ => Type::UInt,
        })
    }
}
