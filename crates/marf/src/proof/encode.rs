//! The encoding of proofs; the layout is in `tests/vectors/marf_proofs.json`.

use super::Entry;
use crate::node::{Kind, Path};

/// Type bytes of entries; 0 to 3 are inner nodes.
pub(super) const LEAF: u8 = 4;
pub(super) const SHUNT: u8 = 5;

pub(super) fn encode(entries: &[Entry]) -> Vec<u8> {
    let mut bytes = length(entries.len()).to_vec();
    for entry in entries {
        match entry {
            Entry::Leaf { chr, path, value } => {
                bytes.extend([LEAF, *chr]);
                encode_path(&mut bytes, path);
                bytes.extend(value);
            }
            Entry::Node { kind, chr, path, slots, siblings } => {
                bytes.extend([kind.id() - Kind::Node4.id(), *chr, kind.id()]);
                encode_path(&mut bytes, path);
                bytes.extend(length(slots.len()));
                bytes.extend(slots.as_flattened());
                bytes.extend(siblings.as_flattened());
            }
            Entry::Shunt { index, hashes } => {
                bytes.push(SHUNT);
                bytes.extend(i64::from(*index).to_be_bytes());
                bytes.extend(length(hashes.len()));
                bytes.extend(hashes.as_flattened());
            }
        }
    }
    bytes
}

fn encode_path(bytes: &mut Vec<u8>, path: &Path) {
    bytes.extend(length(path.len()));
    bytes.extend(path.as_slice());
}

/// An encoded length. It fits into 32 bits: a part has at most 256 items, and there are few parts.
fn length(length: usize) -> [u8; 4] {
    u32::try_from(length).unwrap_or(u32::MAX).to_be_bytes()
}
