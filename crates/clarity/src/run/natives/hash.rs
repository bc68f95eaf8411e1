//! Hashes of buffers, and of numbers as sixteen bytes, little-endian.

use super::super::machine::Outcome;
use super::{Operands, none_of, one};
use crate::crypto::hash;
use crate::natives::Native;
use crate::types::{MAX_VALUE_SIZE, Type};
use crate::value::Value;

pub(super) fn apply(native: Native, values: Operands<'_>) -> Outcome {
    let value = one(values)?;
    let number;
    let bytes: &[u8] = match &value {
        Value::Buffer(bytes) => bytes,
        Value::Int(int) => {
            number = int.to_le_bytes();
            &number
        }
        Value::UInt(uint) => {
            number = uint.to_le_bytes();
            &number
        }
        _ => return Err(none_of(&[Type::Int, Type::UInt, Type::Buffer(MAX_VALUE_SIZE)], value)),
    };
    Ok(Value::buffer(match native {
        Native::Hash160 => hash::hash160(bytes).to_vec(),
        Native::Sha256 => hash::sha256(bytes).to_vec(),
        Native::Sha512 => hash::sha512(bytes).to_vec(),
        Native::Sha512T256 => hash::sha512_256(bytes).to_vec(),
        _ => hash::keccak256(bytes).to_vec(),
    }))
}
