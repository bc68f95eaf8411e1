//! How large a value is: by the measure of its type, on which costs and memory depend, and in bytes of its serialization.

use std::sync::Arc;

use super::{List, Value};
use crate::principal::Principal;
use crate::types::Type;

/// Size of an unknown type.
const NO_TYPE: u32 = 1;
const PRINCIPAL: u32 = 148;
const TRAIT: u32 = 276;

impl List {
    /// Size of the type: five more than that of its entries.
    fn type_size(&self) -> u32 {
        self.entry.type_size().saturating_add(5)
    }

    /// Size by the type that it carries.
    #[must_use]
    pub fn size(&self) -> u32 {
        self.max_len.saturating_mul(self.entry.size()).saturating_add(self.type_size())
    }
}

impl Value {
    /// Its size by the type that it carries.
    #[must_use]
    pub fn size(&self) -> u32 {
        match self {
            Self::Int(_) | Self::UInt(_) => 16,
            Self::Bool(_) => 1,
            Self::Buffer(bytes) | Self::Ascii(bytes) => length(bytes.len()).saturating_add(4),
            Self::Utf8(text) => text.characters().saturating_mul(4).saturating_add(4),
            Self::Principal(_) => PRINCIPAL,
            Self::Callable(callable) => {
                if callable.bound.is_some() {
                    TRAIT
                } else {
                    PRINCIPAL
                }
            }
            Self::List(list) => list.size(),
            Self::Tuple(tuple) => tuple.shape.size(),
            Self::Optional(None) => NO_TYPE + 1,
            Self::Optional(Some(inner)) => inner.size().saturating_add(1),
            Self::Ok(inner) | Self::Err(inner) => inner.size().max(NO_TYPE).saturating_add(1),
        }
    }

    /// Levels of nesting of its type.
    #[must_use]
    pub fn depth(&self) -> u8 {
        match self {
            Self::List(list) => list.entry.depth().saturating_add(1),
            Self::Tuple(tuple) => tuple.shape.depth(),
            Self::Optional(None) => 2,
            Self::Optional(Some(inner)) | Self::Ok(inner) | Self::Err(inner) => inner.depth().saturating_add(1),
            _ => 1,
        }
    }

    /// The value's type: the one that it carries, else that of its content.
    #[must_use]
    pub(crate) fn type_of(&self) -> Type {
        match self {
            Self::Int(_) => Type::Int,
            Self::UInt(_) => Type::UInt,
            Self::Bool(_) => Type::Bool,
            Self::Buffer(bytes) => Type::Buffer(length(bytes.len())),
            Self::Ascii(bytes) => Type::Ascii(length(bytes.len())),
            Self::Utf8(text) => Type::Utf8(text.characters()),
            Self::Principal(_) => Type::Principal,
            Self::Callable(callable) => callable.bound.as_ref().map_or_else(
                || Type::Callable(Arc::new(callable.contract.clone())),
                |bound| Type::Trait(Arc::new(bound.clone())),
            ),
            // A list that exists was not too large when it was made, so neither is its type.
            Self::List(list) => Type::list(list.entry.clone(), list.max_len).unwrap_or(Type::NoType),
            Self::Tuple(tuple) => Type::Tuple(Arc::clone(&tuple.shape)),
            Self::Optional(None) => Type::optional(Type::NoType).unwrap_or(Type::NoType),
            Self::Optional(Some(inner)) => Type::optional(inner.type_of()).unwrap_or(Type::NoType),
            Self::Ok(inner) => Type::response(inner.type_of(), Type::NoType).unwrap_or(Type::NoType),
            Self::Err(inner) => Type::response(Type::NoType, inner.type_of()).unwrap_or(Type::NoType),
        }
    }

    /// Bytes of its serialization.
    #[must_use]
    pub fn serialized_size(&self) -> u64 {
        match self {
            Self::Int(_) | Self::UInt(_) => 17,
            Self::Bool(_) | Self::Optional(None) => 1,
            Self::Buffer(bytes) | Self::Ascii(bytes) => 5 + bytes_of(bytes.len()),
            Self::Utf8(text) => 5 + bytes_of(text.text().len()),
            Self::Principal(principal) => match principal.as_ref() {
                Principal::Standard(_) => 22,
                Principal::Contract(contract) => 23 + bytes_of(contract.name.len()),
            },
            Self::Callable(callable) => 23 + bytes_of(callable.contract.name.len()),
            Self::List(list) => 5 + list.items.iter().map(Self::serialized_size).sum::<u64>(),
            Self::Tuple(tuple) => {
                let names: u64 = tuple.present().fields().iter().map(|(name, _)| 1 + bytes_of(name.len())).sum();
                5 + names + tuple.values.iter().map(Self::serialized_size).sum::<u64>()
            }
            Self::Optional(Some(inner)) | Self::Ok(inner) | Self::Err(inner) => 1 + inner.serialized_size(),
        }
    }
}

fn length(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

fn bytes_of(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}
