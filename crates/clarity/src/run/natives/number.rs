//! Arithmetic: exact, or an error. Operands are both signed or both unsigned.

use super::super::machine::{Frame, Machine, Outcome};
use super::{Arguments, Operands, none_of, one, ruled_out, two, unexpected};
use crate::error::{CheckError, RuntimeError, Stop};
use crate::natives::Native;
use crate::types::{MAX_VALUE_SIZE, Type};
use crate::value::Value;

/// The types that arithmetic takes.
pub(super) const NUMBERS: [Type; 2] = [Type::Int, Type::UInt];
/// The types that have an order, from Clarity 2 on.
const ORDERED: [Type; 5] =
    [Type::Int, Type::UInt, Type::Ascii(MAX_VALUE_SIZE), Type::Utf8(MAX_VALUE_SIZE / 4), Type::Buffer(MAX_VALUE_SIZE)];

pub(super) fn apply(native: Native, values: Operands<'_>) -> Outcome {
    match native {
        Native::Add | Native::Subtract | Native::Multiply | Native::Divide => accumulate(native, values.as_slice()),
        Native::Xor if values.len() != 2 => Err(CheckError::IncorrectArgumentCount(2, values.len()).into()),
        Native::BitAnd | Native::BitOr | Native::BitXor | Native::Xor => bits(native, values),
        Native::Modulo | Native::Power => pair(native, values),
        Native::BitShiftLeft | Native::BitShiftRight => shift(native, values),
        Native::ToInt | Native::ToUint | Native::Sqrti | Native::Log2 | Native::BitNot => unary(native, one(values)?),
        _ => Err(CheckError::Unreachable(format!("{} is not arithmetic", native.name())).into()),
    }
}

/// Applies the operation from left to right.
fn accumulate(native: Native, values: &[Value]) -> Outcome {
    let Some((first, rest)) = values.split_first() else { return Err(CheckError::IncorrectArgumentCount(1, 0).into()) };
    let negates = rest.is_empty() && native == Native::Subtract;
    match first {
        Value::Int(first) if negates => Ok(Value::Int(first.checked_neg().ok_or(RuntimeError::ArithmeticUnderflow)?)),
        Value::Int(first) => {
            let mut sum = *first;
            for value in rest {
                let Value::Int(next) = value else { return Err(unexpected(Type::Int, value.clone())) };
                sum = signed(native, sum, *next)?;
            }
            Ok(Value::Int(sum))
        }
        Value::UInt(first) if negates => {
            Ok(Value::UInt(0_u128.checked_sub(*first).ok_or(RuntimeError::ArithmeticUnderflow)?))
        }
        Value::UInt(first) => {
            let mut sum = *first;
            for value in rest {
                let Value::UInt(next) = value else { return Err(unexpected(Type::UInt, value.clone())) };
                sum = unsigned(native, sum, *next)?;
            }
            Ok(Value::UInt(sum))
        }
        other => Err(none_of(&NUMBERS, other.clone())),
    }
}

fn signed(native: Native, a: i128, b: i128) -> Result<i128, RuntimeError> {
    match native {
        Native::Add => a.checked_add(b).ok_or(RuntimeError::ArithmeticOverflow),
        Native::Subtract => a.checked_sub(b).ok_or(RuntimeError::ArithmeticUnderflow),
        Native::Multiply => a.checked_mul(b).ok_or(RuntimeError::ArithmeticOverflow),
        _ => a.checked_div(b).ok_or(RuntimeError::DivisionByZero),
    }
}

fn unsigned(native: Native, a: u128, b: u128) -> Result<u128, RuntimeError> {
    match native {
        Native::Add => a.checked_add(b).ok_or(RuntimeError::ArithmeticOverflow),
        Native::Subtract => a.checked_sub(b).ok_or(RuntimeError::ArithmeticUnderflow),
        Native::Multiply => a.checked_mul(b).ok_or(RuntimeError::ArithmeticOverflow),
        _ => a.checked_div(b).ok_or(RuntimeError::DivisionByZero),
    }
}

fn bits(native: Native, mut values: Operands<'_>) -> Outcome {
    match values.next() {
        Some(Value::Int(mut bits)) => {
            for value in values {
                let Value::Int(next) = value else { return Err(other_kind(native, Value::Int(bits), value)) };
                bits = match native {
                    Native::BitAnd => bits & next,
                    Native::BitOr => bits | next,
                    _ => bits ^ next,
                };
            }
            Ok(Value::Int(bits))
        }
        Some(Value::UInt(mut bits)) => {
            for value in values {
                let Value::UInt(next) = value else { return Err(other_kind(native, Value::UInt(bits), value)) };
                bits = match native {
                    Native::BitAnd => bits & next,
                    Native::BitOr => bits | next,
                    _ => bits ^ next,
                };
            }
            Ok(Value::UInt(bits))
        }
        Some(other) => Err(none_of(&NUMBERS, other)),
        None => Err(CheckError::IncorrectArgumentCount(1, 0).into()),
    }
}

/// The error of operands of different types. For `xor` it names the first operand.
fn other_kind(native: Native, first: Value, other: Value) -> Stop {
    if native == Native::Xor { none_of(&NUMBERS, first) } else { unexpected(first.type_of(), other) }
}

fn pair(native: Native, values: Operands<'_>) -> Outcome {
    match two(values)? {
        (Value::Int(a), Value::Int(b)) if native == Native::Modulo => {
            Ok(Value::Int(a.checked_rem(b).ok_or(RuntimeError::DivisionByZero)?))
        }
        (Value::UInt(a), Value::UInt(b)) if native == Native::Modulo => {
            Ok(Value::UInt(a.checked_rem(b).ok_or(RuntimeError::DivisionByZero)?))
        }
        (Value::Int(base), Value::Int(exponent)) => Ok(Value::Int(match (base, exponent) {
            (_, 0) | (1, _) => 1,
            (0, _) => 0,
            (_, 1) => base,
            _ => base
                .checked_pow(u32::try_from(exponent).map_err(|_| EXPONENT)?)
                .ok_or(RuntimeError::ArithmeticOverflow)?,
        })),
        (Value::UInt(base), Value::UInt(exponent)) => Ok(Value::UInt(match (base, exponent) {
            (_, 0) | (1, _) => 1,
            (0, _) => 0,
            (_, 1) => base,
            _ => base
                .checked_pow(u32::try_from(exponent).map_err(|_| EXPONENT)?)
                .ok_or(RuntimeError::ArithmeticOverflow)?,
        })),
        (first, _) => Err(none_of(&NUMBERS, first)),
    }
}

const EXPONENT: RuntimeError = RuntimeError::Arithmetic("Power argument to (pow ...) must be a u32 integer");

/// The count is taken modulo the number of bits, so shifting never fails.
fn shift(native: Native, values: Operands<'_>) -> Outcome {
    let (value, by) = match two(values)? {
        (value, Value::UInt(by)) => (value, u32::try_from(by % 128).unwrap_or(0)),
        (_, other) => return Err(unexpected(Type::UInt, other)),
    };
    match value {
        Value::Int(number) if native == Native::BitShiftLeft => Ok(Value::Int(number.wrapping_shl(by))),
        Value::Int(number) => Ok(Value::Int(number.wrapping_shr(by))),
        Value::UInt(number) if native == Native::BitShiftLeft => Ok(Value::UInt(number.wrapping_shl(by))),
        Value::UInt(number) => Ok(Value::UInt(number.wrapping_shr(by))),
        other => Err(ruled_out(format_args!("Union type error {}", other.type_of()))),
    }
}

fn unary(native: Native, value: Value) -> Outcome {
    Ok(match (native, value) {
        (Native::ToInt, Value::UInt(number)) => {
            Value::Int(i128::try_from(number).map_err(|_| RuntimeError::ArithmeticOverflow)?)
        }
        (Native::ToUint, Value::Int(number)) => {
            Value::UInt(u128::try_from(number).map_err(|_| RuntimeError::ArithmeticUnderflow)?)
        }
        (Native::Sqrti, Value::UInt(number)) => Value::UInt(number.isqrt()),
        (Native::Sqrti, Value::Int(number)) => Value::Int(number.checked_isqrt().ok_or(SQUARE_ROOT)?),
        (Native::Log2, Value::UInt(number)) => Value::UInt(number.checked_ilog2().ok_or(LOGARITHM)?.into()),
        (Native::Log2, Value::Int(number)) => Value::Int(number.checked_ilog2().ok_or(LOGARITHM)?.into()),
        (Native::BitNot, Value::Int(number)) => Value::Int(!number),
        (Native::BitNot, Value::UInt(number)) => Value::UInt(!number),
        (Native::ToInt, other) => return Err(unexpected(Type::UInt, other)),
        (Native::ToUint, other) => return Err(unexpected(Type::Int, other)),
        (_, other) => return Err(none_of(&NUMBERS, other)),
    })
}

const SQUARE_ROOT: RuntimeError = RuntimeError::Arithmetic("sqrti must be passed a positive integer");
const LOGARITHM: RuntimeError = RuntimeError::Arithmetic("log2 must be passed a positive integer");

impl Machine<'_> {
    /// `<`, `<=`, `>`, `>=`: numbers, and from Clarity 2 on texts and buffers, at the cost of the smaller size.
    pub(super) fn compare(&mut self, frame: &Frame<'_>, native: Native, arguments: &Arguments<'_>) -> Outcome {
        let a = self.argument(frame, arguments, 0)?;
        let b = self.argument(frame, arguments, 1)?;
        let input = if frame.program().dialect.compares_text { u64::from(a.size().min(b.size())) } else { 2 };
        if let Some(cost) = native.cost() {
            self.meter.charge(cost, input)?;
        }
        let order = order(a, b, frame.program().dialect.compares_text)?;
        Ok(Value::Bool(match native {
            Native::Less => order.is_lt(),
            Native::LessOrEqual => order.is_le(),
            Native::Greater => order.is_gt(),
            _ => order.is_ge(),
        }))
    }
}

/// In UTF-8, the order of characters is that of their bytes.
fn order(a: Value, b: Value, compares_text: bool) -> Result<std::cmp::Ordering, Stop> {
    match (a, b) {
        (Value::Int(a), Value::Int(b)) => Ok(a.cmp(&b)),
        (Value::UInt(a), Value::UInt(b)) => Ok(a.cmp(&b)),
        (first, _) if !compares_text => Err(none_of(&NUMBERS, first)),
        (Value::Buffer(a), Value::Buffer(b)) | (Value::Ascii(a), Value::Ascii(b)) => Ok(a.cmp(&b)),
        (Value::Utf8(a), Value::Utf8(b)) => Ok(a.text().cmp(b.text())),
        (first, _) => Err(none_of(&ORDERED, first)),
    }
}
