//! Reads the case files, from the folder that `VECTORS` names or from the repository's copy.

use std::path::PathBuf;

use serde_json::Value;

/// Folder of the case files.
pub(crate) fn folder() -> PathBuf {
    match std::env::var_os("VECTORS") {
        Some(folder) => PathBuf::from(folder),
        None => PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("vectors"),
    }
}

/// Content of one case file.
pub(crate) fn load(name: &str) -> Value {
    let path = folder().join(name);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The non-empty list under `key`: a file without cases would test nothing.
pub(crate) fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    let items = value[key].as_array().unwrap_or_else(|| panic!("no list {key} in {}", brief(value)));
    assert!(!items.is_empty(), "list {key} is empty");
    items
}

/// The list under `key`, which may be empty.
pub(crate) fn items<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value[key].as_array().unwrap_or_else(|| panic!("no list {key} in {}", brief(value)))
}

/// The text under `key`.
pub(crate) fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_else(|| panic!("no text {key} in {}", brief(value)))
}

/// The number under `key`, which is a number or decimal text.
pub(crate) fn number(value: &Value, key: &str) -> u64 {
    let found = &value[key];
    let parsed = found.as_u64().or_else(|| found.as_str()?.parse().ok());
    parsed.unwrap_or_else(|| panic!("no number {key} in {}", brief(value)))
}

/// The flag under `key`.
pub(crate) fn flag(value: &Value, key: &str) -> bool {
    value[key].as_bool().unwrap_or_else(|| panic!("no flag {key} in {}", brief(value)))
}

/// The bytes under `key`, in hex with or without `0x`.
pub(crate) fn bytes(value: &Value, key: &str) -> Vec<u8> {
    unhex(text(value, key))
}

/// The bytes of a hex text with or without `0x`.
pub(crate) fn unhex(text: &str) -> Vec<u8> {
    hex::decode(text.strip_prefix("0x").unwrap_or(text)).unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// The bytes under `key` as an array.
pub(crate) fn array<const N: usize>(value: &Value, key: &str) -> [u8; N] {
    let bytes = bytes(value, key);
    let length = bytes.len();
    bytes.try_into().unwrap_or_else(|_| panic!("{key} has {length} bytes, not {N}"))
}

/// The beginning of a case, enough to find it.
fn brief(value: &Value) -> String {
    value.to_string().chars().take(200).collect()
}
