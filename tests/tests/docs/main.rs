//! Generated documents must be current.

mod actors;
mod config;
mod links;
mod migrations;
mod modules;
mod numbers;
mod reasons;

use std::path::PathBuf;

fn repository() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Compares a document with the generated text, or writes it with `UPDATE_DOCS=1`.
fn check(name: &str, made: &str) {
    let path = repository().join("docs").join(name);
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, made).expect("a document can be written");
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(found == made, "docs/{name} is old: UPDATE_DOCS=1 cargo test -p tests --test docs");
}

#[test]
fn the_api_reference_is_made_from_the_proto_comments() {
    check("API.md", &tests::api_doc::api_reference(&repository().join("proto")));
}

#[test]
fn the_config_reference_is_made_from_the_samples_and_command_lines() {
    check("CONFIG.md", &config::config_reference());
}
