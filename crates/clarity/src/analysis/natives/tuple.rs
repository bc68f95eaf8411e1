//! `tuple`, `get`, `merge`.

use std::sync::Arc;

use super::Checked;
use crate::analysis::checker::Checker;
use crate::analysis::definitions::{at_least, binding, count};
use crate::analysis::errors::{AnalysisError, BindingForm, Fault, Shown, ShownTuple};
use crate::costs::{CostFn, units};
use crate::names::ClarityName;
use crate::natives::Native;
use crate::syntax::NodeId;
use crate::types::{TupleType, Type};

impl Checker<'_, '_> {
    pub(super) fn tuple(&mut self, native: Native, arguments: &[NodeId]) -> Checked {
        match native {
            Native::TupleCons => self.tuple_cons(arguments),
            Native::TupleGet => {
                let [name, tuple] = count(arguments)?;
                let name = self.tree.atom(name).ok_or(AnalysisError::BadTupleFieldName)?;
                match self.visit(tuple)? {
                    Type::Tuple(tuple) => self.field(name, &tuple),
                    Type::Optional(optional) => match optional.inner() {
                        Type::Tuple(tuple) => Ok(Type::optional(self.field(name, tuple)?)?),
                        other => Err(AnalysisError::ExpectedTuple(Shown(other.clone())).into()),
                    },
                    other => Err(AnalysisError::ExpectedTuple(Shown(other)).into()),
                }
            }
            _ => self.merge(arguments),
        }
    }

    fn tuple_cons(&mut self, arguments: &[NodeId]) -> Checked {
        at_least(1, arguments)?;
        self.charge(CostFn::AnalysisCheckTupleCons, units(arguments.len()))?;
        let mut fields = Vec::with_capacity(arguments.len());
        for (at, pair) in arguments.iter().enumerate() {
            let (name, value) = binding(self.tree, *pair, BindingForm::TupleCons, at)?;
            let of = self.visit(value)?;
            self.charge(CostFn::AnalysisTupleItemsCheck, u64::from(of.type_size()))?;
            fields.push((name.clone(), of));
        }
        Ok(Type::tuple(fields)
            .map_err(|fault| AnalysisError::BadTupleConstruction(AnalysisError::from(fault).to_string()))?)
    }

    fn field(&mut self, name: &ClarityName, tuple: &Arc<TupleType>) -> Result<Type, Box<Fault>> {
        self.charge(CostFn::AnalysisCheckTupleGet, units(tuple.fields().len()))?;
        let field = tuple.field(name).cloned();
        Ok(field.ok_or_else(|| AnalysisError::NoSuchTupleField(name.to_string(), ShownTuple(Arc::clone(tuple))))?)
    }

    fn visited_tuple(&mut self, id: NodeId) -> Result<Arc<TupleType>, Box<Fault>> {
        match self.visit(id)? {
            Type::Tuple(tuple) => Ok(tuple),
            other => Err(AnalysisError::ExpectedTuple(Shown(other)).into()),
        }
    }

    fn merge(&mut self, arguments: &[NodeId]) -> Checked {
        let [base, update] = count(arguments)?;
        let base = self.visited_tuple(base)?;
        let update = self.visited_tuple(update)?;
        self.charge(CostFn::AnalysisCheckTupleMerge, units(update.fields().len()))?;
        let kept = base.fields().iter().filter(|(name, _)| update.field(name).is_none());
        let fields = kept.chain(update.fields()).cloned().collect();
        let merged = if self.rules.merge_checks_size {
            TupleType::new(fields)?
        } else {
            // A tuple that is too large fails where it is used.
            TupleType::of_any_size(fields)?
        };
        Ok(Type::Tuple(Arc::new(merged)))
    }
}
