//! Writes an expression of a wanted type.

mod allowances;
mod calls;
mod chain;
mod forms;
mod natives;
mod sequences;
mod tokens;
mod verify;

use super::literal;
use super::types::Type;
use crate::random::Rng;

/// A function of the program.
#[derive(Debug, Clone)]
pub(super) struct Function {
    pub(super) name: String,
    pub(super) parameters: Vec<(String, Type)>,
    pub(super) returns: Type,
    /// Whether it may write.
    pub(super) writes: bool,
    /// Whether other contracts can call it.
    pub(super) exported: bool,
}

/// Names and types that an expression can use.
#[derive(Debug, Default)]
pub(super) struct Scope {
    pub(super) version: u8,
    /// The name of the contract that is being written.
    pub(super) contract: &'static str,
    pub(super) locals: Vec<(String, Type)>,
    pub(super) constants: Vec<(String, Type)>,
    pub(super) variables: Vec<(String, Type)>,
    pub(super) maps: Vec<(String, Type, Type)>,
    pub(super) fungible: Vec<String>,
    pub(super) non_fungible: Vec<(String, Type)>,
    pub(super) functions: Vec<Function>,
    /// Functions of the contract `base` that can be called.
    pub(super) foreign: Vec<Function>,
    /// Methods of the trait imported as `face`.
    pub(super) methods: Vec<Function>,
    /// Whether the function that is being written may write.
    pub(super) may_write: bool,
    /// Return type of the function that is being written, if early returns are wanted.
    pub(super) returns: Option<Type>,
    /// Names given so far.
    pub(super) names: usize,
}

/// Writes expressions in a scope.
pub(super) struct Writer<'a> {
    pub(super) rng: &'a mut Rng,
    pub(super) scope: &'a mut Scope,
}

impl Writer<'_> {
    /// An expression of this type, with at most `depth` levels of applications.
    pub(super) fn expression(&mut self, wanted: &Type, depth: usize) -> String {
        if depth == 0 || self.rng.one_in(7) {
            return self.leaf(wanted);
        }
        let written = if self.rng.one_in(3) { self.form(wanted, depth - 1) } else { self.native(wanted, depth - 1) };
        written.unwrap_or_else(|| self.form(wanted, depth - 1).unwrap_or_else(|| self.leaf(wanted)))
    }

    /// A name or a literal.
    fn leaf(&mut self, wanted: &Type) -> String {
        let fitting = |list: &[(String, Type)]| {
            list.iter().filter(|(_, found)| found.fits(wanted)).map(|(name, _)| name.clone()).collect::<Vec<_>>()
        };
        let mut names = fitting(&self.scope.locals);
        names.extend(fitting(&self.scope.constants));
        names.extend(fitting(&self.scope.variables).into_iter().map(|name| format!("(var-get {name})")));
        if *wanted == Type::Trait {
            // Mostly a parameter: a contract's name is not accepted everywhere.
            return match self.some_of(&names) {
                Some(name) if !self.rng.one_in(10) => name,
                _ => {
                    if self.rng.one_in(2) {
                        ".base".to_owned()
                    } else {
                        literal::any(self.rng, wanted).text
                    }
                }
            };
        }
        if names.is_empty() || self.rng.one_in(3) {
            return literal::any(self.rng, wanted).text;
        }
        self.rng.pick(&names).clone()
    }

    /// A new, unique name.
    pub(super) fn name(&mut self, stem: &str) -> String {
        self.scope.names += 1;
        format!("{stem}-{}", self.scope.names)
    }

    /// Runs `write` with more locals in scope.
    fn with_locals(&mut self, more: Vec<(String, Type)>, write: impl FnOnce(&mut Self) -> String) -> String {
        let before = self.scope.locals.len();
        self.scope.locals.extend(more);
        let written = write(self);
        self.scope.locals.truncate(before);
        written
    }

    /// A random element, if there is one.
    fn some_of<T: Clone>(&mut self, list: &[T]) -> Option<T> {
        (!list.is_empty()).then(|| self.rng.pick(list).clone())
    }

    /// Runs `write` for an expression that must not write.
    fn reading(&mut self, write: impl FnOnce(&mut Self) -> String) -> String {
        let before = std::mem::replace(&mut self.scope.may_write, false);
        let written = write(self);
        self.scope.may_write = before;
        written
    }

    const fn since(&self, version: u8) -> bool {
        self.scope.version >= version
    }
}
