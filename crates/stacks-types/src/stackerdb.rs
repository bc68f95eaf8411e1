//! StackerDB chunks, and what their owners sign (docs/CONSENSUS.md#stackerdb-chunks).
//!
//! # Not here
//! Slots, owners, stored versions: `chainstate::stackerdb`. The gRPC and HTTP forms: the node. What our producers and
//! signers put into chunks: `proposal`.

use crate::hashing::sha512_256;
use crate::ids::{Hash160, id_type};
use crate::keys::{KeyError, LowS, MessageSignature, PrivateKey};

id_type!(
    /// H(chunk data), 32 bytes.
    ChunkHash, 32
);

/// One version of the data in a slot, signed by the slot's owner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StackerDbChunk {
    /// Number of the slot in its StackerDB.
    pub slot_id: u32,
    /// Version of the data, which must grow with each write.
    pub slot_version: u32,
    /// Signature of the owner over [`StackerDbChunk::digest`].
    pub signature: MessageSignature,
    /// Content, at most [`crate::limits::MAX_CHUNK_BYTES`].
    pub data: Vec<u8>,
}

/// What is signed for a slot: H(u32 slot id ‖ u32 version ‖ H(data)).
#[must_use]
pub fn slot_digest(slot_id: u32, slot_version: u32, data_hash: &ChunkHash) -> [u8; 32] {
    sha512_256(&[&slot_id.to_be_bytes(), &slot_version.to_be_bytes(), &data_hash.0])
}

impl StackerDbChunk {
    /// Makes a chunk of `data`, signed by `key`.
    #[must_use]
    pub fn signed(slot_id: u32, slot_version: u32, data: Vec<u8>, key: &PrivateKey) -> Self {
        let mut chunk = Self { slot_id, slot_version, signature: MessageSignature::default(), data };
        chunk.signature = key.sign(&chunk.digest());
        chunk
    }

    /// H(data), which the signature covers.
    #[must_use]
    pub fn data_hash(&self) -> ChunkHash {
        Self::hash_of(&self.data)
    }

    /// H(data) of a chunk with this content.
    #[must_use]
    pub fn hash_of(data: &[u8]) -> ChunkHash {
        ChunkHash(sha512_256(&[data]))
    }

    /// What the owner signs: [`slot_digest`] of this chunk.
    #[must_use]
    pub fn digest(&self) -> [u8; 32] {
        slot_digest(self.slot_id, self.slot_version, &self.data_hash())
    }

    /// hash160 of the compressed key that signed. A high S is accepted (docs/CONSENSUS.md#keys-and-addresses).
    ///
    /// # Errors
    /// [`KeyError`] when no key can be recovered.
    pub fn signer(&self) -> Result<Hash160, KeyError> {
        self.signature.recover(&self.digest(), LowS::Lax).map(|key| key.hash160())
    }
}
