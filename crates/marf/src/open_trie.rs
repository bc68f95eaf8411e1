//! A block's trie while it is filled (docs/CONSENSUS.md#state-index).
//!
//! New nodes, and copies of the ancestors' nodes above them, live in memory; nothing is hashed or written. All other
//! nodes are read from the ancestors' tries.
//!
//! # Invariants
//! - Place 0 of the arena is the root, a Node256 with an empty path.
//! - A local node's parent is local.
//!
//! # Not here
//! Hashing and encoding: `seal`.

use std::sync::Arc;

use crate::error::MarfError;
use crate::hash::{BlockId, Leaf, SENTINEL, TrieHash, leaf_of_height, leaf_of_id};
use crate::index::IndexEntry;
use crate::keys::{HEIGHT_SELF_KEY, height_of_id_key, id_at_height_key};
use crate::node::{Inner, Kind, LOCAL, PATH_BYTES, Path, Slot, common_prefix};
use crate::record::leaf::{NewValue, StoredLeaf, StoredValue, TextPlace};
use crate::store::Store;

/// Longest value text in bytes. A Clarity value has at most 1 MiB, 2 MiB as hexadecimal digits; the rest is reserve.
pub const MAX_VALUE_BYTES: usize = 16 << 20;

/// A copied text of up to this many bytes is written again: a pointer and a hash would take as much.
const COPIED_TEXT_BYTES_MAX: usize = 40;

/// The trie of a block that is being made, for one thread. Dropping the trie discards it.
///
/// After an error its content is undefined.
pub struct OpenTrie {
    pub(crate) store: Arc<Store>,
    pub(crate) parent: Option<u32>,
    pub(crate) height: u32,
    pub(crate) inners: Vec<Inner>,
    pub(crate) leaves: Vec<NewLeaf>,
}

/// A leaf of the trie that is being made.
pub(crate) struct NewLeaf {
    pub(crate) path: Path,
    pub(crate) value: NewValue,
}

/// Index of a node in the arena, and of a slot in it.
#[derive(Clone, Copy)]
struct SlotPlace {
    node: usize,
    slot: usize,
}

impl OpenTrie {
    /// Copies the root of `parent` and writes the bookkeeping keys (docs/CONSENSUS.md#opening-a-block).
    pub(crate) fn begin(store: &Arc<Store>, parent_id: BlockId, opened_as: &BlockId) -> Result<Self, MarfError> {
        let parent = if parent_id == SENTINEL { None } else { Some(store.entry_of(&parent_id)?) };
        let (height, root) = match &parent {
            None => (0, Inner::new(Kind::Node256, Path::EMPTY)),
            Some((number, entry)) => (
                entry.height.checked_add(1).ok_or(MarfError::Full("heights are u32"))?,
                store.inner(&Store::root_slot(*number, entry))?.inner.clone(),
            ),
        };
        let mut trie = Self {
            store: Arc::clone(store),
            parent: parent.map(|(number, _)| number),
            height,
            inners: vec![root],
            leaves: Vec::new(),
        };
        trie.write_bookkeeping(opened_as, parent.map(|(_, entry)| entry))?;
        Ok(trie)
    }

    fn write_bookkeeping(&mut self, opened_as: &BlockId, parent: Option<IndexEntry>) -> Result<(), MarfError> {
        let height = self.height;
        self.insert_leaf(HEIGHT_SELF_KEY, leaf_of_height(height))?;
        self.insert_leaf(&id_at_height_key(height), leaf_of_id(opened_as))?;
        self.insert_leaf(&height_of_id_key(opened_as), leaf_of_height(height))?;
        if let Some(parent) = parent {
            self.insert_leaf(&id_at_height_key(parent.height), leaf_of_id(&parent.id))?;
            self.insert_leaf(&height_of_id_key(&parent.id), leaf_of_height(parent.height))?;
        }
        Ok(())
    }

    /// Sets `key` to `value`; the leaf becomes H(value) and 8 zero bytes. Setting a key to the value that it has is not
    /// a no-op: nodes are copied and the root may change (docs/CONSENSUS.md#inserting).
    ///
    /// # Errors
    /// A value longer than [`MAX_VALUE_BYTES`]; an ancestor's trie that cannot be read.
    pub fn insert(&mut self, key: &str, value: &str) -> Result<(), MarfError> {
        self.insert_path(&TrieHash::of_key(key), value)
    }

    /// Sets the key whose path is `path` to `value`, as [`OpenTrie::insert`] does.
    ///
    /// # Errors
    /// As [`OpenTrie::insert`].
    pub fn insert_path(&mut self, path: &TrieHash, value: &str) -> Result<(), MarfError> {
        if value.len() > MAX_VALUE_BYTES {
            return Err(MarfError::ValueTooLong { got: value.len(), max: MAX_VALUE_BYTES });
        }
        self.put(&path.0, NewValue::Text(value.as_bytes().into()))
    }

    fn insert_leaf(&mut self, key: &str, leaf: Leaf) -> Result<(), MarfError> {
        self.put(&TrieHash::of_key(key).0, NewValue::Raw(leaf))
    }

    /// Value of `key` as of this block, its own writes included: the text's bytes, or the 40 bytes of a bookkeeping
    /// leaf. `None` if there is no such key.
    ///
    /// # Errors
    /// Errors of reading an ancestor's trie.
    pub fn get(&self, key: &str) -> Result<Option<Vec<u8>>, MarfError> {
        self.get_by_path(&TrieHash::of_key(key))
    }

    /// As [`OpenTrie::get`], for the key whose path is `path`.
    ///
    /// # Errors
    /// Errors of reading an ancestor's trie.
    pub fn get_by_path(&self, path: &TrieHash) -> Result<Option<Vec<u8>>, MarfError> {
        match self.find(&path.0)? {
            None => Ok(None),
            Some(Found::New(leaf)) => match &leaf.value {
                NewValue::Raw(leaf) => Ok(Some(leaf.to_vec())),
                NewValue::Text(text) => Ok(Some(text.to_vec())),
                NewValue::Elsewhere(place) => self.store.text(place).map(Some),
            },
            Some(Found::Stored(leaf)) => self.store.value(leaf.value).map(Some),
        }
    }

    /// Height of the block, which is the number of its ancestors.
    #[must_use]
    pub const fn height(&self) -> u32 {
        self.height
    }

    pub(crate) fn find(&self, path: &[u8; PATH_BYTES]) -> Result<Option<Found<'_>>, MarfError> {
        let mut depth = 0;
        let mut node = &self.inners[0];
        loop {
            if !path.get(depth..).is_some_and(|rest| rest.starts_with(node.path.as_slice())) {
                return Ok(None);
            }
            depth += node.path.len();
            let Some(slot) = path.get(depth).and_then(|chr| node.child(*chr)) else { return Ok(None) };
            depth += 1;
            if slot.block != LOCAL {
                return Ok(self.store.find(slot, path, depth)?.map(Found::Stored));
            }
            if slot.kind == Kind::Leaf {
                let leaf = &self.leaves[arena_index(slot.at)];
                return Ok((path.get(depth..) == Some(leaf.path.as_slice())).then_some(Found::New(leaf)));
            }
            node = &self.inners[arena_index(slot.at)];
        }
    }

    /// Inserts a leaf (docs/CONSENSUS.md#inserting).
    fn put(&mut self, path: &[u8; PATH_BYTES], value: NewValue) -> Result<(), MarfError> {
        let mut node = 0;
        let mut above: Option<SlotPlace> = None; // The slot that leads to `node`.
        let mut depth = 0;
        // Every step uses up a byte, and after `localize` the path continues below every inner node.
        while let Some(&chr) = path.get(depth) {
            depth += 1;
            let rest = path.get(depth..).unwrap_or_default();
            let Some(slot) = self.inners[node].find(chr) else {
                self.add_leaf(node, above, NewLeaf { path: Path::from_tail(path, depth), value }, chr);
                return Ok(());
            };
            let place = SlotPlace { node, slot };
            let child = self.localize(place, rest)?;
            if child.kind == Kind::Leaf {
                self.put_at_leaf(place, &child, rest, value);
                return Ok(());
            }
            let child_path = self.inners[arena_index(child.at)].path;
            let common = common_prefix(child_path.as_slice(), rest);
            if common < child_path.len() {
                self.split_inner(place, &child, (common, rest), value);
                return Ok(());
            }
            depth += common;
            above = Some(place);
            node = arena_index(child.at);
        }
        Ok(())
    }

    /// Makes the child at `place` local, copying it if an ancestor's trie holds it, and returns its slot. `rest` is the
    /// path from the child on.
    fn localize(&mut self, place: SlotPlace, rest: &[u8]) -> Result<Slot, MarfError> {
        let Some(slot) = self.inners[place.node].slots[place.slot] else {
            return Err(self.store.file.damaged(0, "an empty slot in use")); // `find` found it in use.
        };
        if slot.block == LOCAL {
            return Ok(slot);
        }
        let at = if slot.kind == Kind::Leaf {
            let leaf = self.store.leaf(slot.at)?;
            self.store.check_leaf(&slot, &leaf, rest.len())?;
            self.push_leaf(copy_of(leaf))
        } else {
            let stored = self.store.inner(&slot)?;
            self.store.check_depth(&slot, &stored.inner, rest.len())?;
            self.push_inner(stored.inner.clone())
        };
        let local = Slot { at, block: LOCAL, patched: true, ..slot };
        self.inners[place.node].slots[place.slot] = Some(local);
        Ok(local)
    }

    /// Adds a leaf under a byte for which `node` has no child.
    fn add_leaf(&mut self, node: usize, above: Option<SlotPlace>, leaf: NewLeaf, chr: u8) {
        let at = self.push_leaf(leaf);
        self.inners[node].add(Slot { at, block: LOCAL, kind: Kind::Leaf, chr, patched: true });
        let kind = self.inners[node].kind;
        if let Some(above) = above
            && let Some(slot) = &mut self.inners[above.node].slots[above.slot]
        {
            slot.kind = kind;
        }
    }

    /// Replaces the value of the leaf, or splits it: a Node4 with the old leaf first, then the new one.
    fn put_at_leaf(&mut self, place: SlotPlace, child: &Slot, rest: &[u8], value: NewValue) {
        let leaf = &mut self.leaves[arena_index(child.at)];
        let old_path = leaf.path;
        let common = common_prefix(old_path.as_slice(), rest);
        let (Some(&old_chr), Some(&new_chr)) = (old_path.as_slice().get(common), rest.get(common)) else {
            leaf.value = value;
            return;
        };
        leaf.path = old_path.tail(common + 1);
        let new_path = rest.get(common + 1..).and_then(Path::new).unwrap_or(Path::EMPTY);
        let new_at = self.push_leaf(NewLeaf { path: new_path, value });
        let mut node = Inner::new(Kind::Node4, old_path.head(common));
        node.add(Slot { chr: old_chr, ..*child });
        node.add(Slot { at: new_at, chr: new_chr, ..*child });
        self.replace_child(place, node);
    }

    /// Splits an inner node's path: a Node4 with the new leaf first, then the old node.
    fn split_inner(&mut self, place: SlotPlace, child: &Slot, (common, rest): (usize, &[u8]), value: NewValue) {
        let old = &mut self.inners[arena_index(child.at)];
        let old_path = old.path;
        let (Some(&old_chr), Some(&new_chr)) = (old_path.as_slice().get(common), rest.get(common)) else { return };
        old.path = old_path.tail(common + 1);
        old.base = None;
        let new_path = rest.get(common + 1..).and_then(Path::new).unwrap_or(Path::EMPTY);
        let new_at = self.push_leaf(NewLeaf { path: new_path, value });
        let mut node = Inner::new(Kind::Node4, old_path.head(common));
        node.add(Slot { at: new_at, block: LOCAL, kind: Kind::Leaf, chr: new_chr, patched: true });
        node.add(Slot { chr: old_chr, ..*child });
        self.replace_child(place, node);
    }

    /// Replaces the child at `place` by `node`, in the same slot.
    fn replace_child(&mut self, place: SlotPlace, node: Inner) {
        let kind = node.kind;
        let at = self.push_inner(node);
        if let Some(slot) = &mut self.inners[place.node].slots[place.slot] {
            slot.at = at;
            slot.kind = kind;
        }
    }

    fn push_inner(&mut self, inner: Inner) -> u64 {
        self.inners.push(inner);
        self.inners.len() as u64 - 1
    }

    fn push_leaf(&mut self, leaf: NewLeaf) -> u64 {
        self.leaves.push(leaf);
        self.leaves.len() as u64 - 1
    }
}

pub(crate) enum Found<'a> {
    New(&'a NewLeaf),
    Stored(StoredLeaf),
}

/// Copies an ancestor's leaf. A short text is copied; a longer one stays in the ancestor's segment.
fn copy_of(leaf: StoredLeaf) -> NewLeaf {
    let value = match leaf.value {
        StoredValue::Raw(leaf) => NewValue::Raw(leaf),
        StoredValue::Inline { text, .. } if text.len() <= COPIED_TEXT_BYTES_MAX => NewValue::Text(text.into()),
        StoredValue::Inline { text, at } => {
            let length = u32::try_from(text.len()).unwrap_or(u32::MAX);
            NewValue::Elsewhere(TextPlace { hash: crate::hash::hash(&text), length, at })
        }
        StoredValue::Elsewhere(place) => NewValue::Elsewhere(place),
    };
    NewLeaf { path: leaf.path, value }
}

/// Index in the arena of a local slot. The conversion cannot fail: `at` was made from a length.
pub(crate) fn arena_index(at: u64) -> usize {
    usize::try_from(at).unwrap_or(usize::MAX)
}
