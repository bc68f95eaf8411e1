//! The order in which a contract's top level is evaluated: a definition comes after those that it needs, whatever the
//! order in the text.
//!
//! Every occurrence of a name that the contract defines is an edge, repeated ones too: their number is charged. Names that an
//! expression binds and names of fields do not count, and neither does anything in a form with a wrong number of parts.

use hashbrown::HashMap;

use super::errors::{ParseError, SyntaxError};
use super::tree::{Node, NodeId, Tree};
use crate::keywords::Define;
use crate::names::ClarityName;
use crate::natives::Native;

/// Which top-level expression needs which, by their positions.
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

    /// All positions, each after those that it needs. No recursion: a chain of needs is as long as the text allows.
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

    /// For each position, whether it is on a cycle or needs one that is.
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

/// The form of a top-level expression and its parts, if it defines something.
pub(super) fn definition(tree: &Tree, id: NodeId) -> Option<(Define, &[NodeId])> {
    let (head, rest) = tree.list(id)?.split_first()?;
    Some((Define::lookup(tree.atom(*head)?)?, rest))
}

/// The name that a form defines: its first part, or the first item of that part.
fn defined_name(tree: &Tree, id: NodeId) -> Option<&ClarityName> {
    let first = *definition(tree, id)?.1.first()?;
    tree.atom(first).or_else(|| tree.atom(*tree.parenthesized(first)?.first()?))
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
                if let [bindings, body @ ..] = rest
                    && !body.is_empty()
                {
                    self.pairs(self.tree.parenthesized(*bindings).unwrap_or_default());
                    self.all(body);
                }
            }
            Some(Native::TupleCons) => self.pairs(rest),
            Some(Native::TupleGet) => {
                if let [_, tuple] = rest {
                    self.visit(*tuple);
                }
            }
            Some(Native::ContractCall) => self.all(rest.get(2..).unwrap_or_default()),
            _ => self.all(items),
        }
    }

    fn define(&mut self, form: Define, rest: &[NodeId]) {
        match (form, rest) {
            (Define::Constant | Define::DataVar, [_, body @ ..]) => self.all(body),
            (Define::FungibleToken, [_, cap]) => self.visit(*cap),
            (Define::Map, [_, key, value]) => self.all(&[*key, *value]),
            (Define::Trait, [_, methods]) => {
                for method in self.tree.parenthesized(*methods).unwrap_or_default() {
                    if let Some([_, parameters, result]) = self.tree.parenthesized(*method) {
                        self.all(&[*parameters, *result]);
                    }
                }
            }
            (Define::Private | Define::Public | Define::ReadOnly, [signature, body]) => {
                if let Some([_, parameters @ ..]) = self.tree.parenthesized(*signature) {
                    self.pairs(parameters);
                }
                self.visit(*body);
            }
            _ => {}
        }
    }

    /// `(name expression)`: the name is bound here, so it is no occurrence.
    fn pairs(&mut self, ids: &[NodeId]) {
        for id in ids {
            if let Some([_, value]) = self.tree.parenthesized(*id) {
                self.visit(*value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::principal::ContractId;

    fn edges(source: &str) -> usize {
        let id = ContractId::parse("ST000000000000000000002AMW42H.sorted").unwrap();
        Graph::of(&super::super::parse::parse(&format!("{source}\n(define-constant a 1)"), id.issuer, 64).unwrap())
            .edges()
    }

    #[test]
    fn a_form_with_its_own_number_of_parts_meets_names() {
        let forms = [
            ("(define-map m a a)", 2),
            ("(define-fungible-token t a)", 1),
            ("(define-private (f (p a) (a <a>)) a)", 3),
            ("(define-constant b a a)", 2),
            ("(define-data-var v a)", 1),
            ("(define-trait t ((a (a a) (response a a))))", 4),
            ("(let ((x a) (a a)) a a)", 4),
            ("(tuple (a a) (x a))", 2),
            ("{a: a, x: a}", 2),
            ("(get a a)", 1),
            ("(contract-call? a a a)", 1),
            ("(map-get? a {a: a})", 2),
        ];
        for (form, count) in forms {
            assert_eq!(edges(form), count, "{form}");
        }
    }

    #[test]
    fn a_form_with_more_or_fewer_parts_meets_none_there() {
        let forms = [
            ("(define-map m a)", 0),
            ("(define-map m a a a)", 0),
            ("(define-fungible-token t a a)", 0),
            ("(define-private (f (p a)) a a)", 0),
            ("(define-private (f (p a)))", 0),
            ("(define-private (f a (p a a)) 1)", 0),
            ("(define-trait t ((f a) (f a a a) a))", 0),
            ("(define-trait t ((f a a)) a)", 0),
            ("(let ((x a)))", 0),
            ("(let (a (x a a)) a)", 1),
            ("(tuple a (x) (x a a))", 0),
            ("(get a a a)", 0),
            // Braces are no list of parts. `impl-trait` defines a name, as all forms do.
            ("(define-private (f {p: a}) 1)", 0),
            ("(define-private {f: a} 1)", 0),
            ("(let {x: a} 1)", 0),
            ("(impl-trait b) b", 1),
            ("(define-constant (b c) 1) b c", 1),
            ("(define-private b 1) b", 1),
        ];
        for (form, count) in forms {
            assert_eq!(edges(form), count, "{form}");
        }
    }
}
