//! Which assets left which principal: checked by post-conditions, of transactions and inside contracts.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::principal::Principal;

use crate::value::Value;

/// The asset that left, and how much.
#[derive(Debug, Clone)]
pub enum AssetKey {
    /// Micro-STX that were transferred.
    Stx(u128),
    /// Micro-STX that were destroyed.
    StxBurn(u128),
    /// Fungible tokens, moved or destroyed.
    Token(Arc<str>, u128),
    /// A non-fungible token, moved or destroyed.
    Asset(Arc<str>, Value),
}

/// An asset that left an account or a contract.
#[derive(Debug, Clone)]
pub struct Movement {
    /// The owner before.
    pub owner: Principal,
    /// The asset. STX that were burnt have their own variant.
    pub what: AssetKey,
}

/// Movements, summed up per owner.
#[derive(Debug, Clone, Default)]
pub struct Assets {
    /// Micro-STX that were transferred.
    pub stx: BTreeMap<Principal, u128>,
    /// Micro-STX that were destroyed.
    pub burns: BTreeMap<Principal, u128>,
    /// Sums of fungible tokens, moved or destroyed, by `contract::token`.
    pub tokens: BTreeMap<Principal, BTreeMap<Arc<str>, u128>>,
    /// Non-fungible tokens, in the order in which they left.
    pub assets: BTreeMap<Principal, BTreeMap<Arc<str>, Vec<Value>>>,
}

impl Assets {
    /// The sums of these movements.
    #[must_use]
    pub fn of(movements: &[Movement]) -> Self {
        let mut sums = Self::default();
        for Movement { owner, what } in movements {
            match what {
                AssetKey::Stx(amount) => add(sums.stx.entry(owner.clone()).or_default(), *amount),
                AssetKey::StxBurn(amount) => add(sums.burns.entry(owner.clone()).or_default(), *amount),
                AssetKey::Token(token, amount) => {
                    add(sums.tokens.entry(owner.clone()).or_default().entry(Arc::clone(token)).or_default(), *amount);
                }
                AssetKey::Asset(asset, value) => {
                    sums.assets
                        .entry(owner.clone())
                        .or_default()
                        .entry(Arc::clone(asset))
                        .or_default()
                        .push(value.clone());
                }
            }
        }
        sums
    }
}

/// Saturates: the same tokens may leave an owner again and again, so the sum may exceed the supply.
const fn add(sum: &mut u128, amount: u128) {
    *sum = sum.saturating_add(amount);
}
