//! Decoded inner nodes in memory, by their offsets in the node file.
//!
//! Nodes near the roots are read for every key; their records are patches, so decoding them costs two reads and a copy.
//! Each shard has a second-chance queue: a node that was used since the queue last reached it stays.
//!
//! # Invariants
//! - Holds at most about [`CACHE_BYTES_MAX`] bytes, whatever is read.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::node::Inner;

/// The bound of the cache in bytes: the inner nodes of about half a million keys. Small compared with a node's other
/// memory.
pub(crate) const CACHE_BYTES_MAX: usize = 32 << 20;

/// Number of locks: with 16, threads seldom wait for each other.
const SHARDS: usize = 16;

/// Bytes of an entry beside its slots: the node, its counters, the entries of map and queue.
const ENTRY_BYTES: usize = 192;

/// A committed inner node.
pub(crate) struct StoredInner {
    pub(crate) inner: Inner,
    /// Number of the block whose trie holds it.
    pub(crate) block: u32,
    /// Offset in the node file of the hashes of its inner children of the same trie.
    pub(crate) hashes_at: u64,
}

pub(crate) struct Cache {
    shards: [Mutex<Shard>; SHARDS],
}

#[derive(Default)]
struct Shard {
    nodes: HashMap<u64, Cached>,
    queue: VecDeque<u64>,
    bytes: usize,
}

struct Cached {
    inner: Arc<StoredInner>,
    used: bool,
}

impl Cache {
    pub(crate) fn new() -> Self {
        Self { shards: std::array::from_fn(|_| Mutex::default()) }
    }

    pub(crate) fn get(&self, at: u64) -> Option<Arc<StoredInner>> {
        let mut shard = self.shard(at);
        let cached = shard.nodes.get_mut(&at)?;
        cached.used = true;
        Some(Arc::clone(&cached.inner))
    }

    pub(crate) fn insert(&self, at: u64, inner: Arc<StoredInner>) {
        let mut shard = self.shard(at);
        let bytes = entry_bytes(&inner);
        if shard.nodes.insert(at, Cached { inner, used: false }).is_some() {
            return; // Two readers read the same node: it is queued already.
        }
        shard.queue.push_back(at);
        shard.bytes += bytes;
        while shard.bytes > CACHE_BYTES_MAX / SHARDS {
            shard.evict_one();
        }
    }

    /// Locks the shard, even if a thread panicked while it held the lock: an interrupted insert or eviction leaves at
    /// worst a count too high or an entry that is not queued.
    fn shard(&self, at: u64) -> MutexGuard<'_, Shard> {
        // Spreads nodes that are neighbours in the file, which are read together. The high bits of the product are
        // mixed best.
        let spread = at.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 60;
        let index = usize::try_from(spread).unwrap_or(0) % SHARDS;
        self.shards[index].lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shard {
    fn evict_one(&mut self) {
        let Some(at) = self.queue.pop_front() else {
            self.bytes = 0;
            return;
        };
        let Some(cached) = self.nodes.get_mut(&at) else { return };
        if cached.used {
            cached.used = false;
            self.queue.push_back(at);
            return;
        }
        self.bytes = self.bytes.saturating_sub(entry_bytes(&cached.inner));
        self.nodes.remove(&at);
    }
}

fn entry_bytes(inner: &StoredInner) -> usize {
    ENTRY_BYTES + inner.inner.slots.len() * size_of::<Option<crate::node::Slot>>()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::node::{Inner, Kind, Path};

    fn node() -> Arc<StoredInner> {
        Arc::new(StoredInner { inner: Inner::new(Kind::Node256, Path::EMPTY), block: 0, hashes_at: 0 })
    }

    fn total(cache: &Cache) -> (usize, usize) {
        let shards = cache.shards.iter().map(|shard| shard.lock().unwrap());
        shards.fold((0, 0), |(bytes, nodes), shard| {
            assert_eq!(shard.nodes.len(), shard.queue.len());
            (bytes + shard.bytes, nodes + shard.nodes.len())
        })
    }

    #[test]
    fn the_cache_keeps_its_bound_and_what_is_used() {
        let cache = Cache::new();
        cache.insert(1, node());
        for at in 2..40_000 {
            cache.insert(at, node());
            assert!(cache.get(1).is_some(), "a node that is used stays");
        }
        let (bytes, nodes) = total(&cache);
        assert!(bytes <= CACHE_BYTES_MAX && bytes > CACHE_BYTES_MAX / 2, "{bytes}");
        assert_eq!(bytes, nodes * entry_bytes(&node()));
        assert!(cache.get(2).is_none(), "a node that is not used goes");
        assert!(cache.get(39_999).is_some());
    }

    #[test]
    fn a_node_that_is_inserted_twice_counts_once() {
        let cache = Cache::new();
        cache.insert(1, node());
        cache.insert(1, node());
        assert_eq!(total(&cache), (entry_bytes(&node()), 1));
    }
}
