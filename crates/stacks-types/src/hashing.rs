//! The hash functions of the chain, from bytes to plain bytes (docs/CONSENSUS.md#hashes-and-ids).
//!
//! # Not here
//! The types of hashes: `ids`. The Merkle tree over txids: `merkle`. MARF hashing: crate `marf`. VRF hashing: `vrf`.

use ripemd::Ripemd160;
use sha2::{Digest, Sha256, Sha512_256};

/// SHA-512/256 (its own IV, not a cut SHA-512) of the parts, one after the other: the `H` of docs/CONSENSUS.md.
#[must_use]
pub fn sha512_256(parts: &[&[u8]]) -> [u8; 32] {
    let mut hasher = Sha512_256::new();
    parts.iter().for_each(|part| hasher.update(part));
    hasher.finalize().into()
}

/// SHA-256 of the parts, one after the other.
#[must_use]
pub fn sha256(parts: &[&[u8]]) -> [u8; 32] {
    let mut hasher = Sha256::new();
    parts.iter().for_each(|part| hasher.update(part));
    hasher.finalize().into()
}

/// RIPEMD160(SHA256(parts)): bitcoin's hash160, as plain bytes.
#[must_use]
pub(crate) fn sha256_ripemd160(parts: &[&[u8]]) -> [u8; 20] {
    Ripemd160::digest(sha256(parts)).into()
}
