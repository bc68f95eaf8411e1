//! The Merklized index: a trie per block that shares its unchanged parts with its ancestors.
//!
//! A block's trie is opened on its parent ([`Marf::begin`]), filled ([`OpenTrie::insert`]), hashed once
//! ([`OpenTrie::seal`]) and stored ([`Marf::commit`], [`Marf::publish`]). Readers see published tries only.
//! Roots and proofs equal the reference implementation's (docs/CONSENSUS.md#state-index); the format on disk is our own.
//!
//! # Invariants
//! - A node never changes once its block is committed. Nothing is removed.
//! - A node that belongs to a block has only ancestors, within the trie, that belong to that block too.
//! - The node file holds the segments of the committed blocks, in the order of commits, without gaps;
//!   any bytes after the last segment are those of one commit that was not completed.
//! - Bytes from the file are checked before they are used: damage is an error that names the file.
//!
//! # Not here
//! What keys and values mean, and which blocks count: the crates above. This one knows bytes, hashes and SQLite.

mod cache;
mod checksum;
mod error;
mod file;
mod hash;
mod index;
mod inspect;
mod keys;
mod marf;
mod node;
mod node_hash;
mod open_trie;
mod proof;
mod record;
mod seal;
mod store;
#[cfg(any(test, feature = "test-support"))]
mod test_support;

pub use error::{MarfError, OpenError};
#[cfg(any(test, feature = "test-support"))]
pub use hash::leaf_of_text;
pub use hash::{BlockId, Leaf, SENTINEL, TrieHash, leaf_of_height, leaf_of_id};
pub use inspect::{Inspected, Unchecked};
pub use keys::{HEIGHT_SELF_KEY, height_of_id_key, id_at_height_key};
pub use marf::{Marf, PendingCommit, Published};
pub use open_trie::{MAX_VALUE_BYTES, OpenTrie};
pub use proof::Proof;
#[cfg(any(test, feature = "test-support"))]
pub use proof::{DecodeError, MAX_PROOF_BYTES, VerifyError};
pub use seal::SealedTrie;
#[cfg(any(test, feature = "test-support"))]
pub use test_support::{HashedChild, hash_of_leaf, hash_of_node};
