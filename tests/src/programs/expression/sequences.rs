//! Lists, buffers and strings: joined, cut, mapped, filtered, folded.

use super::{Function, Writer};
use crate::programs::types::Type;

impl Writer<'_> {
    /// Two sequences joined within the length limit, or one that is cut.
    pub(super) fn joined(&mut self, max: usize, kind: impl Fn(usize) -> Type, depth: usize) -> Option<String> {
        if self.rng.one_in(2) {
            let (longer, instead) = (self.expression(&kind(max + 3), depth), self.expression(&kind(max), 0));
            return Some(format!("(default-to {instead} (as-max-len? {longer} u{max}))"));
        }
        if self.rng.one_in(4) {
            // Filters single bytes or characters.
            let test = self.some_of(&self.functions_with(&[kind(1)], &Type::Bool))?;
            return Some(format!("(filter {test} {})", self.expression(&kind(max), depth)));
        }
        if self.since(2) && self.rng.one_in(4) {
            let (whole, instead) = (self.expression(&kind(max), depth), self.expression(&kind(max), 0));
            let at = self.expression(&Type::UInt, depth.min(1));
            let entry = self.expression(&kind(1), 0);
            return Some(format!("(default-to {instead} (replace-at? {whole} {at} {entry}))"));
        }
        let first = self.rng.below(max + 1);
        if self.since(6) && self.rng.one_in(2) {
            let second = self.rng.below(max - first + 1);
            return Some(self.apply("concat", &[kind(first), kind(second), kind(max - first - second)], depth));
        }
        Some(self.apply("concat", &[kind(first), kind(max - first)], depth))
    }

    pub(super) fn list(&mut self, max: usize, entry: &Type, depth: usize) -> Option<String> {
        let whole = Type::List(max, Box::new(entry.clone()));
        Some(match self.rng.below(6) {
            0 => {
                let entries: String =
                    (0..self.rng.below(max + 1)).map(|_| format!(" {}", self.expression(entry, depth))).collect();
                format!("(list{entries})")
            }
            1 if max > 1 => {
                let shorter = Type::List(max - 1, Box::new(entry.clone()));
                self.apply("append", &[shorter, entry.clone()], depth)
            }
            2 => {
                let test = self.some_of(&self.functions_with(std::slice::from_ref(entry), &Type::Bool))?;
                format!("(filter {test} {})", self.expression(&whole, depth))
            }
            3 => self.mapped(max, entry, depth)?,
            4 if self.since(2) => {
                let instead = self.expression(&whole, 0);
                let replaced = self.apply("replace-at?", &[whole, Type::UInt, entry.clone()], depth);
                format!("(default-to {instead} {replaced})")
            }
            _ => {
                let first = self.rng.below(max + 1);
                let part = |length| Type::List(length, Box::new(entry.clone()));
                self.apply("concat", &[part(first), part(max - first)], depth)
            }
        })
    }

    fn mapped(&mut self, max: usize, entry: &Type, depth: usize) -> Option<String> {
        let native = match entry {
            Type::Int | Type::UInt => Some((*self.rng.pick(&["+", "-", "*"]), entry.clone())),
            Type::Bool => Some((*self.rng.pick(&["and", "or", "not"]), Type::Bool)),
            _ => None,
        };
        if let Some((function, kind)) = native.filter(|_| self.rng.one_in(2)) {
            let list = Type::List(max, Box::new(kind));
            let lists = if function == "not" { vec![list] } else { vec![list.clone(), list] };
            let lists: String = lists.iter().map(|list| format!(" {}", self.expression(list, depth))).collect();
            return Some(format!("(map {function}{lists})"));
        }
        // Maps a function over one or two sequences: lists, or bytes and characters.
        let may_write = self.scope.may_write;
        let fitting = |function: &&Function| {
            matches!(function.parameters.len(), 1 | 2)
                && function.parameters.iter().all(|(_, kind)| *kind != Type::Trait)
                && function.returns.fits(entry)
                && (may_write || !function.writes)
        };
        let functions: Vec<_> = self.scope.functions.iter().filter(fitting).cloned().collect();
        let function = self.some_of(&functions)?;
        let sequences: String = function
            .parameters
            .iter()
            .map(|(_, kind)| {
                let kind = self.sequence_of(kind, max);
                format!(" {}", self.expression(&kind, depth.min(2)))
            })
            .collect();
        Some(format!("(map {}{sequences})", function.name))
    }

    /// A type of sequences with entries of this type.
    fn sequence_of(&mut self, entry: &Type, max: usize) -> Type {
        match entry {
            Type::Buffer(_) if self.rng.one_in(2) => Type::Buffer(max),
            Type::Ascii(_) if self.rng.one_in(2) => Type::Ascii(max),
            Type::Utf8(_) if self.rng.one_in(2) => Type::Utf8(max),
            _ => Type::List(max, Box::new(entry.clone())),
        }
    }

    /// Counts the entries of a sequence that pass one of the program's tests.
    pub(super) fn counted(&mut self, depth: usize) -> Option<String> {
        let may_write = self.scope.may_write;
        let fitting = |function: &&Function| {
            matches!(&function.parameters[..], [(_, entry)] if *entry != Type::Trait)
                && function.returns == Type::Bool
                && (may_write || !function.writes)
        };
        let tests: Vec<_> = self.scope.functions.iter().filter(fitting).cloned().collect();
        let test = self.some_of(&tests)?;
        let kind = self.sequence_of(&test.parameters[0].1, 3);
        Some(format!("(len (filter {} {}))", test.name, self.expression(&kind, depth)))
    }

    /// A fold with one of the program's functions.
    pub(super) fn folded(&mut self, wanted: &Type, depth: usize) -> Option<String> {
        let may_write = self.scope.may_write;
        let fitting = |function: &&Function| {
            matches!(&function.parameters[..], [(_, entry), (_, sum)] if function.returns.fits(sum) && *entry != Type::Trait)
                && function.returns.fits(wanted)
                && (may_write || !function.writes)
        };
        let functions: Vec<_> = self.scope.functions.iter().filter(fitting).cloned().collect();
        let function = self.some_of(&functions)?;
        let kind = self.sequence_of(&function.parameters[0].1, 4);
        let (sequence, first) = (self.expression(&kind, depth), self.expression(&function.returns, depth.min(1)));
        Some(format!("(fold {} {sequence} {first})", function.name))
    }

    /// Functions of the program with these parameter types and this result type.
    fn functions_with(&self, parameters: &[Type], returns: &Type) -> Vec<String> {
        let may_write = self.scope.may_write;
        let fitting = self.scope.functions.iter().filter(|function| {
            function.parameters.len() == parameters.len()
                && function.parameters.iter().zip(parameters).all(|((_, takes), given)| given.fits(takes))
                && function.returns.fits(returns)
                && (may_write || !function.writes)
        });
        fitting.map(|function| function.name.clone()).collect()
    }
}
