//! Proofs that a block's state holds a key with a value (docs/CONSENSUS.md#proofs).
//!
//! A proof is: segment, shunt group, segment, shunt group ... The first segment leads from the leaf up to the root of the
//! trie that holds it; each further one from a back pointer to the root of a newer trie. A shunt group leads
//! from one trie's root to the next one's, through the ancestor roots that each block's root commits to.
//!
//! # Invariants
//! - A proof in memory takes no more than a small multiple of its bytes.
//!
//! # Not here
//! Which roots are good: the caller knows the headers.

mod codec;
pub(crate) mod prove;
mod verify;

pub use codec::MAX_PROOF_BYTES;

use crate::error::{DecodeError, VerifyError};
use crate::hash::{BlockId, Leaf, TrieHash};
use crate::node::{Kind, Path};
use crate::node_hash::SLOT_BYTES;

/// A proof that a key has a value in the state of a block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    entries: Vec<Entry>,
}

/// A step of a proof.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Entry {
    /// The leaf. Its `chr` is the last byte of the whole path and proves nothing.
    Leaf { chr: u8, path: Path, value: Leaf },
    /// An inner node: its slots as they are hashed, and the hashes of all children but the one under `chr`.
    Node { kind: Kind, chr: u8, path: Path, slots: Vec<[u8; SLOT_BYTES]>, siblings: Vec<[u8; 32]> },
    /// A block's root: its ancestors' roots, without the one that the proof comes from.
    Shunt { index: u32, hashes: Vec<[u8; 32]> },
}

impl Proof {
    /// Encodes the proof; the layout is in `marf_proofs.json`.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        codec::encode(&self.entries)
    }

    /// Decodes a proof. Any bytes give a proof or an error, in memory proportional to their number.
    ///
    /// # Errors
    /// Names the entry that is malformed.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        Ok(Self { entries: codec::decode(bytes)? })
    }

    /// Checks that the trie of root `root` holds `leaf` at `path`. `known` maps the roots of trusted headers to their blocks;
    /// a proof that leads through older tries needs theirs and `root` itself. Headers of one fork: blocks of two forks may
    /// have the same root.
    ///
    /// # Errors
    /// Says what does not hold.
    pub fn verify(
        &self,
        path: &TrieHash,
        leaf: &Leaf,
        root: &TrieHash,
        known: &dyn Fn(&TrieHash) -> Option<BlockId>,
    ) -> Result<(), VerifyError> {
        verify::verify(&self.entries, path, leaf, root, known)
    }

    /// As [`Proof::verify`], for the text of a key and of its value.
    ///
    /// # Errors
    /// Says what does not hold.
    pub fn verify_text(
        &self,
        key: &str,
        value: &str,
        root: &TrieHash,
        known: &dyn Fn(&TrieHash) -> Option<BlockId>,
    ) -> Result<(), VerifyError> {
        self.verify(&TrieHash::of_key(key), &crate::hash::leaf_of_text(value), root, known)
    }
}
