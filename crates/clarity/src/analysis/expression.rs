//! Names, literals and applications.

use super::checker::Checker;
use super::definitions::count;
use super::errors::{AnalysisError, Fault};
use super::signature::{Payment, Signature};
use crate::costs::{Cost, CostFn};
use crate::keywords::Keyword;
use crate::names::ClarityName;
use crate::principal::Principal;
use crate::syntax::{Node, NodeId};
use crate::types::Type;
use crate::value::Value;

/// The comparison of arguments one by one as they are visited. The first that does not fit is the error, but all are
/// visited.
#[derive(Default)]
pub(super) struct Trial {
    pub(super) quotes: Vec<Cost>,
    pub(super) misfit: Option<Box<Fault>>,
}

impl Checker<'_, '_> {
    /// The type of an expression.
    pub(super) fn visit(&mut self, id: NodeId) -> Result<Type, Box<Fault>> {
        let result = self.visit_unplaced(id);
        result.map_err(|fault| fault.at(self.tree.span(id)))
    }

    fn visit_unplaced(&mut self, id: NodeId) -> Result<Type, Box<Fault>> {
        self.charge(CostFn::AnalysisVisit, 0)?;
        let of = self.type_of(id)?;
        self.charge(CostFn::AnalysisTypeAnnotate, u64::from(of.type_size()))?;
        Ok(of)
    }

    fn type_of(&mut self, id: NodeId) -> Result<Type, Box<Fault>> {
        match self.tree.node(id) {
            Node::Atom(name) => self.variable(name),
            Node::Literal(value) => Ok(literal_type(value)),
            Node::List(_) => self.application(self.tree.list(id).unwrap_or_default()),
            Node::Field(_) | Node::Trait(_) => Err(AnalysisError::UnexpectedTraitOrFieldReference.into()),
        }
    }

    /// Checks an expression against an expected type. From Clarity 2 on it is not charged as a visit, and it has the
    /// expected type afterwards: contracts become traits.
    pub(super) fn expect(&mut self, id: NodeId, expected: &Type) -> Result<Type, Box<Fault>> {
        if self.dialect.traits_are_values {
            self.expect_cast(id, expected).map_err(|fault| fault.at(self.tree.span(id)))
        } else {
            self.expect_as_it_is(id, expected)
        }
    }

    fn expect_as_it_is(&mut self, id: NodeId, expected: &Type) -> Result<Type, Box<Fault>> {
        if let (Type::Trait(wanted), Node::Literal(_) | Node::Atom(_)) = (expected, self.tree.node(id))
            && let Some(found) = self.expect_trait_as_it_is(id, wanted)?
        {
            return Ok(found);
        }
        let found = self.visit(id)?;
        self.charge_comparison(expected, &found)?;
        if expected.admits(&found)? {
            return Ok(found);
        }
        Err(Box::<Fault>::from(AnalysisError::type_error(expected, &found)).at(self.tree.span(id)))
    }

    fn expect_cast(&mut self, id: NodeId, expected: &Type) -> Result<Type, Box<Fault>> {
        let found = self.type_of(id)?;
        self.demand_cast(expected, &found)?;
        self.charge(CostFn::AnalysisTypeAnnotate, u64::from(expected.type_size()))?;
        Ok(expected.clone())
    }

    fn variable(&mut self, name: &ClarityName) -> Result<Type, Box<Fault>> {
        self.charge(CostFn::AnalysisLookupVariableConst, 0)?;
        if let Some(keyword) = Keyword::lookup(name, self.dialect.version) {
            return keyword_type(keyword);
        }
        if let Some(of) = self.known.interface.constants.get(name) {
            return Ok(of.clone());
        }
        if let Some(of) = self.scope.callable(name) {
            return Ok(of.clone());
        }
        if self.scope.depth > 0 {
            self.charge(CostFn::AnalysisLookupVariableDepth, self.scope.depth)?;
        }
        let bound = self.scope.value(name).cloned();
        Ok(bound.ok_or_else(|| AnalysisError::UndefinedVariable(name.to_string()))?)
    }

    fn application(&mut self, items: &[NodeId]) -> Result<Type, Box<Fault>> {
        let (head, arguments) = items.split_first().ok_or(AnalysisError::NonFunctionApplication)?;
        let name = self.tree.atom(*head).ok_or(AnalysisError::NonFunctionApplication)?;
        if let Some(native) = self.native(name) {
            return self.check_native(native, arguments);
        }
        let function = self.known.function(name).cloned();
        let function = function.ok_or_else(|| AnalysisError::UnknownFunction(name.to_string()))?;
        // A wrong number of arguments fails at the call, not here; surplus ones are not checked.
        for (argument, (_, expected)) in arguments.iter().zip(&function.parameters) {
            self.expect(*argument, expected)?;
        }
        Ok(function.result.clone())
    }

    /// Checks arguments, and their number, against expected types.
    pub(super) fn expect_all(&mut self, arguments: &[NodeId], types: &[Type]) -> Result<(), Box<Fault>> {
        if arguments.len() != types.len() {
            return Err(AnalysisError::IncorrectArgumentCount(types.len(), arguments.len()).into());
        }
        for (argument, expected) in arguments.iter().zip(types) {
            self.expect(*argument, expected)?;
        }
        Ok(())
    }

    /// The types of several expressions, visited from left to right.
    pub(super) fn visit_all(&mut self, ids: &[NodeId]) -> Result<Vec<Type>, Box<Fault>> {
        ids.iter().map(|id| self.visit(*id)).collect()
    }

    /// Visits exactly `N` arguments.
    pub(super) fn visit_exactly<const N: usize>(&mut self, arguments: &[NodeId]) -> Result<[Type; N], Box<Fault>> {
        let ids: [NodeId; N] = count(arguments)?;
        let types = self.visit_all(&ids)?;
        types.try_into().map_err(|_| AnalysisError::IncorrectArgumentCount(N, arguments.len()).into())
    }

    /// Visits the arguments of a function and compares them with its signature. Those of a variadic function are
    /// compared once more while they are visited; that is charged only if one does not fit (see [`Trial`]).
    pub(super) fn apply(&mut self, signature: &Signature, arguments: &[NodeId]) -> Result<Type, Box<Fault>> {
        let types = if Self::is_variadic(signature) {
            self.visit_variadic(signature, arguments)?
        } else {
            self.visit_all(arguments)?
        };
        self.arguments(signature, &types)
    }

    fn visit_variadic(&mut self, signature: &Signature, arguments: &[NodeId]) -> Result<Vec<Type>, Box<Fault>> {
        let mut types: Vec<Type> = Vec::with_capacity(arguments.len());
        let mut trial = Trial::default();
        for argument in arguments {
            types.push(self.visit(*argument)?);
            self.try_argument(signature, &types, &mut trial)?;
        }
        self.end_trial(trial)?;
        Ok(types)
    }

    /// Compares the argument that was visited last, unless an earlier one did not fit. Nothing is charged here.
    pub(super) fn try_argument(
        &mut self,
        signature: &Signature,
        types: &[Type],
        trial: &mut Trial,
    ) -> Result<(), Box<Fault>> {
        let Some((last, before)) = types.split_last() else { return Ok(()) };
        if trial.misfit.is_none() {
            let first = types.first().unwrap_or(last);
            let mut payment = Payment::Quoted(&mut trial.quotes);
            if let Err(fault) = self.argument(signature, first, before.len(), last, &mut payment) {
                match fault.error {
                    AnalysisError::Cost(_) => return Err(fault),
                    _ => trial.misfit = Some(fault),
                }
            }
        }
        Ok(())
    }

    /// Ends comparing one by one. If an argument did not fit, the comparisons up to it are charged, and it is the error.
    pub(super) fn end_trial(&mut self, trial: Trial) -> Result<(), Box<Fault>> {
        let Some(misfit) = trial.misfit else { return Ok(()) };
        self.pay_quotes(trial.quotes)?;
        Err(misfit)
    }

    pub(super) fn pay_quotes(&mut self, quotes: Vec<Cost>) -> Result<(), Box<Fault>> {
        for quote in quotes {
            self.meter.add(quote)?;
        }
        Ok(())
    }
}

/// The type of a literal. A contract literal has a type of its own.
pub(super) fn literal_type(value: &Value) -> Type {
    if let Value::Principal(principal) = value
        && let Principal::Contract(contract) = principal.as_ref()
    {
        return Type::Callable(std::sync::Arc::new(contract.clone()));
    }
    value.type_of()
}

fn keyword_type(keyword: Keyword) -> Result<Type, Box<Fault>> {
    Ok(match keyword {
        Keyword::TxSender | Keyword::ContractCaller | Keyword::CurrentContract => Type::Principal,
        Keyword::BlockHeight
        | Keyword::BurnBlockHeight
        | Keyword::StacksBlockHeight
        | Keyword::TenureHeight
        | Keyword::StacksBlockTime
        | Keyword::StxLiquidSupply
        | Keyword::ChainId => Type::UInt,
        Keyword::None => Type::optional(Type::NoType)?,
        Keyword::True | Keyword::False | Keyword::IsInRegtest | Keyword::IsInMainnet => Type::Bool,
        Keyword::TxSponsor => Type::optional(Type::Principal)?,
    })
}
