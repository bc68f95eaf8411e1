//! A chunk with its signer, and the metadata of a slot.

use stacks_types::ids::Hash160;
use stacks_types::keys::MessageSignature;
use stacks_types::stackerdb::{ChunkHash, StackerDbChunk, slot_digest};

/// A slot without its data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SlotMetadata {
    /// The slot, from 0.
    pub slot_id: u32,
    /// Version of its chunk; 0 when it was never written.
    pub slot_version: u32,
    /// H(data), 32 bytes; zeros when the slot was never written.
    pub data_hash: ChunkHash,
    /// The owner's signature, 65 bytes; zeros when the slot was never written.
    pub signature: MessageSignature,
    /// Hash of the key that may write the slot.
    pub owner: Hash160,
}

/// A chunk whose signer was recovered from its signature. Only [`check_signature`] makes one, so the costly part is
/// done once, before a write transaction begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AuthenticatedChunk {
    chunk: StackerDbChunk,
    data_hash: ChunkHash,
    signer: Option<Hash160>,
}

/// Hashes the data and recovers the signer. Pure; takes any chunk: [`super::put_chunk`] checks whether the signer may
/// write.
#[must_use]
pub(crate) fn check_signature(chunk: StackerDbChunk) -> AuthenticatedChunk {
    let data_hash = chunk.data_hash();
    let digest = slot_digest(chunk.slot_id, chunk.slot_version, &data_hash);
    // A high S is accepted here (docs/CONSENSUS.md#keys-and-addresses): StackerDB recovers in the lax form.
    let recovered = chunk.signature.recover(&digest, stacks_types::keys::LowS::Lax);
    let signer = recovered.ok().map(|key| key.hash160());
    AuthenticatedChunk { chunk, data_hash, signer }
}

impl AuthenticatedChunk {
    /// The chunk, with the signature from which the signer was recovered.
    #[must_use]
    pub(crate) const fn chunk(&self) -> &StackerDbChunk {
        &self.chunk
    }

    /// H(data).
    #[must_use]
    pub(crate) const fn data_hash(&self) -> &ChunkHash {
        &self.data_hash
    }

    /// Hash of the compressed key that signed; none when no key can be recovered from the signature.
    #[must_use]
    pub(crate) const fn signer(&self) -> Option<&Hash160> {
        self.signer.as_ref()
    }
}
