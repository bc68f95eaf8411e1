//! Reads committed tries: nodes by their offsets, leaves by their paths.
//!
//! Shared by all threads. Only `publish` and `retract` change it: they add a block to the index or remove one.
//!
//! # Not here
//! Tries that are being built: `open_trie`. Proofs: `proof`.

use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard};

use crate::cache::{Cache, StoredInner};
use crate::error::MarfError;
use crate::file::NodeFile;
use crate::hash::{BlockId, hash};
use crate::index::{BlockRow, Index, IndexEntry};
use crate::node::{Inner, Kind, PATH_BYTES, Slot};
use crate::record::leaf::{LEAF_BYTES_MAX, StoredLeaf, StoredValue, TextPlace};
use crate::record::{Decoded, INNER_BYTES_MAX, Place, SEGMENT_HEAD_BYTES, apply_patch, inner_bytes_max};
use crate::{MAX_VALUE_BYTES, record};

pub(crate) struct Store {
    pub(crate) file: NodeFile,
    index: RwLock<Index>,
    cache: Cache,
    /// Held while a segment is written.
    pub(crate) writer: Mutex<()>,
}

impl Store {
    pub(crate) fn new(file: NodeFile, index: Index) -> Self {
        Self { file, index: RwLock::new(index), cache: Cache::new(), writer: Mutex::new(()) }
    }

    /// The index. Hold it briefly: `publish` waits for it, and other readers then wait for `publish`.
    pub(crate) fn index(&self) -> RwLockReadGuard<'_, Index> {
        // A panic cannot leave the index half changed.
        self.index.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds `row` as block `number`, if that is the next one.
    pub(crate) fn publish(&self, number: u32, row: &BlockRow) {
        let mut index = self.index.write().unwrap_or_else(PoisonError::into_inner);
        if usize::try_from(number).ok() == Some(index.len()) {
            index.push(row);
        }
    }

    /// Removes block `number`, if it is the last one.
    pub(crate) fn retract(&self, number: u32) {
        self.index.write().unwrap_or_else(PoisonError::into_inner).pop(number);
    }

    pub(crate) fn entry_of(&self, id: &BlockId) -> Result<(u32, IndexEntry), MarfError> {
        let index = self.index();
        let number = index.number_of(id).ok_or(MarfError::UnknownBlock(*id))?;
        index.entry(number).map(|entry| (number, *entry)).ok_or(MarfError::UnknownBlock(*id))
    }

    /// The entry of a block named in a node.
    pub(crate) fn entry(&self, number: u32) -> Result<IndexEntry, MarfError> {
        self.index().entry(number).copied().ok_or_else(|| self.file.damaged(0, "a node names no block"))
    }

    /// A slot that leads to the root of block `number`.
    pub(crate) const fn root_slot(number: u32, entry: &IndexEntry) -> Slot {
        Slot { at: entry.root_at, block: number, kind: Kind::Node256, chr: 0, patched: false }
    }

    /// The inner node behind `slot`, of the slot's kind.
    pub(crate) fn inner(&self, slot: &Slot) -> Result<Arc<StoredInner>, MarfError> {
        if let Some(stored) = self.cache.get(slot.at) {
            return self.check_kind(slot, stored);
        }
        let stored = Arc::new(self.read_inner(slot.at, slot.kind)?);
        self.cache.insert(slot.at, Arc::clone(&stored));
        self.check_kind(slot, stored)
    }

    fn check_kind(&self, slot: &Slot, stored: Arc<StoredInner>) -> Result<Arc<StoredInner>, MarfError> {
        if stored.inner.kind == slot.kind {
            return Ok(stored);
        }
        Err(self.file.damaged(slot.at, "a node of another kind than its parent says"))
    }

    fn read_inner(&self, at: u64, kind: Kind) -> Result<StoredInner, MarfError> {
        let damaged = |what| self.file.damaged(at, what);
        let (decoded, block) = self.read_record(at, kind)?;
        match decoded {
            Decoded::Full { inner, length } => Ok(StoredInner { inner, block, hashes_at: at + length as u64 }),
            Decoded::Patch { kind, base, entries, length } => {
                let base_slot = Slot { at: base.at, block, kind, chr: 0, patched: false };
                let base_inner = self.base(&base_slot)?;
                let inner = apply_patch(&base_inner.inner, base, &entries).map_err(damaged)?;
                Ok(StoredInner { inner, block, hashes_at: at + length as u64 })
            }
        }
    }

    /// The base of a patch. It must be a full record, so that reading ends here.
    fn base(&self, slot: &Slot) -> Result<Arc<StoredInner>, MarfError> {
        let cached = self.cache.get(slot.at);
        let stored = match cached {
            Some(stored) => stored,
            None => match self.read_record(slot.at, slot.kind)? {
                (Decoded::Full { inner, length }, block) => {
                    let stored = Arc::new(StoredInner { inner, block, hashes_at: slot.at + length as u64 });
                    self.cache.insert(slot.at, Arc::clone(&stored));
                    stored
                }
                (Decoded::Patch { .. }, _) => return Err(self.file.damaged(slot.at, "the base of a patch is a patch")),
            },
        };
        self.check_kind(slot, stored)
    }

    /// Reads and decodes the record at offset `at`, and returns the number of the block that holds it.
    fn read_record(&self, at: u64, kind: Kind) -> Result<(Decoded, u32), MarfError> {
        let mut buffer = [0; INNER_BYTES_MAX];
        let bytes = self.file.read(&mut buffer[..inner_bytes_max(kind)], at)?;
        let index = self.index();
        let block = index.block_at(at).ok_or_else(|| self.file.damaged(at, "a node of no block"))?;
        let segment_start = index.entry(block).map_or(0, |entry| entry.start);
        let place = Place { at, segment_start, block };
        let decoded = record::decode(bytes, &place, &|place| index.block_at(place));
        Ok((decoded.map_err(|what| self.file.damaged(at, what))?, block))
    }

    /// Reads the leaf at offset `at`.
    pub(crate) fn leaf(&self, at: u64) -> Result<StoredLeaf, MarfError> {
        let mut buffer = [0; LEAF_BYTES_MAX];
        let bytes = self.file.read(&mut buffer, at)?;
        record::leaf::decode(bytes, at).map_err(|what| self.file.damaged(at, what))
    }

    /// Follows `path` from the node behind `slot`, to which its first `depth` bytes lead.
    pub(crate) fn find(
        &self,
        slot: Slot,
        path: &[u8; PATH_BYTES],
        depth: usize,
    ) -> Result<Option<StoredLeaf>, MarfError> {
        let (mut slot, mut depth) = (slot, depth);
        loop {
            let rest = path.get(depth..).unwrap_or_default();
            if slot.kind == Kind::Leaf {
                let leaf = self.leaf(slot.at)?;
                self.check_leaf(&slot, &leaf, rest.len())?;
                return Ok((leaf.path.as_slice() == rest).then_some(leaf));
            }
            let stored = self.inner(&slot)?;
            self.check_depth(&slot, &stored.inner, rest.len())?;
            if !rest.starts_with(stored.inner.path.as_slice()) {
                return Ok(None);
            }
            depth += stored.inner.path.len();
            let Some(child) = path.get(depth).and_then(|chr| stored.inner.child(*chr)) else { return Ok(None) };
            slot = child;
            depth += 1;
        }
    }

    /// Checks that the leaf's path has the length of the rest of the path.
    pub(crate) fn check_leaf(&self, slot: &Slot, leaf: &StoredLeaf, rest: usize) -> Result<(), MarfError> {
        if leaf.path.len() == rest {
            return Ok(());
        }
        Err(self.file.damaged(slot.at, "a leaf that does not end where paths do"))
    }

    /// Checks that the path has at least one more byte after an inner node.
    pub(crate) fn check_depth(&self, slot: &Slot, inner: &Inner, rest: usize) -> Result<(), MarfError> {
        if inner.path.len() < rest {
            return Ok(());
        }
        Err(self.file.damaged(slot.at, "a node below the end of paths"))
    }

    /// Bytes of a value: its text, or the 40 bytes of a bookkeeping leaf.
    pub(crate) fn value(&self, value: StoredValue) -> Result<Vec<u8>, MarfError> {
        match value {
            StoredValue::Raw(leaf) => Ok(leaf.to_vec()),
            StoredValue::Inline { text, .. } => Ok(text),
            StoredValue::Elsewhere(place) => self.text(&place),
        }
    }

    /// Reads the text at `place` and compares it with its hash.
    pub(crate) fn text(&self, place: &TextPlace) -> Result<Vec<u8>, MarfError> {
        let damaged = |what| self.file.damaged(place.at, what);
        let length = usize::try_from(place.length).unwrap_or(usize::MAX);
        if length > MAX_VALUE_BYTES {
            return Err(damaged("a value longer than any"));
        }
        let mut text = vec![0; length];
        let read = self.file.read(&mut text, place.at)?.len();
        if read < length || hash(&text) != place.hash {
            return Err(damaged("a value that is not what was written"));
        }
        Ok(text)
    }

    /// Hash of a block's root node, without its ancestors' roots.
    pub(crate) fn root_node_hash(&self, entry: &IndexEntry) -> Result<[u8; 32], MarfError> {
        let mut buffer = [0; SEGMENT_HEAD_BYTES];
        let bytes = self.file.read(&mut buffer, entry.start)?;
        record::decode_hashes(bytes, 1)
            .and_then(|hashes| hashes.first().copied().ok_or("no hash"))
            .map_err(|what| self.file.damaged(entry.start, what))
    }

    /// Hashes of the inner children of `stored` that belong to its trie, in slot order.
    pub(crate) fn child_hashes(&self, stored: &StoredInner) -> Result<Vec<[u8; 32]>, MarfError> {
        let own = |slot: &&Slot| slot.block == stored.block && slot.kind != Kind::Leaf;
        let count = stored.inner.slots.iter().flatten().filter(own).count();
        if count == 0 {
            return Ok(Vec::new());
        }
        let mut buffer = vec![0; count * 32 + record::CHECKSUM_BYTES];
        let bytes = self.file.read(&mut buffer, stored.hashes_at)?;
        record::decode_hashes(bytes, count).map_err(|what| self.file.damaged(stored.hashes_at, what))
    }
}
