//! Expressions that move, mint and burn tokens, and that change variables and maps.

use super::Writer;
use crate::programs::types::Type;

impl Writer<'_> {
    /// Transfers, mints and burns.
    pub(super) fn moved(&mut self, depth: usize) -> Option<String> {
        let (amount, from) = (self.expression(&Type::UInt, depth), self.expression(&Type::Principal, depth.min(1)));
        let to = self.expression(&Type::Principal, depth.min(1));
        let kind = self.rng.below(8);
        if kind < 3 {
            return Some(match kind {
                0 => format!("(stx-burn? {amount} {from})"),
                1 if self.since(2) => {
                    format!("(stx-transfer-memo? {amount} {from} {to} {})", self.expression(&Type::Buffer(34), 0))
                }
                _ => format!("(stx-transfer? {amount} {from} {to})"),
            });
        }
        if kind < 6 {
            let token = self.some_of(&self.scope.fungible.clone())?;
            return Some(match kind {
                3 => format!("(ft-mint? {token} {amount} {to})"),
                4 => format!("(ft-burn? {token} {amount} {from})"),
                _ => format!("(ft-transfer? {token} {amount} {from} {to})"),
            });
        }
        let (token, kind_of_id) = self.some_of(&self.scope.non_fungible.clone())?;
        let id = self.expression(&kind_of_id, depth.min(1));
        Some(match self.rng.below(3) {
            0 => format!("(nft-mint? {token} {id} {to})"),
            1 => format!("(nft-burn? {token} {id} {from})"),
            _ => format!("(nft-transfer? {token} {id} {from} {to})"),
        })
    }

    /// Changes of variables and maps, which return a boolean.
    pub(super) fn written(&mut self, depth: usize) -> Option<String> {
        if !self.scope.may_write {
            return None;
        }
        if self.rng.one_in(2) {
            let (name, kind) = self.some_of(&self.scope.variables.clone())?;
            return Some(format!("(var-set {name} {})", self.expression(&kind, depth)));
        }
        let (name, key, value) = self.some_of(&self.scope.maps.clone())?;
        let key = self.expression(&key, depth);
        Some(match self.rng.below(3) {
            0 => format!("(map-delete {name} {key})"),
            1 => format!("(map-insert {name} {key} {})", self.expression(&value, depth)),
            _ => format!("(map-set {name} {key} {})", self.expression(&value, depth)),
        })
    }
}
