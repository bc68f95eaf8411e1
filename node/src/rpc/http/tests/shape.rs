//! Compares JSON with the tables of docs/COMPATIBILITY.md: exactly these keys, each of its type.

use std::collections::BTreeSet;

use serde_json::Value;

/// What a key holds.
#[derive(Debug, Clone, Copy)]
pub(super) enum Kind {
    /// This many bytes as lower-case hex, without 0x.
    Hex(usize),
    /// The same after 0x.
    Hex0x(usize),
    /// Hex of any length, without and with 0x.
    AnyHex,
    /// Hex of any length after 0x.
    AnyHex0x,
    /// A number without sign or fraction.
    Whole,
    /// Any number.
    Number,
    Text,
    Bool,
    Null,
    List,
    Object,
    /// Exactly this number.
    Is(u64),
    /// Exactly this text.
    Says(&'static str),
    /// Exactly this boolean.
    Holds(bool),
}

/// Panics unless `value` is an object of exactly these keys and kinds.
pub(super) fn check(what: &str, value: &Value, expected: &[(&str, Kind)]) {
    let Some(object) = value.as_object() else { panic!("{what} is no object: {value}") };
    let found: BTreeSet<&str> = object.keys().map(String::as_str).collect();
    let wanted: BTreeSet<&str> = expected.iter().map(|(key, _)| *key).collect();
    assert_eq!(found, wanted, "{what}");
    for (key, kind) in expected {
        assert!(is(&object[*key], *kind), "{what}.{key} is {}, not {kind:?}", object[*key]);
    }
}

fn is(value: &Value, kind: Kind) -> bool {
    match kind {
        Kind::Hex(bytes) => value.as_str().is_some_and(|text| text.len() == 2 * bytes && is_hex(text)),
        Kind::Hex0x(bytes) => behind_0x(value).is_some_and(|text| text.len() == 2 * bytes && is_hex(text)),
        Kind::AnyHex => value.as_str().is_some_and(is_hex),
        Kind::AnyHex0x => behind_0x(value).is_some_and(is_hex),
        Kind::Whole => value.as_u64().is_some() || value.to_string().parse::<u128>().is_ok(),
        Kind::Number => value.is_number(),
        Kind::Text => value.is_string(),
        Kind::Bool => value.is_boolean(),
        Kind::Null => value.is_null(),
        Kind::List => value.is_array(),
        Kind::Object => value.is_object(),
        Kind::Is(number) => value.as_u64() == Some(number),
        Kind::Says(text) => value.as_str() == Some(text),
        Kind::Holds(truth) => value.as_bool() == Some(truth),
    }
}

fn behind_0x(value: &Value) -> Option<&str> {
    value.as_str()?.strip_prefix("0x")
}

fn is_hex(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// Kinds of an execution cost.
pub(super) const COST: &[(&str, Kind)] = &[
    ("write_length", Kind::Whole),
    ("write_count", Kind::Whole),
    ("read_length", Kind::Whole),
    ("read_count", Kind::Whole),
    ("runtime", Kind::Whole),
];
