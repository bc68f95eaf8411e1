//! Compares the shortcuts of sanitizing with a version without any, which makes every list and tuple anew.

use proptest::prelude::*;

use super::*;
use crate::names::ClarityName;

/// [`Value::sanitized`] without shortcuts.
fn in_full(value: &Value, expected: &Type) -> Option<Value> {
    match (expected, value) {
        (Type::List(expected), Value::List(list)) => {
            if list.items.len() > expected.max_len() as usize {
                return None;
            }
            let items = list.items.iter().map(|item| in_full(item, expected.entry())).collect::<Option<Vec<_>>>()?;
            Value::list(items).ok()
        }
        (Type::Tuple(expected), Value::Tuple(tuple)) => {
            let fields = expected.fields().iter().map(|(name, field)| {
                let at = tuple.shape.fields().iter().position(|(other, _)| other == name)?;
                Some((name.clone(), in_full(&tuple.values[at], field)?))
            });
            Value::tuple(fields.collect::<Option<Vec<_>>>()?).ok()
        }
        (Type::Optional(expected), Value::Optional(Some(inner))) => Value::some(in_full(inner, expected.inner())?).ok(),
        (Type::Response(expected), Value::Ok(inner)) => Value::okay(in_full(inner, expected.ok())?).ok(),
        (Type::Response(expected), Value::Err(inner)) => Value::error(in_full(inner, expected.err())?).ok(),
        _ => expected.admits(&value.type_of()).ok()?.then(|| value.clone()),
    }
}

/// The types that a value and its parts carry, which equality ignores.
fn carried(value: &Value) -> String {
    let inside = match value {
        Value::List(list) => list.items.iter().map(carried).collect(),
        Value::Tuple(tuple) => tuple.values.iter().map(carried).collect(),
        Value::Optional(Some(inner)) | Value::Ok(inner) | Value::Err(inner) => carried(inner),
        _ => String::new(),
    };
    format!("{} [{inside}]", value.type_of())
}

fn name(text: &str) -> ClarityName {
    ClarityName::new(text).unwrap()
}

/// A type, and a value that a program could hold where this type is expected: mostly of the type, with other types on
/// lists and tuples and surplus fields; sometimes of another type.
fn any_case() -> impl Strategy<Value = (Type, Value)> {
    let plain = prop_oneof![
        any::<bool>().prop_map(|truth| (Type::Bool, Value::Bool(truth))),
        any::<u128>().prop_map(|number| (Type::UInt, Value::UInt(number))),
        any::<u128>().prop_map(|number| (Type::Int, Value::UInt(number))),
        (0_usize..4, 0_u32..4).prop_map(|(length, most)| (Type::Buffer(most), Value::buffer(vec![7; length]))),
        (0_usize..4).prop_map(|length| (Type::Ascii(3), Value::ascii(vec![b'a'; length]).unwrap())),
        (0_usize..3).prop_map(|length| (Type::Utf8(2), Value::utf8(&"\u{e9}".repeat(length)))),
        Just((Type::optional(Type::UInt).unwrap(), Value::NONE)),
    ];
    plain.prop_recursive(3, 24, 4, |inner| {
        let list = (prop::collection::vec(inner.clone(), 0..4), 0_u32..5, 0_u32..3, any::<bool>());
        let tuple = (inner.clone(), inner.clone(), inner.clone(), 0_u8..4);
        prop_oneof![
            inner.clone().prop_map(|(of, value)| (Type::optional(of).unwrap(), Value::some(value).unwrap())),
            inner
                .clone()
                .prop_map(|(of, value)| (Type::response(of, Type::UInt).unwrap(), Value::okay(value).unwrap())),
            inner
                .clone()
                .prop_map(|(of, value)| (Type::response(Type::Bool, of).unwrap(), Value::error(value).unwrap())),
            list.prop_map(|(cases, most, room, of_its_own)| {
                // The entries must have a common type to make a list.
                let of = cases.first().map_or(Type::UInt, |case| case.0.clone());
                let mut items: Vec<_> = cases.iter().map(|case| case.1.clone()).collect();
                while make::entry_type(&items).is_err() {
                    items.pop();
                }
                let entry = if of_its_own { make::entry_type(&items).unwrap() } else { of.clone() };
                let length = u32::try_from(items.len()).unwrap();
                (Type::list(of, most.max(1)).unwrap(), Value::list_of(entry, length + room, items).unwrap())
            }),
            tuple.prop_map(|(a, b, c, kind)| {
                let of = match kind {
                    0 => vec![(name("a"), a.0.clone())],
                    1 => vec![(name("a"), a.0.clone()), (name("b"), b.0.clone()), (name("d"), c.0.clone())],
                    _ => vec![(name("a"), a.0.clone()), (name("b"), b.0.clone())],
                };
                let mut fields = vec![(name("a"), a.1), (name("b"), b.1)];
                if kind == 2 {
                    fields.push((name("c"), c.1));
                }
                (Type::tuple(of).unwrap(), Value::tuple(fields).unwrap())
            }),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]
    #[test]
    fn the_short_ways_give_what_the_long_one_gives((of, value) in any_case()) {
        let (short, long) = (value.sanitized(&of), in_full(&value, &of));
        prop_assert_eq!(&short, &long, "{} as {}", value, of);
        prop_assert_eq!(short.as_ref().map(carried), long.as_ref().map(carried), "{} as {}", value, of);
        if value.is_sanitary(&of) && let Some(short) = &short {
            prop_assert_eq!(carried(short), carried(&value), "{} is taken for one that stays as it is", value);
        }
        if let Some(once) = short {
            let twice = once.sanitized(&of);
            prop_assert_eq!(twice.as_ref().map(carried), Some(carried(&once)), "sanitizing twice is sanitizing once");
        }
    }
}

/// Every tuple in a value, in order, with the type expected there, if that is a tuple type.
fn tuples_in(value: &Value, expected: &Type, found: &mut Vec<(Type, Value)>) {
    match (expected, value) {
        (Type::Tuple(of), Value::Tuple(tuple)) => {
            found.push((expected.clone(), value.clone()));
            for (name, field) in of.fields() {
                if let Some(inner) = tuple.get(name) {
                    tuples_in(inner, field, found);
                }
            }
        }
        (Type::List(of), Value::List(list)) => {
            list.items.iter().for_each(|item| tuples_in(item, of.entry(), found));
        }
        (Type::Optional(of), Value::Optional(Some(inner))) => tuples_in(inner, of.inner(), found),
        (Type::Response(of), Value::Ok(inner)) => tuples_in(inner, of.ok(), found),
        (Type::Response(of), Value::Err(inner)) => tuples_in(inner, of.err(), found),
        _ => {}
    }
}

fn names(of: &Type) -> Vec<ClarityName> {
    let Type::Tuple(of) = of else { return Vec::new() };
    of.fields().iter().map(|(name, _)| name.clone()).collect()
}

/// A tuple with a surplus field, or with one in place of another, somewhere inside other values.
fn any_misfit() -> impl Strategy<Value = (Type, Value)> {
    let tuple = (any::<bool>(), 0_u8..4).prop_map(|(two, kind)| {
        let field = |at: &str| (name(at), Value::UInt(1));
        let fields = match kind {
            0 => vec![field("a")],
            1 => vec![field("a"), field("b")],
            2 => vec![field("a"), field("c")],
            _ => vec![field("a"), field("b"), field("c")],
        };
        let of =
            if two { vec![(name("a"), Type::UInt), (name("b"), Type::UInt)] } else { vec![(name("a"), Type::UInt)] };
        (Type::tuple(of).unwrap(), Value::tuple(fields).unwrap())
    });
    tuple.prop_recursive(3, 12, 2, |inner| {
        let pair = (inner.clone(), inner.clone());
        prop_oneof![
            inner.clone().prop_map(|(of, value)| (Type::optional(of).unwrap(), Value::some(value).unwrap())),
            inner.clone().prop_map(|(of, value)| (Type::response(of, Type::Int).unwrap(), Value::okay(value).unwrap())),
            inner
                .clone()
                .prop_map(|(of, value)| (Type::response(Type::Int, of).unwrap(), Value::error(value).unwrap())),
            inner.prop_map(|(of, value)| {
                (Type::list(of, 2).unwrap(), Value::list(vec![value.clone(), value]).unwrap())
            }),
            pair.prop_map(|(a, b)| {
                let of = Type::tuple(vec![(name("a"), a.0), (name("z"), b.0)]).unwrap();
                (of, Value::tuple(vec![(name("a"), a.1), (name("z"), b.1)]).unwrap())
            }),
        ]
    })
}

proptest! {
    #[test]
    fn the_first_tuple_with_other_fields_is_found_wherever_it_is((of, value) in any_misfit()) {
        let mut tuples = Vec::new();
        tuples_in(&value, &of, &mut tuples);
        let first = tuples.into_iter().find(|(of, tuple)| names(of) != names(&tuple.type_of()));
        prop_assert_eq!(value.unfitting_tuple(&of), first);
    }
}
