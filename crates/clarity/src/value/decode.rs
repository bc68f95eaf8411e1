//! Decodes values from their consensus serialization: without a type, as for the arguments of a transaction, or with
//! the type that storage or a contract declares, which the value then carries.

use std::sync::Arc;

use super::encode::{
    ASCII, BUFFER, CONTRACT, ERR, FALSE, INT, LIST, NONE, OK, SOME, STANDARD, TRUE, TUPLE, UINT, UTF8,
};
use super::{List, Utf8, Value};
use crate::names::{ClarityName, ContractName};
use crate::principal::{ContractId, Principal, Standard};
use crate::types::{MAX_VALUE_SIZE, Type};

/// Most levels of a value that is decoded without a type, the innermost one included.
pub const MAX_DEPTH_UNTYPED: u8 = 16;
/// Most levels of a value that is decoded with a type.
const MAX_DEPTH_TYPED: u8 = 32;

/// Most entries for which memory is reserved before they are read.
const MAX_ROOM: usize = 256;

/// Why bytes are no value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// The bytes end too early.
    #[error("the bytes end inside a value")]
    Short,
    /// Bytes follow the value.
    #[error("{0} bytes follow the value")]
    TrailingBytes(usize),
    /// The bytes are no value.
    #[error("{0}")]
    Invalid(&'static str),
    /// An address in the bytes has a version that no address has.
    #[error("versions of addresses are below 32")]
    AddressVersion,
    /// The bytes are a value of another type.
    #[error("a value of another type than {0}")]
    OtherType(Box<Type>),
}

/// How strictly a typed tuple is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fields {
    /// As many fields as the type has. Other fields are dropped; a field may come twice, which leaves the tuple damaged.
    Declared,
    /// The fields of the type, each once, and no others.
    Exactly,
}

impl Value {
    /// Decodes one value from all of these bytes; its type is that of its content.
    ///
    /// # Errors
    /// The bytes are no value.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        Self::decode_levels(bytes, MAX_DEPTH_UNTYPED)
    }

    /// As [`Value::decode`], for a value that a program made, which may be as deep as a type.
    ///
    /// # Errors
    /// As [`Value::decode`].
    pub fn decode_made(bytes: &[u8]) -> Result<Self, DecodeError> {
        Self::decode_levels(bytes, MAX_DEPTH_TYPED)
    }

    fn decode_levels(bytes: &[u8], levels: u8) -> Result<Self, DecodeError> {
        let mut reader = Reader { bytes, fields: Fields::Declared };
        let value = reader.untyped(levels)?;
        reader.end()?;
        Ok(value)
    }

    /// Decodes the value at the start of these bytes, and returns how many were read: for an error, its position.
    pub fn decode_prefix(bytes: &[u8]) -> (Result<Self, DecodeError>, usize) {
        let mut reader = Reader { bytes, fields: Fields::Declared };
        let value = reader.untyped(MAX_DEPTH_UNTYPED);
        (value, bytes.len() - reader.bytes.len())
    }

    /// Decodes one value of this type from all of these bytes; it carries the type.
    ///
    /// # Errors
    /// The bytes are no value of this type.
    pub(crate) fn decode_as(bytes: &[u8], expected: &Type, fields: Fields) -> Result<Self, DecodeError> {
        let mut reader = Reader { bytes, fields };
        let value = reader.typed(expected, MAX_DEPTH_TYPED)?;
        reader.end()?;
        Ok(value)
    }
}

struct Reader<'a> {
    bytes: &'a [u8],
    fields: Fields,
}

impl<'a> Reader<'a> {
    fn end(&self) -> Result<(), DecodeError> {
        if self.bytes.is_empty() { Ok(()) } else { Err(DecodeError::TrailingBytes(self.bytes.len())) }
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], DecodeError> {
        let (taken, rest) = self.bytes.split_at_checked(length).ok_or(DecodeError::Short)?;
        self.bytes = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], DecodeError> {
        self.take(N)?.try_into().map_err(|_| DecodeError::Short)
    }

    fn byte(&mut self) -> Result<u8, DecodeError> {
        self.array::<1>().map(|[byte]| byte)
    }

    /// A count of entries or bytes, at most what a value can have.
    fn length(&mut self) -> Result<usize, DecodeError> {
        let length = u32::from_be_bytes(self.array()?);
        if length > MAX_VALUE_SIZE {
            return Err(DecodeError::Invalid("longer than a value may be"));
        }
        usize::try_from(length).map_err(|_| DecodeError::Short)
    }

    /// Memory for these entries. At most [`MAX_ROOM`] are reserved: nobody has paid for a length that is only claimed.
    fn room_for<T>(&self, entries: usize) -> Vec<T> {
        Vec::with_capacity(entries.min(self.bytes.len()).min(MAX_ROOM))
    }

    fn text(&mut self) -> Result<&'a str, DecodeError> {
        let length = usize::from(self.byte()?);
        std::str::from_utf8(self.take(length)?).map_err(|_| DecodeError::Invalid("a name is ASCII"))
    }

    fn field_name(&mut self) -> Result<ClarityName, DecodeError> {
        ClarityName::new(self.text()?).ok_or(DecodeError::Invalid("a field's name is a name of the language"))
    }

    fn account(&mut self) -> Result<Standard, DecodeError> {
        let version = self.byte()?;
        Standard::new(version, self.array()?).ok_or(DecodeError::AddressVersion)
    }

    fn contract(&mut self) -> Result<ContractId, DecodeError> {
        let issuer = self.account()?;
        let name = ContractName::new(self.text()?)
            .ok_or(DecodeError::Invalid("a contract's name is a letter, then letters, digits, - and _"))?;
        Ok(ContractId { issuer, name })
    }

    /// A value that holds no others; `None` for the prefixes of values that do.
    fn plain(&mut self, prefix: u8) -> Result<Option<Value>, DecodeError> {
        Ok(Some(match prefix {
            INT => Value::Int(i128::from_be_bytes(self.array()?)),
            UINT => Value::UInt(u128::from_be_bytes(self.array()?)),
            BUFFER => {
                let length = self.length()?;
                Value::buffer(self.take(length)?.to_vec())
            }
            TRUE => Value::Bool(true),
            FALSE => Value::Bool(false),
            STANDARD => Value::principal(Principal::Standard(self.account()?)),
            CONTRACT => Value::principal(Principal::Contract(self.contract()?)),
            NONE => Value::NONE,
            ASCII => {
                let length = self.length()?;
                Value::ascii(self.take(length)?.to_vec()).ok_or(DecodeError::Invalid("a text in ASCII is printable"))?
            }
            UTF8 => {
                let length = self.length()?;
                let text =
                    std::str::from_utf8(self.take(length)?).map_err(|_| DecodeError::Invalid("a text is UTF-8"))?;
                let text = Utf8::new(text.to_owned());
                if text.characters() > MAX_VALUE_SIZE / 4 {
                    return Err(DecodeError::Invalid("longer than a value may be"));
                }
                Value::Utf8(Arc::new(text))
            }
            OK | ERR | SOME | LIST | TUPLE => return Ok(None),
            _ => return Err(DecodeError::Invalid("no value begins with this byte")),
        }))
    }

    fn untyped(&mut self, levels: u8) -> Result<Value, DecodeError> {
        let levels = levels.checked_sub(1).ok_or(TOO_DEEP)?;
        let prefix = self.byte()?;
        if let Some(value) = self.plain(prefix)? {
            return Ok(value);
        }
        match prefix {
            OK => Value::okay(self.untyped(levels)?).map_err(|_| TOO_LARGE),
            ERR => Value::error(self.untyped(levels)?).map_err(|_| TOO_LARGE),
            SOME => Value::some(self.untyped(levels)?).map_err(|_| TOO_LARGE),
            LIST => {
                let length = self.length()?;
                let mut items = self.room_for(length);
                for _ in 0..length {
                    items.push(self.untyped(levels)?);
                }
                Value::list(items)
                    .map_err(|_| DecodeError::Invalid("a list's entries have no type in common, or it is too large"))
            }
            _ => {
                let count = self.length()?;
                let mut fields = self.room_for(count);
                for _ in 0..count {
                    fields.push((self.field_name()?, self.untyped(levels)?));
                }
                Value::tuple(fields)
                    .map_err(|_| DecodeError::Invalid("a tuple without fields, with one twice, or too large"))
            }
        }
    }

    fn typed(&mut self, expected: &Type, levels: u8) -> Result<Value, DecodeError> {
        let prefix = self.byte()?;
        let other = || DecodeError::OtherType(Box::new(expected.clone()));
        let plain = match self.plain(prefix) {
            // Where no principal is expected, the error is the type, not the version.
            Err(DecodeError::AddressVersion) if *expected != Type::Principal => return Err(other()),
            plain => plain?,
        };
        if let Some(value) = plain {
            return if value.fits(expected).unwrap_or(false) { Ok(value) } else { Err(other()) };
        }
        let levels = levels.checked_sub(1).ok_or(TOO_DEEP)?;
        match (prefix, expected) {
            (OK, Type::Response(response)) => Value::okay(self.typed(response.ok(), levels)?).map_err(|_| TOO_LARGE),
            (ERR, Type::Response(response)) => Value::error(self.typed(response.err(), levels)?).map_err(|_| TOO_LARGE),
            (SOME, Type::Optional(optional)) => {
                Value::some(self.typed(optional.inner(), levels)?).map_err(|_| TOO_LARGE)
            }
            (LIST, Type::List(list)) => {
                let length = self.length()?;
                if u32::try_from(length).map_or(true, |length| length > list.max_len()) {
                    return Err(other());
                }
                let mut items = self.room_for(length);
                for _ in 0..length {
                    items.push(self.typed(list.entry(), levels)?);
                }
                Ok(Value::List(Arc::new(List { entry: list.entry().clone(), max_len: list.max_len(), items })))
            }
            (TUPLE, Type::Tuple(_)) => self.typed_tuple(expected, levels),
            _ => Err(other()),
        }
    }

    /// With [`Fields::Declared`], fields that the type lacks are skipped, and of a repeated field the last counts. With
    /// [`Fields::Exactly`], both are errors.
    fn typed_tuple(&mut self, expected: &Type, levels: u8) -> Result<Value, DecodeError> {
        let Type::Tuple(shape) = expected else { return Err(DecodeError::OtherType(Box::new(expected.clone()))) };
        let count = self.length()?;
        let mut values: Vec<Option<Value>> = vec![None; shape.fields().len()];
        let mut others = 0;
        for _ in 0..count {
            let name = self.text()?;
            match shape.position(name) {
                Some(at) => {
                    let value = self.typed(&shape.fields()[at].1, levels)?;
                    if values[at].is_some() && self.fields == Fields::Exactly {
                        return Err(DecodeError::Invalid("a field stands twice"));
                    }
                    values[at] = Some(value);
                }
                None if self.fields == Fields::Exactly || ClarityName::new(name).is_none() => {
                    return Err(DecodeError::OtherType(Box::new(expected.clone())));
                }
                None => {
                    self.untyped(levels)?;
                    others += 1;
                }
            }
        }
        // A field given twice can hide a missing one: only the count is checked.
        if count - others != values.len() {
            return Err(DecodeError::OtherType(Box::new(expected.clone())));
        }
        Value::tuple_with(Arc::clone(shape), values).map_err(|_| DecodeError::Invalid("a tuple without fields"))
    }
}

const TOO_DEEP: DecodeError = DecodeError::Invalid("a value nests too deep");
const TOO_LARGE: DecodeError = DecodeError::Invalid("a value is too large or nests too deep");
