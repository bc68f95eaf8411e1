//! Calls of a program's functions: most are valid, some are not.

use super::expression::{Function, Writer};
use super::literal;
use super::types::Type;

/// A call of a function.
#[derive(Debug)]
pub struct Call {
    /// Name of the contract that is called.
    pub contract: &'static str,
    /// Name of the function that is called.
    pub function: String,
    /// Arguments in their consensus serialization.
    pub arguments: Vec<Vec<u8>>,
}

impl Writer<'_> {
    /// Calls each public and read-only function of the contract, some twice; now and then a private one, or with other
    /// arguments than the function takes.
    pub(super) fn calls(&mut self) -> Vec<Call> {
        let mut calls = Vec::new();
        for function in self.scope.functions.clone() {
            let times = if function.exported { 1 + self.rng.below(2) } else { usize::from(self.rng.one_in(12)) };
            for _ in 0..times {
                calls.push(self.call(&function));
            }
        }
        calls
    }

    fn call(&mut self, function: &Function) -> Call {
        let mut arguments: Vec<_> =
            function.parameters.iter().map(|(_, kind)| literal::any(self.rng, kind).bytes).collect();
        let mut name = function.name.clone();
        match self.rng.below(40) {
            0 => arguments.push(literal::any(self.rng, &Type::UInt).bytes),
            1 => drop(arguments.pop()),
            2 | 3 if !arguments.is_empty() => {
                let (at, other) = (self.rng.below(arguments.len()), Type::any(self.rng, 2));
                arguments[at] = literal::any(self.rng, &other).bytes;
            }
            4 => name.push_str("-missing"),
            _ => {}
        }
        Call { contract: self.scope.contract, function: name, arguments }
    }
}
