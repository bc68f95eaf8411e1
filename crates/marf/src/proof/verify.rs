//! Checks a proof (docs/CONSENSUS.md#proofs).
//!
//! # Not here
//! Malformed bytes: `proof::decode`.

use super::{Entry, Proof};
use crate::hash::{BlockId, Leaf, TrieHash, hash, leaf_of_text};
use crate::node_hash::{HashSlot, inner_hash, leaf_hash};

/// Why a proof does not prove the claim. Final for the same root and the same known roots.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VerifyError {
    /// An entry has the wrong type for its place, as segments and shunt groups alternate; the entry's index.
    #[error("entry {0} is not of the type that must stand there")]
    Shape(usize),
    /// A segment does not lead along the path; the index of its first entry.
    #[error("segment {0} does not follow the path")]
    WrongPath(usize),
    /// The leaf does not hold the claimed value.
    #[error("the leaf holds another value")]
    WrongLeaf,
    /// A node has no child under the byte that its entry names; the entry's index.
    #[error("entry {0} has no child under its byte")]
    NoChild(usize),
    /// The index in a shunt is outside the shunt's list; the entry's index.
    #[error("entry {0} has an index outside its list")]
    ShuntIndex(usize),
    /// A root on the way belongs to no known block.
    #[error("root {0} is of no known block")]
    UnknownRoot(TrieHash),
    /// The proof leads to another root than the expected one.
    #[error("the proof ends in root {got}, expected {expected}")]
    WrongRoot {
        /// Root to which the proof leads.
        got: TrieHash,
        /// Root that was expected.
        expected: TrieHash,
    },
}

impl Proof {
    /// Checks that the trie of root `root` holds `leaf` at `path`. `known` maps the roots of trusted headers to their
    /// blocks; a proof that leads through older tries needs their roots and `root` itself. All headers must be of one
    /// fork: blocks of two forks may have the same root.
    ///
    /// # Errors
    /// [`VerifyError`] says what does not hold.
    pub fn verify(
        &self,
        path: &TrieHash,
        leaf: &Leaf,
        root: &TrieHash,
        known: &dyn Fn(&TrieHash) -> Option<BlockId>,
    ) -> Result<(), VerifyError> {
        verify(&self.entries, path, leaf, root, known)
    }

    /// As [`Proof::verify`], for the text of a key and of its value.
    ///
    /// # Errors
    /// [`VerifyError`] says what does not hold.
    pub fn verify_text(
        &self,
        key: &str,
        value: &str,
        root: &TrieHash,
        known: &dyn Fn(&TrieHash) -> Option<BlockId>,
    ) -> Result<(), VerifyError> {
        self.verify(&TrieHash::of_key(key), &leaf_of_text(value), root, known)
    }
}

/// A segment and the shunts that follow it; `start` is the index of the segment's first entry.
struct Part<'a> {
    start: usize,
    segment: &'a [Entry],
    shunts: &'a [Entry],
}

fn verify(
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

/// Root of the trie that holds the leaf: its group has one shunt, with index 0 and all ancestors' roots.
fn first_root(root_node: [u8; 32], shunts: &[Entry], start: usize) -> Result<TrieHash, VerifyError> {
    let [Entry::Shunt { index: 0, hashes }] = shunts else { return Err(VerifyError::Shape(start)) };
    if hashes.is_empty() {
        return Ok(TrieHash(root_node));
    }
    Ok(TrieHash(hash([&[root_node], hashes.as_slice()].concat().as_flattened())))
}

/// Root of a newer trie, from that of an older one. Each shunt but the last leads to the root of a trie in between, and
/// has that trie's root node hash in its list. The last leads to the newer trie's root, whose root node hash comes from
/// the segment.
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
