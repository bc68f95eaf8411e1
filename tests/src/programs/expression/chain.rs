//! Facts of the chain: heights, blocks, tenures, burn blocks, and expressions at an older block.

use super::Writer;
use crate::programs::types::Type;

impl Writer<'_> {
    pub(super) fn height(&mut self) -> String {
        let mut names = vec!["burn-block-height", "stx-liquid-supply"];
        if !self.since(3) {
            names.push("block-height");
        }
        if self.since(2) {
            names.push("chain-id");
        }
        if self.since(3) {
            names.extend(["stacks-block-height", "tenure-height"]);
        }
        if self.since(4) {
            names.push("stacks-block-time");
        }
        (*self.rng.pick(&names)).to_owned()
    }

    /// A fact about a block, tenure or burn block: a number, a hash, a principal.
    pub(super) fn fact(&mut self, kind: &Type, depth: usize) -> Option<String> {
        let tenure = match kind {
            Type::UInt => &["time", "miner-spend-winner", "miner-spend-total", "block-reward"][..],
            Type::Principal => &["miner-address"],
            _ => &["vrf-seed", "burnchain-header-hash"],
        };
        let block = match kind {
            Type::UInt => &["time"][..],
            Type::Principal => &[],
            _ => &["header-hash", "id-header-hash"],
        };
        let burn = match kind {
            Type::UInt => &["pox-addrs"][..],
            Type::Principal => &[],
            _ => &["header-hash"],
        };
        let mut questions: Vec<(&str, &str)> = Vec::new();
        if self.since(3) {
            questions.extend(tenure.iter().map(|property| ("get-tenure-info?", *property)));
            questions.extend(block.iter().map(|property| ("get-stacks-block-info?", *property)));
        } else {
            // A block's properties can be read from Clarity 2 on.
            let tenure = if self.since(2) {
                tenure
            } else {
                &tenure[..tenure.len().min(if *kind == Type::UInt { 1 } else { 2 })]
            };
            questions.extend(tenure.iter().chain(block).map(|property| ("get-block-info?", *property)));
        }
        if self.since(2) {
            questions.extend(burn.iter().map(|property| ("get-burn-block-info?", *property)));
        }
        let (function, property) = self.some_of(&questions)?;
        let height = match (self.rng.below(3), function) {
            (0, "get-burn-block-info?") => "(- burn-block-height u1)".to_owned(),
            (0 | 1, _) => (*self.rng.pick(&["u0", "u1", "u2", "u3", "u101", "u102"])).to_owned(),
            _ => self.expression(&Type::UInt, depth),
        };
        let asked = format!("({function} {property} {height})");
        let instead = self.expression(kind, 0);
        Some(if property == "pox-addrs" {
            format!("(match {asked} paid (+ (get payout paid) (len (get addrs paid))) {instead})")
        } else {
            format!("(default-to {instead} {asked})")
        })
    }

    /// The value of an expression in an older block.
    pub(super) fn at_another_block(&mut self, wanted: &Type, depth: usize) -> Option<String> {
        if self.since(5) {
            return None;
        }
        let hash = match self.rng.below(3) {
            0 if self.since(3) => "(unwrap-panic (get-stacks-block-info? id-header-hash u2))".to_owned(),
            0 => "(unwrap-panic (get-block-info? id-header-hash u2))".to_owned(),
            _ => self.expression(&Type::Buffer(32), 0),
        };
        let then = self.reading(|writer| writer.expression(wanted, depth.min(2)));
        Some(format!("(at-block {hash} {then})"))
    }
}
