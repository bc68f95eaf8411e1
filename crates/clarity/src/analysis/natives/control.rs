//! `begin`, `let`, `if`, `match`, `asserts!`, `is-eq`.

use super::Checked;
use crate::analysis::checker::Checker;
use crate::analysis::definitions::{at_least, binding, count};
use crate::analysis::errors::{AnalysisError, BindingForm, Fault, Shown, concrete, joined};
use crate::analysis::expression::Trial;
use crate::costs::{CostFn, units};
use crate::names::ClarityName;
use crate::natives::Native;
use crate::syntax::NodeId;
use crate::types::Type;

impl Checker<'_, '_> {
    pub(super) fn control(&mut self, native: Native, arguments: &[NodeId]) -> Checked {
        match native {
            Native::If => self.if_form(arguments),
            Native::Let => self.let_form(arguments),
            Native::Asserts => {
                let [condition, thrown] = count(arguments)?;
                self.expect(condition, &Type::Bool)?;
                let thrown = self.visit(thrown)?;
                self.early_exit(&thrown)?;
                Ok(Type::Bool)
            }
            Native::Match => self.match_form(arguments),
            Native::Equals => self.is_equal(arguments),
            _ => {
                at_least(1, arguments)?;
                self.body_of(arguments)
            }
        }
    }

    /// Expressions one after the other; only the last one's value is used. A response before it must not be ignored.
    pub(super) fn body_of(&mut self, ids: &[NodeId]) -> Checked {
        let mut types = self.visit_all(ids)?;
        let last = types.pop().unwrap_or(Type::NoType);
        if types.iter().any(|of| matches!(of, Type::Response(_))) {
            return Err(AnalysisError::UncheckedIntermediaryResponses.into());
        }
        Ok(last)
    }

    fn if_form(&mut self, arguments: &[NodeId]) -> Checked {
        let [condition, then, otherwise] = count(arguments)?;
        self.expect(condition, &Type::Bool)?;
        let then = self.visit(then)?;
        let otherwise = self.visit(otherwise)?;
        let mismatch = || AnalysisError::IfArmsMustMatch(Shown(then.clone()), Shown(otherwise.clone()));
        let both = self.join_arms(&then, &otherwise, AnalysisError::IfArmsMustMatch)?;
        Ok(concrete(both).map_err(|_| mismatch())?)
    }

    fn join_arms(&mut self, a: &Type, b: &Type, mismatch: fn(Shown, Shown) -> AnalysisError) -> Checked {
        self.charge_comparison(a, b)?;
        Ok(joined(a, b).map_err(|_| mismatch(Shown(a.clone()), Shown(b.clone())))?)
    }

    fn let_form(&mut self, arguments: &[NodeId]) -> Checked {
        at_least(2, arguments)?;
        let pairs = self.tree.list(arguments[0]).ok_or(AnalysisError::BadLetSyntax)?;
        self.charge(CostFn::AnalysisCheckLet, units(arguments.len()))?;
        self.in_block(|checker| {
            for (at, pair) in pairs.iter().enumerate() {
                let (name, value) = binding(checker.tree, *pair, BindingForm::Let, at)?;
                checker.claim_local(name)?;
                let of = checker.visit(value)?;
                checker.charge(CostFn::AnalysisBindName, u64::from(of.type_size()))?;
                checker.bind_local(name, of)?;
            }
            checker.body_of(&arguments[1..])
        })
    }

    /// Runs a check in a block of its own: its bindings and memory are released afterwards.
    fn in_block(&mut self, check: impl FnOnce(&mut Self) -> Checked) -> Checked {
        let (bound, held) = (self.scope.len(), self.meter.memory());
        self.scope.depth += 1;
        let result = check(self);
        self.scope.depth -= 1;
        self.scope.forget(bound);
        if result.is_ok() {
            self.meter.give(self.meter.memory() - held);
        }
        result
    }

    fn bind_local(&mut self, name: &ClarityName, of: Type) -> Result<(), Box<Fault>> {
        self.meter.take(units(name.len()) + u64::from(of.type_size()))?;
        let is_callable = self.dialect.traits_are_values && matches!(of, Type::Trait(_));
        self.scope.bind(name.clone(), of, is_callable);
        Ok(())
    }

    fn match_form(&mut self, arguments: &[NodeId]) -> Checked {
        at_least(1, arguments)?;
        let input = self.visit(arguments[0])?;
        match &input {
            Type::Optional(optional) => {
                let syntax = |error| AnalysisError::BadMatchOptionSyntax(Box::new(error));
                let [_, name, some, none] = count(arguments).map_err(syntax)?;
                let name = self.tree.atom(name).ok_or_else(|| syntax(AnalysisError::ExpectedName))?;
                let inner = optional.inner();
                if *inner == Type::NoType {
                    return Err(AnalysisError::CouldNotDetermineMatchTypes.into());
                }
                let some = self.arm(name, inner, some)?;
                let none = self.visit(none)?;
                self.join_arms(&some, &none, AnalysisError::MatchArmsMustMatch)
            }
            Type::Response(response) => {
                let syntax = |error| AnalysisError::BadMatchResponseSyntax(Box::new(error));
                let [_, ok_name, ok, err_name, err] = count(arguments).map_err(syntax)?;
                let ok_name = self.tree.atom(ok_name).ok_or_else(|| syntax(AnalysisError::ExpectedName))?;
                let err_name = self.tree.atom(err_name).ok_or_else(|| syntax(AnalysisError::ExpectedName))?;
                if *response.ok() == Type::NoType || *response.err() == Type::NoType {
                    return Err(AnalysisError::CouldNotDetermineMatchTypes.into());
                }
                let ok = self.arm(ok_name, response.ok(), ok)?;
                let err = self.arm(err_name, response.err(), err)?;
                self.join_arms(&ok, &err, AnalysisError::MatchArmsMustMatch)
            }
            _ => Err(AnalysisError::BadMatchInput(Shown(input)).into()),
        }
    }

    fn arm(&mut self, name: &ClarityName, of: &Type, branch: NodeId) -> Checked {
        self.in_block(|checker| {
            checker.charge(CostFn::AnalysisBindName, u64::from(of.type_size()))?;
            checker.claim_local(name)?;
            checker.bind_local(name, of.clone())?;
            checker.visit(branch)
        })
    }

    /// All arguments must have a common type. Comparisons are charged at the end; after one that does not fit, the
    /// others are visited, but not compared.
    fn is_equal(&mut self, arguments: &[NodeId]) -> Checked {
        at_least(1, arguments)?;
        let mut trial = Trial::default();
        let mut so_far: Option<Type> = None;
        for argument in arguments {
            let of = self.visit(*argument)?;
            if trial.misfit.is_some() {
                continue;
            }
            let size = u64::from(so_far.as_ref().map_or(0, Type::type_size).max(of.type_size()));
            trial.quotes.push(self.meter.quote(CostFn::AnalysisTypeCheck, size)?);
            match &mut so_far {
                None => so_far = Some(of),
                Some(before) => {
                    if !before.absorb(&of) {
                        match joined(&of, before) {
                            Ok(both) => *before = both,
                            Err(error) => trial.misfit = Some(error.into()),
                        }
                    }
                }
            }
        }
        self.pay_quotes(trial.quotes)?;
        trial.misfit.map_or(Ok(Type::Bool), Err)
    }
}
