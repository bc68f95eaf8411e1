//! Reads what differs in format 1, in which earlier builds stored contracts: the interface had a length and a version of
//! its own before it; each value had its type in full, and each value that holds no others its length. Nothing writes it.

use std::sync::Arc;

use super::constants::{damaged, shape};
use crate::analysis::stored::{Read, Reader};
use crate::principal::Principal;
use crate::types::Type;
use crate::value::{Callable, List, Value};

pub(super) const FORMAT: u8 = 1;
const INTERFACE_VERSION: u8 = 1;

const PLAIN: u8 = 0;
const LIST: u8 = 1;
const TUPLE: u8 = 2;
const SOME: u8 = 3;
const OK: u8 = 4;
const ERR: u8 = 5;
const CALLABLE: u8 = 6;
const BOUND: u8 = 7;
const DAMAGED: u8 = 8;

/// Reads what is before the interface.
pub(super) fn before_interface(from: &mut Reader<'_>) -> Read<()> {
    from.number()?;
    if from.byte()? == INTERFACE_VERSION { Ok(()) } else { Err(from.fault("its interface is of another build")) }
}

/// Reads a value of at most so many levels.
pub(super) fn value(from: &mut Reader<'_>, levels: u8) -> Read<Value> {
    let levels = levels.checked_sub(1).ok_or_else(|| from.fault("a value nests too deep"))?;
    let inner = |from: &mut Reader<'_>| value(from, levels).map(Arc::new);
    Ok(match from.byte()? {
        PLAIN => plain(from)?,
        LIST => {
            let (entry, max_len) = (from.of()?, from.number()?);
            let items = from.list(|from| value(from, levels))?;
            Value::List(Arc::new(List { entry, max_len, items }))
        }
        tag @ (TUPLE | DAMAGED) => {
            let shape = shape(from)?;
            let present = if tag == DAMAGED { self::shape(from)? } else { Arc::clone(&shape) };
            let values = from.list(|from| value(from, levels))?;
            damaged(from, shape, &present, values)?
        }
        SOME => Value::Optional(Some(inner(from)?)),
        OK => Value::Ok(inner(from)?),
        ERR => Value::Err(inner(from)?),
        tag @ (CALLABLE | BOUND) => {
            let contract = match plain(from)? {
                Value::Principal(principal) => match principal.as_ref() {
                    Principal::Contract(contract) => contract.clone(),
                    Principal::Standard(_) => return Err(from.fault("a contract is none")),
                },
                _ => return Err(from.fault("a contract is none")),
            };
            let bound = if tag == BOUND { Some(from.of()?) } else { None };
            let bound = match bound {
                Some(Type::Trait(id)) => Some(id.as_ref().clone()),
                Some(_) => return Err(from.fault("a trait is none")),
                None => None,
            };
            Value::Callable(Arc::new(Callable { contract, bound }))
        }
        _ => return Err(from.fault("no value has this tag")),
    })
}

fn plain(from: &mut Reader<'_>) -> Read<Value> {
    from.number()?;
    from.plain()
}
