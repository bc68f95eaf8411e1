//! Proofs that a block's state holds a key with a value (docs/CONSENSUS.md#proofs).
//!
//! A proof is: segment, shunt group, segment, shunt group ... The first segment leads from the leaf up to the root of
//! the trie that holds the leaf; each further segment leads from a back pointer to the root of a newer trie. A shunt
//! group leads from one trie's root to the next one's, through the ancestor roots that each block's root commits to.
//!
//! # Invariants
//! - A proof in memory takes no more than a small multiple of its bytes.
//!
//! # Not here
//! Which roots are trusted: the caller knows the headers.

#[cfg(any(test, feature = "test-support"))]
mod decode;
mod encode;
pub(crate) mod prove;
#[cfg(any(test, feature = "test-support"))]
mod verify;

#[cfg(any(test, feature = "test-support"))]
pub use decode::{DecodeError, MAX_PROOF_BYTES};
#[cfg(any(test, feature = "test-support"))]
pub use verify::VerifyError;

use crate::hash::Leaf;
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
    /// A block's root: its ancestors' roots, without the one from which the proof comes.
    Shunt { index: u32, hashes: Vec<[u8; 32]> },
}

impl Proof {
    /// Encodes the proof; the layout is in `tests/vectors/marf_proofs.json`.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        encode::encode(&self.entries)
    }
}
