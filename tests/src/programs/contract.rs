//! Writes a program: the storage and functions of its contracts, and calls of the functions.

use super::calls::Call;
use super::expression::{Function, Scope, Writer};
use super::literal::{BASE, MAIN};
use super::types::Type;
use crate::random::Rng;

/// Contracts with calls of their functions.
#[derive(Debug)]
pub struct Program {
    /// The contracts, in order of publication.
    pub contracts: Vec<Source>,
    /// Calls in order.
    pub calls: Vec<Call>,
    /// Expressions to evaluate in the last contract.
    pub snippets: Vec<String>,
}

/// A contract of a program.
#[derive(Debug)]
pub struct Source {
    /// Name of the contract.
    pub name: &'static str,
    /// Clarity version, 1 to 6.
    pub version: u8,
    /// Source code of the contract.
    pub text: String,
}

/// Levels of applications in a body.
const DEPTH: usize = 4;

/// The program of this seed. Its contract `main` has this version, `base` the same or an older one.
#[must_use]
pub fn generate(seed: u64, version: u8) -> Program {
    let mut rng = Rng::from_seed(seed ^ u64::from(version) << 56);
    let mut program = Program { contracts: Vec::new(), calls: Vec::new(), snippets: Vec::new() };
    // Names in the two contracts differ, as `main` may refer to `base`'s.
    let mut scope = Scope { version, contract: MAIN, names: 100, ..Scope::default() };
    if rng.one_in(2) {
        let version = if rng.one_in(2) { version } else { 1 + u8::try_from(rng.below(version.into())).unwrap() };
        let mut base = Scope { version, contract: BASE, ..Scope::default() };
        let mut writer = Writer { rng: &mut rng, scope: &mut base };
        let mut text = writer.storage();
        text += &writer.functions(1);
        text += &writer.define_trait();
        text += &writer.function("public");
        program.calls = writer.calls();
        program.calls.truncate(3);
        program.contracts.push(Source { name: BASE, version, text });
        scope.foreign = base.functions.into_iter().filter(|function| function.exported).collect();
        scope.methods = base.methods;
    }
    let mut writer = Writer { rng: &mut rng, scope: &mut scope };
    let mut text = if writer.scope.methods.is_empty() { String::new() } else { writer.use_trait() };
    text += &writer.storage();
    text += &writer.functions(2);
    if writer.rng.one_in(4) {
        text += &writer.statement();
    }
    let calls = writer.calls();
    program.snippets = (0..2).map(|_| writer.snippet()).collect();
    program.calls.extend(calls);
    program.contracts.push(Source { name: MAIN, version, text });
    program
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

    /// Mostly a plain value: if it fails, the whole deployment fails.
    fn initial(&mut self, kind: &Type) -> String {
        let depth = usize::from(self.rng.one_in(5));
        self.expression(kind, depth)
    }

    /// Private functions, a read-only one, and between 1 and `public` public ones.
    fn functions(&mut self, public: usize) -> String {
        let mut written = String::new();
        for _ in 0..self.rng.below(3) {
            written += &match self.rng.below(3) {
                0 => self.step(),
                1 => self.test(),
                _ => self.function("private"),
            };
        }
        written += &self.function("read-only");
        for _ in 0..=self.rng.below(public) {
            written += &self.function("public");
        }
        written
    }

    /// A function for `fold`.
    fn step(&mut self) -> String {
        let (entry, sum) = (Type::any(self.rng, 1), Type::any(self.rng, 1));
        let parameters = vec![(self.name("p"), entry), (self.name("p"), sum.clone())];
        self.function_of("private", parameters, sum, 2)
    }

    /// A function for `filter`.
    fn test(&mut self) -> String {
        let parameters = vec![(self.name("p"), Type::any(self.rng, 1))];
        self.function_of("private", parameters, Type::Bool, 2)
    }

    fn function(&mut self, access: &'static str) -> String {
        let mut parameters: Vec<_> = (0..self.rng.below(3)).map(|_| (self.name("p"), Type::any(self.rng, 1))).collect();
        if !self.scope.methods.is_empty() && self.rng.one_in(2) {
            parameters.push((self.name("p"), Type::Trait));
        }
        let returns = if access == "public" {
            // Token functions return a boolean.
            let ok = if self.rng.one_in(3) { Type::Bool } else { Type::any(self.rng, 1) };
            Type::Response(Box::new(ok), Box::new(Type::UInt))
        } else {
            Type::any(self.rng, 2)
        };
        self.function_of(access, parameters, returns, DEPTH)
    }

    fn function_of(
        &mut self,
        access: &'static str,
        parameters: Vec<(String, Type)>,
        returns: Type,
        depth: usize,
    ) -> String {
        let name = self.name(access);
        self.scope.may_write = access == "public" || (access == "private" && self.rng.one_in(2));
        self.scope.returns = Some(returns.clone());
        self.scope.locals.clone_from(&parameters);
        let body = self.expression(&returns, depth);
        self.scope.locals.clear();
        self.scope.returns = None;
        let header: String = parameters.iter().map(|(name, kind)| format!(" ({name} {kind})")).collect();
        let writes = self.scope.may_write;
        self.scope.may_write = false;
        let text = format!("(define-{access} ({name}{header})\n  {body})\n");
        self.scope.functions.push(Function { name, parameters, returns, writes, exported: access != "private" });
        text
    }

    /// A trait of some of the functions written so far, if a trait can have them.
    fn define_trait(&mut self) -> String {
        let fits = |function: &&Function| function.exported && matches!(function.returns, Type::Response(..));
        self.scope.methods = self.scope.functions.iter().filter(fits).cloned().collect();
        if self.rng.one_in(3) && self.scope.methods.len() > 1 {
            self.scope.methods.pop();
        }
        let methods = self.scope.methods.iter().map(|Function { name, parameters, returns, .. }| {
            let parameters: Vec<_> = parameters.iter().map(|(_, kind)| kind.to_string()).collect();
            format!("\n  ({name} ({}) {returns})", parameters.join(" "))
        });
        format!("(define-trait face ({}))\n", methods.collect::<String>())
    }

    /// Imports the trait of `base`; now and then also declares and implements it.
    fn use_trait(&mut self) -> String {
        let mut written = "(use-trait face .base.face)\n".to_owned();
        if self.rng.one_in(4) {
            written += "(impl-trait .base.face)\n";
            if self.rng.one_in(10) {
                return written;
            }
            for Function { name, parameters, returns, .. } in self.scope.methods.clone() {
                let access = if self.rng.one_in(2) { "public" } else { "read-only" };
                let parameters = parameters.into_iter().map(|(_, kind)| (self.name("p"), kind)).collect();
                let text = self.function_of(access, parameters, returns, 2);
                let Some(function) = self.scope.functions.last_mut() else { continue };
                written += &text.replacen(&format!("({}", function.name), &format!("({name}"), 1);
                function.name = name;
            }
        }
        written
    }

    /// A statement that runs when the contract is published.
    fn statement(&mut self) -> String {
        self.scope.may_write = true;
        let kind = Type::any(self.rng, 0);
        let text = format!("{}\n", self.expression(&kind, 2));
        self.scope.may_write = false;
        text
    }

    /// An expression to evaluate afterwards; now and then one that would write.
    fn snippet(&mut self) -> String {
        self.scope.may_write = self.rng.one_in(6);
        let kind = Type::any(self.rng, 1);
        let text = self.expression(&kind, 3);
        self.scope.may_write = false;
        text
    }
}
