//! Judges what a finished call moved by the transaction's post-conditions (docs/COMPATIBILITY.md#post-conditions).
//!
//! # Invariants
//! - Pure: the same conditions and movements give the same verdict and the same text, whatever the order in which the
//!   VM's maps give the movements.
//!
//! # Not here
//! Undoing the call: `process`. Which condition kinds an epoch knows: `static_check` of the wire types.

use std::collections::{HashMap, HashSet};

use ::clarity::vm::Value;
use ::clarity::vm::contexts::{AssetMap, AssetMapEntry};
use ::clarity::vm::types::{AssetIdentifier, PrincipalData};
use stacks_types::transaction::{NonFungibleCode, PostCondition, PostConditionMode, PostConditionPrincipal};

use super::convert::{self, vm_asset, vm_principal, vm_value};

/// The first promise that was broken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum PostConditionFailure {
    /// A condition does not hold.
    #[error("post-condition {index} does not hold: {principal} moved {moved} of {asset}")]
    Broken {
        /// Place of the condition in the transaction, from 0.
        index: usize,
        /// Whose assets it is about.
        principal: PrincipalData,
        /// Which asset it is about.
        asset: String,
        /// What was moved: an amount, or for a non-fungible token whether it was.
        moved: String,
    },
    /// The mode wants a condition for everything that is moved, and there is none for this.
    #[error("no post-condition covers that {principal} moved {asset}")]
    Uncovered {
        /// Who moved it.
        principal: PrincipalData,
        /// What was moved.
        asset: String,
    },
    /// A condition of a later epoch, which the stateless check lets nobody bring here.
    #[error("post-condition {index} is not of this epoch")]
    Unknown {
        /// Place of the condition in the transaction, from 0.
        index: usize,
    },
}

const STX: &str = "STX";

/// What conditions name, per principal. Non-fungible tokens are covered one by one.
#[derive(Default)]
struct Coverage {
    stx: HashSet<PrincipalData>,
    fungible: HashSet<(PrincipalData, AssetIdentifier)>,
    non_fungible: HashMap<(PrincipalData, AssetIdentifier), Vec<Value>>,
}

/// Checks `assets`, which a finished call by `origin` moved.
///
/// # Errors
/// The first condition that does not hold, else the first movement that the mode does not let pass.
pub(super) fn check_post_conditions(
    conditions: &[PostCondition],
    mode: PostConditionMode,
    origin: &PrincipalData,
    assets: &AssetMap,
) -> Result<(), PostConditionFailure> {
    let mut coverage = Coverage::default();
    for (index, condition) in conditions.iter().enumerate() {
        check_condition(index, condition, origin, assets, &mut coverage)?;
    }
    match mode {
        PostConditionMode::Allow => Ok(()),
        PostConditionMode::Deny => check_coverage(&coverage, assets, |_| true),
        PostConditionMode::Originator => check_coverage(&coverage, assets, |principal| principal == origin),
    }
}

fn check_condition(
    index: usize,
    condition: &PostCondition,
    origin: &PrincipalData,
    assets: &AssetMap,
    coverage: &mut Coverage,
) -> Result<(), PostConditionFailure> {
    let broken = |principal: PrincipalData, asset: String, moved: String| {
        Err(PostConditionFailure::Broken { index, principal, asset, moved })
    };
    match condition {
        PostCondition::Stx { principal, code, amount } => {
            let principal = resolve(principal, origin);
            let sent = assets.get_stx(&principal).unwrap_or(0);
            let moved = sent.saturating_add(assets.get_stx_burned(&principal).unwrap_or(0));
            if !code.holds(moved, u128::from(*amount)) {
                return broken(principal, STX.into(), moved.to_string());
            }
            coverage.stx.insert(principal);
        }
        PostCondition::Fungible { principal, asset, code, amount } => {
            let (principal, asset) = (resolve(principal, origin), vm_asset(asset));
            let moved = assets.get_fungible_tokens(&principal, &asset).unwrap_or(0);
            if !code.holds(moved, u128::from(*amount)) {
                return broken(principal, asset.to_string(), moved.to_string());
            }
            coverage.fungible.insert((principal, asset));
        }
        PostCondition::NonFungible { principal, asset, id, code } => {
            let (principal, asset, id) = (resolve(principal, origin), vm_asset(asset), vm_value(id));
            let moved = assets.get_nonfungible_tokens(&principal, &asset).is_some_and(|ids| ids.contains(&id));
            let holds = match code {
                NonFungibleCode::Sent => moved,
                NonFungibleCode::NotSent => !moved,
                NonFungibleCode::MaybeSent => true,
            };
            if !holds {
                return broken(principal, format!("{asset} {id}"), moved.to_string());
            }
            coverage.non_fungible.entry((principal, asset)).or_default().push(id);
        }
        PostCondition::Staking { .. } | PostCondition::Pox { .. } => {
            return Err(PostConditionFailure::Unknown { index });
        }
    }
    Ok(())
}

fn check_coverage(
    coverage: &Coverage,
    assets: &AssetMap,
    applies: impl Fn(&PrincipalData) -> bool,
) -> Result<(), PostConditionFailure> {
    let table = assets.clone().to_table();
    let uncovered = table.iter().filter(|(principal, _)| applies(principal)).flat_map(|(principal, entries)| {
        entries.iter().filter_map(|(asset, entry)| {
            let asset = coverage.missing(principal, asset, entry)?;
            Some(PostConditionFailure::Uncovered { principal: principal.clone(), asset })
        })
    });
    // The VM's maps have no order, and the text goes into the receipt: the first by text is as good as any.
    uncovered.min_by_key(PostConditionFailure::to_string).map_or(Ok(()), Err)
}

impl Coverage {
    /// The text of what `principal` moved without a condition, if anything.
    fn missing(&self, principal: &PrincipalData, asset: &AssetIdentifier, entry: &AssetMapEntry) -> Option<String> {
        match entry {
            AssetMapEntry::STX(amount) | AssetMapEntry::Burn(amount) => {
                (*amount > 0 && !self.stx.contains(principal)).then(|| STX.to_owned())
            }
            AssetMapEntry::Token(amount) => {
                let covered = self.fungible.contains(&(principal.clone(), asset.clone()));
                (*amount > 0 && !covered).then(|| asset.to_string())
            }
            AssetMapEntry::Asset(ids) => {
                let covered = self.non_fungible.get(&(principal.clone(), asset.clone()));
                let stray = ids.iter().filter(|id| !covered.is_some_and(|covered| covered.contains(id)));
                stray.map(|id| format!("{asset} {id}")).min()
            }
        }
    }
}

fn resolve(principal: &PostConditionPrincipal, origin: &PrincipalData) -> PrincipalData {
    vm_principal(&principal.resolve(&convert::principal(origin)))
}
