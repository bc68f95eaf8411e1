//! Hashes of nodes and roots of blocks (docs/CONSENSUS.md#node-hashes).
//!
//! # Not here
//! Which nodes are hashed, and when: `seal`, `proof`.

use crate::hash::{EMPTY_HASH, Leaf, TrieHash, hash};
use crate::node::{Kind, Path};

/// Bit of a slot's id: the child is in an ancestor's trie.
pub(crate) const BACK_POINTER: u8 = 0x80;

/// Bytes of a slot in the preimage of a node and in a proof: id, path byte, block id.
pub(crate) const SLOT_BYTES: usize = 34;

/// A slot as it is hashed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct HashSlot {
    /// id (1), path byte (1), block id or zeros (32).
    pub(crate) slot: [u8; SLOT_BYTES],
    /// The child's hash; for a back pointer the block id again; for an empty slot the empty hash.
    pub(crate) child: [u8; 32],
}

impl HashSlot {
    /// An empty slot.
    pub(crate) const EMPTY: Self = Self { slot: [0; SLOT_BYTES], child: EMPTY_HASH };

    /// The slot of a child in the same trie.
    pub(crate) fn local(kind: Kind, chr: u8, child: [u8; 32]) -> Self {
        let mut slot = [0; SLOT_BYTES];
        slot[0] = kind.id();
        slot[1] = chr;
        Self { slot, child }
    }

    /// The slot of a child in the trie of `block`.
    pub(crate) fn back_pointer(kind: Kind, chr: u8, block: [u8; 32]) -> Self {
        let mut slot = [0; SLOT_BYTES];
        slot[0] = kind.id() | BACK_POINTER;
        slot[1] = chr;
        slot[2..].copy_from_slice(&block);
        Self { slot, child: block }
    }
}

/// Hash of a leaf: H(01 || path length || path || value).
pub(crate) fn leaf_hash(path: &Path, value: &Leaf) -> [u8; 32] {
    let mut preimage = [0; 2 + 32 + 40];
    preimage[0] = Kind::Leaf.id();
    preimage[1] = path.length_byte();
    let end = 2 + path.len();
    preimage[2..end].copy_from_slice(path.as_slice());
    preimage[end..end + 40].copy_from_slice(value);
    hash(&preimage[..end + 40])
}

/// Hash of an inner node with these slots; missing ones are empty. `preimage` is a buffer, so that hashing many nodes
/// allocates once.
pub(crate) fn inner_hash(
    preimage: &mut Vec<u8>,
    kind: Kind,
    path: &Path,
    slots: impl IntoIterator<Item = HashSlot>,
) -> [u8; 32] {
    let capacity = kind.capacity();
    let path_at = 1 + capacity * SLOT_BYTES;
    let children_at = path_at + 1 + path.len();
    preimage.clear();
    preimage.resize(children_at + capacity * 32, 0);
    preimage[0] = kind.id();
    preimage[path_at] = path.length_byte();
    preimage[path_at + 1..children_at].copy_from_slice(path.as_slice());
    let (head, children) = preimage.split_at_mut(children_at);
    let places = head[1..path_at].chunks_exact_mut(SLOT_BYTES).zip(children.chunks_exact_mut(32));
    let mut slots = slots.into_iter();
    for (slot_place, child_place) in places {
        let HashSlot { slot, child } = slots.next().unwrap_or(HashSlot::EMPTY);
        slot_place.copy_from_slice(&slot);
        child_place.copy_from_slice(&child);
    }
    hash(preimage)
}

/// Root of a block: the root node's hash if the block has no ancestors, else H(that hash || R(1) || R(2) || R(4) ...).
pub(crate) fn block_root(root_node: [u8; 32], ancestor_roots: &[TrieHash]) -> TrieHash {
    if ancestor_roots.is_empty() {
        return TrieHash(root_node);
    }
    let mut preimage = root_node.to_vec();
    for root in ancestor_roots {
        preimage.extend_from_slice(&root.0);
    }
    TrieHash(hash(&preimage))
}
