//! The stored form: all kinds of types and values, bytes of older builds, and contracts made to be large.

use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::analysis::{FunctionType, Method};
use crate::names::ClarityName;
use crate::principal::{Principal, TraitId};
use crate::test_support::{Memory, RULES, id};
use crate::types::Type;
use crate::value::{Callable, List};

fn name(text: &str) -> ClarityName {
    ClarityName::new(text).unwrap()
}

fn doer() -> TraitId {
    TraitId { contract: id("other"), name: name("doer") }
}

fn union() -> Type {
    let members = [Type::Callable(Arc::new(id("other"))), Type::Trait(Arc::new(doer()))];
    Type::Union(Arc::new(BTreeSet::from(members)))
}

/// An interface with every kind of type.
fn interface() -> Interface {
    let fields = vec![
        (name("a"), Type::list(Type::Utf8(7), 3).unwrap()),
        (name("b"), Type::response(Type::Buffer(1), Type::Ascii(2)).unwrap()),
        (name("c"), Type::optional(union()).unwrap()),
    ];
    let tuple = Type::tuple(fields).unwrap();
    let function = Arc::new(FunctionType { parameters: vec![(name("x"), tuple.clone())], result: Type::Bool });
    let method = Method { parameters: vec![Type::Trait(Arc::new(doer()))], result: Type::Int };
    Interface {
        version: 4,
        constants: BTreeMap::from([(name("k"), Type::UInt)]),
        variables: BTreeMap::from([(name("v"), Type::Principal)]),
        maps: BTreeMap::from([(name("m"), (Type::NoType, tuple))]),
        private: BTreeMap::from([(name("p"), Arc::clone(&function))]),
        public: BTreeMap::from([(name("q"), Arc::clone(&function))]),
        read_only: BTreeMap::from([(name("r"), function)]),
        tokens: BTreeSet::from([name("t")]),
        assets: BTreeMap::from([(name("n"), Type::Trait(Arc::new(doer())))]),
        traits: BTreeMap::from([(name("doer"), Arc::new(BTreeMap::from([(name("act"), method)])))]),
        implemented: BTreeSet::from([doer()]),
    }
}

/// A list with a type that its entries do not have by themselves.
fn list(entry: Type, max_len: u32, items: Vec<Value>) -> Value {
    Value::List(Arc::new(List { entry, max_len, items }))
}

/// Values of every kind, with types that are and that are not those of the place where they are.
fn values() -> Vec<Value> {
    let number = |number| list(Type::UInt, 4, vec![Value::UInt(number)]);
    let numbers = Type::list(Type::UInt, 4).unwrap();
    let pair = Value::tuple(vec![(name("a"), number(1)), (name("b"), Value::NONE)]).unwrap();
    let Value::Tuple(tuple) = &pair else { unreachable!() };
    let damaged = Value::tuple_with(Arc::clone(tuple.shape()), vec![None, Some(Value::Bool(true))]).unwrap();
    let bound = Callable { contract: id("other"), bound: Some(doer()) };
    let free = Callable { contract: id("other"), bound: None };
    vec![
        Value::Int(-1),
        Value::UInt(1),
        Value::Bool(false),
        Value::buffer(vec![1, 2]),
        Value::ascii(b"text".to_vec()).unwrap(),
        Value::utf8("t\u{e9}xt"),
        Value::principal(Principal::Standard(id("other").issuer)),
        Value::principal(Principal::Contract(id("other"))),
        Value::NONE,
        Value::some(Value::okay(Value::error(number(2)).unwrap()).unwrap()).unwrap(),
        list(numbers.clone(), 3, vec![number(1), list(Type::UInt, 2, Vec::new()), number(3)]),
        list(Type::optional(numbers).unwrap(), 3, vec![Value::NONE, Value::some(number(3)).unwrap()]),
        list(pair.type_of(), 2, vec![pair.clone(), pair]),
        list(Type::NoType, 0, Vec::new()),
        damaged,
        list(union(), 2, vec![Value::Callable(Arc::new(bound)), Value::Callable(Arc::new(free))]),
    ]
}

/// A contract with every kind of type and value.
fn contract() -> Contract {
    let values = values();
    let constants: String = (0..=values.len()).map(|k| format!("(define-constant k{k} u0)")).collect();
    let source = format!("{constants} (define-fungible-token t u7) (define-fungible-token s)");
    let (made, _) = Memory::new(RULES, Dialect::ALL[3]).try_publish("c", &source).unwrap();
    let mut contract = Arc::into_inner(made).unwrap();
    contract.interface = Arc::new(interface());
    contract.constants = contract.constants.iter().map(|_| OnceLock::new()).collect();
    values.into_iter().enumerate().for_each(|(at, value)| contract.set_constant(at, value));
    contract
}

/// Bytes of the same contract, as the last build that wrote format 1 stored it.
const FORMAT_1: &[u8] = include_bytes!("format_1.bin");

fn decode(bytes: &[u8]) -> Result<Contract, StoredError> {
    Contract::decode(bytes, &id("c"), RULES)
}

/// All of a contract, with the types that values carry.
fn shown(contract: &Contract) -> String {
    format!("{contract:?}")
}

/// Publishes a contract under this name.
fn published(source: &str) -> Contract {
    Arc::into_inner(Memory::default().try_publish("c", source).unwrap().0).unwrap()
}

/// The contract and its stored form, which is read as it was.
fn stored(source: &str) -> (Contract, Vec<u8>) {
    let contract = published(source);
    let bytes = contract.encode().unwrap();
    assert!(decode(&bytes).unwrap().encode().unwrap() == bytes);
    (contract, bytes)
}

#[test]
fn what_is_stored_is_read_again() {
    let bytes = contract().encode().unwrap();
    let read = decode(&bytes).unwrap();
    assert_eq!(shown(&read), shown(&contract()));
    assert_eq!(read.encode().unwrap(), bytes);
    assert_eq!(Contract::stored_size(&bytes[..STORED_HEAD_BYTES]), Ok(contract().size));
}

#[test]
fn contracts_of_format_1_are_read() {
    let read = decode(FORMAT_1).unwrap();
    assert_eq!(shown(&read), shown(&contract()));
    assert_eq!(Contract::stored_size(&FORMAT_1[..STORED_HEAD_BYTES]), Ok(contract().size));
}

#[test]
fn damaged_bytes_are_refused() {
    for whole in [contract().encode().unwrap(), FORMAT_1.to_vec()] {
        for length in 0..whole.len() {
            assert!(decode(&whole[..length]).is_err(), "{length}");
        }
        let longer = [whole.as_slice(), &[0]].concat();
        assert_eq!(decode(&longer).unwrap_err().what, "there is more behind its end");
    }
    assert_eq!(decode(&[9]).unwrap_err().what, "its form is of another build");
}

/// A union of this many contracts, as an expression.
fn union_of(contracts: usize) -> String {
    let literals: Vec<_> = (0..contracts).map(|at| format!(".c{at}")).collect();
    format!("(unwrap-panic (element-at? (list {}) u0))", literals.join(" "))
}

fn tuple_of(fields: usize, value: &str) -> String {
    let fields: Vec<_> = (0..fields).map(|at| format!("a{at}: {value}")).collect();
    format!("{{{}}}", fields.join(", "))
}

#[test]
fn a_type_that_is_used_often_is_stored_once() {
    let source = format!("(define-constant u {}) (define-constant t {})", union_of(1000), tuple_of(1000, "u"));
    let (contract, bytes) = stored(&source);
    assert!(bytes.len() < 10 * source.len(), "{} bytes of {}", bytes.len(), source.len());
    assert_eq!(decode(&bytes).unwrap().interface, contract.interface);
}

#[test]
fn equal_types_are_stored_once_whether_or_not_they_share_memory() {
    let one = format!("(define-constant t0 {{a: {}}})", union_of(500));
    let ten: String = (0..10).map(|at| format!("(define-constant t{at} {{a: {}}})", union_of(500))).collect();
    let more = stored(&ten).1.len() - stored(&one).1.len() - (ten.len() - one.len());
    assert!(more < 2000, "{more} bytes for nine uses");
}

#[test]
fn the_values_of_constants_take_little_more_than_the_language_counts() {
    let bools = "(define-constant b0 (list true true true true true true true true))".to_owned();
    let doubled = (1..12).map(|at| format!("(define-constant b{at} (concat b{} b{}))", at - 1, at - 1));
    let copies = (0..30).map(|at| format!("(define-constant d{at} {{l: (some b11), n: (list b11 b11)}})"));
    let source = std::iter::once(bools).chain(doubled).chain(copies).collect::<String>();
    let (contract, bytes) = stored(&source);
    assert!(contract.size > 1_000_000);
    assert!(u64::try_from(bytes.len()).unwrap() < contract.size + contract.size / 100, "{} bytes", bytes.len());
}

#[test]
fn a_contract_that_would_be_too_large_is_not_stored() {
    let mut contract = published("");
    let mebibyte = Value::buffer(vec![0; 1 << 20]);
    let mut encode = |constants: usize| {
        contract.constants = (0..constants).map(|_| OnceLock::from(mebibyte.clone())).collect();
        contract.encode().map(|bytes| bytes.len() > constants << 20)
    };
    assert_eq!(encode((MAX_STORED_BYTES >> 20) - 1), Ok(true));
    assert_eq!(encode(MAX_STORED_BYTES >> 20), Err(StoredTooLarge));
}

proptest::proptest! {
    #[test]
    fn changed_bytes_do_not_panic(is_old: bool, at in 0_usize..4000, to: u8) {
        let mut bytes = if is_old { FORMAT_1.to_vec() } else { contract().encode().unwrap() };
        let at = at % bytes.len();
        bytes[at] = to;
        let _ = decode(&bytes);
    }
}
