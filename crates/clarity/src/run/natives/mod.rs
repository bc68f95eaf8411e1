//! The functions of the language, one file per group. How a native is charged and how its arguments are evaluated is in
//! its row of `natives.rs` or, for special forms, in its function here.

mod allowance;
mod chain;
mod convert;
mod data;
mod hash;
mod higher_order;
mod logic;
mod number;
mod option;
mod principal;
mod sequence;
mod stx;
mod token;
mod tuple;
mod verify;

use std::vec::Drain;

use super::machine::{Frame, Machine, Outcome};
use crate::costs::units;
use crate::error::{CheckError, Stop, shortened};
use crate::lower::program::{At, Form};
use crate::natives::{Kind, Native};
use crate::types::Type;
use crate::value::Value;

/// The values that a native takes out of the slots.
pub(super) type Operands<'a> = Drain<'a, Value>;

/// Arguments of a special form: expressions, or values that `map`, `filter` and `fold` give it.
#[derive(Clone, Copy)]
pub(super) enum Arguments<'a> {
    Expressions(&'a [At]),
    Values(&'a [Value]),
}

impl Arguments<'_> {
    pub(super) const fn len(&self) -> usize {
        match self {
            Self::Expressions(items) => items.len(),
            Self::Values(items) => items.len(),
        }
    }
}

impl Machine<'_> {
    /// Evaluates an argument without copying its value.
    pub(super) fn argument(&mut self, frame: &Frame<'_>, arguments: &Arguments<'_>, index: usize) -> Outcome {
        match arguments {
            Arguments::Expressions(items) => self.eval(frame, items[index]),
            Arguments::Values(values) => Ok(values[index].clone()),
        }
    }

    /// Charges for copying an argument's value.
    pub(super) fn copy_argument(
        &mut self,
        frame: &Frame<'_>,
        arguments: &Arguments<'_>,
        index: usize,
        value: &Value,
    ) -> Result<(), Stop> {
        match arguments {
            Arguments::Expressions(items) => self.copy(frame, items[index], value),
            Arguments::Values(_) => Ok(()),
        }
    }

    /// Evaluates an argument and copies its value.
    pub(super) fn argument_copied(&mut self, frame: &Frame<'_>, arguments: &Arguments<'_>, index: usize) -> Outcome {
        let value = self.argument(frame, arguments, index)?;
        self.copy_argument(frame, arguments, index, &value)?;
        Ok(value)
    }

    /// Charges a native for the values in the slots from `first` on, then applies it to them.
    pub(super) fn apply_plain(&mut self, native: Native, first: usize) -> Outcome {
        let values = &self.slots[first..];
        let input = match native.kind() {
            Kind::BySize => values.iter().map(Value::serialized_size).sum(),
            Kind::ByBytes => match values.first() {
                Some(Value::Buffer(bytes)) => units(bytes.len()),
                _ => 0,
            },
            Kind::BySiblings => match values.last() {
                Some(Value::List(list)) => units(list.items().len()),
                _ => 0,
            },
            Kind::ByCount | Kind::Special | Kind::Allowance => units(values.len()),
        };
        if let Some(cost) = native.cost() {
            self.meter.charge(cost, input)?;
        }
        let values = self.slots.drain(first..);
        match native {
            Native::ToConsensusBuff
            | Native::IntToAscii
            | Native::IntToUtf8
            | Native::StringToInt
            | Native::StringToUint => convert::apply(native, values),
            Native::BuffToIntBe | Native::BuffToIntLe | Native::BuffToUintBe | Native::BuffToUintLe => {
                convert::apply(native, values)
            }
            Native::Equals | Native::Not | Native::Begin => logic::apply(native, values),
            Native::Hash160 | Native::Sha256 | Native::Sha512 | Native::Sha512T256 | Native::Keccak256 => {
                hash::apply(native, values)
            }
            Native::VerifyMerkleProof
            | Native::GetBitcoinTxOutput
            | Native::Ed25519Verify
            | Native::Secp256k1Decompress => verify::apply(native, values),
            Native::Len | Native::ElementAt | Native::ElementAtSafe | Native::IndexOf | Native::IndexOfSafe => {
                sequence::apply(native, values)
            }
            Native::TupleMerge => tuple::merge(values, self.rules.merge_checks_size),
            Native::ConsError | Native::ConsOkay | Native::ConsSome | Native::DefaultTo => {
                option::apply(native, values)
            }
            Native::UnwrapRet | Native::UnwrapErrRet | Native::Unwrap | Native::UnwrapErr | Native::TryRet => {
                option::unwrap(native, values)
            }
            Native::IsOk | Native::IsErr | Native::IsSome | Native::IsNone => option::apply(native, values),
            _ => number::apply(native, values),
        }
    }

    /// A form that decides itself which of its arguments are evaluated, and when it is charged.
    pub(super) fn special(&mut self, frame: &Frame<'_>, form: &Form, level: usize) -> Outcome {
        match form {
            Form::Special(native, arguments) => {
                self.special_native(frame, *native, &Arguments::Expressions(frame.program().many(*arguments)))
            }
            Form::Let { bindings, slot, body } => self.form_let(frame, bindings, *slot, *body),
            Form::MatchOptional { .. } | Form::MatchResponse { .. } => self.form_match(frame, form),
            Form::Map(callee, sequences) => self.map(frame, callee, *sequences, level),
            Form::Filter(callee, sequence) => self.filter(frame, callee, *sequence, level),
            Form::Fold { callee, sequence, initial } => self.fold(frame, callee, *sequence, *initial, level),
            Form::AsMaxLen(sequence, limit) => self.as_max_len(frame, *sequence, *limit),
            Form::VarGet(index) => self.var_get(frame, *index),
            Form::VarSet(index, value) => self.var_set(frame, *index, *value),
            Form::MapGet(index, key) => self.map_get(frame, *index, *key),
            Form::MapDelete(index, key) => self.map_delete(frame, *index, *key),
            Form::MapWrite { map, key, value, insert } => self.map_write(frame, *map, *key, *value, *insert),
            Form::Tuple { shape, values } => self.tuple(frame, shape, *values),
            Form::Get(name, tuple) => self.get(frame, name, *tuple),
            Form::ContractCall { target, function, arguments } => {
                self.contract_call(frame, target, function, *arguments, level)
            }
            Form::ContractOf(at) => self.contract_of(frame, *at),
            Form::BlockInfo(native, property, height) => self.block_info(frame, *native, *property, *height),
            Form::BurnInfo(property, height) => self.burn_info(frame, *property, *height),
            Form::FtSupply(token) => self.ft_supply(frame, *token),
            Form::Ft(native, token, arguments) => self.ft(frame, *native, *token, *arguments),
            Form::Nft(native, asset, arguments) => self.nft(frame, *native, *asset, *arguments),
            Form::FromConsensus { of, steps, bytes } => self.decode_consensus(frame, of, *steps, *bytes),
            Form::Restrict { owner, allowances, body } => self.restrict(frame, *owner, allowances, *body),
            Form::Plain(..) | Form::User(..) | Form::UndefinedFunction(_) | Form::WrongCount { .. } => {
                Err(CheckError::Unreachable("not a special form".to_owned()).into())
            }
        }
    }

    /// A special form that needs only its arguments.
    pub(super) fn special_native(&mut self, frame: &Frame<'_>, native: Native, arguments: &Arguments<'_>) -> Outcome {
        match native {
            Native::And | Native::Or | Native::If | Native::Asserts | Native::Print => {
                self.logic(frame, native, arguments)
            }
            Native::Greater | Native::GreaterOrEqual | Native::Less | Native::LessOrEqual => {
                self.compare(frame, native, arguments)
            }
            Native::ListCons
            | Native::Append
            | Native::Concat
            | Native::Slice
            | Native::ReplaceAt
            | Native::AsMaxLen => self.sequence(frame, native, arguments),
            Native::IsStandard
            | Native::PrincipalDestruct
            | Native::PrincipalConstruct
            | Native::PrincipalOf
            | Native::ContractHash => self.principal(frame, native, arguments),
            Native::Secp256k1Recover | Native::Secp256k1Verify | Native::Secp256r1Verify => {
                self.verify(frame, native, arguments)
            }
            Native::StxGetBalance
            | Native::StxAccount
            | Native::StxTransfer
            | Native::StxTransferMemo
            | Native::StxBurn => self.stx(frame, native, arguments),
            Native::ToAscii => self.show_in_ascii(frame, arguments),
            Native::AsContract | Native::AtBlock => self.change_context(frame, native, arguments),
            _ => Err(CheckError::Unreachable(format!("{} is not a special form", native.name())).into()),
        }
    }
}

/// A state that the checker rules out in code that it checks. It checks neither surplus arguments nor a transaction's own
/// tuples; a transaction that gets here may not be in a block.
pub(super) fn ruled_out(what: impl std::fmt::Display) -> Stop {
    CheckError::Unreachable(shortened(what.to_string())).into()
}

/// A value of none of the types that the function takes.
pub(super) fn none_of(types: &[Type], value: Value) -> Stop {
    CheckError::UnionTypeValue(types.to_vec(), value).into()
}

/// A value of another type than the function takes.
pub(super) fn unexpected(expected: Type, value: Value) -> Stop {
    CheckError::TypeValue(expected, value).into()
}

pub(super) fn uint(value: Value) -> Result<u128, Stop> {
    match value {
        Value::UInt(number) => Ok(number),
        other => Err(unexpected(Type::UInt, other)),
    }
}

pub(super) fn boolean(value: Value) -> Result<bool, Stop> {
    match value {
        Value::Bool(truth) => Ok(truth),
        other => Err(unexpected(Type::Bool, other)),
    }
}

/// The argument of a function that takes one.
pub(super) fn one(mut values: Operands<'_>) -> Result<Value, Stop> {
    let given = values.len();
    match values.next() {
        Some(value) if given == 1 => Ok(value),
        _ => Err(CheckError::IncorrectArgumentCount(1, given).into()),
    }
}

/// The arguments of a function that takes two.
pub(super) fn two(mut values: Operands<'_>) -> Result<(Value, Value), Stop> {
    let given = values.len();
    match (values.next(), values.next()) {
        (Some(a), Some(b)) if given == 2 => Ok((a, b)),
        _ => Err(CheckError::IncorrectArgumentCount(2, given).into()),
    }
}
