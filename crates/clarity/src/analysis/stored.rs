//! The form in which an interface is stored beside its contract's source. It is our own, and later builds must read it.
//!
//! The parts of [`Interface`] are in the order of its fields. A list is its length in four bytes, big-endian, and its
//! items; a name is its length in one byte and its text; a type is a tag and its parts.
//!
//! A type that is shared in memory (one that holds others, or names a contract) is in a table, once and after those that
//! it is made of. Where it is used, only its place in the table is written: else a union of thousands of contracts could
//! be written thousands of times. Equal types have one place, so the form does not depend on what shares memory.
//!
//! Contracts of format 1 (`state/contract/format_1.rs`) have no table, and each type in full wherever it is used: the reader takes
//! that too. Tags are never reused, nor is 14, which had a meaning and was never written.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::mem;
use std::sync::Arc;

use super::interface::{FunctionType, Interface, Method, Methods};
use crate::names::{ClarityName, ContractName};
use crate::principal::{ContractId, Standard, TraitId};
use crate::types::{MAX_TYPE_DEPTH, TupleType, Type, TypeFault};
use crate::value::Value;

/// Tag of a type that is in the table.
const SHARED: u8 = 16;

/// Why stored bytes cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a stored contract cannot be read at byte {at}: {what}")]
pub struct StoredError {
    /// How many bytes were read before the fault.
    pub at: usize,
    /// The fault.
    pub what: &'static str,
}

impl Interface {
    /// Writes the form that is stored.
    pub(crate) fn write(&self, out: &mut Writer) {
        out.byte(self.version);
        out.list(self.constants.iter(), Writer::named_type);
        out.list(self.variables.iter(), Writer::named_type);
        out.list(self.maps.iter(), |out, (name, (key, value))| {
            out.name(name);
            out.of(key);
            out.of(value);
        });
        for functions in [&self.private, &self.public, &self.read_only] {
            out.list(functions.iter(), |out, (name, function)| {
                out.name(name);
                out.list(function.parameters.iter().map(|(name, of)| (name, of)), Writer::named_type);
                out.of(&function.result);
            });
        }
        out.list(self.tokens.iter(), |out, name| out.name(name));
        out.list(self.assets.iter(), Writer::named_type);
        out.list(self.traits.iter(), |out, (name, methods)| {
            out.name(name);
            out.list(methods.iter(), |out, (name, method)| {
                out.name(name);
                out.list(method.parameters.iter(), Writer::of);
                out.of(&method.result);
            });
        });
        out.list(self.implemented.iter(), Writer::trait_id);
    }

    /// Reads the form that is stored.
    ///
    /// # Errors
    /// The bytes are not of this form: they come from a newer build, or are damaged.
    pub(crate) fn read(from: &mut Reader<'_>) -> Result<Self, StoredError> {
        Ok(Self {
            version: from.byte()?,
            constants: from.map(Reader::of)?,
            variables: from.map(Reader::of)?,
            maps: from.map(|from| Ok((from.of()?, from.of()?)))?,
            private: from.map(Reader::function)?,
            public: from.map(Reader::function)?,
            read_only: from.map(Reader::function)?,
            tokens: from.list(Reader::name)?.into_iter().collect(),
            assets: from.map(Reader::of)?,
            traits: from.map(Reader::methods)?,
            implemented: from.list(Reader::trait_id)?.into_iter().collect(),
        })
    }
}

/// Writes the parts of a stored form.
pub(crate) struct Writer {
    bytes: Vec<u8>,
    /// Beyond this, nothing more is written than it takes to end.
    max_bytes: usize,
    /// The table of types.
    table: Vec<u8>,
    /// Places in the table, by what is written there.
    places: HashMap<Vec<u8>, u32>,
    /// Places of the types seen so far, by their addresses. They are kept, so that no other gets the address of one.
    seen: HashMap<usize, (Type, u32)>,
}

/// A type as it is written where it is used: a tag, and a number for some. Equal types have equal references.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Reference(u8, Option<u32>);

impl Writer {
    /// A form of at most so many bytes.
    pub(crate) fn new(max_bytes: usize) -> Self {
        Self { bytes: Vec::new(), max_bytes, table: Vec::new(), places: HashMap::new(), seen: HashMap::new() }
    }

    /// The whole form: a head, the table, and what was written. `None` if this is too long.
    pub(crate) fn finish(self, head: &[u8]) -> Option<Vec<u8>> {
        let types = u32::try_from(self.places.len()).ok()?.to_be_bytes();
        let parts = [head, &types, &self.table, &self.bytes];
        (parts.iter().map(|part| part.len()).sum::<usize>() <= self.max_bytes).then(|| parts.concat())
    }

    /// Writes a list; it breaks off when the form is too long.
    pub(crate) fn list<T>(&mut self, items: impl ExactSizeIterator<Item = T>, mut write: impl FnMut(&mut Self, T)) {
        self.number(u32::try_from(items.len()).unwrap_or(u32::MAX));
        for item in items {
            if self.bytes.len().max(self.table.len()) > self.max_bytes {
                return;
            }
            write(self, item);
        }
    }

    pub(crate) fn byte(&mut self, byte: u8) {
        self.bytes.push(byte);
    }

    pub(crate) fn number(&mut self, number: u32) {
        self.raw(&number.to_be_bytes());
    }

    /// Bytes whose number the reader knows.
    pub(crate) fn raw(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// The number of bytes, and the bytes.
    pub(crate) fn sized(&mut self, bytes: &[u8]) {
        self.number(u32::try_from(bytes.len()).unwrap_or(u32::MAX));
        self.raw(bytes);
    }

    /// A value that holds no others, in its consensus serialization.
    pub(crate) fn plain(&mut self, value: &Value) {
        value.write(&mut self.bytes);
    }

    fn name(&mut self, name: &str) {
        self.byte(u8::try_from(name.len()).unwrap_or(u8::MAX));
        self.raw(name.as_bytes());
    }

    fn named_type(&mut self, (name, of): (&ClarityName, &Type)) {
        self.name(name);
        self.of(of);
    }

    pub(crate) fn contract(&mut self, contract: &ContractId) {
        self.byte(contract.issuer.version());
        self.raw(&contract.issuer.hash);
        self.name(&contract.name);
    }

    pub(crate) fn trait_id(&mut self, id: &TraitId) {
        self.contract(&id.contract);
        self.name(&id.name);
    }

    pub(crate) fn of(&mut self, of: &Type) {
        let Reference(tag, number) = self.reference(of);
        self.byte(tag);
        if let Some(number) = number {
            self.number(number);
        }
    }

    /// Whether two types are equal; without looking inside, if they have been seen.
    pub(crate) fn are_equal(&mut self, one: &Type, other: &Type) -> bool {
        self.reference(one) == self.reference(other)
    }

    fn reference(&mut self, of: &Type) -> Reference {
        match of {
            Type::NoType => Reference(0, None),
            Type::Int => Reference(1, None),
            Type::UInt => Reference(2, None),
            Type::Bool => Reference(3, None),
            Type::Principal => Reference(4, None),
            Type::Buffer(length) => Reference(5, Some(*length)),
            Type::Ascii(length) => Reference(6, Some(*length)),
            Type::Utf8(length) => Reference(7, Some(*length)),
            Type::List(shared) => self.shared(shared, of),
            Type::Tuple(shared) => self.shared(shared, of),
            Type::Optional(shared) => self.shared(shared, of),
            Type::Response(shared) => self.shared(shared, of),
            Type::Callable(shared) => self.shared(shared, of),
            Type::Trait(shared) => self.shared(shared, of),
            Type::Union(shared) => self.shared(shared, of),
        }
    }

    /// The place of a type in the table, where it is added if it is new.
    fn shared<T>(&mut self, shared: &Arc<T>, of: &Type) -> Reference {
        let address = Arc::as_ptr(shared).addr();
        if let Some((_, place)) = self.seen.get(&address) {
            return Reference(SHARED, Some(*place));
        }
        let parts = self.parts(of);
        let next = u32::try_from(self.places.len()).unwrap_or(u32::MAX);
        let place = match self.places.entry(parts) {
            Entry::Occupied(known) => *known.get(),
            Entry::Vacant(new) => {
                self.table.extend_from_slice(new.key());
                *new.insert(next)
            }
        };
        self.seen.insert(address, (of.clone(), place));
        Reference(SHARED, Some(place))
    }

    /// What the table has of a type.
    fn parts(&mut self, of: &Type) -> Vec<u8> {
        let before = mem::take(&mut self.bytes);
        match of {
            Type::List(list) => {
                self.byte(8);
                self.number(list.max_len());
                self.of(list.entry());
            }
            Type::Tuple(tuple) => {
                self.byte(9);
                self.list(tuple.fields().iter().map(|(name, of)| (name, of)), Self::named_type);
            }
            Type::Optional(optional) => {
                self.byte(10);
                self.of(optional.inner());
            }
            Type::Response(response) => {
                self.byte(11);
                self.of(response.ok());
                self.of(response.err());
            }
            Type::Callable(contract) => {
                self.byte(12);
                self.contract(contract);
            }
            Type::Trait(id) => {
                self.byte(13);
                self.trait_id(id);
            }
            Type::Union(members) => {
                self.byte(15);
                self.list(members.iter(), Self::of);
            }
            // All others are written where they are used.
            _ => {}
        }
        mem::replace(&mut self.bytes, before)
    }
}

/// Reads the parts of stored forms, and knows its position.
pub(crate) struct Reader<'b> {
    bytes: &'b [u8],
    at: usize,
    /// The table of types.
    table: Vec<Type>,
}

pub(crate) type Read<T> = Result<T, StoredError>;

impl<'b> Reader<'b> {
    pub(crate) const fn new(bytes: &'b [u8]) -> Self {
        Self { bytes, at: 0, table: Vec::new() }
    }

    /// Reads the table, to which types refer from then on.
    pub(crate) fn table(&mut self) -> Read<()> {
        for _ in 0..self.number()? {
            let of = self.of()?;
            self.table.push(of);
        }
        Ok(())
    }

    /// Checks that all has been read.
    pub(crate) fn end(&self) -> Read<()> {
        if self.at == self.bytes.len() { Ok(()) } else { Err(self.fault("there is more behind its end")) }
    }

    pub(crate) const fn fault(&self, what: &'static str) -> StoredError {
        StoredError { at: self.at, what }
    }

    fn take(&mut self, length: usize) -> Read<&'b [u8]> {
        let taken = self.at.checked_add(length).and_then(|end| self.bytes.get(self.at..end));
        let taken = taken.ok_or_else(|| self.fault("it ends too early"))?;
        self.at += length;
        Ok(taken)
    }

    pub(crate) fn byte(&mut self) -> Read<u8> {
        Ok(self.take(1)?[0])
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Read<[u8; N]> {
        let mut bytes = [0; N];
        bytes.copy_from_slice(self.take(N)?);
        Ok(bytes)
    }

    pub(crate) fn number(&mut self) -> Read<u32> {
        self.array().map(u32::from_be_bytes)
    }

    /// The number of bytes, and the bytes.
    pub(crate) fn sized(&mut self) -> Read<&'b [u8]> {
        let length = self.number()? as usize;
        self.take(length)
    }

    /// A value in its consensus serialization.
    pub(crate) fn plain(&mut self) -> Read<Value> {
        let (value, length) = Value::decode_prefix(&self.bytes[self.at..]);
        let value = value.map_err(|_| self.fault("a value is none"))?;
        self.at += length;
        Ok(value)
    }

    /// The next byte, which is read again.
    pub(crate) fn peek(&self) -> Read<u8> {
        self.bytes.get(self.at).copied().ok_or_else(|| self.fault("it ends too early"))
    }

    /// A list's items. No memory is reserved for the claimed number.
    pub(crate) fn list<T>(&mut self, mut read: impl FnMut(&mut Self) -> Read<T>) -> Read<Vec<T>> {
        let length = self.number()?;
        let mut items = Vec::new();
        for _ in 0..length {
            items.push(read(self)?);
        }
        Ok(items)
    }

    fn map<T>(&mut self, mut read: impl FnMut(&mut Self) -> Read<T>) -> Read<BTreeMap<ClarityName, T>> {
        let items = self.list(|from| Ok((from.name()?, read(from)?)))?;
        Ok(items.into_iter().collect())
    }

    fn text(&mut self) -> Read<&'b str> {
        let length = usize::from(self.byte()?);
        let fault = self.fault("a name is no text");
        std::str::from_utf8(self.take(length)?).map_err(|_| fault)
    }

    fn name(&mut self) -> Read<ClarityName> {
        let fault = self.fault("this is no name");
        ClarityName::new(self.text()?).ok_or(fault)
    }

    pub(crate) fn contract(&mut self) -> Read<ContractId> {
        let fault = self.fault("this is no contract");
        let version = self.byte()?;
        let issuer = Standard::new(version, self.array()?).ok_or(fault)?;
        let name = ContractName::new(self.text()?).ok_or(fault)?;
        Ok(ContractId { issuer, name })
    }

    pub(crate) fn trait_id(&mut self) -> Read<TraitId> {
        Ok(TraitId { contract: self.contract()?, name: self.name()? })
    }

    fn function(&mut self) -> Read<Arc<FunctionType>> {
        let parameters = self.list(|from| Ok((from.name()?, from.of()?)))?;
        Ok(Arc::new(FunctionType { parameters, result: self.of()? }))
    }

    fn methods(&mut self) -> Read<Arc<Methods>> {
        self.map(|from| Ok(Method { parameters: from.list(Self::of)?, result: from.of()? })).map(Arc::new)
    }

    pub(crate) fn of(&mut self) -> Read<Type> {
        self.nested(0)
    }

    fn nested(&mut self, depth: u8) -> Read<Type> {
        // The result of `as-max-len?` may nest one level deeper.
        if depth > MAX_TYPE_DEPTH {
            return Err(self.fault("a type nests too deep"));
        }
        let fault = self.fault("there is no such type");
        let known = |of: Result<Type, TypeFault>| of.map_err(|_| fault);
        Ok(match self.byte()? {
            0 => Type::NoType,
            1 => Type::Int,
            2 => Type::UInt,
            3 => Type::Bool,
            4 => Type::Principal,
            5 => Type::Buffer(self.number()?),
            6 => Type::Ascii(self.number()?),
            7 => Type::Utf8(self.number()?),
            8 => {
                let length = self.number()?;
                known(Type::list(self.nested(depth + 1)?, length))?
            }
            9 => {
                let fields = self.list(|from| Ok((from.name()?, from.nested(depth + 1)?)))?;
                Type::Tuple(Arc::new(TupleType::of_any_size(fields).map_err(|_| fault)?))
            }
            10 => Type::optional_of_any_size(self.nested(depth + 1)?),
            11 => {
                let ok = self.nested(depth + 1)?;
                known(Type::response(ok, self.nested(depth + 1)?))?
            }
            12 => Type::Callable(Arc::new(self.contract()?)),
            13 => Type::Trait(Arc::new(self.trait_id()?)),
            15 => {
                let members = self.list(|from| from.nested(depth + 1))?;
                Type::Union(Arc::new(members.into_iter().collect::<BTreeSet<_>>()))
            }
            SHARED => {
                let place = self.number()? as usize;
                let of = self.table.get(place).cloned().ok_or(fault)?;
                if depth.saturating_add(of.depth()) > MAX_TYPE_DEPTH + 1 {
                    return Err(self.fault("a type nests too deep"));
                }
                of
            }
            _ => return Err(fault),
        })
    }
}

#[cfg(any(test, feature = "test-support"))]
impl Interface {
    /// The interface as it is read from its stored form.
    ///
    /// # Errors
    /// [`StoredError`] if what was written cannot be read.
    ///
    /// # Panics
    /// Never: the form has no limit here.
    pub fn read_again(&self) -> Result<Self, StoredError> {
        let mut out = Writer::new(usize::MAX);
        self.write(&mut out);
        let bytes = out.finish(&[]).expect("there is no limit");
        let mut from = Reader::new(&bytes);
        from.table()?;
        let interface = Self::read(&mut from)?;
        from.end().map(|()| interface)
    }
}
