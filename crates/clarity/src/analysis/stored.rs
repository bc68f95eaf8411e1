//! The form in which an interface is stored beside its contract's source. It is our own, and later builds must read it.
//!
//! One byte of version, then the parts of [`Interface`] in the order of its fields. A list is its length in four bytes,
//! big-endian, and its items; a name is its length in one byte and its text; a type is a tag and its parts. A new form
//! gets a new version; tags are never reused, nor is 14, which had a meaning and was never written.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::interface::{FunctionType, Interface, Method, Methods};
use crate::names::{ClarityName, ContractName};
use crate::principal::{ContractId, Standard, TraitId};
use crate::types::{MAX_TYPE_DEPTH, TupleType, Type, TypeFault};

const VERSION: u8 = 1;

/// Why stored bytes cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a stored interface cannot be read at byte {at}: {what}")]
pub struct StoredError {
    /// How many bytes were read before the fault.
    pub at: usize,
    /// The fault.
    pub what: &'static str,
}

impl Interface {
    /// The form that is stored.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Writer(vec![VERSION, self.version]);
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
        out.0
    }

    /// Reads the form that is stored.
    ///
    /// # Errors
    /// The bytes are not of this form: they come from a newer build, or are damaged.
    pub fn decode(bytes: &[u8]) -> Result<Self, StoredError> {
        let mut from = Reader { bytes, at: 0 };
        if from.byte()? != VERSION {
            return Err(StoredError { at: 0, what: "its version is of another build" });
        }
        let interface = Self {
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
        };
        if from.at == bytes.len() { Ok(interface) } else { Err(from.fault("there is more behind its end")) }
    }
}

/// Writes the parts of stored forms.
pub(crate) struct Writer(pub(crate) Vec<u8>);

impl Writer {
    pub(crate) fn list<T>(&mut self, items: impl ExactSizeIterator<Item = T>, mut write: impl FnMut(&mut Self, T)) {
        self.number(u32::try_from(items.len()).unwrap_or(u32::MAX));
        for item in items {
            write(self, item);
        }
    }

    pub(crate) fn number(&mut self, number: u32) {
        self.0.extend_from_slice(&number.to_be_bytes());
    }

    fn name(&mut self, name: &str) {
        self.0.push(u8::try_from(name.len()).unwrap_or(u8::MAX));
        self.0.extend_from_slice(name.as_bytes());
    }

    fn named_type(&mut self, (name, of): (&ClarityName, &Type)) {
        self.name(name);
        self.of(of);
    }

    fn contract(&mut self, contract: &ContractId) {
        self.0.push(contract.issuer.version());
        self.0.extend_from_slice(&contract.issuer.hash);
        self.name(&contract.name);
    }

    fn trait_id(&mut self, id: &TraitId) {
        self.contract(&id.contract);
        self.name(&id.name);
    }

    fn sized(&mut self, tag: u8, size: u32) {
        self.0.push(tag);
        self.number(size);
    }

    pub(crate) fn of(&mut self, of: &Type) {
        match of {
            Type::NoType => self.0.push(0),
            Type::Int => self.0.push(1),
            Type::UInt => self.0.push(2),
            Type::Bool => self.0.push(3),
            Type::Principal => self.0.push(4),
            Type::Buffer(length) => self.sized(5, *length),
            Type::Ascii(length) => self.sized(6, *length),
            Type::Utf8(length) => self.sized(7, *length),
            Type::List(list) => {
                self.sized(8, list.max_len());
                self.of(list.entry());
            }
            Type::Tuple(tuple) => {
                self.0.push(9);
                self.list(tuple.fields().iter().map(|(name, of)| (name, of)), Self::named_type);
            }
            Type::Optional(optional) => {
                self.0.push(10);
                self.of(optional.inner());
            }
            Type::Response(response) => {
                self.0.push(11);
                self.of(response.ok());
                self.of(response.err());
            }
            Type::Callable(contract) => {
                self.0.push(12);
                self.contract(contract);
            }
            Type::Trait(id) => {
                self.0.push(13);
                self.trait_id(id);
            }
            Type::Union(members) => {
                self.0.push(15);
                self.list(members.iter(), Self::of);
            }
        }
    }
}

/// Reads the parts of stored forms, and knows its position.
pub(crate) struct Reader<'b> {
    pub(crate) bytes: &'b [u8],
    pub(crate) at: usize,
}

type Read<T> = Result<T, StoredError>;

impl Reader<'_> {
    pub(crate) const fn fault(&self, what: &'static str) -> StoredError {
        StoredError { at: self.at, what }
    }

    pub(crate) fn take(&mut self, length: usize) -> Read<&[u8]> {
        let taken = self.at.checked_add(length).and_then(|end| self.bytes.get(self.at..end));
        let taken = taken.ok_or_else(|| self.fault("it ends too early"))?;
        self.at += length;
        Ok(taken)
    }

    pub(crate) fn byte(&mut self) -> Read<u8> {
        Ok(self.take(1)?[0])
    }

    pub(crate) fn number(&mut self) -> Read<u32> {
        let mut bytes = [0; 4];
        bytes.copy_from_slice(self.take(4)?);
        Ok(u32::from_be_bytes(bytes))
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

    fn text(&mut self) -> Read<&str> {
        let length = usize::from(self.byte()?);
        let fault = self.fault("a name is no text");
        std::str::from_utf8(self.take(length)?).map_err(|_| fault)
    }

    fn name(&mut self) -> Read<ClarityName> {
        let fault = self.fault("this is no name");
        ClarityName::new(self.text()?).ok_or(fault)
    }

    fn contract(&mut self) -> Read<ContractId> {
        let fault = self.fault("this is no contract");
        let version = self.byte()?;
        let mut hash = [0; 20];
        hash.copy_from_slice(self.take(20)?);
        let issuer = Standard::new(version, hash).ok_or(fault)?;
        let name = ContractName::new(self.text()?).ok_or(fault)?;
        Ok(ContractId { issuer, name })
    }

    fn trait_id(&mut self) -> Read<TraitId> {
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
            _ => return Err(fault),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn interface() -> Interface {
        let name = |text: &str| ClarityName::new(text).unwrap();
        let contract = ContractId::parse("ST000000000000000000002AMW42H.other").unwrap();
        let trait_id = TraitId { contract: contract.clone(), name: name("doer") };
        let union = BTreeSet::from([Type::Callable(Arc::new(contract)), Type::Trait(Arc::new(trait_id.clone()))]);
        let fields = vec![
            (name("a"), Type::list(Type::Utf8(7), 3).unwrap()),
            (name("b"), Type::response(Type::Buffer(1), Type::Ascii(2)).unwrap()),
            (name("c"), Type::optional(Type::Union(Arc::new(union))).unwrap()),
        ];
        let tuple = Type::tuple(fields).unwrap();
        let function = Arc::new(FunctionType { parameters: vec![(name("x"), tuple.clone())], result: Type::Bool });
        let method = Method { parameters: vec![Type::Trait(Arc::new(trait_id.clone()))], result: Type::Int };
        Interface {
            version: 4,
            constants: BTreeMap::from([(name("k"), Type::UInt)]),
            variables: BTreeMap::from([(name("v"), Type::Principal)]),
            maps: BTreeMap::from([(name("m"), (Type::NoType, tuple))]),
            private: BTreeMap::from([(name("p"), Arc::clone(&function))]),
            public: BTreeMap::from([(name("q"), Arc::clone(&function))]),
            read_only: BTreeMap::from([(name("r"), function)]),
            tokens: BTreeSet::from([name("t")]),
            assets: BTreeMap::from([(name("n"), Type::Trait(Arc::new(trait_id.clone())))]),
            traits: BTreeMap::from([(name("doer"), Arc::new(BTreeMap::from([(name("act"), method)])))]),
            implemented: BTreeSet::from([trait_id]),
        }
    }

    #[test]
    fn what_is_stored_is_read_again() {
        assert_eq!(Interface::decode(&interface().encode()), Ok(interface()));
        assert_eq!(Interface::decode(&Interface::default().encode()), Ok(Interface::default()));
    }

    #[test]
    fn damaged_bytes_are_refused() {
        let whole = interface().encode();
        for length in 0..whole.len() {
            assert!(Interface::decode(&whole[..length]).is_err(), "{length}");
        }
        let longer = [whole.as_slice(), &[0]].concat();
        assert_eq!(Interface::decode(&longer).unwrap_err().what, "there is more behind its end");
        assert_eq!(Interface::decode(&[9]).unwrap_err().what, "its version is of another build");
    }

    proptest::proptest! {
        #[test]
        fn changed_bytes_do_not_panic(at in 0_usize..400, to: u8) {
            let mut bytes = interface().encode();
            let at = at % bytes.len();
            bytes[at] = to;
            let _ = Interface::decode(&bytes);
        }
    }
}
