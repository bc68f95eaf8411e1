//! `restrict-assets?` and `as-contract?`: post-conditions inside a contract.
//!
//! The body runs in a level of its own. Every asset that left the owner in it must be within each allowance for it; a
//! non-fungible token must be in one of several. Otherwise the level is rolled back, and the form's error is the
//! position of the first broken allowance, or [`UNCOVERED`].

use std::collections::HashSet;
use std::sync::Arc;

use super::super::assets::Assets;
use super::super::machine::{Frame, Level, Machine, Outcome};
use super::stx::principal;
use crate::costs::{CostError, CostFn, units};
use crate::error::{CheckError, InternalError, RuntimeError, Stop};
use crate::lower::program::{At, Many};
use crate::names::ClarityName;
use crate::natives::{Arity, Native};
use crate::principal::Principal;
use crate::value::Value;

/// An asset left the owner for which there is no allowance.
const UNCOVERED: u128 = 128;
/// Memory of an allowance of micro-STX.
const STX_MEMORY: u64 = 16;
/// Memory of an allowance of tokens, without its names and the identifiers of assets.
const TOKEN_MEMORY: u64 = 96 + 21;

/// What may leave the owner.
enum Allowance {
    Stx(u128),
    Token(TokenName, u128),
    Assets(TokenName, HashSet<Value>),
    /// Stacking; no function here stacks.
    Stacking,
    Everything,
}

/// A token, or all tokens of a contract.
struct TokenName {
    prefix: String,
    /// `None`: all tokens of the contract.
    name: Option<ClarityName>,
}

impl TokenName {
    fn matches(&self, identifier: &str) -> bool {
        identifier
            .strip_prefix(&self.prefix)
            .is_some_and(|rest| self.name.as_ref().is_none_or(|name| name.as_str() == rest))
    }
}

impl Machine<'_> {
    pub(super) fn restrict(
        &mut self,
        frame: &Frame<'_>,
        owner: Option<At>,
        allowances: &[(Native, Many)],
        body: Many,
    ) -> Outcome {
        let own = Self::own_principal(frame);
        let number = units(allowances.len());
        let is_owner = owner.is_some();
        let (owner, inner) = match owner {
            Some(at) => {
                let owner = self.eval_copied(frame, at)?;
                self.meter.charge(CostFn::RestrictAssets, number)?;
                (expect_principal(owner)?, *frame)
            }
            None => {
                self.meter.charge(CostFn::AsContractSafe, number)?;
                (principal(own.clone())?, Frame { sender: &own, caller: &own, ..*frame })
            }
        };
        let mut held = 0;
        let outcome = self.allowances(frame, allowances, &mut held).and_then(|allowed| {
            if !is_owner {
                held += 1;
                self.meter.take(1)?;
            }
            Ok((allowed, self.begin()))
        });
        let (allowed, level) = match outcome {
            Ok(ready) => ready,
            Err(stop) => {
                self.meter.give(held);
                return Err(stop);
            }
        };
        let outcome = self.eval_body(&inner, body);
        self.meter.give(held);
        self.judge(&owner, &allowed, level, outcome)
    }

    /// The form's result once the body has returned or failed. A broken allowance takes precedence over the body's
    /// failure; if none is broken, the failure propagates and the movements are left for an outer form to check.
    fn judge(&mut self, owner: &Principal, allowed: &[Allowance], level: Level, outcome: Outcome) -> Outcome {
        if let Err(stop) = &outcome
            && ends_execution(stop)
        {
            return outcome;
        }
        match self.broken(owner, allowed, level)? {
            Some(index) => {
                self.roll_back(level);
                Value::error(Value::UInt(index)).map_err(Stop::from)
            }
            None => outcome.and_then(|value| Value::okay(value).map_err(Stop::from)),
        }
    }

    /// Evaluates the allowances in order; each holds memory until the form ends.
    fn allowances(
        &mut self,
        frame: &Frame<'_>,
        allowances: &[(Native, Many)],
        held: &mut u64,
    ) -> Result<Vec<Allowance>, Stop> {
        let mut allowed = Vec::with_capacity(allowances.len());
        for (native, arguments) in allowances {
            let (allowance, bytes) = self.allowance(frame, *native, frame.program().many(*arguments))?;
            *held += bytes;
            self.meter.take(bytes).map_err(exceeded)?;
            allowed.push(allowance);
        }
        Ok(allowed)
    }

    fn allowance(&mut self, frame: &Frame<'_>, native: Native, arguments: &[At]) -> Result<(Allowance, u64), Stop> {
        // Snippets and surplus arguments are not checked, so the count may be wrong.
        if let Arity::Exactly(needed) = native.arity()
            && needed != arguments.len()
        {
            return Err(CheckError::IncorrectArgumentCount(needed, arguments.len()).into());
        }
        Ok(match native {
            Native::WithStx => (Allowance::Stx(expect_uint(self.eval(frame, arguments[0])?)?), STX_MEMORY),
            Native::WithFt => {
                let (name, bytes) = self.token_name(frame, arguments)?;
                let amount = expect_uint(self.eval_copied(frame, arguments[2])?)?;
                (Allowance::Token(name, amount), TOKEN_MEMORY + bytes)
            }
            Native::WithNft => {
                let (name, bytes) = self.token_name(frame, arguments)?;
                let identifiers = self.eval_copied(frame, arguments[2])?;
                let Value::List(list) = identifiers else { return Err(InternalError::Expect("Expected list").into()) };
                let sizes: u64 = list.items().iter().map(|value| u64::from(value.size())).sum();
                (Allowance::Assets(name, list.items().iter().cloned().collect()), TOKEN_MEMORY + bytes + sizes)
            }
            Native::WithStacking | Native::WithStaking => {
                expect_uint(self.eval_copied(frame, arguments[0])?)?;
                (Allowance::Stacking, STX_MEMORY)
            }
            Native::WithPox => (Allowance::Stacking, 0),
            _ => (Allowance::Everything, 0),
        })
    }

    /// A contract and the name of one of its tokens, with the bytes of both names.
    fn token_name(&mut self, frame: &Frame<'_>, arguments: &[At]) -> Result<(TokenName, u64), Stop> {
        let contract = self.eval(frame, arguments[0])?;
        let owner = expect_principal(contract.clone())?;
        let Principal::Contract(contract) = owner.as_ref() else {
            return Err(CheckError::ExpectedContractPrincipal(contract).into());
        };
        let name = self.eval(frame, arguments[1])?;
        let Value::Ascii(text) = &name else { return Err(InternalError::Expect("Expected ASCII String.").into()) };
        let text = std::str::from_utf8(text).unwrap_or_default();
        let parsed = if text == "*" {
            None
        } else {
            Some(ClarityName::new(text).ok_or_else(|| RuntimeError::BadTokenName(text.to_owned()))?)
        };
        let bytes = units(contract.name.len() + text.len());
        Ok((TokenName { prefix: format!("{contract}::"), name: parsed }, bytes))
    }

    /// The first allowance broken by what left the owner since the level began.
    ///
    /// Nothing is charged, but the time grows with the number of movements, so the interrupt is asked.
    fn broken(&mut self, owner: &Principal, allowed: &[Allowance], level: Level) -> Result<Option<u128>, Stop> {
        if allowed.iter().any(|allowance| matches!(allowance, Allowance::Everything)) {
            return Ok(None);
        }
        self.meter.look_now()?;
        let moved = Assets::of(&self.movements[level.movements..]);
        let mut worst: Option<u128> = None;
        let mut found = |index: Option<u128>| {
            if let Some(index) = index {
                worst = Some(worst.map_or(index, |worst| worst.min(index)));
            }
        };
        let stx = moved.stx.get(owner).copied().unwrap_or(0);
        let burnt = moved.burns.get(owner).copied().unwrap_or(0);
        found(self.broken_stx(allowed, stx, burnt)?);
        for (token, amount) in moved.tokens.get(owner).into_iter().flatten() {
            found(first_broken(allowed, |allowance| match allowance {
                Allowance::Token(name, most) if name.matches(token) => Some(amount <= most),
                _ => None,
            }));
        }
        for (asset, values) in moved.assets.get(owner).into_iter().flatten() {
            found(broken_assets(allowed, asset, values));
        }
        Ok(worst)
    }

    /// STX moved and STX burnt count together. Before 3.4 each counted alone, and a transaction in which this makes a
    /// difference may not be in a block.
    fn broken_stx(&self, allowed: &[Allowance], stx: u128, burnt: u128) -> Result<Option<u128>, Stop> {
        if stx == 0 && burnt == 0 {
            return Ok(None);
        }
        let broken_by = |left: u128| {
            first_broken(allowed, |allowance| match allowance {
                Allowance::Stx(most) => Some(left <= *most),
                _ => None,
            })
        };
        let together = broken_by(stx.saturating_add(burnt));
        if self.rules.combines_stx_allowances {
            return Ok(together);
        }
        match broken_by(stx.max(burnt)) {
            None if together.is_some() => {
                Err(InternalError::Expect("Total STX movement and burn exceeds allowance").into())
            }
            alone => Ok(alone),
        }
    }
}

/// The allowances of one token count together, and so do those of all tokens of its contract; both groups must hold. A
/// broken group is reported by its first allowance.
fn broken_assets(allowed: &[Allowance], asset: &Arc<str>, values: &[Value]) -> Option<u128> {
    // A token may be moved thousands of times.
    let values: HashSet<&Value> = values.iter().collect();
    let (mut covered, mut worst) = (false, None);
    for of_all in [false, true] {
        let group = allowed.iter().zip(0_u128..).filter_map(|(allowance, index)| match allowance {
            Allowance::Assets(name, identifiers) if name.matches(asset) && name.name.is_none() == of_all => {
                Some((index, identifiers))
            }
            _ => None,
        });
        let group: Vec<_> = group.collect();
        let Some((first, _)) = group.first() else { continue };
        covered = true;
        let holds = |value: &Value| group.iter().any(|(_, identifiers)| identifiers.contains(value));
        if !values.iter().all(|value| holds(value)) {
            worst = Some(worst.map_or(*first, |worst: u128| worst.min(*first)));
        }
    }
    if covered { worst } else { Some(UNCOVERED) }
}

fn expect_principal(value: Value) -> Result<Arc<Principal>, Stop> {
    principal(value).map_err(|_| InternalError::Expect("Expected principal").into())
}

fn expect_uint(value: Value) -> Result<u128, Stop> {
    if let Value::UInt(number) = value { Ok(number) } else { Err(InternalError::Expect("Expected u128").into()) }
}

/// The position of the first broken allowance for an asset (`holds` is `Some(false)`); [`UNCOVERED`] if there is none
/// for it.
fn first_broken(allowed: &[Allowance], holds: impl Fn(&Allowance) -> Option<bool>) -> Option<u128> {
    let mut covered = false;
    for (allowance, index) in allowed.iter().zip(0_u128..) {
        match holds(allowance) {
            Some(true) => covered = true,
            Some(false) => return Some(index),
            None => {}
        }
    }
    (!covered).then_some(UNCOVERED)
}

/// Whether execution must stop: the budget is spent, it was interrupted, or the machine failed.
const fn ends_execution(stop: &Stop) -> bool {
    match stop {
        Stop::Internal(_) => true,
        Stop::Check(error) => matches!(**error, CheckError::Cost(CostError::Balance { .. } | CostError::Interrupted)),
        Stop::Return(..) | Stop::Runtime(_) => false,
    }
}

/// Running out of memory for allowances is not an ordinary failure.
fn exceeded(error: CostError) -> Stop {
    match error {
        CostError::Memory { held, limit } => CheckError::RestrictAssetsMemoryExceeded(held, limit).into(),
        other => other.into(),
    }
}
