//! The values of constants as they are stored, with the types that they carry.
//!
//! A value that holds no others is its consensus serialization, whose first byte is below those of the others. A list or
//! tuple inside of another mostly carries the type that the outer one has for it: that is not written again.

use std::sync::Arc;

use crate::analysis::stored::{Read, Reader, Writer};
use crate::types::{TupleType, Type};
use crate::value::{Callable, List, Value};

/// A list of the type that is expected.
const LIST: u8 = 0x10;
/// A list with its type.
const LIST_OF: u8 = 0x11;
/// A tuple of the type that is expected.
const TUPLE: u8 = 0x12;
/// A tuple with its type.
const TUPLE_OF: u8 = 0x13;
/// A tuple in which some fields have no value: its type, and that of the fields that have one.
const DAMAGED: u8 = 0x14;
const SOME: u8 = 0x15;
const OK: u8 = 0x16;
const ERR: u8 = 0x17;
const CALLABLE: u8 = 0x18;
/// A contract that is bound to a trait.
const BOUND: u8 = 0x19;

/// Writes a value. Whoever reads it expects the same type.
pub(super) fn write(out: &mut Writer, value: &Value, expected: Option<&Type>) {
    match value {
        Value::List(list) => {
            if is_expected(out, list, expected) {
                out.byte(LIST);
            } else {
                out.byte(LIST_OF);
                out.of(list.entry());
                out.number(list.max_len());
            }
            out.list(list.items().iter(), |out, item| write(out, item, Some(list.entry())));
        }
        Value::Tuple(tuple) => {
            let shape = Type::Tuple(Arc::clone(tuple.shape()));
            if let Some(present) = &tuple.present {
                out.byte(DAMAGED);
                out.of(&shape);
                out.of(&Type::Tuple(Arc::clone(present)));
            } else if expected.is_some_and(|expected| out.are_equal(expected, &shape)) {
                out.byte(TUPLE);
            } else {
                out.byte(TUPLE_OF);
                out.of(&shape);
            }
            for ((_, of), value) in tuple.present().fields().iter().zip(tuple.values()) {
                write(out, value, Some(of));
            }
        }
        Value::Optional(Some(inner)) => wrapped(out, SOME, inner, expected),
        Value::Ok(inner) => wrapped(out, OK, inner, expected),
        Value::Err(inner) => wrapped(out, ERR, inner, expected),
        Value::Callable(callable) => {
            out.byte(if callable.bound.is_some() { BOUND } else { CALLABLE });
            out.contract(&callable.contract);
            if let Some(bound) = &callable.bound {
                out.trait_id(bound);
            }
        }
        plain => out.plain(plain),
    }
}

fn wrapped(out: &mut Writer, tag: u8, inner: &Value, expected: Option<&Type>) {
    out.byte(tag);
    write(out, inner, inside(tag, expected));
}

/// The type that is expected inside of an optional or a response.
fn inside(tag: u8, expected: Option<&Type>) -> Option<&Type> {
    match (tag, expected?) {
        (SOME, Type::Optional(of)) => Some(of.inner()),
        (OK, Type::Response(of)) => Some(of.ok()),
        (ERR, Type::Response(of)) => Some(of.err()),
        _ => None,
    }
}

fn is_expected(out: &mut Writer, list: &List, expected: Option<&Type>) -> bool {
    let Some(Type::List(of)) = expected else { return false };
    of.max_len() == list.max_len() && out.are_equal(of.entry(), list.entry())
}

/// Reads a value of at most so many levels where `expected` is.
pub(super) fn read(from: &mut Reader<'_>, expected: Option<&Type>, levels: u8) -> Read<Value> {
    let levels = levels.checked_sub(1).ok_or_else(|| from.fault("a value nests too deep"))?;
    let tag = from.peek()?;
    if tag < LIST {
        return from.plain();
    }
    from.byte()?;
    let inner = |from: &mut Reader<'_>| read(from, inside(tag, expected), levels).map(Arc::new);
    Ok(match (tag, expected) {
        (LIST, Some(Type::List(of))) => list(from, of.entry().clone(), of.max_len(), levels)?,
        (LIST_OF, _) => {
            let (entry, max_len) = (from.of()?, from.number()?);
            list(from, entry, max_len, levels)?
        }
        (TUPLE, Some(Type::Tuple(shape))) => Value::tuple_of(Arc::clone(shape), fields(from, shape, levels)?),
        (TUPLE_OF, _) => {
            let shape = shape(from)?;
            let values = fields(from, &shape, levels)?;
            Value::tuple_of(shape, values)
        }
        (DAMAGED, _) => {
            let (shape, present) = (shape(from)?, shape(from)?);
            let values = fields(from, &present, levels)?;
            damaged(from, shape, &present, values)?
        }
        (SOME, _) => Value::Optional(Some(inner(from)?)),
        (OK, _) => Value::Ok(inner(from)?),
        (ERR, _) => Value::Err(inner(from)?),
        (CALLABLE, _) => Value::Callable(Arc::new(Callable { contract: from.contract()?, bound: None })),
        (BOUND, _) => {
            let (contract, bound) = (from.contract()?, Some(from.trait_id()?));
            Value::Callable(Arc::new(Callable { contract, bound }))
        }
        _ => return Err(from.fault("no value has this tag here")),
    })
}

fn list(from: &mut Reader<'_>, entry: Type, max_len: u32, levels: u8) -> Read<Value> {
    let items = from.list(|from| read(from, Some(&entry), levels))?;
    Ok(Value::List(Arc::new(List { entry, max_len, items })))
}

fn fields(from: &mut Reader<'_>, shape: &TupleType, levels: u8) -> Read<Vec<Value>> {
    shape.fields().iter().map(|(_, of)| read(from, Some(of), levels)).collect()
}

/// The type of a tuple.
pub(super) fn shape(from: &mut Reader<'_>) -> Read<Arc<TupleType>> {
    match from.of()? {
        Type::Tuple(shape) => Ok(shape),
        _ => Err(from.fault("a tuple's type is none")),
    }
}

/// A tuple of which only the fields of `present` have a value.
pub(super) fn damaged(
    from: &Reader<'_>,
    shape: Arc<TupleType>,
    present: &TupleType,
    values: Vec<Value>,
) -> Read<Value> {
    if values.len() != present.fields().len() {
        return Err(from.fault("a tuple has another number of fields than its type"));
    }
    let mut placed = vec![None; shape.fields().len()];
    for ((name, _), value) in present.fields().iter().zip(values) {
        let place = shape.position(name).and_then(|at| placed.get_mut(at));
        *place.ok_or_else(|| from.fault("a tuple has a field that its type does not have"))? = Some(value);
    }
    Value::tuple_with(shape, placed).map_err(|_| from.fault("a tuple without fields"))
}
