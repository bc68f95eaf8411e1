//! Checks a proof (docs/CONSENSUS.md#proofs).
//!
//! # Not here
//! Malformed bytes: `proof::codec`.

use super::Entry;
use crate::error::VerifyError;
use crate::hash::{BlockId, Leaf, TrieHash, hash};
use crate::node_hash::{HashSlot, inner_hash, leaf_hash};

/// A segment and the shunts that follow it; `start` is the index of the segment's first entry.
struct Part<'a> {
    start: usize,
    segment: &'a [Entry],
    shunts: &'a [Entry],
}

pub(super) fn verify(
    entries: &[Entry],
    path: &TrieHash,
    leaf: &Leaf,
    root: &TrieHash,
    known: &dyn Fn(&TrieHash) -> Option<BlockId>,
) -> Result<(), VerifyError> {
    let parts = split(entries)?;
    for (number, part) in parts.iter().enumerate() {
        check_path(part, number, path)?;
    }
    let mut preimage = Vec::new();
    let mut reached: Option<TrieHash> = None;
    for part in &parts {
        let (below, nodes) = match (&reached, part.segment) {
            (None, [Entry::Leaf { path, value, .. }, nodes @ ..]) => {
                if value != leaf {
                    return Err(VerifyError::WrongLeaf);
                }
                (leaf_hash(path, value), nodes)
            }
            (None, _) => return Err(VerifyError::Shape(part.start)),
            (Some(older), nodes) => (known(older).ok_or(VerifyError::UnknownRoot(*older))?.0, nodes),
        };
        let nodes_start = part.start + part.segment.len() - nodes.len();
        let root_node = segment_hash(&mut preimage, below, nodes, nodes_start)?;
        let shunts_start = part.start + part.segment.len();
        reached = Some(match reached {
            None => first_root(root_node, part.shunts, shunts_start)?,
            Some(older) => next_root(older, root_node, part.shunts, shunts_start)?,
        });
    }
    let got = reached.ok_or(VerifyError::Shape(0))?;
    if parts.len() > 1 && known(&got).is_none() {
        return Err(VerifyError::UnknownRoot(got));
    }
    if got == *root { Ok(()) } else { Err(VerifyError::WrongRoot { got, expected: *root }) }
}

/// Divides the entries into parts, each of at least one entry of a segment and one shunt.
fn split(entries: &[Entry]) -> Result<Vec<Part<'_>>, VerifyError> {
    let is_shunt = |entry: &Entry| matches!(entry, Entry::Shunt { .. });
    let mut parts = Vec::new();
    let mut start = 0;
    while start < entries.len() {
        let rest = &entries[start..];
        let segment_length = rest.iter().take_while(|entry| !is_shunt(entry)).count();
        let (segment, after) = rest.split_at(segment_length);
        let shunts = &after[..after.iter().take_while(|entry| is_shunt(entry)).count()];
        if segment.is_empty() || shunts.is_empty() {
            return Err(VerifyError::Shape(start + segment.len()));
        }
        parts.push(Part { start, segment, shunts });
        start += segment.len() + shunts.len();
    }
    Ok(parts)
}

/// Checks that the first segment spells the whole path, and each further one its beginning.
fn check_path(part: &Part<'_>, number: usize, path: &TrieHash) -> Result<(), VerifyError> {
    let mut rest = path.0.as_slice();
    let wrong = || VerifyError::WrongPath(number);
    for entry in part.segment.iter().rev() {
        match entry {
            Entry::Leaf { path, .. } => rest = rest.strip_prefix(path.as_slice()).ok_or_else(wrong)?,
            Entry::Node { path, chr, .. } => {
                rest =
                    rest.strip_prefix(path.as_slice()).and_then(|rest| rest.strip_prefix(&[*chr])).ok_or_else(wrong)?;
            }
            Entry::Shunt { .. } => return Err(VerifyError::Shape(part.start)),
        }
    }
    if number == 0 && !rest.is_empty() { Err(wrong()) } else { Ok(()) }
}

/// Hash of the last of `nodes`, given the hash of the child that the first one leads to.
fn segment_hash(
    preimage: &mut Vec<u8>,
    below: [u8; 32],
    nodes: &[Entry],
    start: usize,
) -> Result<[u8; 32], VerifyError> {
    let mut below = below;
    for (index, node) in nodes.iter().enumerate() {
        let Entry::Node { kind, chr, path, slots, siblings } = node else {
            return Err(VerifyError::Shape(start + index));
        };
        let taken = slots.iter().position(|slot| slot[0] != 0 && slot[1] == *chr);
        let taken = taken.ok_or(VerifyError::NoChild(start + index))?;
        let (before, after) = siblings.split_at_checked(taken).ok_or(VerifyError::NoChild(start + index))?;
        let children = before.iter().chain([&below]).chain(after);
        let hash_slots = slots.iter().zip(children).map(|(slot, child)| HashSlot { slot: *slot, child: *child });
        below = inner_hash(preimage, *kind, path, hash_slots);
    }
    Ok(below)
}

/// Root of the trie that holds the leaf: the one shunt there has index 0 and all its ancestors' roots.
fn first_root(root_node: [u8; 32], shunts: &[Entry], start: usize) -> Result<TrieHash, VerifyError> {
    let [Entry::Shunt { index: 0, hashes }] = shunts else { return Err(VerifyError::Shape(start)) };
    if hashes.is_empty() {
        return Ok(TrieHash(root_node));
    }
    Ok(TrieHash(hash([&[root_node], hashes.as_slice()].concat().as_flattened())))
}

/// Root of a newer trie, from that of an older one. Each shunt but the last gives the root of a trie in between, with that trie's
/// root node hash in its list. The last gives the newer trie's, whose root node hash the segment gave.
fn next_root(older: TrieHash, root_node: [u8; 32], shunts: &[Entry], start: usize) -> Result<TrieHash, VerifyError> {
    let mut root = older;
    for (place, shunt) in shunts.iter().enumerate() {
        let Entry::Shunt { index, hashes } = shunt else { return Err(VerifyError::Shape(start + place)) };
        let wrong = || VerifyError::ShuntIndex(start + place);
        let position = usize::try_from(*index).ok().and_then(|index| index.checked_sub(1)).ok_or_else(wrong)?;
        let (before, after) = hashes.split_at_checked(position).ok_or_else(wrong)?;
        let own: &[[u8; 32]] = if place + 1 == shunts.len() { &[root_node] } else { &[] };
        root = TrieHash(hash([own, before, &[root.0], after].concat().as_flattened()));
    }
    Ok(root)
}
