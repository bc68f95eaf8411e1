//! Values: what expressions return, contracts store, calls take and return.
//!
//! A value is 32 bytes and cheap to clone: large content is shared by reference, and changed in place by its only owner.
//! Lists and tuples carry their types (see `types`).

mod admit;
mod cast;
mod declare;
mod decode;
mod encode;
mod equal;
mod make;
mod sanitize;
mod size;
#[cfg(test)]
mod tests;
mod text;

use std::sync::Arc;

pub(crate) use cast::CastFault;
pub use decode::{DecodeError, Fields, MAX_DEPTH_UNTYPED};
pub(crate) use make::ListFault;
pub(crate) use text::{DebugValue, signature};

use crate::names::ClarityName;
use crate::principal::{ContractId, Principal, TraitId};
use crate::types::{TupleType, Type};

/// A value of the language. Clones share large content.
#[derive(Debug, Clone)]
pub enum Value {
    /// `int`
    Int(i128),
    /// `uint`
    UInt(u128),
    /// `bool`
    Bool(bool),
    /// `(buff n)`
    Buffer(Arc<Vec<u8>>),
    /// `(string-ascii n)`
    Ascii(Arc<Vec<u8>>),
    /// `(string-utf8 n)`
    Utf8(Arc<Utf8>),
    /// `principal`
    Principal(Arc<Principal>),
    /// A contract that can be called; it may be bound to a trait.
    Callable(Arc<Callable>),
    /// `(list n entry)`
    List(Arc<List>),
    /// `{name: type, ...}`
    Tuple(Arc<Tuple>),
    /// `none`, `(some inner)`
    Optional(Option<Arc<Self>>),
    /// `(ok inner)`
    Ok(Arc<Self>),
    /// `(err inner)`
    Err(Arc<Self>),
}

/// Text in UTF-8, whose length is counted in characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Utf8 {
    text: String,
    characters: u32,
}

impl Utf8 {
    /// A text; its characters are counted once, here.
    #[must_use]
    pub fn new(text: String) -> Self {
        let characters = u32::try_from(text.chars().count()).unwrap_or(u32::MAX);
        Self { text, characters }
    }

    /// The characters, in UTF-8.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The character at a position. In a text with one byte per character this needs no search.
    #[must_use]
    pub fn character(&self, index: usize) -> Option<char> {
        if self.text.len() == self.characters as usize {
            return self.text.as_bytes().get(index).map(|byte| char::from(*byte));
        }
        self.text.chars().nth(index)
    }

    /// How many characters it has.
    #[must_use]
    pub const fn characters(&self) -> u32 {
        self.characters
    }
}

/// A contract that can be called, with the trait that it is bound to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Callable {
    /// The contract that is called.
    pub contract: ContractId,
    /// The trait, once the contract is bound to one.
    pub bound: Option<TraitId>,
}

/// A list with its type.
#[derive(Debug, Clone)]
pub struct List {
    /// Type of the entries.
    pub(crate) entry: Type,
    /// How many entries the list's type allows.
    pub(crate) max_len: u32,
    pub(crate) items: Vec<Value>,
}

impl List {
    /// Type of the entries.
    #[must_use]
    pub const fn entry(&self) -> &Type {
        &self.entry
    }

    /// How many entries the list's type allows.
    #[must_use]
    pub(crate) const fn max_len(&self) -> u32 {
        self.max_len
    }

    /// The entries in order, at most [`List::max_len`] of them.
    #[must_use]
    pub fn items(&self) -> &[Value] {
        &self.items
    }
}

/// A tuple with its type; the values are in the order of the type's fields.
///
/// A tuple is *damaged* if a field of its type has no value. Such a tuple comes from bytes in which a field is
/// repeated, and, where arguments are not sanitized, from an argument that lacks fields.
#[derive(Debug, Clone)]
pub struct Tuple {
    pub(crate) shape: Arc<TupleType>,
    pub(crate) values: Box<[Value]>,
    /// The fields that have a value, of a damaged tuple.
    pub(crate) present: Option<Arc<TupleType>>,
}

impl Tuple {
    /// Names and types of the fields, in byte order of the names.
    #[must_use]
    pub const fn shape(&self) -> &Arc<TupleType> {
        &self.shape
    }

    /// The values in the order of the fields; a damaged tuple has fewer values than fields.
    #[must_use]
    pub const fn values(&self) -> &[Value] {
        &self.values
    }

    /// The fields that have a value: all of them, unless the tuple is damaged.
    pub(crate) fn present(&self) -> &Arc<TupleType> {
        self.present.as_ref().unwrap_or(&self.shape)
    }

    /// Names and values, in byte order of the names.
    pub fn fields(&self) -> impl Iterator<Item = (&ClarityName, &Value)> {
        self.present().fields().iter().map(|(name, _)| name).zip(&self.values)
    }

    /// The value of a field.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.present().position(name).map(|at| &self.values[at])
    }
}

impl Value {
    /// `none`
    pub const NONE: Self = Self::Optional(None);

    /// A buffer of these bytes.
    #[must_use]
    pub fn buffer(bytes: Vec<u8>) -> Self {
        Self::Buffer(Arc::new(bytes))
    }

    /// An account or a contract as a value.
    #[must_use]
    pub fn principal(principal: Principal) -> Self {
        Self::Principal(Arc::new(principal))
    }

    /// A text in UTF-8.
    #[must_use]
    pub fn utf8(text: &str) -> Self {
        Self::Utf8(Arc::new(Utf8::new(text.to_owned())))
    }

    /// A text in ASCII, if all its characters are printable or ASCII white space.
    #[must_use]
    pub fn ascii(bytes: Vec<u8>) -> Option<Self> {
        let good =
            bytes.iter().all(|b| b.is_ascii_alphanumeric() || b.is_ascii_punctuation() || b.is_ascii_whitespace());
        good.then(|| Self::Ascii(Arc::new(bytes)))
    }
}
