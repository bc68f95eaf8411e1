//! `restrict-assets?` and `as-contract?`: what may be moved while a body runs.

use super::Checked;
use crate::analysis::checker::Checker;
use crate::analysis::definitions::{at_least, count};
use crate::analysis::errors::{AnalysisError, Fault};
use crate::costs::CostFn;
use crate::natives::{Kind, Native};
use crate::syntax::NodeId;
use crate::types::Type;

/// The most allowances of a form.
const MAX_ALLOWANCES: usize = 128;
/// The most identifiers of an allowance for non-fungible tokens.
const MAX_IDENTIFIERS: u32 = 128;

impl Checker<'_, '_> {
    pub(super) fn restricted(&mut self, native: Native, arguments: &[NodeId]) -> Checked {
        let is_restriction = native == Native::RestrictAssets;
        let at = usize::from(is_restriction);
        at_least(at + 2, arguments)?;
        let allowances = self.tree.list(arguments[at]);
        let allowances =
            allowances.ok_or_else(|| AnalysisError::ExpectedListOfAllowances(native.name().to_owned(), at + 1))?;
        if allowances.len() > MAX_ALLOWANCES {
            return Err(AnalysisError::TooManyAllowances(MAX_ALLOWANCES, allowances.len()).into());
        }
        let body = &arguments[at + 1..];
        let items = u64::try_from(allowances.len() + body.len()).unwrap_or(u64::MAX);
        self.charge(CostFn::AnalysisListItemsCheck, items)?;
        if is_restriction {
            self.expect(arguments[0], &Type::Principal)?;
        }
        for allowance in allowances {
            let is_unlimited = self.allowance(*allowance)?;
            if is_unlimited && is_restriction {
                return Err(AnalysisError::WithAllAllowanceNotAllowed.into());
            }
            if is_unlimited && allowances.len() > 1 {
                return Err(AnalysisError::WithAllAllowanceNotAlone.into());
            }
        }
        let mut last = Type::NoType;
        for id in body {
            last = self.visit(*id)?;
            if matches!(last, Type::Response(_)) {
                return Err(AnalysisError::UncheckedIntermediaryResponses.into());
            }
        }
        Ok(Type::response(last, Type::UInt)?)
    }

    /// Checks an allowance; returns whether it allows everything.
    fn allowance(&mut self, id: NodeId) -> Result<bool, Box<Fault>> {
        let items = self.tree.list(id).ok_or(AnalysisError::ExpectedListApplication)?;
        let (head, arguments) = items.split_first().ok_or(AnalysisError::ExpectedListApplication)?;
        let name = self.tree.atom(*head).ok_or(AnalysisError::NonFunctionApplication)?;
        let native = self.native(name).filter(|native| native.kind() == Kind::Allowance);
        let native = native.ok_or_else(|| AnalysisError::ExpectedAllowanceExpr(name.to_string()))?;
        match native {
            Native::WithStx | Native::WithStacking | Native::WithStaking => self.expect_one(arguments, &Type::UInt)?,
            Native::WithFt => {
                self.expect_all(arguments, &[Type::Principal, Type::Ascii(128), Type::UInt])?;
            }
            Native::WithNft => self.identifiers(arguments)?,
            _ => {
                count::<0>(arguments)?;
            }
        }
        Ok(native == Native::WithAllAssetsUnsafe)
    }

    fn identifiers(&mut self, arguments: &[NodeId]) -> Result<(), Box<Fault>> {
        let [contract, token, identifiers] = count(arguments)?;
        self.expect(contract, &Type::Principal)?;
        self.expect(token, &Type::Ascii(128))?;
        let Type::List(list) = self.visit(identifiers)? else {
            return Err(AnalysisError::WithNftExpectedListOfIdentifiers.into());
        };
        if list.max_len() > MAX_IDENTIFIERS {
            let found = usize::try_from(list.max_len()).unwrap_or(usize::MAX);
            return Err(AnalysisError::MaxIdentifierLengthExceeded(128, found).into());
        }
        Ok(())
    }
}
