//! Allowances, which bound the assets that may move in a body: `restrict-assets?` and `as-contract?`.

use super::Writer;
use crate::programs::types::Type;

impl Writer<'_> {
    /// A response of this type from a body under allowances, or the index of the broken allowance.
    pub(super) fn with_allowances(&mut self, ok: &Type, depth: usize) -> String {
        let as_contract = self.rng.one_in(2);
        let owner =
            if as_contract { String::new() } else { format!("{} ", self.expression(&Type::Principal, depth.min(1))) };
        let count = self.rng.below(3) + usize::from(as_contract && self.rng.one_in(4));
        let allowances: Vec<_> = (0..count).map(|_| self.allowance(depth.min(1))).collect();
        let allowances = if as_contract && self.rng.one_in(4) {
            "(with-all-assets-unsafe)".to_owned()
        } else {
            allowances.join(" ")
        };
        let mut body = String::new();
        if self.scope.may_write
            && !self.rng.one_in(3)
            && let Some(moved) = self.moved(depth.min(1))
        {
            body = if self.rng.one_in(3) { format!("(is-ok {moved}) ") } else { format!("(unwrap-panic {moved}) ") };
        }
        body += &self.expression(ok, depth);
        let form = if as_contract { "as-contract?" } else { "restrict-assets?" };
        format!("({form} {owner}({allowances}) {body})")
    }

    fn allowance(&mut self, depth: usize) -> String {
        let amount = self.expression(&Type::UInt, depth);
        let contract = match self.rng.below(3) {
            0 => self.expression(&Type::Principal, 0),
            _ => "current-contract".to_owned(),
        };
        let newest = self.since(6);
        match self.rng.below(6) {
            0 => {
                let token = self.some_of(&self.scope.fungible.clone()).unwrap_or_else(|| "*".to_owned());
                let token = if self.rng.one_in(4) { "*".to_owned() } else { token };
                format!("(with-ft {contract} \"{token}\" {amount})")
            }
            1 | 2 => {
                let known = self.scope.non_fungible.clone();
                let (token, kind) = self.some_of(&known).unwrap_or_else(|| ("*".to_owned(), Type::UInt));
                let token = if self.rng.one_in(4) { "*".to_owned() } else { token };
                let ids = self.expression(&Type::List(3, Box::new(kind)), 1);
                format!("(with-nft {contract} \"{token}\" {ids})")
            }
            3 if newest => format!("(with-staking {amount})"),
            4 if newest => "(with-pox)".to_owned(),
            3 => format!("(with-stacking {amount})"),
            _ => format!("(with-stx {amount})"),
        }
    }

    /// The same for any type: the body's value, or another one if an allowance was broken.
    pub(super) fn guarded(&mut self, wanted: &Type, depth: usize) -> Option<String> {
        if !self.since(4) {
            return None;
        }
        let done = self.with_allowances(wanted, depth);
        Some(match (self.rng.below(3), wanted) {
            (0, _) => format!("(unwrap-panic {done})"),
            (1, Type::UInt) => format!("(match {done} good good bad bad)"),
            _ => format!("(match {done} good good bad {})", self.expression(wanted, depth.min(1))),
        })
    }
}
