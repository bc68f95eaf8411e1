//! Whether a value of one type may stand where another type is expected.

use super::{Type, TypeFault};

impl Type {
    /// Whether values of type `other` may stand where this type is expected.
    ///
    /// # Errors
    /// The expected type is unknown.
    pub fn admits(&self, other: &Self) -> Result<bool, TypeFault> {
        Ok(match (self, other) {
            (Self::NoType, _) => return Err(TypeFault::Undetermined),
            (Self::List(mine), Self::List(other)) => {
                if other.max_len > mine.max_len {
                    false
                } else {
                    other.max_len == 0 && other.entry == Self::NoType || mine.entry.admits(&other.entry)?
                }
            }
            (Self::Buffer(mine), Self::Buffer(other))
            | (Self::Ascii(mine), Self::Ascii(other))
            | (Self::Utf8(mine), Self::Utf8(other)) => other <= mine,
            (Self::Optional(mine), Self::Optional(other)) => {
                other.inner == Self::NoType || mine.inner.admits(&other.inner)?
            }
            (Self::Response(mine), Self::Response(other)) => {
                (other.ok == Self::NoType || mine.ok.admits(&other.ok)?)
                    && (other.err == Self::NoType || mine.err.admits(&other.err)?)
            }
            (Self::Tuple(mine), Self::Tuple(other)) => {
                if std::sync::Arc::ptr_eq(mine, other) {
                    return Ok(true);
                }
                if mine.fields.len() != other.fields.len() {
                    return Ok(false);
                }
                for ((name, field), (other_name, other_field)) in mine.fields.iter().zip(&other.fields) {
                    if name != other_name || !field.admits(other_field)? {
                        return Ok(false);
                    }
                }
                true
            }
            (Self::Principal, Self::Callable(_)) => true,
            (Self::Principal, Self::Union(members)) => members.iter().all(|member| matches!(member, Self::Callable(_))),
            // No position expects the type of a contract literal; not even that contract is admitted.
            (Self::Callable(_) | Self::Union(_), _) => false,
            _ => self == other,
        })
    }
}
