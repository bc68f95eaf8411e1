//! Expressions, and the names that are in scope around them.

use super::definitions::Lowering;
use super::program::{Apply, At, Binding, Callee, Form, Many, Op};
use crate::keywords::Keyword;
use crate::names::ClarityName;
use crate::natives::{Arity, Kind, Native};
use crate::syntax::{Node, NodeId};

/// What is static about the place of an expression in its function.
#[derive(Debug, Default)]
pub(super) struct Scope {
    names: Vec<ClarityName>,
    /// Slots of parameters that are bound to traits and are no values.
    traits: Vec<u32>,
    /// How many `let` and `match` lie around.
    pub(super) depth: u32,
    /// How many applications lie around.
    pub(super) level: u32,
}

impl Scope {
    /// Binds a name to the next slot.
    pub(super) fn bind(&mut self, name: ClarityName) -> u32 {
        self.names.push(name);
        u32::try_from(self.names.len() - 1).unwrap_or(u32::MAX)
    }

    /// The name that was bound last is a trait, and no value.
    pub(super) fn is_trait(&mut self) {
        self.traits.push(self.next() - 1);
    }

    /// Forgets the names that were bound last.
    pub(super) fn unbind(&mut self, count: usize) {
        self.names.truncate(self.names.len().saturating_sub(count));
    }

    fn slot(&self, name: &str) -> Option<u32> {
        self.names.iter().rposition(|bound| bound.as_str() == name).and_then(|slot| u32::try_from(slot).ok())
    }

    /// The next slot that a name gets.
    pub(super) fn next(&self) -> u32 {
        u32::try_from(self.names.len()).unwrap_or(u32::MAX)
    }
}

impl Lowering<'_> {
    /// One expression.
    pub(super) fn expression(&mut self, at: NodeId, scope: &mut Scope) -> At {
        let tree = self.tree;
        match tree.node(at) {
            Node::Literal(value) => self.push(Op::Literal(value.clone())),
            Node::Atom(name) => self.name(name, scope),
            Node::List(_) => {
                let items = tree.list(at).unwrap_or_default();
                let Some((head, rest)) = items.split_first() else { return self.malformed("NonFunctionApplication") };
                let Some(head) = tree.atom(*head) else { return self.malformed("BadFunctionName") };
                self.application(head, rest, scope)
            }
            Node::Field(_) | Node::Trait(_) => self.malformed("UnexpectedTraitOrFieldReference"),
        }
    }

    fn name(&mut self, name: &ClarityName, scope: &Scope) -> At {
        let depth = scope.depth;
        let op = if let Some(keyword) = Keyword::lookup(name, self.version()) {
            Op::Keyword(keyword)
        } else if let Some(slot) = scope.slot(name) {
            if scope.traits.contains(&slot) { Op::TraitLocal { slot, depth } } else { Op::Local { slot, depth } }
        } else if let Some(index) = self.constant(name) {
            Op::Constant { index, depth }
        } else {
            Op::UndefinedVariable(name.clone())
        };
        self.push(op)
    }

    fn application(&mut self, head: &ClarityName, rest: &[NodeId], scope: &mut Scope) -> At {
        let level = scope.level;
        scope.level += 1;
        let form = match Native::lookup(head, self.version()) {
            Some(native) => self.native(native, rest, scope),
            None => match self.function(head) {
                Some(index) => Some(Form::User(index, self.expressions(rest, scope))),
                None => Some(Form::UndefinedFunction(head.clone())),
            },
        };
        scope.level = level;
        match form {
            Some(form) => self.push(Op::Apply(Box::new(Apply { level, form }))),
            None => self.malformed(head),
        }
    }

    fn native(&mut self, native: Native, rest: &[NodeId], scope: &mut Scope) -> Option<Form> {
        let arity = if native == Native::Concat && !self.program.dialect.concatenates_many {
            Arity::Exactly(2)
        } else {
            native.arity()
        };
        let needed = match arity {
            Arity::Exactly(count) => (rest.len() != count).then_some(count),
            Arity::AtLeast(count) => (rest.len() < count).then_some(count),
            Arity::Between(least, most) => {
                if rest.len() < least {
                    Some(least)
                } else {
                    (rest.len() > most).then_some(most)
                }
            }
        };
        if let Some(needed) = needed {
            return Some(Form::WrongCount(needed, rest.len()));
        }
        match native.kind() {
            Kind::ByCount | Kind::BySize | Kind::ByBytes | Kind::BySiblings => Some(if native == Native::Match {
                return None;
            } else {
                Form::Plain(native, self.expressions(rest, scope))
            }),
            Kind::Special => self.form(native, rest, scope),
            Kind::Allowance => None,
        }
    }

    /// Several expressions, one behind the other.
    pub(super) fn expressions(&mut self, items: &[NodeId], scope: &mut Scope) -> Many {
        let lowered: Vec<At> = items.iter().map(|item| self.expression(*item, scope)).collect();
        self.link(&lowered)
    }

    /// What `map`, `filter` and `fold` apply.
    pub(super) fn callee(&self, at: NodeId) -> Option<Callee> {
        let name = self.tree.atom(at)?;
        Some(match (Native::lookup(name, self.version()), self.function(name)) {
            (Some(native), _) => Callee::Native(native),
            (None, Some(index)) => Callee::User(index),
            (None, None) => Callee::Missing(name.clone()),
        })
    }

    /// A name that is to be bound by `let` or `match`.
    pub(super) fn binding(&self, at: NodeId, scope: &Scope) -> Option<Binding> {
        let name = self.tree.atom(at)?.clone();
        let taken = self.is_reserved(&name)
            || self.function(&name).is_some()
            || scope.slot(&name).is_some()
            || self.constant(&name).is_some();
        Some(Binding { name, taken })
    }
}
