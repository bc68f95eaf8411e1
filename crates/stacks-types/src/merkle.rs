//! The Merkle tree over a block's txids, whose root is in the header (docs/CONSENSUS.md#hashes-and-ids).

use crate::hashing::sha512_256;
use crate::ids::{MerkleRoot, Txid};

/// First byte of a leaf, before the txid.
const LEAF_TAG: u8 = 0x00;
/// First byte of an inner node, before the two hashes.
const NODE_TAG: u8 = 0x01;

/// Hash of a leaf of the transaction Merkle tree: H(00 ‖ txid).
#[must_use]
pub fn leaf(txid: &Txid) -> [u8; 32] {
    sha512_256(&[&[LEAF_TAG], &txid.0])
}

/// Hash of an inner node of the transaction Merkle tree: H(01 ‖ left ‖ right).
#[must_use]
pub fn node(left: &[u8; 32], right: &[u8; 32]) -> [u8; 32] {
    sha512_256(&[&[NODE_TAG], left, right])
}

/// Root of the Merkle tree over txids in block order (docs/CONSENSUS.md#hashes-and-ids): every row with an odd number
/// of entries, the leaf row included, repeats its last one. No txids: 32 zero bytes.
///
/// Because of this repetition a list with repeated txids can have the same root as one without: block decoding refuses
/// repeated txids.
#[must_use]
pub fn root(txids: &[Txid]) -> MerkleRoot {
    if txids.is_empty() {
        return MerkleRoot::default();
    }
    let mut row: Vec<[u8; 32]> = txids.iter().map(leaf).collect();
    // Runs at least once: a single leaf is hashed with itself.
    loop {
        row = row
            .chunks(2)
            .filter_map(|pair| {
                let left = pair.first()?;
                Some(node(left, pair.get(1).unwrap_or(left)))
            })
            .collect();
        if let [root] = row.as_slice() {
            return MerkleRoot(*root);
        }
    }
}
