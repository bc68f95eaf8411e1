//! Reads sets of cases: JSON lines, plain (`x.jsonl`) or compressed (`x.jsonl.zst`), with any number of cases.

use std::path::{Path, PathBuf};

use serde_json::Value;

/// Folder of the sets: `clarity` in the folder that `VECTORS` names, or that folder itself; otherwise the repository's
/// copy.
fn folder() -> PathBuf {
    let base = match std::env::var_os("VECTORS") {
        Some(folder) => PathBuf::from(folder),
        None => PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("vectors"),
    };
    if base.join("clarity").is_dir() { base.join("clarity") } else { base }
}

/// All cases of a set.
pub(super) fn cases(set: &str) -> Vec<Value> {
    read(&folder(), set)
}

/// All cases of a set that exists only in the repository.
pub(super) fn own_cases(set: &str) -> Vec<Value> {
    read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors/clarity"), set)
}

fn read(folder: &Path, set: &str) -> Vec<Value> {
    let plain = folder.join(format!("{set}.jsonl"));
    let packed = folder.join(format!("{set}.jsonl.zst"));
    let text = if plain.exists() {
        std::fs::read(&plain).unwrap_or_else(|error| panic!("{}: {error}", plain.display()))
    } else {
        let bytes = std::fs::read(&packed).unwrap_or_else(|error| panic!("{}: {error}", packed.display()));
        zstd::decode_all(bytes.as_slice()).unwrap_or_else(|error| panic!("{}: {error}", packed.display()))
    };
    let text = String::from_utf8(text).unwrap_or_else(|error| panic!("{set}: {error}"));
    let lines = text.lines().filter(|line| !line.is_empty());
    lines.map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{set}: {error}"))).collect()
}
