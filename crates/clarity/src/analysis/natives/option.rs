//! Optionals and responses.

use super::Checked;
use crate::analysis::checker::Checker;
use crate::analysis::definitions::count;
use crate::analysis::errors::{AnalysisError, Fault, Shown, joined};
use crate::costs::CostFn;
use crate::natives::Native;
use crate::syntax::NodeId;
use crate::types::Type;

impl Checker<'_, '_> {
    pub(super) fn option(&mut self, native: Native, arguments: &[NodeId]) -> Checked {
        match native {
            Native::ConsSome | Native::ConsOkay | Native::ConsError => {
                let [inner] = count(arguments)?;
                self.charge(CostFn::AnalysisOptionCons, 0)?;
                let inner = self.visit(inner)?;
                Ok(match native {
                    Native::ConsSome => Type::optional(inner)?,
                    Native::ConsOkay => Type::response(inner, Type::NoType)?,
                    _ => Type::response(Type::NoType, inner)?,
                })
            }
            Native::DefaultTo => self.default_to(arguments),
            Native::UnwrapRet | Native::UnwrapErrRet => {
                let [input, thrown] = self.visit_exactly(arguments)?;
                self.early_exit(&thrown)?;
                self.unwrapped(&input, native == Native::UnwrapErrRet)
            }
            Native::Unwrap | Native::UnwrapErr => {
                let [input] = self.visit_exactly(arguments)?;
                self.unwrapped(&input, native == Native::UnwrapErr)
            }
            Native::TryRet => {
                let [input] = self.visit_exactly(arguments)?;
                self.tried(&input)
            }
            _ => {
                let [input] = self.visit_exactly(arguments)?;
                self.charge(CostFn::AnalysisOptionCheck, 0)?;
                match (native, &input) {
                    (Native::IsSome | Native::IsNone, Type::Optional(_)) => Ok(Type::Bool),
                    (Native::IsSome | Native::IsNone, _) => {
                        Err(AnalysisError::ExpectedOptionalType(Shown(input)).into())
                    }
                    (_, Type::Response(_)) => Ok(Type::Bool),
                    _ => Err(AnalysisError::ExpectedResponseType(Shown(input)).into()),
                }
            }
        }
    }

    fn default_to(&mut self, arguments: &[NodeId]) -> Checked {
        let [default, input] = self.visit_exactly(arguments)?;
        self.charge_comparison(&default, &input)?;
        let Type::Optional(optional) = &input else {
            return Err(AnalysisError::ExpectedOptionalType(Shown(input)).into());
        };
        let joined = joined(&default, optional.inner());
        Ok(joined.map_err(|_| {
            AnalysisError::DefaultTypesMustMatch(Shown(default.clone()), Shown(optional.inner().clone()))
        })?)
    }

    /// The type inside an optional or a response.
    fn unwrapped(&mut self, input: &Type, is_err: bool) -> Checked {
        self.charge(CostFn::AnalysisOptionCheck, 0)?;
        match (input, is_err) {
            (Type::Response(response), true) => known(response.err(), AnalysisError::CouldNotDetermineResponseErrType),
            (Type::Response(response), false) => known(response.ok(), AnalysisError::CouldNotDetermineResponseOkType),
            (Type::Optional(optional), false) => {
                known(optional.inner(), AnalysisError::CouldNotDetermineResponseOkType)
            }
            (_, true) => Err(AnalysisError::ExpectedResponseType(Shown(input.clone())).into()),
            (_, false) => Err(AnalysisError::ExpectedOptionalOrResponseType(Shown(input.clone())).into()),
        }
    }

    fn tried(&mut self, input: &Type) -> Checked {
        self.charge(CostFn::AnalysisOptionCheck, 0)?;
        match input {
            Type::Optional(optional) => {
                let inner = known(optional.inner(), AnalysisError::CouldNotDetermineResponseOkType)?;
                self.early_exit(&Type::optional(Type::NoType)?)?;
                Ok(inner)
            }
            Type::Response(response) => {
                let ok = known(response.ok(), AnalysisError::CouldNotDetermineResponseOkType)?;
                let err = known(response.err(), AnalysisError::CouldNotDetermineResponseErrType)?;
                self.early_exit(&Type::response(Type::NoType, err)?)?;
                Ok(ok)
            }
            _ => Err(AnalysisError::ExpectedOptionalOrResponseType(Shown(input.clone())).into()),
        }
    }
}

fn known(of: &Type, otherwise: AnalysisError) -> Result<Type, Box<Fault>> {
    if *of == Type::NoType { Err(otherwise.into()) } else { Ok(of.clone()) }
}
