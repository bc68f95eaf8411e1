//! The order in which a contract's top level is evaluated: what is needed first stands first, whatever the text's order is.
//!
//! Every occurrence of a name that the contract defines is an edge, repeated ones too: their number is charged. Names that an
//! expression binds or that stand for a field are no occurrences.

use hashbrown::HashMap;

use super::errors::{ParseError, SyntaxError};
use super::tree::{Node, NodeId, Tree};
use crate::keywords::Define;
use crate::names::ClarityName;
use crate::natives::Native;

/// Who needs whom, by places at the top level.
pub(super) struct Graph {
    needs: Vec<Vec<usize>>,
    names: Vec<Option<ClarityName>>,
}

impl Graph {
    pub(super) fn of(tree: &Tree) -> Self {
        let names: Vec<_> = tree.top().iter().map(|id| defined_name(tree, *id).cloned()).collect();
        let places = names.iter().enumerate().filter_map(|(at, name)| Some((name.clone()?, at))).collect();
        let mut walk = Walk { tree, places, found: Vec::new() };
        let needs = tree
            .top()
            .iter()
            .map(|id| {
                walk.visit(*id);
                std::mem::take(&mut walk.found)
            })
            .collect();
        Self { needs, names }
    }

    pub(super) fn edges(&self) -> usize {
        self.needs.iter().map(Vec::len).sum()
    }

    /// Sorts the top level, depth first.
    pub(super) fn sort(&self, tree: &mut Tree) -> Result<(), Box<SyntaxError>> {
        let cyclic = self.cyclic();
        if cyclic.contains(&true) {
            let names = self.names.iter().zip(cyclic).filter(|(_, is_cyclic)| *is_cyclic);
            let mut names: Vec<_> = names.filter_map(|(name, _)| Some(name.as_ref()?.to_string())).collect();
            names.sort();
            return Err(ParseError::CircularReference(names).into());
        }
        let order = self.order();
        let top = order.into_iter().map(|index| tree.top()[index]).collect();
        tree.set_top(top);
        Ok(())
    }

    /// All places, each behind those that it needs. The stack is ours: a chain of needs is as long as the text allows.
    fn order(&self) -> Vec<usize> {
        let mut seen = vec![false; self.needs.len()];
        let mut order = Vec::with_capacity(self.needs.len());
        for root in 0..self.needs.len() {
            let mut open = Vec::new();
            if !std::mem::replace(&mut seen[root], true) {
                open.push((root, 0));
            }
            while let Some((index, next)) = open.last_mut() {
                if let Some(need) = self.needs[*index].get(*next).copied() {
                    *next += 1;
                    if !std::mem::replace(&mut seen[need], true) {
                        open.push((need, 0));
                    }
                } else {
                    order.push(*index);
                    open.pop();
                }
            }
        }
        order
    }

    /// Whether each place is on a cycle, or needs one that is.
    fn cyclic(&self) -> Vec<bool> {
        let mut open: Vec<usize> = self.needs.iter().map(Vec::len).collect();
        let mut needed_by = vec![Vec::new(); self.needs.len()];
        for (index, needs) in self.needs.iter().enumerate() {
            for need in needs {
                needed_by[*need].push(index);
            }
        }
        let mut free: Vec<usize> = (0..open.len()).filter(|index| open[*index] == 0).collect();
        while let Some(index) = free.pop() {
            for user in &needed_by[index] {
                open[*user] -= 1;
                if open[*user] == 0 {
                    free.push(*user);
                }
            }
        }
        open.into_iter().map(|left| left > 0).collect()
    }
}

/// The form that a top-level expression is, if it defines something.
pub(super) fn definition(tree: &Tree, id: NodeId) -> Option<(Define, &[NodeId])> {
    let (head, rest) = tree.list(id)?.split_first()?;
    Some((Define::lookup(tree.atom(*head)?)?, rest))
}

fn defined_name(tree: &Tree, id: NodeId) -> Option<&ClarityName> {
    let (form, rest) = definition(tree, id)?;
    let first = *rest.first()?;
    match form {
        Define::Private | Define::Public | Define::ReadOnly => tree.atom(*tree.list(first)?.first()?),
        Define::ImplTrait => None,
        _ => tree.atom(first),
    }
}

struct Walk<'t> {
    tree: &'t Tree,
    places: HashMap<ClarityName, usize>,
    found: Vec<usize>,
}

impl Walk<'_> {
    fn visit(&mut self, id: NodeId) {
        match self.tree.node(id) {
            Node::Atom(name) => self.meet(name),
            Node::Trait(name) => self.meet(&name.name),
            Node::Literal(_) | Node::Field(_) => {}
            Node::List(_) => self.list(self.tree.list(id).unwrap_or_default()),
        }
    }

    fn meet(&mut self, name: &ClarityName) {
        if let Some(place) = self.places.get(name) {
            self.found.push(*place);
        }
    }

    fn all(&mut self, ids: &[NodeId]) {
        for id in ids {
            self.visit(*id);
        }
    }

    fn list(&mut self, items: &[NodeId]) {
        let Some((head, rest)) = items.split_first() else { return };
        let Some(name) = self.tree.atom(*head) else { return self.all(items) };
        if let Some(form) = Define::lookup(name) {
            return self.define(form, rest);
        }
        match Native::of_any_version(name) {
            Some(Native::Let) => {
                if let Some((bindings, body)) = rest.split_first() {
                    self.pairs(self.tree.list(*bindings).unwrap_or_default());
                    self.all(body);
                }
            }
            Some(Native::TupleCons) => self.pairs(rest),
            Some(Native::TupleGet) => self.all(rest.get(1..).unwrap_or_default()),
            Some(Native::ContractCall) => self.all(rest.get(2..).unwrap_or_default()),
            _ => self.all(items),
        }
    }

    fn define(&mut self, form: Define, rest: &[NodeId]) {
        let body = rest.get(1..).unwrap_or_default();
        match form {
            Define::Constant | Define::FungibleToken | Define::Map | Define::DataVar => self.all(body),
            Define::Trait => {
                for methods in body {
                    self.pairs(self.tree.list(*methods).unwrap_or_default());
                }
            }
            Define::Private | Define::Public | Define::ReadOnly => {
                let signature = rest.first().and_then(|id| self.tree.list(*id)).unwrap_or_default();
                self.pairs(signature.get(1..).unwrap_or_default());
                self.all(body);
            }
            Define::NonFungibleToken | Define::UseTrait | Define::ImplTrait => {}
        }
    }

    /// `(name expression)`: the name is bound here, not met.
    fn pairs(&mut self, ids: &[NodeId]) {
        for id in ids {
            match self.tree.list(*id) {
                Some(pair) => self.all(pair.get(1..).unwrap_or_default()),
                None => self.visit(*id),
            }
        }
    }
}
