//! The syntax tree: nodes in one arena, children as ranges, each node with the place it was written at.

use std::fmt;

use crate::names::ClarityName;
use crate::principal::TraitId;
use crate::value::Value;

/// A place in a source text: lines and columns from 1, both ends included. All zeros for nodes that come from shorthand.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Span {
    /// Line of the first character.
    pub start_line: u32,
    /// Column of the first character.
    pub start_column: u32,
    /// Line of the last character.
    pub(crate) end_line: u32,
    /// Column of the last character.
    pub(crate) end_column: u32,
}

impl Span {
    /// From the first character of this span to the last of the other.
    #[must_use]
    pub const fn to(self, end: Self) -> Self {
        Self { end_line: end.end_line, end_column: end.end_column, ..self }
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}-{}.{}", self.start_line, self.start_column, self.end_line, self.end_column)
    }
}

/// A node's position in its tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeId(u32);

impl NodeId {
    /// The position as an index, below [`Tree::len`].
    #[must_use]
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// The content of a node.
#[derive(Debug, Clone)]
pub enum Node {
    /// A name: of a function, a variable, a type.
    Atom(ClarityName),
    /// A number, a text, a buffer, a principal.
    Literal(Value),
    /// A trait by its full name: `.contract.trait`.
    Field(TraitId),
    /// `<name>`: a trait by the name that it has in this contract.
    Trait(TraitName),
    /// Nodes in parentheses; a tuple in braces is one too.
    List(Children),
}

/// `<name>`, and the trait that it means.
#[derive(Debug, Clone)]
pub struct TraitName {
    /// The name between the angle brackets.
    pub name: ClarityName,
    /// The trait; `None` until the whole contract is parsed.
    pub trait_id: Option<TraitId>,
    /// The trait is imported, not defined here.
    pub imported: bool,
}

/// The children of a list.
#[derive(Debug, Clone, Copy)]
pub struct Children {
    start: u32,
    len: u32,
}

/// A contract's syntax tree.
#[derive(Debug, Clone, Default)]
pub struct Tree {
    nodes: Vec<(Node, Span)>,
    children: Vec<NodeId>,
    top: Vec<NodeId>,
}

impl Tree {
    pub(super) fn push(&mut self, node: Node, span: Span) -> NodeId {
        let id = NodeId(u32::try_from(self.nodes.len()).unwrap_or(u32::MAX));
        self.nodes.push((node, span));
        id
    }

    pub(super) fn push_list(&mut self, items: &[NodeId], span: Span) -> NodeId {
        let start = u32::try_from(self.children.len()).unwrap_or(u32::MAX);
        let len = u32::try_from(items.len()).unwrap_or(u32::MAX);
        self.children.extend_from_slice(items);
        self.push(Node::List(Children { start, len }), span)
    }

    pub(super) fn set_top(&mut self, top: Vec<NodeId>) {
        self.top = top;
    }

    pub(super) fn trait_names(&mut self) -> impl Iterator<Item = &mut TraitName> {
        self.nodes.iter_mut().filter_map(|(node, _)| match node {
            Node::Trait(name) => Some(name),
            _ => None,
        })
    }

    /// How many nodes there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Whether there are no nodes.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// The content of a node.
    #[must_use]
    pub fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.index()].0
    }

    /// Where a node was written.
    #[must_use]
    pub fn span(&self, id: NodeId) -> Span {
        self.nodes[id.index()].1
    }

    /// The expressions at the top level, in the order in which they are evaluated.
    #[must_use]
    pub fn top(&self) -> &[NodeId] {
        &self.top
    }

    /// The nodes of a list.
    #[must_use]
    pub fn list(&self, id: NodeId) -> Option<&[NodeId]> {
        match self.node(id) {
            Node::List(Children { start, len }) => Some(&self.children[*start as usize..(start + len) as usize]),
            _ => None,
        }
    }

    /// The nodes of a list that was written in parentheses, not in braces.
    #[must_use]
    pub(crate) fn parenthesized(&self, id: NodeId) -> Option<&[NodeId]> {
        let items = self.list(id)?;
        items.first().is_none_or(|head| self.span(*head) != Span::default()).then_some(items)
    }

    /// The name at a node.
    #[must_use]
    pub(crate) fn atom(&self, id: NodeId) -> Option<&ClarityName> {
        match self.node(id) {
            Node::Atom(name) => Some(name),
            _ => None,
        }
    }

    /// The literal at a node.
    #[must_use]
    pub fn literal(&self, id: NodeId) -> Option<&Value> {
        match self.node(id) {
            Node::Literal(value) => Some(value),
            _ => None,
        }
    }
}
