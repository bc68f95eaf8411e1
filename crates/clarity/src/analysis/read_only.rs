//! Finds expressions that write: `define-read-only` functions and `at-block` must not.
//!
//! Nothing is charged here. Most errors name the parts of the outermost expression that contains the fault.

use hashbrown::HashMap;

use super::Contracts;
use super::definitions::{Definition, at_least, count, definition};
use super::errors::{AnalysisError, BindingFault, BindingForm, Fault};
use crate::dialect::Dialect;
use crate::keywords::Define;
use crate::names::ClarityName;
use crate::natives::{Kind, Native};
use crate::principal::Principal;
use crate::syntax::{Node, NodeId, Tree};
use crate::value::Value;

type Verdict = Result<bool, Box<Fault>>;

struct Checker<'a> {
    tree: &'a Tree,
    dialect: &'a Dialect,
    contracts: &'a dyn Contracts,
    functions: HashMap<&'a ClarityName, bool>,
}

/// Checks a whole contract.
pub(super) fn check(tree: &Tree, dialect: &Dialect, contracts: &dyn Contracts) -> Result<(), Box<Fault>> {
    let mut checker = Checker { tree, dialect, contracts, functions: HashMap::new() };
    for id in tree.top() {
        checker.top_level(*id).map_err(|fault| fault.at(tree.span(*id)))?;
    }
    Ok(())
}

impl<'a> Checker<'a> {
    fn top_level(&mut self, id: NodeId) -> Result<(), Box<Fault>> {
        match definition(self.tree, id)? {
            Some(Definition::Function { access, signature, body }) => {
                let name = signature.first().ok_or(AnalysisError::DefineFunctionBadSignature)?;
                let name = self.tree.atom(*name).ok_or(AnalysisError::BadFunctionName)?;
                let is_read_only = self.expression(body)?;
                if access == Define::ReadOnly && !is_read_only {
                    return Err(AnalysisError::WriteAttemptedInReadOnly.into());
                }
                self.functions.insert(name, is_read_only);
            }
            Some(Definition::Constant { value, .. } | Definition::Variable { value, .. }) => {
                self.expression(value)?;
            }
            Some(Definition::Token { supply: Some(supply), .. }) => {
                self.expression(supply)?;
            }
            Some(_) => {}
            None => {
                self.expression(id)?;
            }
        }
        Ok(())
    }

    fn expression(&self, id: NodeId) -> Verdict {
        match self.tree.node(id) {
            Node::List(_) => self.application(self.tree.list(id).unwrap_or_default()),
            _ => Ok(true),
        }
    }

    /// Whether none of these writes. All are checked, even after one that writes.
    fn all(&self, ids: &[NodeId]) -> Verdict {
        ids.iter().try_fold(true, |so_far, id| Ok(self.expression(*id)? && so_far))
    }

    /// The same for bindings, pair by pair. Stops at the first value that writes; whether the other half is a name is
    /// not checked here.
    fn all_bound(&self, pairs: &[NodeId], form: BindingForm) -> Verdict {
        for (at, pair) in pairs.iter().enumerate() {
            let fault = AnalysisError::BadSyntaxBinding;
            let parts = self.tree.list(*pair).ok_or_else(|| fault(BindingFault::NotList(form, at)))?;
            let &[_, value] = parts else { return Err(fault(BindingFault::InvalidLength(form, at)).into()) };
            if !self.expression(value)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn application(&self, items: &[NodeId]) -> Verdict {
        let (head, arguments) = items.split_first().ok_or(AnalysisError::NonFunctionApplication)?;
        let name = self.tree.atom(*head).ok_or(AnalysisError::NonFunctionApplication)?;
        let native = Native::lookup(name, self.dialect.version);
        let verdict = match native {
            Some(native) => self.native(native, arguments),
            None => {
                let is_read_only = self.function(name)?;
                self.all(arguments).map(|arguments| arguments && is_read_only)
            }
        };
        verdict.map_err(|mut fault| {
            fault.spans = items.iter().map(|item| self.tree.span(*item)).collect();
            fault
        })
    }

    fn function(&self, name: &ClarityName) -> Verdict {
        let known = self.functions.get(name).copied();
        known.ok_or_else(|| AnalysisError::UnknownFunction(name.to_string()).into())
    }

    /// A function applied to elements. A native one is checked as if it were applied to the sequences.
    fn applied(&self, arguments: &[NodeId]) -> Verdict {
        let (function, rest) = arguments.split_first().ok_or(AnalysisError::NonFunctionApplication)?;
        let name = self.tree.atom(*function).ok_or(AnalysisError::NonFunctionApplication)?;
        match Native::lookup(name, self.dialect.version) {
            Some(native) => self.native(native, rest),
            None => Ok(self.function(name)? & self.all(rest)?),
        }
    }

    fn native(&self, native: Native, arguments: &[NodeId]) -> Verdict {
        match native {
            Native::Let => self.let_form(arguments),
            Native::Map => {
                at_least(2, arguments)?;
                self.applied(arguments)
            }
            Native::Filter => {
                count::<2>(arguments)?;
                self.applied(arguments)
            }
            Native::Fold => {
                count::<3>(arguments)?;
                self.applied(arguments)
            }
            Native::MapGet => {
                count::<2>(arguments)?;
                self.all(arguments)
            }
            Native::TupleCons => self.all_bound(arguments, BindingForm::TupleCons),
            Native::FromConsensusBuff => {
                let [_, bytes] = count(arguments)?;
                self.expression(bytes)
            }
            Native::AtBlock => self.at_block(arguments),
            Native::ContractCall => self.contract_call(arguments),
            Native::RestrictAssets => {
                at_least(3, arguments)?;
                self.restricted("restrict-assets?", arguments, 1)
            }
            Native::AsContractSafe => {
                at_least(2, arguments)?;
                self.restricted("as-contract?", arguments, 0)
            }
            _ if native.kind() == Kind::Allowance => self.all(arguments),
            _ => Ok(self.all(arguments)? && !writes(native)),
        }
    }

    fn let_form(&self, arguments: &[NodeId]) -> Verdict {
        at_least(2, arguments)?;
        let pairs = self.tree.list(arguments[0]).ok_or(AnalysisError::BadLetSyntax)?;
        Ok(self.all_bound(pairs, BindingForm::Let)? && self.all(&arguments[1..])?)
    }

    fn at_block(&self, arguments: &[NodeId]) -> Verdict {
        let [hash, closure] = count(arguments)?;
        let is_read_only = self.expression(hash)?;
        if !self.expression(closure)? {
            return Err(AnalysisError::AtBlockClosureMustBeReadOnly.into());
        }
        Ok(is_read_only)
    }

    fn contract_call(&self, arguments: &[NodeId]) -> Verdict {
        at_least(2, arguments)?;
        let function = self.tree.atom(arguments[1]).ok_or(AnalysisError::ContractCallExpectName)?;
        let is_read_only = match self.tree.node(arguments[0]) {
            Node::Literal(Value::Principal(principal)) => {
                let Principal::Contract(contract) = principal.as_ref() else {
                    return Err(AnalysisError::ContractCallExpectName.into());
                };
                let callee = self.contracts.interface(contract);
                let callee = callee.ok_or_else(|| AnalysisError::NoSuchContract(contract.to_string()))?;
                callee.read_only.contains_key(function)
            }
            Node::Atom(_) => false,
            _ => return Err(AnalysisError::ContractCallExpectName.into()),
        };
        Ok(self.all(&arguments[2..])? && is_read_only)
    }

    /// `restrict-assets?` and `as-contract?`: allowances, then a body.
    fn restricted(&self, name: &str, arguments: &[NodeId], at: usize) -> Verdict {
        let owner = self.all(&arguments[..at])?;
        let allowances = self.tree.list(arguments[at]);
        let allowances = allowances.ok_or_else(|| AnalysisError::ExpectedListOfAllowances(name.to_owned(), at + 1))?;
        let allowances = self.all(allowances)?;
        Ok(self.all(&arguments[at + 1..])? && allowances && owner)
    }
}

const fn writes(native: Native) -> bool {
    matches!(
        native,
        Native::VarSet
            | Native::MapSet
            | Native::MapInsert
            | Native::MapDelete
            | Native::FtTransfer
            | Native::FtMint
            | Native::FtBurn
            | Native::NftTransfer
            | Native::NftMint
            | Native::NftBurn
            | Native::StxTransfer
            | Native::StxTransferMemo
            | Native::StxBurn
    )
}
