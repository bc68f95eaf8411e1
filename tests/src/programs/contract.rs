//! Writes a contract: what it stores, its functions, and calls of them.

use super::expression::{Function, Scope, Writer};
use super::literal;
use super::types::Type;
use crate::random::Rng;

/// A contract with calls of its functions.
#[derive(Debug)]
pub struct Program {
    /// Clarity version, 1 to 6.
    pub version: u8,
    /// Its text.
    pub source: String,
    /// Calls, in order.
    pub calls: Vec<Call>,
}

/// A call of a function.
#[derive(Debug)]
pub struct Call {
    /// Its name.
    pub function: String,
    /// Arguments, serialized.
    pub arguments: Vec<Vec<u8>>,
}

/// Levels of applications in a body.
const DEPTH: usize = 4;

/// The program of this seed.
#[must_use]
pub fn generate(seed: u64, version: u8) -> Program {
    let mut rng = Rng::from_seed(seed ^ u64::from(version) << 56);
    let mut scope = Scope { version, ..Scope::default() };
    let mut writer = Writer { rng: &mut rng, scope: &mut scope };
    let mut source = writer.storage();
    for _ in 0..writer.rng.below(3) {
        source += &writer.function("private");
    }
    source += &writer.function("read-only");
    for _ in 0..=writer.rng.below(2) {
        source += &writer.function("public");
    }
    let calls = writer.calls();
    Program { version, source, calls }
}

impl Writer<'_> {
    fn storage(&mut self) -> String {
        let mut written = String::new();
        for _ in 0..self.rng.below(3) {
            let (name, kind) = (self.name("constant"), Type::any(self.rng, 1));
            written += &format!("(define-constant {name} {})\n", self.initial(&kind));
            self.scope.constants.push((name, kind));
        }
        for _ in 0..self.rng.below(3) {
            let (name, kind) = (self.name("variable"), Type::stored(self.rng, 2));
            written += &format!("(define-data-var {name} {kind} {})\n", self.initial(&kind));
            self.scope.variables.push((name, kind));
        }
        for _ in 0..self.rng.below(3) {
            let (name, key, value) = (self.name("map"), Type::stored(self.rng, 1), Type::stored(self.rng, 2));
            written += &format!("(define-map {name} {key} {value})\n");
            self.scope.maps.push((name, key, value));
        }
        if self.rng.one_in(2) {
            let name = self.name("coin");
            let cap = if self.rng.one_in(2) { " u1000" } else { "" };
            written += &format!("(define-fungible-token {name}{cap})\n");
            self.scope.fungible.push(name);
        }
        if self.rng.one_in(2) {
            let (name, kind) = (self.name("deed"), Type::stored(self.rng, 1));
            written += &format!("(define-non-fungible-token {name} {kind})\n");
            self.scope.non_fungible.push((name, kind));
        }
        written
    }

    /// Mostly a plain value: what fails here fails the whole deployment.
    fn initial(&mut self, kind: &Type) -> String {
        let depth = usize::from(self.rng.one_in(5));
        self.expression(kind, depth)
    }

    fn function(&mut self, access: &str) -> String {
        let name = self.name(access);
        let parameters: Vec<_> = (0..self.rng.below(3)).map(|_| (self.name("p"), Type::any(self.rng, 1))).collect();
        let returns = if access == "public" {
            Type::Response(Box::new(Type::any(self.rng, 1)), Box::new(Type::UInt))
        } else {
            Type::any(self.rng, 2)
        };
        self.scope.may_write = access == "public" || (access == "private" && self.rng.one_in(2));
        self.scope.returns = Some(returns.clone());
        self.scope.locals.clone_from(&parameters);
        let body = self.expression(&returns, DEPTH);
        self.scope.locals.clear();
        self.scope.returns = None;
        let header: String = parameters.iter().map(|(name, kind)| format!(" ({name} {kind})")).collect();
        let writes = self.scope.may_write;
        self.scope.may_write = false;
        let text = format!("(define-{access} ({name}{header})\n  {body})\n");
        self.scope.functions.push(Function { name, parameters, returns, writes });
        text
    }

    /// Each function that can be called from outside, some twice, now and then with one argument too many.
    fn calls(&mut self) -> Vec<Call> {
        let mut calls = Vec::new();
        for function in self.scope.functions.clone() {
            for _ in 0..=self.rng.below(2) {
                let mut arguments: Vec<_> =
                    function.parameters.iter().map(|(_, kind)| literal::any(self.rng, kind).bytes).collect();
                if self.rng.one_in(20) {
                    arguments.push(literal::any(self.rng, &Type::UInt).bytes);
                }
                calls.push(Call { function: function.name.clone(), arguments });
            }
        }
        calls
    }
}
