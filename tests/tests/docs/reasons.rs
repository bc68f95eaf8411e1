//! Every reason code that the node gives is named in the comments of the contract, and so in API.md.

use std::path::Path;

use crate::repository;

/// Names in capitals that are no reasons.
const OTHER_NAMES: [&str; 4] = ["CARGO_PKG_VERSION", "MOCKAMOTO_AUTH_TOKEN", "MOCKAMOTO_LOG", "STACKS_EVENT_OBSERVER"];

#[test]
fn every_reason_code_is_documented() {
    let mut protos = String::new();
    collect(&repository().join("proto/nakamoto/v1"), "proto", &mut protos);
    let mut code = String::new();
    collect(&repository().join("node/src"), "rs", &mut code);
    let reasons: Vec<_> = code.split('"').filter(|text| is_code(text) && !OTHER_NAMES.contains(text)).collect();
    assert!(reasons.contains(&"READ_QUEUE_FULL"), "no reasons are found");
    let is_named = |reason: &str| protos.split(|c: char| !is_of_code(c)).any(|word| word == reason);
    let mut missing: Vec<_> = reasons.into_iter().filter(|reason| !is_named(reason)).collect();
    missing.sort_unstable();
    missing.dedup();
    assert!(missing.is_empty(), "not in proto/: {missing:?}");
}

fn is_of_code(character: char) -> bool {
    character.is_ascii_uppercase() || character == '_'
}

/// Several words in capitals.
fn is_code(text: &str) -> bool {
    text.contains('_') && text.chars().all(is_of_code) && !text.starts_with('_') && !text.ends_with('_')
}

/// Adds the content of files with this extension, but for tests.
fn collect(folder: &Path, extension: &str, all: &mut String) {
    for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        if path.is_dir() {
            if path.file_name().is_some_and(|name| name != "tests") {
                collect(&path, extension, all);
            }
        } else if path.extension().is_some_and(|found| found == extension) && !path.ends_with("tests.rs") {
            let text = std::fs::read_to_string(&path).expect("a file of text");
            all.push_str(text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default());
        }
    }
}
