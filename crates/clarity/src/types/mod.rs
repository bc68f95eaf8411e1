//! Types: what the checker infers, and what values carry.
//!
//! A value's type says more than its content: an empty list read from a variable is still a list of up to, say, a
//! hundred entries of some type, and costs and memory follow from that. So lists and tuples carry their types, and the
//! figures that costs depend on (size, size of the type, depth) are computed once, when a type is made. Compound types
//! are shared by reference: they are freed with the values and contracts that use them, and two references to one type
//! compare without looking inside.

mod admit;
mod join;
mod text;

use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::sync::Arc;

pub use join::JoinFault;
pub(crate) use text::{DebugContract, DebugType};

use crate::names::ClarityName;
use crate::principal::{ContractId, TraitId};

/// Bytes of the largest value, by the measure of its type.
pub(crate) const MAX_VALUE_SIZE: u32 = 1024 * 1024;
/// Levels of the deepest type.
pub(crate) const MAX_TYPE_DEPTH: u8 = 32;
const PRINCIPAL_SIZE: u32 = 148;
const TRAIT_SIZE: u32 = 276;

/// Why there is no such type.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TypeFault {
    /// Its values would be larger than [`MAX_VALUE_SIZE`].
    #[error("values of this type are larger than {MAX_VALUE_SIZE} bytes")]
    ValueTooLarge,
    /// It nests deeper than [`MAX_TYPE_DEPTH`].
    #[error("this type nests deeper than {MAX_TYPE_DEPTH} levels")]
    TooDeep,
    /// A tuple without fields.
    #[error("a tuple has one field or more")]
    EmptyTuple,
    /// A tuple with the same field twice.
    #[error("a tuple has the field {0} once")]
    DuplicateField(ClarityName),
    /// The expected type is unknown.
    #[error("nothing is known of this type")]
    Undetermined,
}

/// The type of a value. Compound types are made by the functions below, which refuse what is too large or too deep.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Type {
    /// Unknown: the entries of an empty list, the other side of a response.
    NoType,
    /// `int`
    Int,
    /// `uint`
    UInt,
    /// `bool`
    Bool,
    /// `(buff n)`
    Buffer(u32),
    /// `(string-ascii n)`
    Ascii(u32),
    /// `(string-utf8 n)`
    Utf8(u32),
    /// `principal`
    Principal,
    /// `(list n entry)`
    List(Arc<ListType>),
    /// `{name: type, ...}`
    Tuple(Arc<TupleType>),
    /// `(optional inner)`
    Optional(Arc<OptionalType>),
    /// `(response ok err)`
    Response(Arc<ResponseType>),
    /// A contract literal.
    Callable(Arc<ContractId>),
    /// `<trait>`
    Trait(Arc<TraitId>),
    /// One of several contracts or traits: the join of different [`Type::Callable`] and [`Type::Trait`].
    Union(Arc<BTreeSet<Self>>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Figures {
    size: u32,
    type_size: u32,
    depth: u8,
}

/// Type of a list: the type of its entries, and how many it may have.
#[derive(Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ListType {
    entry: Type,
    max_len: u32,
    figures: Figures,
}

impl ListType {
    /// Type of the entries.
    #[must_use]
    pub const fn entry(&self) -> &Type {
        &self.entry
    }

    /// The most entries.
    #[must_use]
    pub(crate) const fn max_len(&self) -> u32 {
        self.max_len
    }
}

/// Type of a tuple: fields in byte order of their names.
#[derive(Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TupleType {
    fields: Box<[(ClarityName, Type)]>,
    figures: Figures,
}

impl TupleType {
    /// The fields in byte order of their names.
    #[must_use]
    pub const fn fields(&self) -> &[(ClarityName, Type)] {
        &self.fields
    }

    /// The position of a field.
    #[must_use]
    pub fn position(&self, name: &str) -> Option<usize> {
        self.fields.binary_search_by(|(field, _)| field.as_str().cmp(name)).ok()
    }

    /// The type of a field.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&Type> {
        self.position(name).map(|at| &self.fields[at].1)
    }

    /// Size of its values.
    #[must_use]
    pub const fn size(&self) -> u32 {
        self.figures.size
    }

    /// Levels of nesting: one more than the deepest field's.
    #[must_use]
    pub const fn depth(&self) -> u8 {
        self.figures.depth
    }
}

/// Type of an optional.
#[derive(Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct OptionalType {
    inner: Type,
    figures: Figures,
}

impl OptionalType {
    /// The type of the value inside.
    #[must_use]
    pub const fn inner(&self) -> &Type {
        &self.inner
    }
}

/// Type of a response.
#[derive(Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ResponseType {
    ok: Type,
    err: Type,
    figures: Figures,
}

impl ResponseType {
    /// The type inside `ok`.
    #[must_use]
    pub const fn ok(&self) -> &Type {
        &self.ok
    }

    /// The type inside `err`.
    #[must_use]
    pub const fn err(&self) -> &Type {
        &self.err
    }
}

fn figures(size: Option<u32>, type_size: Option<u32>, inner_depth: u8) -> Result<Figures, TypeFault> {
    let depth = inner_depth + 1;
    if depth > MAX_TYPE_DEPTH {
        return Err(TypeFault::TooDeep);
    }
    match (size, type_size) {
        (Some(size), Some(type_size)) if size <= MAX_VALUE_SIZE && type_size <= MAX_VALUE_SIZE => {
            Ok(Figures { size, type_size, depth })
        }
        _ => Err(TypeFault::ValueTooLarge),
    }
}

impl Type {
    /// `(list max_len entry)`
    ///
    /// # Errors
    /// Too large or too deep.
    pub fn list(entry: Self, max_len: u32) -> Result<Self, TypeFault> {
        ListType::new(entry, max_len).map(|list| Self::List(Arc::new(list)))
    }

    /// `(optional inner)`
    ///
    /// # Errors
    /// Too large or too deep.
    pub fn optional(inner: Self) -> Result<Self, TypeFault> {
        let figures = figures(inner.size().checked_add(1), inner.type_size().checked_add(1), inner.depth())?;
        Ok(Self::Optional(Arc::new(OptionalType { inner, figures })))
    }

    /// `(optional inner)` of any size and depth, which the checker infers for `as-max-len?`. Making a value too large
    /// or too deep fails later.
    pub(crate) fn optional_of_any_size(inner: Self) -> Self {
        let figures = Figures {
            size: inner.size().saturating_add(1),
            type_size: inner.type_size().saturating_add(1),
            depth: inner.depth().saturating_add(1),
        };
        Self::Optional(Arc::new(OptionalType { inner, figures }))
    }

    /// `(response ok err)`
    ///
    /// # Errors
    /// Too large or too deep.
    pub fn response(ok: Self, err: Self) -> Result<Self, TypeFault> {
        let type_size = ok.type_size().checked_add(err.type_size()).and_then(|sum| sum.checked_add(1));
        let figures = figures(ok.size().max(err.size()).checked_add(1), type_size, ok.depth().max(err.depth()))?;
        Ok(Self::Response(Arc::new(ResponseType { ok, err, figures })))
    }

    /// `{name: type, ...}`, fields in any order.
    ///
    /// # Errors
    /// No field, the same field twice, too large, too deep.
    pub fn tuple(fields: Vec<(ClarityName, Self)>) -> Result<Self, TypeFault> {
        TupleType::new(fields).map(|tuple| Self::Tuple(Arc::new(tuple)))
    }

    /// The largest size of a value of this type, in the language's own measure.
    #[must_use]
    pub fn size(&self) -> u32 {
        match self {
            Self::NoType | Self::Bool => 1,
            Self::Int | Self::UInt => 16,
            Self::Buffer(n) | Self::Ascii(n) => n.saturating_add(4),
            Self::Utf8(n) => n.saturating_mul(4).saturating_add(4),
            Self::Principal | Self::Callable(_) | Self::Union(_) => PRINCIPAL_SIZE,
            Self::Trait(_) => TRAIT_SIZE,
            Self::List(list) => list.figures.size,
            Self::Tuple(tuple) => tuple.figures.size,
            Self::Optional(optional) => optional.figures.size,
            Self::Response(response) => response.figures.size,
        }
    }

    /// The size of the type itself.
    #[must_use]
    pub(crate) fn type_size(&self) -> u32 {
        match self {
            Self::Buffer(_) | Self::Ascii(_) | Self::Utf8(_) => 5,
            Self::List(list) => list.figures.type_size,
            Self::Tuple(tuple) => tuple.figures.type_size,
            Self::Optional(optional) => optional.figures.type_size,
            Self::Response(response) => response.figures.type_size,
            _ => 1,
        }
    }

    /// Whether its values hold other values.
    #[must_use]
    pub(crate) const fn is_compound(&self) -> bool {
        matches!(self, Self::List(_) | Self::Tuple(_) | Self::Optional(_) | Self::Response(_))
    }

    /// Levels of nesting: 1 for a plain type.
    #[must_use]
    pub fn depth(&self) -> u8 {
        match self {
            Self::List(list) => list.figures.depth,
            Self::Tuple(tuple) => tuple.figures.depth,
            Self::Optional(optional) => optional.figures.depth,
            Self::Response(response) => response.figures.depth,
            _ => 1,
        }
    }
}

impl ListType {
    fn new(entry: Type, max_len: u32) -> Result<Self, TypeFault> {
        let type_size = entry.type_size().checked_add(5);
        let size = max_len.checked_mul(entry.size()).and_then(|sum| sum.checked_add(type_size?));
        let figures = figures(size, type_size, entry.depth())?;
        Ok(Self { entry, max_len, figures })
    }
}

impl TupleType {
    pub(crate) fn new(fields: Vec<(ClarityName, Type)>) -> Result<Self, TypeFault> {
        let tuple = Self::of_any_size(fields)?;
        let Figures { size, type_size, depth } = tuple.figures;
        figures(Some(size), Some(type_size), depth - 1)?;
        Ok(tuple)
    }

    /// A tuple type that may be too large or too deep for a value, as `merge` made before 4.0.
    pub(crate) fn of_any_size(mut fields: Vec<(ClarityName, Type)>) -> Result<Self, TypeFault> {
        fields.sort_by(|a, b| a.0.cmp(&b.0));
        if fields.is_empty() {
            return Err(TypeFault::EmptyTuple);
        }
        if let Some(pair) = fields.windows(2).find(|pair| pair[0].0.cmp(&pair[1].0) == Ordering::Equal) {
            return Err(TypeFault::DuplicateField(pair[0].0.clone()));
        }
        let (mut type_size, mut size, mut depth) = (0_u32, 0_u32, 0_u8);
        for (name, field) in &fields {
            let name = u32::try_from(name.len()).unwrap_or(u32::MAX).saturating_add(2);
            type_size = type_size.saturating_add(name).saturating_add(field.type_size());
            size = size.saturating_add(name).saturating_add(field.size());
            depth = depth.max(field.depth());
        }
        let figures = Figures { size: size.saturating_add(type_size), type_size, depth: depth.saturating_add(1) };
        Ok(Self { fields: fields.into_boxed_slice(), figures })
    }
}
