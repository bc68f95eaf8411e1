//! Makes proofs from committed tries (docs/CONSENSUS.md#proofs).
//!
//! Hashes of inner children are stored beside their parents, so a proof costs about two reads per node; siblings that
//! are leaves are hashed again.
//!
//! # Not here
//! What a proof means: `proof`.

use std::sync::Arc;

use super::{Entry, Proof};
use crate::cache::StoredInner;
use crate::error::MarfError;
use crate::hash::EMPTY_HASH;
use crate::index;
use crate::node::{Kind, PATH_BYTES, Slot};
use crate::node_hash::{HashSlot, leaf_hash};
use crate::record::leaf::StoredLeaf;
use crate::store::Store;

/// The nodes of one trie along a path, from the root down, each with the byte by which the path leaves it.
struct Walk {
    block: u32,
    steps: Vec<(Arc<StoredInner>, u8)>,
}

/// Where a walk within one trie ended.
enum WalkEnd {
    Absent,
    Leaf(StoredLeaf),
    /// A back pointer, to a child in this block.
    Older(u32),
}

/// The leaf at `path` as of block `number`, with its proof. `None` if there is no such key.
pub(crate) fn prove(
    store: &Store,
    number: u32,
    path: &[u8; PATH_BYTES],
) -> Result<Option<(StoredLeaf, Proof)>, MarfError> {
    let mut walks = Vec::new();
    let mut block = number;
    let leaf = loop {
        let (walk, end) = walk(store, block, path)?;
        walks.push(walk);
        match end {
            WalkEnd::Absent => return Ok(None),
            WalkEnd::Leaf(leaf) => break leaf,
            // The loop ends because back pointers lead to lower numbers (see `record`).
            WalkEnd::Older(older) => block = older,
        }
    };
    let mut entries = vec![Entry::Leaf { chr: path[PATH_BYTES - 1], path: leaf.path, value: leaf.value.leaf() }];
    let mut older = None;
    for walk in walks.iter().rev() {
        for (stored, chr) in walk.steps.iter().rev() {
            entries.push(node_entry(store, stored, *chr)?);
        }
        match older {
            None => entries.push(first_shunt(store, walk.block)?),
            Some(older) => push_shunts(store, older, walk.block, &mut entries)?,
        }
        older = Some(walk.block);
    }
    Ok(Some((leaf, Proof { entries })))
}

/// Follows `path` from the root of `block` until it ends or leaves the block's trie.
fn walk(store: &Store, block: u32, path: &[u8; PATH_BYTES]) -> Result<(Walk, WalkEnd), MarfError> {
    let mut walk = Walk { block, steps: Vec::new() };
    let mut slot = Store::root_slot(block, &store.entry(block)?);
    let mut depth = 0;
    loop {
        let rest = path.get(depth..).unwrap_or_default();
        if slot.kind == Kind::Leaf {
            let leaf = store.leaf(slot.at)?;
            store.check_leaf(&slot, &leaf, rest.len())?;
            let found = leaf.path.as_slice() == rest;
            return Ok((walk, if found { WalkEnd::Leaf(leaf) } else { WalkEnd::Absent }));
        }
        let stored = store.inner(&slot)?;
        store.check_depth(&slot, &stored.inner, rest.len())?;
        if !rest.starts_with(stored.inner.path.as_slice()) {
            return Ok((walk, WalkEnd::Absent));
        }
        depth += stored.inner.path.len();
        let Some((chr, child)) = path.get(depth).and_then(|chr| Some((*chr, stored.inner.child(*chr)?))) else {
            return Ok((walk, WalkEnd::Absent));
        };
        walk.steps.push((stored, chr));
        if child.block != block {
            return Ok((walk, WalkEnd::Older(child.block)));
        }
        slot = child;
        depth += 1;
    }
}

/// The entry of a node that the path leaves by `chr`.
fn node_entry(store: &Store, stored: &StoredInner, chr: u8) -> Result<Entry, MarfError> {
    let inner = &stored.inner;
    let mut children = store.child_hashes(stored)?.into_iter();
    let capacity = inner.kind.capacity();
    let mut slots = Vec::with_capacity(capacity);
    let mut siblings = Vec::with_capacity(capacity - 1);
    for slot in &inner.slots {
        let is_taken = slot.is_some_and(|slot| slot.chr == chr);
        let HashSlot { slot, child } = hash_slot(store, stored.block, slot.as_ref(), is_taken, &mut children)?;
        slots.push(slot);
        if !is_taken {
            siblings.push(child);
        }
    }
    slots.resize(capacity, HashSlot::EMPTY.slot);
    siblings.resize(capacity - 1, EMPTY_HASH);
    Ok(Entry::Node { kind: inner.kind, chr, path: inner.path, slots, siblings })
}

/// A slot of a node of `block`. The hash of the child on the path is not needed, so a leaf there is not read.
fn hash_slot(
    store: &Store,
    block: u32,
    slot: Option<&Slot>,
    is_taken: bool,
    children: &mut impl Iterator<Item = [u8; 32]>,
) -> Result<HashSlot, MarfError> {
    let Some(slot) = slot else { return Ok(HashSlot::EMPTY) };
    if slot.block != block {
        return Ok(HashSlot::back_pointer(slot.kind, slot.chr, store.entry(slot.block)?.id.0));
    }
    let child = if slot.kind != Kind::Leaf {
        children.next().unwrap_or_default()
    } else if is_taken {
        EMPTY_HASH
    } else {
        let leaf = store.leaf(slot.at)?;
        leaf_hash(&leaf.path, &leaf.value.leaf())
    };
    Ok(HashSlot::local(slot.kind, slot.chr, child))
}

fn first_shunt(store: &Store, block: u32) -> Result<Entry, MarfError> {
    let parent = store.entry(block)?.parent();
    let hashes = store.index().ancestor_roots(parent).into_iter().map(|root| root.0).collect();
    Ok(Entry::Shunt { index: 0, hashes })
}

/// Adds the shunts from the root of `older` to that of `newer`. They are found backwards from the newer block, each
/// with the largest power of two that does not lead past the older one; in the proof they are in the order from the
/// older block up.
fn push_shunts(store: &Store, older: u32, newer: u32, entries: &mut Vec<Entry>) -> Result<(), MarfError> {
    let first = entries.len();
    let older_height = store.entry(older)?.height;
    let mut block = newer;
    while block != older {
        let entry = store.entry(block)?;
        let unrelated = || store.file.damaged(entry.root_at, "a back pointer to a block that is no ancestor");
        let distance = entry.height.checked_sub(older_height).filter(|distance| *distance > 0).ok_or_else(unrelated)?;
        let power = distance.ilog2();
        let index = store.index();
        let mut hashes: Vec<[u8; 32]> = index.ancestor_roots(entry.parent()).into_iter().map(|root| root.0).collect();
        let ancestor = index::Index::ancestor(&index, block, entry.height - (1 << power)).ok_or_else(unrelated)?;
        drop(index);
        let mut position = usize::try_from(power).unwrap_or(usize::MAX);
        if position < hashes.len() {
            hashes.remove(position);
        }
        if block != newer {
            hashes.insert(0, store.root_node_hash(&entry)?);
            position += 1;
        }
        let index = u32::try_from(position + 1).unwrap_or(u32::MAX);
        entries.push(Entry::Shunt { index, hashes });
        block = ancestor;
    }
    entries[first..].reverse();
    Ok(())
}
