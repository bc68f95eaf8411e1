//! Compares JSON with a schema of the document, a little more strictly than the standard: an object may only have keys
//! that its schema lists, unless the schema says so (`additionalProperties`), and a schema may only use the words known
//! here.

use serde_json::{Map, Value};

/// Words that a schema may use. `description` and `format` do not constrain the shape.
const WORDS: [&str; 13] = [
    "$ref",
    "oneOf",
    "type",
    "properties",
    "additionalProperties",
    "required",
    "items",
    "const",
    "enum",
    "minimum",
    "maximum",
    "description",
    "format",
];

/// The places where `value` differs from `schema` of `document`, and how.
pub(super) fn mismatches(document: &Value, schema: &Value, value: &Value) -> Vec<String> {
    let mut found = Vec::new();
    compare(document, schema, value, "answer", &mut found);
    found
}

fn compare(document: &Value, schema: &Value, value: &Value, at: &str, found: &mut Vec<String>) {
    let Some(words) = schema.as_object() else { return found.push(format!("{at}: no schema but {schema}")) };
    found.extend(
        words
            .keys()
            .filter(|word| !WORDS.contains(&word.as_str()))
            .map(|word| format!("{at}: {word} is not understood")),
    );
    if let Some(reference) = words.get("$ref") {
        let target = reference.as_str().and_then(|text| document.pointer(text.strip_prefix('#')?));
        return match target {
            Some(target) => compare(document, target, value, at, found),
            None => found.push(format!("{at}: {reference} leads nowhere")),
        };
    }
    if let Some(choice) = words.get("oneOf").and_then(Value::as_array) {
        let all: Vec<_> = choice.iter().map(|schema| mismatches(document, schema, value)).collect();
        if all.iter().filter(|wrong| wrong.is_empty()).count() != 1 {
            found.push(format!("{at}: {value} is not one of the {}: {}", choice.len(), all.concat().join("; ")));
        }
        return;
    }
    if words.get("const").is_some_and(|only| only != value) {
        found.push(format!("{at}: {value} is not {}", words["const"]));
    }
    if let Some(choice) = words.get("enum")
        && !choice.as_array().is_some_and(|choice| choice.contains(value))
    {
        found.push(format!("{at}: {value} is none of {choice}"));
    }
    match words.get("type") {
        Some(kind) if !is(kind, value) => return found.push(format!("{at}: {value} is no {kind}")),
        None if !["const", "enum"].iter().any(|word| words.contains_key(*word)) => {
            return found.push(format!("{at}: the schema does not say what {value} is"));
        }
        _ => {}
    }
    let number = |word: &str| words.get(word).and_then(Value::as_f64);
    if let Some(value) = value.as_f64()
        && (number("minimum").is_some_and(|least| value < least) || number("maximum").is_some_and(|most| value > most))
    {
        found.push(format!("{at}: {value} is out of bounds"));
    }
    if let Some(list) = value.as_array() {
        let Some(item) = words.get("items") else { return found.push(format!("{at}: nothing is said of the items")) };
        for (index, value) in list.iter().enumerate() {
            compare(document, item, value, &format!("{at}[{index}]"), found);
        }
    }
    if let Some(object) = value.as_object() {
        compare_keys(document, words, object, at, found);
    }
}

fn compare_keys(
    document: &Value,
    words: &Map<String, Value>,
    object: &Map<String, Value>,
    at: &str,
    found: &mut Vec<String>,
) {
    let open = words.get("additionalProperties");
    if let Some(open) = open.filter(|open| **open != Value::Bool(true)) {
        found.push(format!("{at}: additionalProperties of {open} is not understood"));
    }
    if open.is_some() && !words.contains_key("properties") {
        return;
    }
    let Some(properties) = words.get("properties").and_then(Value::as_object) else {
        return found.push(format!("{at}: nothing is said of the keys"));
    };
    for name in words.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str) {
        if !object.contains_key(name) {
            found.push(format!("{at}: {name} is missing"));
        }
        if !properties.contains_key(name) {
            found.push(format!("{at}: {name} is required, and nothing is said of it"));
        }
    }
    for (name, value) in object {
        match properties.get(name) {
            Some(schema) => compare(document, schema, value, &format!("{at}.{name}"), found),
            None if open.is_some() => {}
            None => found.push(format!("{at}: {name} is not documented")),
        }
    }
}

fn is(kind: &Value, value: &Value) -> bool {
    if let Some(kinds) = kind.as_array() {
        return kinds.iter().any(|kind| is(kind, value));
    }
    match kind.as_str().unwrap_or_default() {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        "number" => value.is_number(),
        "integer" => value.is_number() && value.as_f64().is_some_and(|number| number.fract() == 0.0),
        _ => false,
    }
}

#[test]
fn what_differs_is_named_with_its_place() {
    use serde_json::json;
    let document = json!({ "shapes": { "Pair": {
        "type": "object",
        "required": ["a", "b"],
        "properties": {
            "a": { "type": ["integer", "null"], "minimum": 0, "maximum": 9 },
            "b": { "type": "array", "items": { "enum": ["x", "y"] } },
            "c": { "const": "only" },
        },
    } } });
    let pair = json!({ "$ref": "#/shapes/Pair", "description": "two" });
    let check = |value: Value| mismatches(&document, &pair, &value);
    let none: [&str; 0] = [];
    assert_eq!(check(json!({ "a": 3, "b": ["x", "y"], "c": "only" })), none);
    assert_eq!(check(json!({ "a": null, "b": [] })), none);
    assert_eq!(check(json!({ "a": 3 })), ["answer: b is missing"]);
    assert_eq!(check(json!({ "a": 10, "b": [] })), ["answer.a: 10 is out of bounds"]);
    assert_eq!(check(json!({ "a": 0.5, "b": [] })), ["answer.a: 0.5 is no [\"integer\",\"null\"]"]);
    assert_eq!(check(json!({ "a": 3, "b": ["x", "z"] })), ["answer.b[1]: \"z\" is none of [\"x\",\"y\"]"]);
    assert_eq!(check(json!({ "a": 3, "b": [], "c": "other" })), ["answer.c: \"other\" is not \"only\""]);
    assert_eq!(check(json!({ "a": 3, "b": [], "d": 1 })), ["answer: d is not documented"]);
    assert_eq!(check(json!("text")), ["answer: \"text\" is no \"object\""]);
    let either = json!({ "oneOf": [{ "type": "string" }, { "type": "integer" }, { "enum": [1, 2] }] });
    let check = |value: Value| mismatches(&document, &either, &value).len();
    assert_eq!((check(json!("a")), check(json!(3))), (0, 0));
    assert_eq!((check(json!(1)), check(json!(null))), (1, 1), "two fit, none fits");
    let open = json!({ "type": "object", "required": ["a"], "properties": { "a": { "type": "null" } }, "additionalProperties": true });
    let check = |value: Value| mismatches(&document, &open, &value);
    assert_eq!(check(json!({ "a": null, "b": 1 })), none);
    assert_eq!(check(json!({ "b": 1 })), ["answer: a is missing"]);
    let odd = |schema: Value, value: Value| mismatches(&document, &schema, &value);
    assert_eq!(odd(json!({ "$ref": "#/shapes/None" }), json!(1)), ["answer: \"#/shapes/None\" leads nowhere"]);
    assert_eq!(odd(json!({ "type": "string", "not": {} }), json!("a")), ["answer: not is not understood"]);
    assert_eq!(odd(json!({ "type": "object" }), json!({})), ["answer: nothing is said of the keys"]);
    assert_eq!(odd(json!({ "type": "array" }), json!([])), ["answer: nothing is said of the items"]);
    assert_eq!(odd(json!({}), json!(1)), ["answer: the schema does not say what 1 is"]);
}
