//! Tuples: `tuple`, `get`, `merge`.

use std::sync::Arc;

use super::super::machine::{Frame, Machine, Outcome};
use super::{Operands, ruled_out, two};
use crate::costs::{CostFn, units};
use crate::error::{CheckError, Stop};
use crate::lower::program::{At, Many, TupleShape};
use crate::names::ClarityName;
use crate::types::{TupleType, Type, TypeFault};
use crate::value::{Value, signature};

/// The fields of both tuples; where both have one, the second's.
pub(super) fn merge(values: Operands<'_>, checks_size: bool) -> Outcome {
    let (base, update) = match two(values)? {
        (Value::Tuple(base), Value::Tuple(update)) => (base, update),
        (Value::Tuple(_), other) | (other, _) => return Err(no_tuple(&other)),
    };
    let mut fields: Vec<(ClarityName, Type)> = update.shape().fields().to_vec();
    let others = base.shape().fields().iter().filter(|(name, _)| update.shape().position(name).is_none());
    fields.extend(others.cloned());
    let shape = Arc::new(if checks_size { TupleType::new(fields) } else { TupleType::of_any_size(fields) }?);
    let newest = |name: &ClarityName| update.get(name).or_else(|| base.get(name)).cloned();
    let values = shape.fields().iter().map(|(name, _)| newest(name)).collect();
    Ok(Value::tuple_with(shape, values)?)
}

impl Machine<'_> {
    pub(super) fn tuple(&mut self, frame: &Frame<'_>, shape: &TupleShape, values: Many) -> Outcome {
        let mut written = Vec::with_capacity(shape.names.len());
        for at in frame.program().many(values) {
            written.push(self.eval_copied(frame, *at)?);
        }
        self.meter.charge(CostFn::TupleCons, units(written.len()))?;
        let mut slots: Vec<Option<Value>> = written.into_iter().map(Some).collect();
        let ordered: Vec<Value> = shape.order.iter().filter_map(|at| slots[*at as usize].take()).collect();
        if let Some(seen) = shape.seen.get()
            && seen.fields().iter().zip(&ordered).all(|((_, of), value)| is_exactly(of, value))
        {
            return Ok(Value::tuple_of(Arc::clone(seen), ordered));
        }
        let fields = shape
            .order
            .iter()
            .zip(&ordered)
            .map(|(at, value)| (shape.names[*at as usize].clone(), value.type_of()))
            .collect();
        let made = Arc::new(TupleType::new(fields).map_err(|fault| match fault {
            TypeFault::DuplicateField(name) => CheckError::NameAlreadyUsed(name.to_string()),
            fault => fault.into(),
        })?);
        let _ = shape.seen.set(Arc::clone(&made));
        Ok(Value::tuple_of(made, ordered))
    }

    pub(super) fn get(&mut self, frame: &Frame<'_>, name: &ClarityName, tuple: At) -> Outcome {
        let value = self.eval_copied(frame, tuple)?;
        match value {
            Value::Optional(None) => Ok(Value::NONE),
            Value::Optional(Some(inner)) => {
                let field = self.field(name, &inner)?;
                Value::some(field).map_err(Stop::from)
            }
            other => self.field(name, &other),
        }
    }

    fn field(&mut self, name: &ClarityName, value: &Value) -> Outcome {
        let Value::Tuple(tuple) = value else { return Err(no_tuple(value)) };
        self.meter.charge(CostFn::TupleGet, units(tuple.values().len()))?;
        tuple.get(name).cloned().ok_or_else(|| {
            let what = format_args!("NoSuchTupleField({name:?}, {})", signature(tuple.shape()));
            ruled_out(format_args!("Unexpected error type during runtime analysis: {what}"))
        })
    }
}

fn no_tuple(value: &Value) -> Stop {
    ruled_out(format_args!("Expected tuple: {}", value.type_of()))
}

/// Whether a value's type is exactly this one. Only cheap cases are recognized; `false` may mean unknown.
fn is_exactly(of: &Type, value: &Value) -> bool {
    match (of, value) {
        (Type::Int, Value::Int(_))
        | (Type::UInt, Value::UInt(_))
        | (Type::Bool, Value::Bool(_))
        | (Type::Principal, Value::Principal(_)) => true,
        (Type::Buffer(length), Value::Buffer(bytes)) | (Type::Ascii(length), Value::Ascii(bytes)) => {
            *length as usize == bytes.len()
        }
        (Type::Tuple(of), Value::Tuple(tuple)) => Arc::ptr_eq(of, tuple.shape()) || of == tuple.shape(),
        (
            Type::Int | Type::UInt | Type::Bool | Type::Principal | Type::Buffer(_) | Type::Ascii(_) | Type::Tuple(_),
            _,
        ) => false,
        _ => *of == value.type_of(),
    }
}
