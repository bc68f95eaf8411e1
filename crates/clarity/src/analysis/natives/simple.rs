//! Functions that their signature describes completely.

use std::sync::Arc;

use crate::analysis::signature::{MAX_ASCII, MAX_BUFFER, MAX_UTF8, Signature};
use crate::names::ClarityName;
use crate::natives::Native;
use crate::types::{TupleType, Type};

use Signature::{Comparison, Fixed, Number, Numbers, OneOf, Shift, TwoNumbers, Variadic};

/// A tuple type of fields that are known to be valid.
pub(super) fn tuple<const N: usize>(fields: [(&str, Type); N]) -> Type {
    let fields = fields.into_iter().filter_map(|(name, of)| Some((ClarityName::new(name)?, of))).collect();
    TupleType::new(fields).map_or(Type::NoType, |tuple| Type::Tuple(Arc::new(tuple)))
}

/// `(optional inner)` of a type that is small.
pub(super) fn optional(inner: Type) -> Type {
    Type::optional(inner).unwrap_or(Type::NoType)
}

/// `(response ok err)` of types that are small.
pub(super) fn response(ok: Type, err: Type) -> Type {
    Type::response(ok, err).unwrap_or(Type::NoType)
}

/// The signature of a function that has one.
pub(in crate::analysis) fn signature(native: Native) -> Option<Signature> {
    let hashed = |length| OneOf(vec![MAX_BUFFER, Type::UInt, Type::Int], Type::Buffer(length));
    let number = |result| OneOf(vec![Type::Int, Type::UInt], result);
    let text = |result| OneOf(vec![MAX_ASCII, MAX_UTF8], optional(result));
    Some(match native {
        Native::Add | Native::Subtract | Native::Multiply | Native::Divide => Numbers,
        Native::BitAnd | Native::BitOr | Native::BitXor => Numbers,
        Native::Modulo | Native::Power | Native::Xor => TwoNumbers,
        Native::Sqrti | Native::Log2 | Native::BitNot => Number,
        Native::BitShiftLeft | Native::BitShiftRight => Shift,
        Native::GreaterOrEqual | Native::LessOrEqual | Native::Less | Native::Greater => Comparison,
        Native::And | Native::Or => Variadic(Type::Bool, Type::Bool),
        Native::Not => Fixed(vec![Type::Bool], Type::Bool),
        Native::ToInt => Fixed(vec![Type::UInt], Type::Int),
        Native::ToUint => Fixed(vec![Type::Int], Type::UInt),
        Native::Hash160 => hashed(20),
        Native::Sha256 | Native::Sha512T256 | Native::Keccak256 => hashed(32),
        Native::Sha512 => hashed(64),
        Native::BuffToIntLe | Native::BuffToIntBe => Fixed(vec![Type::Buffer(16)], Type::Int),
        Native::BuffToUintLe | Native::BuffToUintBe => Fixed(vec![Type::Buffer(16)], Type::UInt),
        Native::StringToInt => text(Type::Int),
        Native::StringToUint => text(Type::UInt),
        Native::IntToAscii => number(Type::Ascii(40)),
        Native::IntToUtf8 => number(Type::Utf8(40)),
        Native::IsStandard => Fixed(vec![Type::Principal], Type::Bool),
        Native::StxGetBalance => Fixed(vec![Type::Principal], Type::UInt),
        Native::StxBurn => Fixed(vec![Type::UInt, Type::Principal], response(Type::Bool, Type::UInt)),
        Native::ContractHash => Fixed(vec![Type::Principal], response(Type::Buffer(32), Type::UInt)),
        Native::PrincipalDestruct => {
            let parts = tuple([
                ("version", Type::Buffer(1)),
                ("hash-bytes", Type::Buffer(20)),
                ("name", optional(Type::Ascii(40))),
            ]);
            Fixed(vec![Type::Principal], response(parts.clone(), parts))
        }
        Native::StxAccount => {
            let account = tuple([("unlocked", Type::UInt), ("locked", Type::UInt), ("unlock-height", Type::UInt)]);
            Fixed(vec![Type::Principal], account)
        }
        _ => return None,
    })
}
