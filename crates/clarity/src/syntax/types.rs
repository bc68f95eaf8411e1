//! Reads the types in definitions, such as `(list 5 uint)`, from the syntax tree.

use std::sync::Arc;

use super::tree::{Node, NodeId, Tree};
use crate::types::{MAX_VALUE_SIZE, Type, TypeFault};
use crate::value::Value;

/// Why a piece of text is no type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum TypeSyntax {
    /// The text does not have the form of a type.
    Invalid,
    /// The tuple's field at this position is no list.
    FieldNotList(usize),
    /// The tuple's field at this position is no list of two.
    FieldLength(usize),
    /// The tuple's field at this position does not begin with a name.
    FieldName(usize),
    /// No type has this name.
    UnknownName(String),
    /// A length that no value can have.
    OutOfBounds,
    /// There is no such type.
    Fault(TypeFault),
}

impl From<TypeFault> for TypeSyntax {
    fn from(fault: TypeFault) -> Self {
        Self::Fault(fault)
    }
}

/// Reads types, and counts the steps, which are charged. `<name>` is read as a type in all versions of the language:
/// the checker takes it as one, and in Clarity 1 parameters are bound to it, too.
#[derive(Debug)]
pub(crate) struct TypeReader<'a> {
    tree: &'a Tree,
    steps: u32,
}

impl<'a> TypeReader<'a> {
    /// A reader that has read nothing.
    #[must_use]
    pub(crate) const fn new(tree: &'a Tree) -> Self {
        Self { tree, steps: 0 }
    }

    /// How many nodes of types were read.
    #[must_use]
    pub(crate) const fn steps(&self) -> u32 {
        self.steps
    }

    /// The type at a node.
    ///
    /// # Errors
    /// The node is no type.
    pub(crate) fn read(&mut self, at: NodeId) -> Result<Type, TypeSyntax> {
        self.steps += 1;
        match self.tree.node(at) {
            Node::Atom(name) => match name.as_str() {
                "int" => Ok(Type::Int),
                "uint" => Ok(Type::UInt),
                "bool" => Ok(Type::Bool),
                "principal" => Ok(Type::Principal),
                other => Err(TypeSyntax::UnknownName(other.to_owned())),
            },
            Node::Trait(name) => {
                let id = name.trait_id.clone().ok_or(TypeSyntax::Invalid)?;
                Ok(Type::Trait(Arc::new(id)))
            }
            Node::List(_) => {
                let items = self.tree.list(at).unwrap_or_default();
                self.compound(items)
            }
            Node::Literal(_) | Node::Field(_) => Err(TypeSyntax::Invalid),
        }
    }

    fn compound(&mut self, items: &[NodeId]) -> Result<Type, TypeSyntax> {
        let (head, rest) = items.split_first().ok_or(TypeSyntax::Invalid)?;
        let head = self.tree.atom(*head).ok_or(TypeSyntax::Invalid)?.clone();
        match (head.as_str(), rest) {
            ("buff", [length]) => self.length(*length, MAX_VALUE_SIZE).map(Type::Buffer),
            ("string-ascii", [length]) => self.length(*length, MAX_VALUE_SIZE).map(Type::Ascii),
            ("string-utf8", [length]) => self.length(*length, MAX_VALUE_SIZE / 4).map(Type::Utf8),
            ("list", [length, entry]) => {
                let length = self.length(*length, u32::MAX).map_err(|fault| match fault {
                    TypeSyntax::OutOfBounds => TypeSyntax::Fault(TypeFault::ValueTooLarge),
                    other => other,
                })?;
                Ok(Type::list(self.read(*entry)?, length)?)
            }
            ("optional", [inner]) => Ok(Type::optional(self.read(*inner)?)?),
            ("response", [ok, err]) => {
                let ok = self.read(*ok)?;
                Ok(Type::response(ok, self.read(*err)?)?)
            }
            ("tuple", fields) => {
                let mut pairs = Vec::with_capacity(fields.len());
                for (place, field) in fields.iter().enumerate() {
                    let field = self.tree.list(*field).ok_or(TypeSyntax::FieldNotList(place))?;
                    let [name, of] = field else { return Err(TypeSyntax::FieldLength(place)) };
                    pairs.push((name, of));
                }
                let mut parsed = Vec::with_capacity(fields.len());
                for (place, (name, of)) in pairs.into_iter().enumerate() {
                    let name = self.tree.atom(*name).ok_or(TypeSyntax::FieldName(place))?.clone();
                    parsed.push((name, self.read(*of)?));
                }
                Ok(Type::tuple(parsed)?)
            }
            _ => Err(TypeSyntax::Invalid),
        }
    }

    fn length(&self, at: NodeId, most: u32) -> Result<u32, TypeSyntax> {
        let Some(Value::Int(length)) = self.tree.literal(at) else { return Err(TypeSyntax::Invalid) };
        if *length < 0 {
            return Err(TypeSyntax::OutOfBounds);
        }
        let length = u32::try_from(*length).map_err(|_| TypeFault::ValueTooLarge)?;
        if length > most { Err(TypeSyntax::Fault(TypeFault::ValueTooLarge)) } else { Ok(length) }
    }
}
