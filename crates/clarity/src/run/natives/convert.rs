//! Conversions between numbers, texts, buffers and serializations.

use super::super::machine::{Frame, Machine, Outcome};
use super::number::NUMBERS;
use super::{Arguments, Operands, none_of, one, unexpected};
use crate::costs::{CostFn, units};
use crate::error::{CheckError, Stop};
use crate::lower::program::At;
use crate::natives::Native;
use crate::types::{MAX_VALUE_SIZE, Type};
use crate::value::{DecodeError, Fields, Value};

pub(super) fn apply(native: Native, values: Operands<'_>) -> Outcome {
    let value = one(values)?;
    match native {
        Native::ToConsensusBuff => {
            if value.serialized_size() > u64::from(MAX_VALUE_SIZE) {
                return Ok(Value::NONE);
            }
            Ok(Value::some(Value::buffer(value.encode())).unwrap_or(Value::NONE))
        }
        Native::IntToAscii | Native::IntToUtf8 => {
            let text = match value {
                Value::Int(number) => number.to_string(),
                Value::UInt(number) => number.to_string(),
                other => return Err(none_of(&NUMBERS, other)),
            };
            if native == Native::IntToUtf8 { Ok(Value::utf8(&text)) } else { ascii(text) }
        }
        Native::StringToInt | Native::StringToUint => parse(native, value),
        _ => number_of(native, value),
    }
}

/// Text that is known to be ASCII.
fn ascii(text: String) -> Outcome {
    Value::ascii(text.into_bytes()).ok_or_else(|| CheckError::Unreachable("text of a value is ASCII".to_owned()).into())
}

fn parse(native: Native, value: Value) -> Outcome {
    let text = match &value {
        Value::Ascii(bytes) => std::str::from_utf8(bytes).unwrap_or_default(),
        Value::Utf8(text) => text.text(),
        _ => return Err(none_of(&[Type::Ascii(MAX_VALUE_SIZE), Type::Utf8(MAX_VALUE_SIZE / 4)], value)),
    };
    let number =
        if native == Native::StringToInt { text.parse().map(Value::Int) } else { text.parse().map(Value::UInt) };
    number.map_or(Ok(Value::NONE), |number| Value::some(number).map_err(Stop::from))
}

/// A number from up to sixteen bytes. Missing high bytes are zero.
fn number_of(native: Native, value: Value) -> Outcome {
    let mut number = [0; 16];
    let little = matches!(native, Native::BuffToIntLe | Native::BuffToUintLe);
    match &value {
        Value::Buffer(bytes) if bytes.len() <= 16 => {
            if little {
                number[..bytes.len()].copy_from_slice(bytes);
            } else {
                number[16 - bytes.len()..].copy_from_slice(bytes);
            }
        }
        _ => return Err(unexpected(Type::Buffer(16), value)),
    }
    Ok(match native {
        Native::BuffToIntLe => Value::Int(i128::from_le_bytes(number)),
        Native::BuffToIntBe => Value::Int(i128::from_be_bytes(number)),
        Native::BuffToUintLe => Value::UInt(u128::from_le_bytes(number)),
        _ => Value::UInt(u128::from_be_bytes(number)),
    })
}

/// The types that `to-ascii?` takes. The text of the longest buffer just fits.
const SHOWN: [Type; 6] =
    [Type::Int, Type::UInt, Type::Bool, Type::Principal, Type::Buffer(524_284), Type::Utf8(MAX_VALUE_SIZE / 4)];

/// The error code of `to-ascii?`.
const NOT_ASCII: u128 = 1;

impl Machine<'_> {
    /// Shows a value in ASCII: buffers with their `0x`, unsigned numbers with their `u`.
    pub(super) fn show_in_ascii(&mut self, frame: &Frame<'_>, arguments: &Arguments<'_>) -> Outcome {
        let value = self.argument(frame, arguments, 0)?;
        self.meter.charge(CostFn::ToAscii, u64::from(value.size()))?;
        let text = match &value {
            Value::Utf8(text) => text.text().to_owned(),
            Value::Int(_) | Value::UInt(_) | Value::Bool(_) | Value::Principal(_) | Value::Buffer(_) => {
                value.to_string()
            }
            Value::Callable(callable) => callable.contract.to_string(),
            _ => return Err(none_of(&SHOWN, value)),
        };
        match Value::ascii(text.into_bytes()) {
            Some(text) => Value::okay(text).map_err(Stop::from),
            None => Value::error(Value::UInt(NOT_ASCII)).map_err(Stop::from),
        }
    }

    /// `from-consensus-buff?`
    pub(super) fn decode_consensus(&mut self, frame: &Frame<'_>, of: &Type, steps: u32, bytes: At) -> Outcome {
        for _ in 0..steps {
            self.meter.charge(CostFn::TypeParseStep, 0)?;
        }
        let value = self.eval(frame, bytes)?;
        let Value::Buffer(bytes) = &value else { return Err(unexpected(Type::Buffer(MAX_VALUE_SIZE), value)) };
        let length = units(bytes.len());
        let input = if frame.program().dialect.decodes_empty_buffer { length.max(1) } else { length };
        self.meter.charge(CostFn::FromConsensusBuff, input)?;
        let fields = if self.rules.tuples_decode_exactly { Fields::Exactly } else { Fields::Declared };
        match Value::decode_as(bytes, of, fields) {
            Ok(value) => Value::some(value).map_err(Stop::from),
            Err(DecodeError::AddressVersion) if !self.rules.address_versions_are_ordinary => {
                Err(CheckError::Unreachable("UnexpectedSerialization".to_owned()).into())
            }
            Err(_) => Ok(Value::NONE),
        }
    }
}
