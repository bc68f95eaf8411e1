//! Turns an open trie into its root and its bytes: each new node is hashed once, then written once.
//!
//! ```text
//! segment   hash of the root node (32), checksum (4), mark, records: children before their parents, the root's last
//! mark      "seg1", length of the segment in bytes (8, little endian), checksum (4)
//! ```
//! At start the mark shows whether bytes without rows are from one commit or several; nothing else reads it. Segments of
//! earlier versions have no mark.
//!
//! # Not here
//! The records: `record`. Writing the segment to the file: `marf`.

use std::sync::Arc;

use sqlite::checksum64;

use crate::checksum::checksum32;
use crate::error::MarfError;
use crate::hash::TrieHash;
use crate::node::{Inner, Kind, LOCAL, Path, Slot};
use crate::node_hash::{HashSlot, block_root, inner_hash, leaf_hash};
use crate::open_trie::{NewLeaf, OpenTrie, arena_index};
use crate::record::{self, CHECKSUM_BYTES, FILE_BYTES_MAX, SEGMENT_HEAD_BYTES, seal_record};
use crate::store::Store;

/// First bytes of a mark, and its length.
const MARK_MAGIC: [u8; 4] = *b"seg1";
const MARK_BYTES: usize = MARK_MAGIC.len() + 8 + CHECKSUM_BYTES;

/// Bytes at the start of a segment that hold its mark.
pub(crate) const MARKED_HEAD_BYTES: usize = SEGMENT_HEAD_BYTES + MARK_BYTES;

/// Fewest nodes for which more threads are started: a thread costs about 30 us, and hashing 64 nodes takes longer.
const PARALLEL_NODES_MIN: usize = 64;

/// Most threads that hash. Only 256 subtrees can be shared out, and beyond a few threads the writing takes longer.
const HASHING_THREADS_MAX: usize = 4;

/// A hashed trie, to be committed under its block's id. Cheap to clone; shared between threads.
#[derive(Clone)]
pub struct SealedTrie(pub(crate) Arc<Sealed>);

pub(crate) struct Sealed {
    pub(crate) store: Arc<Store>,
    pub(crate) parent: Option<u32>,
    pub(crate) height: u32,
    pub(crate) root: TrieHash,
    pub(crate) segment: Vec<u8>,
    /// Offset of the root's record in the segment.
    pub(crate) root_at: u64,
    /// 64-bit checksum of the segment.
    pub(crate) checksum: u64,
}

impl SealedTrie {
    /// Root of the block's trie, which its header names (docs/CONSENSUS.md#node-hashes).
    #[must_use]
    pub fn root(&self) -> TrieHash {
        self.0.root
    }
}

impl OpenTrie {
    /// Hashes each new node once and encodes the trie for the node file.
    ///
    /// # Errors
    /// [`MarfError::Full`] if the trie is larger than a node file may be.
    pub fn seal(self) -> Result<SealedTrie, MarfError> {
        let hashes = hash_inners(&self)?;
        let root_node = hashes.first().copied().unwrap_or_default();
        let root = block_root(root_node, &self.store.index().ancestor_roots(self.parent));
        let Self { store, parent, height, inners, leaves } = self;
        let mut encoder = Encoder { inners, leaves: &leaves, hashes: &hashes, segment: root_node.to_vec() };
        seal_record(&mut encoder.segment, 0);
        encoder.segment.extend([0; MARK_BYTES]);
        let root_at = encoder.inner(0);
        let mut segment = encoder.segment;
        write_mark(&mut segment);
        if segment.len() as u64 >= FILE_BYTES_MAX {
            return Err(MarfError::Full("a block's trie has at most 64 GiB"));
        }
        let checksum = checksum64(&segment);
        Ok(SealedTrie(Arc::new(Sealed { store, parent, height, root, segment, root_at, checksum })))
    }
}

fn write_mark(segment: &mut [u8]) {
    let mut mark = MARK_MAGIC.to_vec();
    mark.extend((segment.len() as u64).to_le_bytes());
    seal_record(&mut mark, 0);
    segment[SEGMENT_HEAD_BYTES..MARKED_HEAD_BYTES].copy_from_slice(&mark);
}

/// Length of a segment by the mark in its first bytes; `None` without a valid mark.
pub(crate) fn marked_length(head: &[u8]) -> Option<u64> {
    let mark = head.get(SEGMENT_HEAD_BYTES..MARKED_HEAD_BYTES)?;
    let (content, checksum) = mark.split_at(MARK_BYTES - CHECKSUM_BYTES);
    let length = content.strip_prefix(&MARK_MAGIC)?;
    (checksum32(content) == checksum).then_some(u64::from_le_bytes(length.try_into().ok()?))
}

/// Hashes of all inner nodes, in the order of the arena.
///
/// The subtrees below the root share nothing, so they are divided among threads.
fn hash_inners(trie: &OpenTrie) -> Result<Vec<[u8; 32]>, MarfError> {
    let mut hashes = vec![[0; 32]; trie.inners.len()];
    let subtrees: Vec<usize> = trie.inners[0].slots.iter().flatten().filter_map(local_inner).collect();
    let threads = if trie.inners.len() < PARALLEL_NODES_MIN {
        1
    } else {
        std::thread::available_parallelism().map_or(1, usize::from).min(HASHING_THREADS_MAX)
    };
    if threads > 1 {
        let share = subtrees.len().div_ceil(threads).max(1);
        let results = std::thread::scope(|scope| {
            let spawn = |subtrees: &'_ [usize]| {
                let subtrees = subtrees.to_vec();
                scope.spawn(move || hash_subtrees(trie, &subtrees))
            };
            let workers: Vec<_> = subtrees.chunks(share).skip(1).map(spawn).collect();
            let mut results = vec![hash_subtrees(trie, subtrees.chunks(share).next().unwrap_or_default())];
            results.extend(workers.into_iter().map(|worker| {
                worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)) // A panic is our bug: do not hide it.
            }));
            results
        });
        for result in results {
            result?.into_iter().for_each(|(node, hash)| hashes[node] = hash);
        }
    } else {
        hash_subtrees(trie, &subtrees)?.into_iter().for_each(|(node, hash)| hashes[node] = hash);
    }
    let mut hasher = Hasher { trie, preimage: Vec::new(), hashed: Vec::new() };
    let known: Vec<[u8; 32]> = subtrees.iter().map(|node| hashes[*node]).collect();
    hashes[0] = hasher.node_over(&trie.inners[0], &known)?;
    Ok(hashes)
}

fn hash_subtrees(trie: &OpenTrie, subtrees: &[usize]) -> Result<Vec<(usize, [u8; 32])>, MarfError> {
    let mut hasher = Hasher { trie, preimage: Vec::new(), hashed: Vec::new() };
    for subtree in subtrees {
        hasher.subtree(*subtree)?;
    }
    Ok(hasher.hashed)
}

struct Hasher<'a> {
    trie: &'a OpenTrie,
    preimage: Vec<u8>,
    hashed: Vec<(usize, [u8; 32])>,
}

impl Hasher<'_> {
    /// Hashes the nodes below `node`, then `node`. At most 32 calls deep: each level uses up a path byte.
    fn subtree(&mut self, node: usize) -> Result<[u8; 32], MarfError> {
        let inner = &self.trie.inners[node];
        let mut children = Vec::new();
        for child in inner.slots.iter().flatten().filter_map(local_inner) {
            children.push(self.subtree(child)?);
        }
        let hash = self.node_over(inner, &children)?;
        self.hashed.push((node, hash));
        Ok(hash)
    }

    /// Hash of `inner`, given the hashes of its local inner children in slot order.
    fn node_over(&mut self, inner: &Inner, children: &[[u8; 32]]) -> Result<[u8; 32], MarfError> {
        let trie = self.trie;
        let index = trie.store.index();
        let mut children = children.iter();
        let mut unknown_block = false;
        let slots = inner.slots.iter().map(|slot| match slot {
            None => HashSlot::EMPTY,
            Some(slot) if slot.block != LOCAL => match index.entry(slot.block) {
                Some(entry) => HashSlot::back_pointer(slot.kind, slot.chr, entry.id.0),
                None => {
                    unknown_block = true;
                    HashSlot::EMPTY
                }
            },
            Some(slot) if slot.kind == Kind::Leaf => {
                let leaf = &trie.leaves[arena_index(slot.at)];
                HashSlot::local(slot.kind, slot.chr, leaf_hash(&leaf.path, &leaf.value.leaf()))
            }
            Some(slot) => HashSlot::local(slot.kind, slot.chr, children.next().copied().unwrap_or_default()),
        });
        let hash = inner_hash(&mut self.preimage, inner.kind, &inner.path, slots);
        if unknown_block {
            return Err(trie.store.file.damaged(0, "a node names no block"));
        }
        Ok(hash)
    }
}

/// Index in the arena of a local inner child; `None` for other children.
fn local_inner(slot: &Slot) -> Option<usize> {
    (slot.block == LOCAL && slot.kind != Kind::Leaf).then(|| arena_index(slot.at))
}

struct Encoder<'a> {
    inners: Vec<Inner>,
    leaves: &'a [NewLeaf],
    hashes: &'a [[u8; 32]],
    segment: Vec<u8>,
}

impl Encoder<'_> {
    /// Writes the new nodes below `node`, then `node`; returns the offset of its record in the segment. Each node has
    /// one parent, so it is taken from the arena once.
    fn inner(&mut self, node: usize) -> u64 {
        let mut placed = std::mem::replace(&mut self.inners[node], Inner::new(Kind::Node4, Path::EMPTY));
        let mut hashes = Vec::new();
        for slot in placed.slots.iter_mut().flatten().filter(|slot| slot.block == LOCAL) {
            let child = arena_index(slot.at);
            slot.at = if slot.kind == Kind::Leaf {
                let leaf = &self.leaves[child];
                record::leaf::encode(&mut self.segment, &leaf.path, &leaf.value) as u64
            } else {
                hashes.push(self.hashes[child]);
                self.inner(child)
            };
        }
        record::encode(&mut self.segment, &placed, &hashes, |slot| slot.block == LOCAL) as u64
    }
}
