//! Signatures, proofs, and bitcoin transactions.

use super::Writer;
use crate::programs::literal::{BITCOIN_TX, SIGNED};
use crate::programs::types::Type;

impl Writer<'_> {
    /// A verification; half of the time with matching values.
    pub(super) fn verified(&mut self, depth: usize) -> String {
        let known = self.rng.one_in(2);
        let kind = self.rng.below(4);
        match kind {
            1 if self.since(4) => {
                self.apply("secp256r1-verify", &[Type::Buffer(32), Type::Buffer(64), Type::Buffer(33)], depth)
            }
            2 if self.since(6) => {
                let message = if known { SIGNED.to_owned() } else { self.expression(&Type::Buffer(20), depth) };
                let (signature, key) = (self.expression(&Type::Buffer(64), 0), self.expression(&Type::Buffer(32), 0));
                format!("(ed25519-verify {message} {signature} {key})")
            }
            3 if self.since(6) => {
                let (leaf, root) = (self.expression(&Type::Buffer(32), depth), self.expression(&Type::Buffer(32), 0));
                let siblings = self.expression(&Type::List(3, Box::new(Type::Buffer(32))), depth.min(1));
                let at = self.expression(&Type::UInt, depth.min(1));
                if known {
                    format!("(verify-merkle-proof {leaf} {leaf} u0 u1 (list))")
                } else {
                    format!("(verify-merkle-proof {leaf} {root} {at} u8 {siblings})")
                }
            }
            _ => self.apply("secp256k1-verify", &[Type::Buffer(32), Type::Buffer(65), Type::Buffer(33)], depth),
        }
    }

    /// A part of a bitcoin transaction's output; buffers are cut to the wanted size.
    pub(super) fn output_of_bitcoin(&mut self, part: &str, max: Option<usize>, depth: usize) -> String {
        let transaction =
            if self.rng.one_in(3) { self.expression(&Type::Buffer(65), depth) } else { BITCOIN_TX.to_owned() };
        let index = if self.rng.one_in(2) { "u0".to_owned() } else { self.expression(&Type::UInt, depth.min(1)) };
        let asked = format!("(get-bitcoin-tx-output? {transaction} {index})");
        match max {
            Some(max) => {
                let instead = self.expression(&Type::Buffer(max), 0);
                format!(
                    "(match {asked} out (default-to {instead} (as-max-len? (get {part} out) u{max})) bad {instead})"
                )
            }
            None => format!("(match {asked} out (get {part} out) bad bad)"),
        }
    }
}
