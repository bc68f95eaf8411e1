//! Enums of one byte on the wire: each byte is named once, by its variant's discriminant.

use crate::codec::{DecodeError, Reader};

/// An enum that is one byte on the wire.
pub(crate) trait WireEnum: Copy + Sized {
    /// What the byte is called in a [`DecodeError`].
    const FIELD: &'static str;

    /// The variant of a wire byte; `None` if there is none.
    fn of_byte(byte: u8) -> Option<Self>;

    /// The variant of a byte that was read at `offset`.
    ///
    /// # Errors
    /// [`DecodeError::UnknownByte`]: no variant has it.
    fn decode(value: u8, offset: usize) -> Result<Self, DecodeError> {
        Self::of_byte(value).ok_or(DecodeError::UnknownByte { field: Self::FIELD, offset, value })
    }

    /// Reads the byte and returns its variant.
    ///
    /// # Errors
    /// [`DecodeError`]: no byte is left, or no variant has it.
    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let offset = reader.position();
        Self::decode(reader.u8(Self::FIELD)?, offset)
    }
}

/// Declares an enum whose discriminants are its wire bytes, with `from_byte` and `to_byte`. The text behind the name is what
/// errors call the byte.
macro_rules! wire_enum {
    (
        $(#[$attribute:meta])*
        pub enum $name:ident($field:literal) {
            $($(#[$variant_attribute:meta])* $variant:ident = $byte:literal,)*
        }
    ) => {
        $(#[$attribute])*
        #[repr(u8)]
        pub enum $name {
            $($(#[$variant_attribute])* $variant = $byte,)*
        }

        impl $name {
            /// The variant of a wire byte; `None` if there is none.
            #[must_use]
            pub const fn from_byte(byte: u8) -> Option<Self> {
                match byte {
                    $($byte => Some(Self::$variant),)*
                    _ => None,
                }
            }

            /// The byte on the wire: the discriminant.
            #[must_use]
            pub const fn to_byte(self) -> u8 {
                self as u8
            }
        }

        impl $crate::wire_enum::WireEnum for $name {
            const FIELD: &'static str = $field;

            fn of_byte(byte: u8) -> Option<Self> {
                Self::from_byte(byte)
            }
        }
    };
}

pub(crate) use wire_enum;
