//! A contract that can be called, and the form in which it is stored: its source, its interface, and the values that its
//! constants got at deployment. The program is made again from the source.
//!
//! The values of constants are stored with the types that they carry: costs depend on these types, and must be the same
//! after a restart.

use std::sync::{Arc, OnceLock};

use crate::analysis::stored::{Reader, Writer};
use crate::analysis::{Interface, StoredError};
use crate::dialect::Dialect;
use crate::lower::{Program, lower};
use crate::principal::{ContractId, Principal, TraitId};
use crate::rules::Rules;
use crate::syntax;
use crate::types::{TupleType, Type};
use crate::value::{Callable, List, Value};

const FORMAT: u8 = 1;

/// A contract that can be called.
#[derive(Debug)]
pub struct Contract {
    /// The text that was published, byte for byte.
    pub source: String,
    /// What the contract offers to others.
    pub interface: Arc<Interface>,
    /// The form that runs, made from the source.
    pub(crate) program: Program,
    /// Bytes of its source plus memory of its constants: loading the contract is charged by this.
    pub size: u64,
    /// Values of its constants; each is empty until the deployment sets it.
    pub constants: Vec<OnceLock<Value>>,
    /// Set if the content of a constant is not of its type.
    damage: OnceLock<()>,
    /// The largest supply of each fungible token; empty for a token without a limit.
    pub(crate) caps: Vec<OnceLock<u128>>,
}

impl Contract {
    /// A contract whose constants have no values yet.
    #[must_use]
    pub(crate) fn new(source: &str, interface: Arc<Interface>, program: Program, size: u64) -> Self {
        let constants = program.constants.iter().map(|_| OnceLock::new()).collect();
        let caps = program.tokens.iter().map(|_| OnceLock::new()).collect();
        Self { source: source.to_owned(), interface, program, size, constants, damage: OnceLock::new(), caps }
    }

    /// Sets a constant's value, once.
    pub(crate) fn set_constant(&self, index: usize, value: Value) {
        if !value.is_of_its_type() {
            let _ = self.damage.set(());
        }
        let _ = self.constants[index].set(value);
    }

    /// Whether the content of a constant is not of its type.
    pub(crate) fn is_damaged(&self) -> bool {
        self.damage.get().is_some()
    }

    /// The account that deployed the contract, and its name.
    #[must_use]
    pub fn id(&self) -> &ContractId {
        &self.program.id
    }

    /// The value of a constant.
    #[must_use]
    pub fn constant(&self, name: &str) -> Option<&Value> {
        let at = self.program.constants.iter().position(|constant| constant.as_str() == name)?;
        self.constants[at].get()
    }

    /// The form that is stored.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Writer(vec![FORMAT]);
        out.0.extend_from_slice(&self.size.to_be_bytes());
        sized(&mut out, &self.interface.encode());
        sized(&mut out, self.source.as_bytes());
        out.list(self.constants.iter(), |out, place| match place.get() {
            Some(value) => {
                out.0.push(1);
                write(out, value);
            }
            None => out.0.push(0),
        });
        out.list(self.caps.iter(), |out, place| match place.get() {
            Some(cap) => {
                out.0.push(1);
                out.0.extend_from_slice(&cap.to_be_bytes());
            }
            None => out.0.push(0),
        });
        out.0
    }

    /// Reads the form that is stored. The rules are those of the chain that the contract was deployed on.
    ///
    /// # Errors
    /// The bytes are not of this form: they come from a newer build, or are damaged.
    pub fn decode(bytes: &[u8], id: &ContractId, rules: &Rules) -> Result<Self, StoredError> {
        let mut from = Reader { bytes, at: 0 };
        if from.byte()? != FORMAT {
            return Err(StoredError { at: 0, what: "its form is of another build" });
        }
        let size = u64::from_be_bytes(array(&mut from)?);
        let interface = Interface::decode(&bytes_of(&mut from)?)?;
        let source = String::from_utf8(bytes_of(&mut from)?).map_err(|_| from.fault("a source is no text"))?;
        let dialect =
            Dialect::of_version(interface.version).ok_or_else(|| from.fault("no language has this version"))?;
        let tree = syntax::read_again(&source, id, rules).map_err(|_| from.fault("a source is no contract"))?;
        let contract = Self::new(&source, Arc::new(interface), lower(&tree, Arc::new(id.clone()), dialect), size);
        let value = |from: &mut Reader<'_>| read(from, crate::types::MAX_TYPE_DEPTH);
        places(&mut from, contract.constants.len(), value, |at, value| contract.set_constant(at, value))?;
        let cap = |from: &mut Reader<'_>| array(from).map(u128::from_be_bytes);
        places(&mut from, contract.caps.len(), cap, |at, cap| _ = contract.caps[at].set(cap))?;
        if from.at == bytes.len() { Ok(contract) } else { Err(from.fault("there is more behind its end")) }
    }
}

type Read<T> = Result<T, StoredError>;

fn places<T>(
    from: &mut Reader<'_>,
    places: usize,
    read: impl Fn(&mut Reader<'_>) -> Read<T>,
    set: impl Fn(usize, T),
) -> Read<()> {
    if from.number()? as usize != places {
        return Err(from.fault("another number of constants or tokens than its source defines"));
    }
    for place in 0..places {
        if from.byte()? == 1 {
            set(place, read(from)?);
        }
    }
    Ok(())
}

fn sized(out: &mut Writer, bytes: &[u8]) {
    out.number(u32::try_from(bytes.len()).unwrap_or(u32::MAX));
    out.0.extend_from_slice(bytes);
}

fn bytes_of(from: &mut Reader<'_>) -> Read<Vec<u8>> {
    let length = from.number()? as usize;
    from.take(length).map(<[u8]>::to_vec)
}

fn array<const N: usize>(from: &mut Reader<'_>) -> Read<[u8; N]> {
    let mut bytes = [0; N];
    bytes.copy_from_slice(from.take(N)?);
    Ok(bytes)
}

/// Tags of values that hold others, or carry something that their serialization lacks. All other values are [`PLAIN`].
const PLAIN: u8 = 0;
const LIST: u8 = 1;
const TUPLE: u8 = 2;
const SOME: u8 = 3;
const OK: u8 = 4;
const ERR: u8 = 5;
const CALLABLE: u8 = 6;
const BOUND: u8 = 7;
/// A tuple in which some fields have no value.
const DAMAGED: u8 = 8;

fn write(out: &mut Writer, value: &Value) {
    match value {
        Value::List(list) => {
            out.0.push(LIST);
            out.of(list.entry());
            out.number(list.max_len());
            out.list(list.items().iter(), write);
        }
        Value::Tuple(tuple) => {
            out.0.push(if tuple.present.is_some() { DAMAGED } else { TUPLE });
            out.of(&Type::Tuple(Arc::clone(tuple.shape())));
            if let Some(present) = &tuple.present {
                out.of(&Type::Tuple(Arc::clone(present)));
            }
            out.list(tuple.values().iter(), write);
        }
        Value::Optional(Some(inner)) => wrapped(out, SOME, inner),
        Value::Ok(inner) => wrapped(out, OK, inner),
        Value::Err(inner) => wrapped(out, ERR, inner),
        Value::Callable(callable) => {
            out.0.push(if callable.bound.is_some() { BOUND } else { CALLABLE });
            sized(out, &Value::principal(Principal::Contract(callable.contract.clone())).encode());
            if let Some(bound) = &callable.bound {
                out.of(&Type::Trait(Arc::new(bound.clone())));
            }
        }
        plain => {
            out.0.push(PLAIN);
            sized(out, &plain.encode());
        }
    }
}

fn wrapped(out: &mut Writer, tag: u8, inner: &Value) {
    out.0.push(tag);
    write(out, inner);
}

fn read(from: &mut Reader<'_>, levels: u8) -> Read<Value> {
    let levels = levels.checked_sub(1).ok_or_else(|| from.fault("a value nests too deep"))?;
    let inner = |from: &mut Reader<'_>| read(from, levels).map(Arc::new);
    Ok(match from.byte()? {
        PLAIN => {
            let bytes = bytes_of(from)?;
            Value::decode(&bytes).map_err(|_| from.fault("a value is none"))?
        }
        LIST => {
            let (entry, max_len) = (from.of()?, from.number()?);
            let items = from.list(|from| read(from, levels))?;
            Value::List(Arc::new(List { entry, max_len, items }))
        }
        tag @ (TUPLE | DAMAGED) => {
            let shape = shape(from)?;
            let present = if tag == DAMAGED { self::shape(from)? } else { Arc::clone(&shape) };
            let values = from.list(|from| read(from, levels))?;
            if values.len() != present.fields().len() {
                return Err(from.fault("a tuple has another number of fields than its type"));
            }
            let mut placed = vec![None; shape.fields().len()];
            for ((name, _), value) in present.fields().iter().zip(values) {
                let place = shape.position(name).and_then(|at| placed.get_mut(at));
                *place.ok_or_else(|| from.fault("a tuple has a field that its type does not have"))? = Some(value);
            }
            Value::tuple_with(shape, placed).map_err(|_| from.fault("a tuple without fields"))?
        }
        SOME => Value::Optional(Some(inner(from)?)),
        OK => Value::Ok(inner(from)?),
        ERR => Value::Err(inner(from)?),
        tag @ (CALLABLE | BOUND) => {
            let bytes = bytes_of(from)?;
            let Ok(Value::Principal(principal)) = Value::decode(&bytes) else {
                return Err(from.fault("a contract is none"));
            };
            let Principal::Contract(contract) = principal.as_ref() else {
                return Err(from.fault("a contract is none"));
            };
            let bound = if tag == BOUND { Some(bound(from)?) } else { None };
            Value::Callable(Arc::new(Callable { contract: contract.clone(), bound }))
        }
        _ => return Err(from.fault("no value has this tag")),
    })
}

fn shape(from: &mut Reader<'_>) -> Read<Arc<TupleType>> {
    match from.of()? {
        Type::Tuple(shape) => Ok(shape),
        _ => Err(from.fault("a tuple's type is none")),
    }
}

fn bound(from: &mut Reader<'_>) -> Read<TraitId> {
    match from.of()? {
        Type::Trait(id) => Ok(id.as_ref().clone()),
        _ => Err(from.fault("a trait is none")),
    }
}
