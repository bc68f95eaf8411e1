//! Equality of values: by content. The types that they carry do not matter.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use super::Value;

impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Int(a), Self::Int(b)) => a == b,
            (Self::UInt(a), Self::UInt(b)) => a == b,
            (Self::Bool(a), Self::Bool(b)) => a == b,
            (Self::Buffer(a), Self::Buffer(b)) | (Self::Ascii(a), Self::Ascii(b)) => a == b,
            (Self::Utf8(a), Self::Utf8(b)) => a.text == b.text,
            (Self::Principal(a), Self::Principal(b)) => Arc::ptr_eq(a, b) || a == b,
            (Self::Callable(a), Self::Callable(b)) => a == b,
            (Self::List(a), Self::List(b)) => Arc::ptr_eq(a, b) || a.items == b.items,
            (Self::Tuple(a), Self::Tuple(b)) => {
                Arc::ptr_eq(a, b)
                    || a.values == b.values && a.fields().map(|(name, _)| name).eq(b.fields().map(|(name, _)| name))
            }
            (Self::Optional(a), Self::Optional(b)) => a == b,
            (Self::Ok(a), Self::Ok(b)) | (Self::Err(a), Self::Err(b)) => a == b,
            _ => false,
        }
    }
}

impl Eq for Value {}

/// Hashes the serialization, which is the same for equal values.
impl Hash for Value {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.encode().hash(state);
    }
}
