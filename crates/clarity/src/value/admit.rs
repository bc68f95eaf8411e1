//! Whether a value may stand where a type is expected.

use std::sync::Arc;

use super::Value;
use crate::types::{Type, TypeFault};

impl Value {
    /// Whether the value may stand where a type is expected: [`Type::admits`] of its type, without making that type.
    ///
    /// # Errors
    /// The expected type is unknown.
    pub fn fits(&self, expected: &Type) -> Result<bool, TypeFault> {
        Ok(match (expected, self) {
            (Type::NoType, _) => return Err(TypeFault::Undetermined),
            (Type::Int, Self::Int(_)) | (Type::UInt, Self::UInt(_)) | (Type::Bool, Self::Bool(_)) => true,
            (Type::Principal, Self::Principal(_)) => true,
            (Type::Buffer(most), Self::Buffer(bytes)) | (Type::Ascii(most), Self::Ascii(bytes)) => {
                u32::try_from(bytes.len()).is_ok_and(|length| length <= *most)
            }
            (Type::Utf8(most), Self::Utf8(text)) => text.characters() <= *most,
            (Type::Optional(_), Self::Optional(None)) => true,
            (Type::Optional(of), Self::Optional(Some(inner))) => inner.fits(of.inner())?,
            (Type::Response(of), Self::Ok(inner)) => inner.fits(of.ok())?,
            (Type::Response(of), Self::Err(inner)) => inner.fits(of.err())?,
            (Type::List(of), Self::List(list)) => {
                if list.max_len > of.max_len() {
                    false
                } else {
                    list.max_len == 0 && list.entry == Type::NoType || of.entry().admits(&list.entry)?
                }
            }
            (Type::Tuple(_), Self::Tuple(tuple)) => expected.admits(&Type::Tuple(Arc::clone(tuple.shape())))?,
            (_, Self::Callable(_)) => expected.admits(&self.type_of())?,
            _ => false,
        })
    }
}
