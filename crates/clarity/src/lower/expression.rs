//! Expressions, and the names in scope.

use hashbrown::HashMap;

use super::lowering::Lowering;
use super::program::{Apply, At, Binding, Callee, Form, Many, Op};
use crate::costs::CostFn;
use crate::keywords::Keyword;
use crate::names::ClarityName;
use crate::natives::{Arity, Kind, Native};
use crate::syntax::{Node, NodeId};

/// What is known statically about an expression's place in its function.
#[derive(Debug, Default)]
pub(super) struct Scope {
    /// The slots' names: variables, and `None` for arguments of the enclosing applications.
    names: Vec<Option<ClarityName>>,
    /// The slots of each name, the innermost last. A function may have a hundred thousand variables.
    slots: HashMap<ClarityName, Vec<u32>>,
    /// Slots of parameters that are bound to traits and are no values (Clarity 1), in order.
    traits: Vec<u32>,
    /// How many `let` and `match` enclose the expression.
    pub(super) depth: u32,
    /// How many applications enclose the expression.
    pub(super) level: u32,
}

impl Scope {
    /// Binds a name to the next slot.
    pub(super) fn bind(&mut self, name: ClarityName) -> u32 {
        let slot = self.next();
        self.slots.entry(name.clone()).or_default().push(slot);
        self.names.push(Some(name));
        slot
    }

    /// Reserves the next slot for an argument that is evaluated before the next expression.
    fn argument(&mut self) {
        self.names.push(None);
    }

    /// Marks the name that was bound last as a trait, not a value.
    pub(super) fn is_trait(&mut self) {
        self.traits.push(self.next() - 1);
    }

    /// Forgets the names that were bound last.
    pub(super) fn unbind(&mut self, count: usize) {
        for name in self.names.drain(self.names.len().saturating_sub(count)..).flatten() {
            if let Some(slots) = self.slots.get_mut(&name) {
                slots.pop();
            }
        }
    }

    fn slot(&self, name: &str) -> Option<u32> {
        self.slots.get(name).and_then(|slots| slots.last()).copied()
    }

    /// The slot of the parameter of this name that is a trait and no value, even if a variable shadows it.
    pub(super) fn trait_slot(&self, name: &str) -> Option<u32> {
        self.slots.get(name)?.iter().rev().find(|slot| self.is_of_trait(**slot)).copied()
    }

    fn is_of_trait(&self, slot: u32) -> bool {
        self.traits.binary_search(&slot).is_ok()
    }

    /// The slot of the next name.
    pub(super) fn next(&self) -> u32 {
        u32::try_from(self.names.len()).unwrap_or(u32::MAX)
    }
}

impl Lowering<'_> {
    /// Lowers one expression and returns its place.
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
            if scope.is_of_trait(slot) {
                Op::TraitLocal { slot, depth }
            } else {
                Op::Local { slot, depth, last: false }
            }
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
                Some(index) => Some(Form::User(index, self.arguments(rest, scope))),
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
            // A wrong count makes one of these malformed; the others fail with the count at run time.
            match native {
                Native::And
                | Native::Or
                | Native::Begin
                | Native::TupleCons
                | Native::Match
                | Native::PrincipalConstruct => return None,
                Native::Print if rest.is_empty() => return None,
                _ if native.kind() == Kind::Allowance => return None,
                // `print` ignores all arguments but the first; `is-eq` without arguments is true.
                Native::Print => return Some(Form::Special(native, self.expressions(&rest[..1], scope))),
                Native::Equals => return Some(Form::Plain(native, self.arguments(rest, scope))),
                _ => {}
            }
            // Of the natives that the checker accepts with a wrong count, only `get-block-info?` charges before it
            // counts.
            let charged = (native == Native::GetBlockInfo).then_some(CostFn::BlockInfo);
            return Some(Form::WrongCount { charged, needed, given: rest.len() });
        }
        match native.kind() {
            Kind::ByCount | Kind::BySize | Kind::ByBytes | Kind::BySiblings => Some(if native == Native::Match {
                return None;
            } else {
                Form::Plain(native, self.arguments(rest, scope))
            }),
            Kind::Special => self.form(native, rest, scope),
            Kind::Allowance => None,
        }
    }

    /// The target of `contract-call?` or `contract-of`: a trait takes precedence over a variable of its name.
    pub(super) fn callable(&mut self, at: NodeId, scope: &mut Scope) -> At {
        match self.tree.atom(at).and_then(|name| scope.trait_slot(name)) {
            Some(slot) => self.push(Op::TraitLocal { slot, depth: scope.depth }),
            None => self.expression(at, scope),
        }
    }

    /// Arguments, which are evaluated into consecutive slots.
    pub(super) fn arguments(&mut self, items: &[NodeId], scope: &mut Scope) -> Many {
        let lower = |item: &NodeId| {
            let lowered = self.expression(*item, scope);
            scope.argument();
            lowered
        };
        let lowered: Vec<At> = items.iter().map(lower).collect();
        scope.unbind(items.len());
        self.link(&lowered)
    }

    /// Several expressions in a row.
    pub(super) fn expressions(&mut self, items: &[NodeId], scope: &mut Scope) -> Many {
        let lowered: Vec<At> = items.iter().map(|item| self.expression(*item, scope)).collect();
        self.link(&lowered)
    }

    /// The function that `map`, `filter` or `fold` applies.
    pub(super) fn callee(&self, at: NodeId) -> Option<Callee> {
        let name = self.tree.atom(at)?;
        Some(match (Native::lookup(name, self.version()), self.function(name)) {
            (Some(native), _) => Callee::Native(native),
            (None, Some(index)) => Callee::User(index),
            (None, None) => Callee::Missing(name.clone()),
        })
    }

    /// A name that `let` or `match` binds.
    pub(super) fn binding(&self, at: NodeId, scope: &Scope) -> Option<Binding> {
        let name = self.tree.atom(at)?.clone();
        // The name of a trait is free where traits are no values.
        let taken = self.is_reserved(&name) || scope.slot(&name).is_some_and(|slot| !scope.is_of_trait(slot));
        let function = self.function(&name);
        Some(Binding { name, taken, function })
    }
}
