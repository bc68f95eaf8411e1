//! Variables and maps.

use super::Checked;
use crate::analysis::checker::Checker;
use crate::analysis::definitions::{count, first};
use crate::analysis::errors::{AnalysisError, Fault};
use crate::costs::CostFn;
use crate::natives::Native;
use crate::syntax::NodeId;
use crate::types::Type;

impl Checker<'_, '_> {
    pub(super) fn store(&mut self, native: Native, arguments: &[NodeId]) -> Checked {
        match native {
            Native::VarGet => {
                let [name] = count(arguments)?;
                let of = self.stored_variable(name)?;
                self.look_up(&of)?;
                Ok(of)
            }
            Native::VarSet => {
                let [name, value] = first(arguments)?;
                self.tree.atom(name).ok_or(AnalysisError::BadMapName)?;
                let value = self.visit(value)?;
                let of = self.stored_variable(name)?;
                self.look_up(&of)?;
                self.demand_charged(&of, &value)?;
                Ok(Type::Bool)
            }
            Native::MapGet => {
                let [name, key] = count(arguments)?;
                self.tree.atom(name).ok_or(AnalysisError::BadMapName)?;
                let found = self.visit(key)?;
                let (key, value) = self.stored_map(name)?;
                self.look_up(&key)?;
                self.look_up(&value)?;
                self.demand_charged(&key, &found)?;
                Ok(Type::optional(value)?)
            }
            Native::MapDelete => {
                let [name, key] = first(arguments)?;
                self.tree.atom(name).ok_or(AnalysisError::BadMapName)?;
                let found = self.visit(key)?;
                let (key, _) = self.stored_map(name)?;
                self.look_up(&key)?;
                self.demand_charged(&key, &found)?;
                Ok(Type::Bool)
            }
            _ => {
                let [name, key, value] = first(arguments)?;
                self.tree.atom(name).ok_or(AnalysisError::BadMapName)?;
                let found_key = self.visit(key)?;
                let found_value = self.visit(value)?;
                let (key, value) = self.stored_map(name)?;
                self.look_up(&key)?;
                self.look_up(&found_value)?;
                self.charge_comparison(&key, &found_key)?;
                self.charge_comparison(&value, &found_value)?;
                admitted(&key, &found_key)?;
                admitted(&value, &found_value)?;
                Ok(Type::Bool)
            }
        }
    }

    fn look_up(&mut self, of: &Type) -> Result<(), Box<Fault>> {
        self.charge(CostFn::AnalysisTypeLookup, u64::from(of.type_size()))
    }

    fn stored_variable(&self, name: NodeId) -> Result<Type, AnalysisError> {
        let name = self.tree.atom(name).ok_or(AnalysisError::BadMapName)?;
        let of = self.known.interface.variables.get(name).cloned();
        of.ok_or_else(|| AnalysisError::NoSuchDataVariable(name.to_string()))
    }

    fn stored_map(&self, name: NodeId) -> Result<(Type, Type), AnalysisError> {
        let name = self.tree.atom(name).ok_or(AnalysisError::BadMapName)?;
        let types = self.known.interface.maps.get(name).cloned();
        types.ok_or_else(|| AnalysisError::NoSuchMap(name.to_string()))
    }
}

fn admitted(expected: &Type, found: &Type) -> Result<(), AnalysisError> {
    if expected.admits(found)? { Ok(()) } else { Err(AnalysisError::type_error(expected, found)) }
}
