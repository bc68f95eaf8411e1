//! Checks post-conditions against what a finished call moved (docs/COMPATIBILITY.md#post-conditions).
//!
//! # Invariants
//! - Pure: the same conditions and movements give the same verdict and the same text.
//! - Nobody stakes on this chain, so conditions about staking see an amount of 0 and nothing performed.
//!
//! # Not here
//! Undoing the call: `payload`. Which condition kinds an epoch knows: `static_check` of the wire types.

use std::collections::{HashMap, HashSet};

use clarity::principal::Principal;
use clarity::run::Assets;
use clarity::value::Value;
use stacks_types::transaction::{AssetInfo, NonFungibleCode, PostCondition, PostConditionMode, PoxCode};

/// The first post-condition that was broken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum PostConditionFailure {
    /// A condition does not hold.
    #[error("post-condition {index} does not hold: {principal} moved {moved} of {asset}")]
    Broken {
        /// Place of the condition in the transaction, from 0.
        index: usize,
        /// Whose assets it is about.
        principal: String,
        /// Which asset it is about.
        asset: String,
        /// What was moved: an amount, or for a non-fungible token whether it was.
        moved: String,
    },
    /// The mode requires a condition for everything that is moved, and this has none.
    #[error("no post-condition covers that {principal} moved {asset}")]
    Uncovered {
        /// Who moved it.
        principal: String,
        /// What was moved.
        asset: String,
    },
}

const STX: &str = "STX";

/// The assets that conditions name, by principal. Non-fungible tokens are covered one by one.
#[derive(Default)]
struct Coverage {
    stx: HashSet<Principal>,
    fungible: HashSet<(Principal, String)>,
    non_fungible: HashMap<(Principal, String), HashSet<Value>>,
}

/// The non-fungible tokens that were moved, by principal and class: thousands of conditions may each look up one of
/// thousands.
type Moved<'a> = HashMap<(&'a Principal, &'a str), HashSet<&'a Value>>;

/// Checks `assets`, which a finished call by `origin` moved. Reports the first condition that does not hold, else the
/// first movement that the mode forbids.
///
/// # Errors
/// The broken post-condition.
pub(crate) fn check_post_conditions(
    conditions: &[PostCondition],
    mode: PostConditionMode,
    origin: &Principal,
    assets: &Assets,
) -> Result<(), PostConditionFailure> {
    let names_one = conditions.iter().any(|condition| matches!(condition, PostCondition::NonFungible { .. }));
    let moved = if names_one { moved(assets) } else { Moved::new() };
    let mut coverage = Coverage::default();
    for (index, condition) in conditions.iter().enumerate() {
        check_condition(index, condition, origin, (assets, &moved), &mut coverage)?;
    }
    let uncovered = match mode {
        PostConditionMode::Allow => None,
        PostConditionMode::Deny => uncovered(&coverage, assets, |_| true),
        PostConditionMode::Originator => uncovered(&coverage, assets, |principal| principal == origin),
    };
    uncovered.map_or(Ok(()), Err)
}

fn check_condition(
    index: usize,
    condition: &PostCondition,
    origin: &Principal,
    (assets, moved_ids): (&Assets, &Moved<'_>),
    coverage: &mut Coverage,
) -> Result<(), PostConditionFailure> {
    let broken = |principal: &Principal, asset: String, moved: String| {
        Err(PostConditionFailure::Broken { index, principal: principal.to_string(), asset, moved })
    };
    match condition {
        PostCondition::Stx { principal, code, amount } => {
            let principal = principal.resolve(origin);
            let sum = |of: &std::collections::BTreeMap<Principal, u128>| of.get(&principal).copied().unwrap_or(0);
            let moved = sum(&assets.stx).saturating_add(sum(&assets.burns));
            if !code.holds(moved, u128::from(*amount)) {
                return broken(&principal, STX.into(), moved.to_string());
            }
            coverage.stx.insert(principal);
        }
        PostCondition::Fungible { principal, asset, code, amount } => {
            let (principal, asset) = (principal.resolve(origin), identifier(asset));
            let moved = assets.tokens.get(&principal).and_then(|tokens| tokens.get(asset.as_str())).copied();
            let moved = moved.unwrap_or(0);
            if !code.holds(moved, u128::from(*amount)) {
                return broken(&principal, asset, moved.to_string());
            }
            coverage.fungible.insert((principal, asset));
        }
        PostCondition::NonFungible { principal, asset, id, code } => {
            let (principal, asset) = (principal.resolve(origin), identifier(asset));
            let moved = moved_ids.get(&(&principal, asset.as_str())).is_some_and(|ids| ids.contains(id));
            let holds = match code {
                NonFungibleCode::Sent => moved,
                NonFungibleCode::NotSent => !moved,
                NonFungibleCode::MaybeSent => true,
            };
            if !holds {
                return broken(&principal, format!("{asset} {id}"), moved.to_string());
            }
            coverage.non_fungible.entry((principal, asset)).or_default().insert(id.clone());
        }
        PostCondition::Staking { principal, code, amount } => {
            if !code.holds(0, u128::from(*amount)) {
                return broken(&principal.resolve(origin), "staked STX".into(), "0".into());
            }
        }
        PostCondition::Pox { principal, code } => {
            if *code == PoxCode::Performed {
                return broken(&principal.resolve(origin), "PoX state".into(), "nothing".into());
            }
        }
    }
    Ok(())
}

fn moved(assets: &Assets) -> Moved<'_> {
    let classes =
        assets.assets.iter().flat_map(|(principal, classes)| classes.iter().map(move |class| (principal, class)));
    classes.map(|(principal, (class, ids))| ((principal, &**class), ids.iter().collect())).collect()
}

/// The first movement, in alphabetical order, that no condition covers.
fn uncovered(
    coverage: &Coverage,
    assets: &Assets,
    applies: impl Fn(&Principal) -> bool,
) -> Option<PostConditionFailure> {
    let mut found = Vec::new();
    let mut note = |principal: &Principal, asset: String| {
        found.push(PostConditionFailure::Uncovered { principal: principal.to_string(), asset });
    };
    for (principal, amount) in assets.stx.iter().chain(&assets.burns) {
        if *amount > 0 && applies(principal) && !coverage.stx.contains(principal) {
            note(principal, STX.to_owned());
        }
    }
    for (principal, tokens) in assets.tokens.iter().filter(|(principal, _)| applies(principal)) {
        for (token, amount) in tokens {
            if *amount > 0 && !coverage.fungible.contains(&(principal.clone(), token.to_string())) {
                note(principal, token.to_string());
            }
        }
    }
    for (principal, classes) in assets.assets.iter().filter(|(principal, _)| applies(principal)) {
        for (class, ids) in classes {
            let covered = coverage.non_fungible.get(&(principal.clone(), class.to_string()));
            let stray = ids.iter().filter(|id| !covered.is_some_and(|covered| covered.contains(id)));
            stray.for_each(|id| note(principal, format!("{class} {id}")));
        }
    }
    found.into_iter().min_by_key(PostConditionFailure::to_string)
}

/// `contract::asset`
fn identifier(asset: &AssetInfo) -> String {
    format!("{}::{}", asset.contract_id(), asset.asset_name)
}

#[cfg(test)]
mod tests;
