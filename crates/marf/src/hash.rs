//! Identifiers, hashes and leaf values (docs/CONSENSUS.md#keys-and-leaves).
//!
//! # Not here
//! Hashes of nodes: `node_hash`.

use std::fmt;

use sha2::{Digest, Sha512_256};

/// The 40 bytes that a leaf commits to: H(value text) and 8 zero bytes for an ordinary key; a height or a block id, not
/// hashed, for a bookkeeping key (docs/CONSENSUS.md#keys-and-leaves).
pub type Leaf = [u8; 40];

/// Id of a block, 32 bytes. The MARF does not interpret it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BlockId(pub [u8; 32]);

/// A SHA-512/256 hash: of a key (a path), of a node, or of a block's trie (its root). 32 bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TrieHash(pub [u8; 32]);

/// The parent of a block that has none: 32 bytes of ff (docs/CONSENSUS.md#hashes-and-ids).
pub const SENTINEL: BlockId = BlockId([0xff; 32]);

/// H of nothing: stands for an empty child slot when a node is hashed (docs/CONSENSUS.md#node-hashes).
pub(crate) const EMPTY_HASH: [u8; 32] = [
    0xc6, 0x72, 0xb8, 0xd1, 0xef, 0x56, 0xed, 0x28, 0xab, 0x87, 0xc3, 0x62, 0x2c, 0x51, 0x14, 0x06, 0x9b, 0xdd, 0x3a,
    0xd7, 0xb8, 0xf9, 0x73, 0x74, 0x98, 0xd0, 0xc0, 0x1e, 0xce, 0xf0, 0x96, 0x7a,
];

macro_rules! bytes32 {
    ($name:ident) => {
        impl From<[u8; 32]> for $name {
            fn from(bytes: [u8; 32]) -> Self {
                Self(bytes)
            }
        }
        impl From<$name> for [u8; 32] {
            fn from(value: $name) -> Self {
                value.0
            }
        }
        impl AsRef<[u8]> for $name {
            fn as_ref(&self) -> &[u8] {
                &self.0
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&hex::encode(self.0))
            }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({self})", stringify!($name))
            }
        }
    };
}
bytes32!(BlockId);
bytes32!(TrieHash);

impl TrieHash {
    /// The path of `key`: H of its bytes (docs/CONSENSUS.md#keys-and-leaves).
    #[must_use]
    pub fn of_key(key: &str) -> Self {
        Self(hash(key.as_bytes()))
    }
}

/// SHA-512/256 of `bytes`.
pub(crate) fn hash(bytes: &[u8]) -> [u8; 32] {
    Sha512_256::digest(bytes).into()
}

/// The leaf of an ordinary value: H(text) and 8 zero bytes (docs/CONSENSUS.md#keys-and-leaves).
#[cfg(any(test, feature = "test-support"))]
#[must_use]
pub fn leaf_of_text(text: &str) -> Leaf {
    leaf_of_hash(&hash(text.as_bytes()))
}

/// The leaf of a height: u32 little endian and 36 zero bytes (docs/CONSENSUS.md#keys-and-leaves).
#[must_use]
pub fn leaf_of_height(height: u32) -> Leaf {
    let mut leaf = [0; 40];
    leaf[..4].copy_from_slice(&height.to_le_bytes());
    leaf
}

/// The leaf of a block id: its 32 bytes and 8 zero bytes (docs/CONSENSUS.md#keys-and-leaves).
#[must_use]
pub fn leaf_of_id(id: &BlockId) -> Leaf {
    leaf_of_hash(&id.0)
}

/// The leaf that holds a hash: its 32 bytes and 8 zero bytes.
pub(crate) fn leaf_of_hash(hash: &[u8; 32]) -> Leaf {
    let mut leaf = [0; 40];
    leaf[..32].copy_from_slice(hash);
    leaf
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_empty_hash_is_the_hash_of_nothing() {
        assert_eq!(hash(b""), EMPTY_HASH);
        assert_eq!(TrieHash::of_key(""), TrieHash(EMPTY_HASH));
    }

    #[test]
    fn heights_are_little_endian() {
        assert_eq!(leaf_of_height(70_000)[..5], [0x70, 0x11, 0x01, 0, 0]);
    }
}
