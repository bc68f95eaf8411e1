//! Values against known serializations and texts, and against the rules that hold for all of them.

use proptest::prelude::*;

use super::*;
use crate::names::ClarityName;
use crate::principal::Standard;

fn name(text: &str) -> ClarityName {
    ClarityName::new(text).unwrap()
}

fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        any::<i128>().prop_map(Value::Int),
        any::<u128>().prop_map(Value::UInt),
        any::<bool>().prop_map(Value::Bool),
        prop::collection::vec(any::<u8>(), 0..20).prop_map(Value::buffer),
        "[ -~]{0,10}".prop_map(|text| Value::ascii(text.into_bytes()).unwrap()),
        any::<String>().prop_map(|text| Value::utf8(&text)),
        (0_u8..32, any::<[u8; 20]>())
            .prop_map(|(v, h)| Value::principal(Principal::Standard(Standard::new(v, h).unwrap()))),
        Just(Value::NONE),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            inner.clone().prop_map(|v| Value::some(v).unwrap()),
            inner.clone().prop_map(|v| Value::okay(v).unwrap()),
            inner.clone().prop_map(|v| Value::error(v).unwrap()),
            (inner.clone(), 0_usize..5).prop_map(|(v, n)| Value::list(vec![v; n]).unwrap()),
            (inner.clone(), inner).prop_map(|(a, b)| Value::tuple(vec![(name("b"), a), (name("a-1"), b)]).unwrap()),
        ]
    })
}

proptest! {
    #[test]
    fn every_value_survives_its_serialization(value in any_value()) {
        let bytes = value.encode();
        prop_assert_eq!(bytes.len() as u64, value.serialized_size());
        let back = Value::decode(&bytes).unwrap();
        prop_assert_eq!(&back, &value);
        prop_assert_eq!(back.type_of(), value.type_of());
        prop_assert_eq!(Value::decode_as(&bytes, &value.type_of(), Fields::Exactly).ok(), Some(value));
    }

    #[test]
    fn size_and_depth_are_those_of_the_type(value in any_value()) {
        prop_assert_eq!(value.size(), value.type_of().size());
        prop_assert_eq!(value.depth(), value.type_of().depth());
    }

    #[test]
    fn a_value_is_admitted_by_its_joined_types_and_sanitized_to_itself(a in any_value(), b in any_value()) {
        let (of_a, of_b) = (a.type_of(), b.type_of());
        prop_assert_eq!(of_a.join(&of_a).ok(), Some(of_a.clone()));
        if let Ok(joined) = of_a.join(&of_b) && let Ok(admits) = joined.admits(&of_a) {
            let tuple = joined.to_string().contains("tuple");
            prop_assert!(admits || tuple, "{} does not admit {}", joined, of_a);
            prop_assert_eq!(a.fits(&joined).ok(), Some(admits));
        }
        let same = a.sanitized(&of_a);
        prop_assert!(same.is_none() || same.as_ref() == Some(&a));
    }

    #[test]
    fn bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
        let _ = Value::decode(&bytes);
        let list = Type::list(Type::optional(Type::UInt).unwrap(), 4).unwrap();
        let _ = Value::decode_as(&bytes, &list, Fields::Declared);
    }
}

#[test]
fn texts_are_those_of_the_network() {
    let utf8 = Value::decode(&hex::decode("0e00000009392de0a0803a00c280").unwrap()).unwrap();
    assert_eq!(utf8.to_string(), r#"u"9-\u{e0a080}:\x00\u{c280}""#);
    let ascii = Value::ascii(br#"9@.a&'x"#.to_vec()).unwrap();
    assert_eq!(ascii.to_string(), r#""9@.a&\'x""#);
    let tuple = Value::tuple(vec![(name("b"), Value::NONE), (name("a"), Value::UInt(1))]).unwrap();
    assert_eq!(tuple.to_string(), "(tuple (a u1) (b none))");
    assert_eq!(
        DebugValue(&tuple).to_string(),
        "Tuple(TupleData { type_signature: TupleTypeSignature { \"a\": uint, \"b\": (optional UnknownType),}, \
         data_map: {ClarityName(\"a\"): UInt(1), ClarityName(\"b\"): Optional(OptionalData { data: None })} })"
    );
}

#[test]
fn a_list_carries_its_type() {
    let list = Value::list(vec![Value::UInt(1)]).unwrap();
    assert_eq!(list.size(), 16 + 6);
    let declared = Type::list(Type::UInt, 100).unwrap();
    let read = Value::decode_as(&list.encode(), &declared, Fields::Declared).unwrap();
    assert_eq!(read.size(), 1606);
    assert_eq!(read, list);
    assert_eq!(read.sanitized(&declared).unwrap().size(), 22);
}

#[test]
fn what_is_too_large_or_too_deep_is_refused() {
    let big = Value::buffer(vec![0; 1024 * 1024 - 4]);
    assert_eq!(Value::some(big.clone()), Err(crate::types::TypeFault::ValueTooLarge));
    assert!(Value::list(vec![big.clone(), big]).is_err());
    let mut deep = Value::Bool(true);
    for _ in 0..31 {
        deep = Value::some(deep).unwrap();
    }
    assert_eq!(Value::okay(deep), Err(crate::types::TypeFault::TooDeep));
    assert!(Value::tuple(Vec::new()).is_err());
    assert!(Value::tuple(vec![(name("a"), Value::NONE), (name("a"), Value::NONE)]).is_err());
}

#[test]
fn contracts_become_callable_by_the_trait_that_is_asked_for() {
    let contract = ContractId::parse("ST000000000000000000002AMW42H.token").unwrap();
    let bound = TraitId { contract: contract.clone(), name: name("ft") };
    let parameter = Type::list(Type::Trait(Arc::new(bound.clone())), 2).unwrap();
    let list = Value::list(vec![Value::principal(Principal::Contract(contract.clone()))]).unwrap();
    let Value::List(cast) = list.cast(&parameter).unwrap() else { panic!("a list") };
    assert_eq!(cast.items, vec![Value::Callable(Arc::new(Callable { contract, bound: Some(bound) }))]);
}

#[test]
fn the_innermost_value_counts_as_a_level() {
    let some = |levels: u8| [vec![0x0a; usize::from(levels) - 1], vec![0x03]].concat();
    assert!(Value::decode(&some(MAX_DEPTH_UNTYPED)).is_ok());
    assert!(Value::decode(&some(MAX_DEPTH_UNTYPED + 1)).is_err());
    let list = |levels: u8| [[0x0b, 0, 0, 0, 1].repeat(usize::from(levels) - 1), vec![0x03]].concat();
    assert!(Value::decode(&list(MAX_DEPTH_UNTYPED)).is_ok());
    assert!(Value::decode(&list(MAX_DEPTH_UNTYPED + 1)).is_err());
    // A value that a program made may be as deep as a type.
    assert!(Value::decode_made(&some(32)).is_ok() && Value::decode_made(&list(32)).is_ok());
    assert!(Value::decode_made(&some(33)).is_err());
}

#[test]
fn a_value_is_read_from_the_front_and_an_error_has_its_place() {
    let (value, length) = Value::decode_prefix(&[0x0a, 0x03, 0xff]);
    assert_eq!((value, length), (Value::some(Value::Bool(true)).map_err(|_| DecodeError::Short), 2));
    let (value, at) = Value::decode_prefix(&[0x0a, 0x0a, 0x77, 0x00]);
    assert_eq!((value, at), (Err(DecodeError::Invalid("no value begins with this byte")), 3));
    assert_eq!(Value::decode_prefix(&[0x00, 1, 2]).0, Err(DecodeError::Short));
}
