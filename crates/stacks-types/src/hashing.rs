//! The hash functions of the chain and the Merkle tree over txids (docs/CONSENSUS.md#hashes-and-ids).
//!
//! # Not here
//! MARF hashing: crate `marf`. VRF hashing: `vrf`.

use ripemd::Ripemd160;
use sha2::{Digest, Sha256, Sha512_256};

use crate::ids::{Hash160, MerkleRoot, Txid};

/// Goes in front of a txid in a leaf of the Merkle tree.
const MERKLE_LEAF_TAG: u8 = 0x00;
/// Goes in front of two hashes in an inner node of the Merkle tree.
const MERKLE_NODE_TAG: u8 = 0x01;

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
pub fn sha256_ripemd160(parts: &[&[u8]]) -> [u8; 20] {
    Ripemd160::digest(sha256(parts)).into()
}

/// RIPEMD160(SHA256(bytes)) as an account or key hash.
#[must_use]
pub fn hash160(bytes: &[u8]) -> Hash160 {
    Hash160(sha256_ripemd160(&[bytes]))
}

/// Hash of a leaf of the transaction Merkle tree: H(00 ‖ txid).
#[must_use]
pub fn merkle_leaf(txid: &Txid) -> [u8; 32] {
    sha512_256(&[&[MERKLE_LEAF_TAG], &txid.0])
}

/// Hash of an inner node of the transaction Merkle tree: H(01 ‖ left ‖ right).
#[must_use]
pub fn merkle_node(left: &[u8; 32], right: &[u8; 32]) -> [u8; 32] {
    sha512_256(&[&[MERKLE_NODE_TAG], left, right])
}

/// Root of the Merkle tree over txids in block order (docs/CONSENSUS.md#hashes-and-ids): every row with an odd number
/// of entries, the leaf row included, repeats its last one. No txids: 32 zero bytes.
///
/// Because of that repetition two lists, one of them with repeated txids, can have the same root: block decoding
/// refuses repeated txids.
#[must_use]
pub fn tx_merkle_root(txids: &[Txid]) -> MerkleRoot {
    if txids.is_empty() {
        return MerkleRoot::default();
    }
    let mut row: Vec<[u8; 32]> = txids.iter().map(merkle_leaf).collect();
    // At least once: a single leaf is hashed with itself.
    loop {
        row = row
            .chunks(2)
            .filter_map(|pair| {
                let left = pair.first()?;
                Some(merkle_node(left, pair.get(1).unwrap_or(left)))
            })
            .collect();
        if let [root] = row.as_slice() {
            return MerkleRoot(*root);
        }
    }
}
