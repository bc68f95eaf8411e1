//! Access and constructors that only tests need.

use std::path::Path;

use rusqlite::Connection;
use sqlite::Durability;

use crate::error::{MarfError, OpenError};
use crate::hash::{BlockId, Leaf, TrieHash};
use crate::inspect::Inspected;
use crate::marf::Marf;
use crate::node::{self, Kind};
use crate::node_hash::{HashSlot, SLOT_BYTES, inner_hash, leaf_hash};
use crate::open_trie::{Found, OpenTrie};

impl Marf {
    /// Opens or creates the node file at `nodes` and reads the table `marf_blocks` of `index`, creating it if it is absent.
    ///
    /// # Errors
    /// Those of [`Inspected::of`] and [`Inspected::open`].
    pub fn open(nodes: &Path, index: &Connection, durability: Durability) -> Result<Self, OpenError> {
        Inspected::of(nodes, index)?.open(index, durability)
    }

    /// The 40 bytes of the leaf at `path` as of `block`.
    ///
    /// # Errors
    /// As [`Marf::get`].
    pub fn get_leaf(&self, block: &BlockId, path: &TrieHash) -> Result<Option<Leaf>, MarfError> {
        Ok(self.find(block, path)?.map(|leaf| leaf.value.leaf()))
    }

    /// Root of a block's trie; `None` if the block is not published.
    #[must_use]
    pub fn root_of(&self, block: &BlockId) -> Option<TrieHash> {
        self.0.index().entry_of(block).map(|entry| entry.root)
    }
}

impl OpenTrie {
    /// The 40 bytes of the leaf at `path` as of this block, its own writes included.
    ///
    /// # Errors
    /// Errors of reading an ancestor's trie.
    pub fn get_leaf(&self, path: &TrieHash) -> Result<Option<Leaf>, MarfError> {
        Ok(self.find(&path.0)?.map(|found| match found {
            Found::New(leaf) => leaf.value.leaf(),
            Found::Stored(leaf) => leaf.value.leaf(),
        }))
    }
}

/// A child of an inner node as the node's hash sees it (docs/CONSENSUS.md#node-hashes).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HashedChild {
    /// Kind of the child, 1 to 5, with bit 80 (hex) if it is behind a back pointer.
    pub id: u8,
    /// Path byte that leads to the child.
    pub chr: u8,
    /// Id of the block that holds the child, if it is behind a back pointer.
    pub back_block: Option<BlockId>,
    /// Hash of the child; for a back pointer the block id again.
    pub child_hash: [u8; 32],
}

/// The hash of a leaf with the given rest of its path; `None` if that is longer than 32 bytes
/// (docs/CONSENSUS.md#node-hashes).
#[must_use]
pub fn hash_of_leaf(path: &[u8], value: &Leaf) -> Option<TrieHash> {
    Some(TrieHash(leaf_hash(&node::Path::new(path)?, value)))
}

/// The hash of an inner node for 4, 16, 48 or 256 children, given in the order of their insertion. `None` for other
/// capacities, too many children, or a path longer than 32 bytes (docs/CONSENSUS.md#node-hashes).
#[must_use]
pub fn hash_of_node(capacity: usize, path: &[u8], children: &[HashedChild]) -> Option<TrieHash> {
    let kinds = [Kind::Node4, Kind::Node16, Kind::Node48, Kind::Node256];
    let kind = kinds.into_iter().find(|kind| kind.capacity() == capacity)?;
    if children.len() > capacity {
        return None;
    }
    let mut slots = vec![HashSlot::EMPTY; capacity];
    for (index, child) in children.iter().enumerate() {
        let mut slot = [0; SLOT_BYTES];
        slot[0] = child.id;
        slot[1] = child.chr;
        slot[2..].copy_from_slice(&child.back_block.map_or([0; 32], |block| block.0));
        let place = if kind == Kind::Node256 { usize::from(child.chr) } else { index };
        slots[place] = HashSlot { slot, child: child.child_hash };
    }
    Some(TrieHash(inner_hash(&mut Vec::new(), kind, &node::Path::new(path)?, slots)))
}
