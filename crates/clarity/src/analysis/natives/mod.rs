//! The native functions: what they take and return, and what checking them costs; one file per group.

mod allowance;
mod chain;
mod control;
mod convert;
mod option;
mod sequence;
mod simple;
mod store;
mod token;
mod tuple;

use super::checker::Checker;
use super::errors::{AnalysisError, Fault};
use crate::natives::{Kind, Native};
use crate::syntax::NodeId;
use crate::types::Type;

pub(super) use simple::signature;

type Checked = Result<Type, Box<Fault>>;

impl Checker<'_, '_> {
    /// The type of an application of a native function.
    pub(super) fn check_native(&mut self, native: Native, arguments: &[NodeId]) -> Checked {
        if let Some(signature) = signature(native) {
            return self.apply(&signature, arguments);
        }
        match native {
            Native::If | Native::Let | Native::Begin | Native::Asserts | Native::Match | Native::Equals => {
                self.control(native, arguments)
            }
            Native::Print | Native::AsContract | Native::AtBlock | Native::ContractCall | Native::ContractOf => {
                self.chain(native, arguments)
            }
            Native::GetBlockInfo | Native::GetBurnBlockInfo | Native::GetStacksBlockInfo | Native::GetTenureInfo => {
                self.block_property(native, arguments)
            }
            Native::ConsSome
            | Native::ConsOkay
            | Native::ConsError
            | Native::DefaultTo
            | Native::UnwrapRet
            | Native::UnwrapErrRet
            | Native::Unwrap
            | Native::UnwrapErr
            | Native::TryRet
            | Native::IsOk
            | Native::IsErr
            | Native::IsSome
            | Native::IsNone => self.option(native, arguments),
            Native::VarGet
            | Native::VarSet
            | Native::MapGet
            | Native::MapSet
            | Native::MapInsert
            | Native::MapDelete => self.store(native, arguments),
            Native::TupleCons | Native::TupleGet | Native::TupleMerge => self.tuple(native, arguments),
            Native::RestrictAssets | Native::AsContractSafe => self.restricted(native, arguments),
            Native::ToConsensusBuff | Native::FromConsensusBuff | Native::ToAscii => self.convert(native, arguments),
            _ if native.kind() == Kind::Allowance => Err(AnalysisError::AllowanceExprNotAllowed.into()),
            _ => match self.token(native, arguments)? {
                Some(of) => Ok(of),
                None => self.sequence(native, arguments),
            },
        }
    }
}
