//! Values as texts show them: in the language's words ([`fmt::Display`]), and in the form that error texts use ([`DebugValue`]).

use std::fmt;
use std::sync::Arc;

use super::{Utf8, Value};
use crate::principal::Principal;
use crate::types::{DebugContract, DebugType, TupleType, Type};

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Int(number) => number.fmt(f),
            Self::UInt(number) => write!(f, "u{number}"),
            Self::Bool(truth) => truth.fmt(f),
            Self::Buffer(bytes) => {
                f.write_str("0x")?;
                hexadecimal(f, bytes)
            }
            Self::Ascii(bytes) => write!(f, "\"{}\"", bytes.escape_ascii()),
            Self::Utf8(text) => text.fmt(f),
            Self::Principal(principal) => principal.fmt(f),
            Self::Callable(callable) => match &callable.bound {
                Some(bound) => write!(f, "({} as <{bound}>)", callable.contract),
                None => callable.contract.fmt(f),
            },
            Self::List(list) => {
                f.write_str("(")?;
                for (at, item) in list.items.iter().enumerate() {
                    write!(f, "{}{item}", if at == 0 { "" } else { " " })?;
                }
                f.write_str(")")
            }
            Self::Tuple(tuple) => {
                f.write_str("(tuple")?;
                for (name, value) in tuple.fields() {
                    write!(f, " ({name} {value})")?;
                }
                f.write_str(")")
            }
            Self::Optional(None) => f.write_str("none"),
            Self::Optional(Some(inner)) => write!(f, "(some {inner})"),
            Self::Ok(inner) => write!(f, "(ok {inner})"),
            Self::Err(inner) => write!(f, "(err {inner})"),
        }
    }
}

/// Characters beyond ASCII are shown as the bytes of their encoding.
impl fmt::Display for Utf8 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("u\"")?;
        let mut buffer = [0; 4];
        for character in self.text.chars() {
            let bytes = character.encode_utf8(&mut buffer).as_bytes();
            if let [byte] = bytes {
                write!(f, "{}", byte.escape_ascii())?;
            } else {
                f.write_str("\\u{")?;
                hexadecimal(f, bytes)?;
                f.write_str("}")?;
            }
        }
        f.write_str("\"")
    }
}

fn hexadecimal(f: &mut fmt::Formatter<'_>, bytes: &[u8]) -> fmt::Result {
    for byte in bytes {
        write!(f, "{byte:02x}")?;
    }
    Ok(())
}

/// A tuple's type in that form: `TupleTypeSignature { "a": int,}`.
pub(crate) fn signature(shape: &Arc<TupleType>) -> String {
    let text = DebugType(&Type::Tuple(Arc::clone(shape))).to_string();
    text.strip_prefix("TupleType(").and_then(|text| text.strip_suffix(')')).unwrap_or(&text).to_owned()
}

/// The form that error texts use: `Optional(OptionalData { data: Some(UInt(1)) })`.
#[derive(Clone, Copy)]
pub(crate) struct DebugValue<'a>(pub &'a Value);

impl fmt::Display for DebugValue<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Value::Int(number) => write!(f, "Int({number})"),
            Value::UInt(number) => write!(f, "UInt({number})"),
            Value::Bool(truth) => write!(f, "Bool({truth})"),
            Value::Buffer(bytes) => {
                f.write_str("Sequence(Buffer(")?;
                hexadecimal(f, bytes)?;
                f.write_str("))")
            }
            Value::Ascii(_) | Value::Utf8(_) => write!(f, "Sequence(String({}))", self.0),
            Value::Principal(principal) => match principal.as_ref() {
                Principal::Standard(account) => write!(f, "Principal(Standard(StandardPrincipalData({account})))"),
                Principal::Contract(contract) => write!(f, "Principal(Contract({}))", DebugContract(contract)),
            },
            Value::Callable(_) => write!(f, "CallableContract({})", self.0),
            Value::List(list) => {
                f.write_str("Sequence(List(ListData { data: [")?;
                for (at, item) in list.items.iter().enumerate() {
                    write!(f, "{}{}", if at == 0 { "" } else { ", " }, Self(item))?;
                }
                let entry = DebugType(&list.entry);
                write!(f, "], type_signature: ListTypeData {{ max_len: {}, entry_type: {entry} }} }}))", list.max_len)
            }
            Value::Tuple(tuple) => {
                let signature = signature(&tuple.shape);
                write!(f, "Tuple(TupleData {{ type_signature: {signature}, data_map: {{")?;
                for (at, (name, value)) in tuple.fields().enumerate() {
                    write!(f, "{}ClarityName({name:?}): {}", if at == 0 { "" } else { ", " }, Self(value))?;
                }
                f.write_str("} })")
            }
            Value::Optional(None) => f.write_str("Optional(OptionalData { data: None })"),
            Value::Optional(Some(inner)) => write!(f, "Optional(OptionalData {{ data: Some({}) }})", Self(inner)),
            Value::Ok(inner) => write!(f, "Response(ResponseData {{ committed: true, data: {} }})", Self(inner)),
            Value::Err(inner) => write!(f, "Response(ResponseData {{ committed: false, data: {} }})", Self(inner)),
        }
    }
}
