//! Newtypes for ids and hashes, so that two meanings of "32 bytes" cannot be swapped.
//!
//! # Invariants
//! - Text form is lower-case hex without `0x`.
//! - `Default` is all zero bytes.
//!
//! # Not here
//! The hash functions: `hashing`. Ids that are computed elsewhere: `merkle`, `block`, `transaction`.

use crate::hashing::{sha256_ripemd160, sha512_256};

/// Why bytes are not an id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// The byte string has the wrong length.
    #[error("{name} has {expected} bytes, not {got}")]
    Length {
        /// Name of the id's type.
        name: &'static str,
        /// Length of the type in bytes.
        expected: usize,
        /// Length in bytes as given.
        got: usize,
    },
}

macro_rules! id_type {
    ($(#[$doc:meta])* $name:ident, $len:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub [u8; $len]);

        impl $name {
            /// Length in bytes.
            pub const LEN: usize = $len;

            /// The bytes, in the order of the wire.
            #[must_use]
            pub const fn as_bytes(&self) -> &[u8; $len] {
                &self.0
            }

            /// Lower-case hex without `0x`.
            #[must_use]
            pub fn to_hex(&self) -> String {
                hex::encode(self.0)
            }
        }

        impl Default for $name {
            fn default() -> Self {
                Self([0; $len])
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.to_hex())
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, "{}({})", stringify!($name), self.to_hex())
            }
        }

        impl TryFrom<&[u8]> for $name {
            type Error = $crate::ids::IdError;

            fn try_from(bytes: &[u8]) -> Result<Self, $crate::ids::IdError> {
                let array = bytes.try_into().map_err(|_| $crate::ids::IdError::Length {
                    name: stringify!($name),
                    expected: $len,
                    got: bytes.len(),
                })?;
                Ok(Self(array))
            }
        }

        impl AsRef<[u8]> for $name {
            fn as_ref(&self) -> &[u8] {
                &self.0
            }
        }

        impl From<[u8; $len]> for $name {
            fn from(bytes: [u8; $len]) -> Self {
                Self(bytes)
            }
        }

        impl From<$name> for [u8; $len] {
            fn from(id: $name) -> Self {
                id.0
            }
        }
    };
}
pub(crate) use id_type;

id_type!(
    /// Names a Stacks block across all forks: H(block hash ‖ consensus hash), 32 bytes
    /// (docs/CONSENSUS.md#hashes-and-ids).
    StacksBlockId, 32
);
id_type!(
    /// Hash of a header without the stackers' signatures, 32 bytes (docs/CONSENSUS.md#blocks).
    BlockHash, 32
);
id_type!(
    /// Hash of a bitcoin block, 32 bytes, in the byte order of bitcoin's wire.
    BurnBlockHash, 32
);
id_type!(
    /// RIPEMD160(SHA256(burn block hash)), 20 bytes (docs/CONSENSUS.md#burn-chain).
    ConsensusHash, 20
);
id_type!(
    /// Names a transaction: H(its canonical encoding), 32 bytes (docs/CONSENSUS.md#hashes-and-ids).
    Txid, 32
);
id_type!(
    /// Root of the state MARF after a block, 32 bytes.
    StateRoot, 32
);
id_type!(
    /// Randomness of a sortition: SHA256(parent's ‖ burn hash), 32 bytes (docs/CONSENSUS.md#burn-chain).
    SortitionHash, 32
);
id_type!(
    /// RIPEMD160(SHA256(x)), 20 bytes: names an account or a key.
    Hash160, 20
);
id_type!(
    /// Root of the Merkle tree over a block's txids, 32 bytes (docs/CONSENSUS.md#hashes-and-ids).
    MerkleRoot, 32
);
id_type!(
    /// One step of the signing hash chain of a transaction, 32 bytes (docs/CONSENSUS.md#signing-hashes).
    SigHash, 32
);
id_type!(
    /// H(VRF proof), 32 bytes (docs/CONSENSUS.md#vrf).
    VrfSeed, 32
);

/// Block hash of the boot block's (absent) own header: 32 zero bytes (docs/CONSENSUS.md#hashes-and-ids).
pub const BOOT_BLOCK_HASH: BlockHash = BlockHash([0; 32]);
/// Consensus hash of the boot block, beside [`BOOT_BLOCK_HASH`]: 20 zero bytes.
pub const BOOT_CONSENSUS_HASH: ConsensusHash = ConsensusHash([0; 20]);

impl StacksBlockId {
    /// H(52 zero bytes): the id of the boot block (docs/CONSENSUS.md#hashes-and-ids). A test computes it from its
    /// definition.
    pub const BOOT: Self = Self([
        0x55, 0xc9, 0x86, 0x1b, 0xe5, 0xcf, 0xf9, 0x84, 0xa2, 0x0c, 0xe6, 0xd9, 0x9d, 0x4a, 0xa6, 0x59, 0x41, 0x41,
        0x28, 0x89, 0xbd, 0xc6, 0x65, 0x09, 0x41, 0x36, 0x42, 0x9b, 0x84, 0xf8, 0xc2, 0xee,
    ]);
    /// 32 bytes of ff: "no parent" in the MARF.
    pub const SENTINEL: Self = Self([0xff; 32]);
    /// Id under which blocks are executed before their own id is known: consensus hash 20 * 01, block hash 32 * 01
    /// (docs/CONSENSUS.md#committing-under-another-id). A test computes it from its definition.
    pub const PLACEHOLDER: Self = Self([
        0xb4, 0x0f, 0xfa, 0x12, 0xcd, 0x6c, 0xde, 0xc1, 0x7a, 0x0c, 0xf0, 0x23, 0x1b, 0xff, 0xb4, 0x0d, 0x92, 0x71,
        0xc3, 0x19, 0xa5, 0x11, 0x3e, 0x88, 0x79, 0x2a, 0x34, 0x88, 0x76, 0x5e, 0x6c, 0x6b,
    ]);

    /// H(block hash ‖ consensus hash): mind the order (docs/CONSENSUS.md#hashes-and-ids).
    #[must_use]
    pub fn new(consensus_hash: &ConsensusHash, block_hash: &BlockHash) -> Self {
        Self(sha512_256(&[&block_hash.0, &consensus_hash.0]))
    }
}

impl Hash160 {
    /// RIPEMD160(SHA256(bytes)): of a key's encoding, or of a script.
    #[must_use]
    pub fn digest(bytes: &[u8]) -> Self {
        Self(sha256_ripemd160(&[bytes]))
    }
}

impl ConsensusHash {
    /// RIPEMD160(SHA256(burn hash)): a function of the burn hash alone (docs/CONSENSUS.md#burn-chain).
    #[must_use]
    pub fn of_burn_block(burn_block: &BurnBlockHash) -> Self {
        Self(sha256_ripemd160(&[&burn_block.0]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constants_follow_from_their_definitions() {
        assert_eq!(StacksBlockId::BOOT, StacksBlockId::new(&BOOT_CONSENSUS_HASH, &BOOT_BLOCK_HASH));
        let placeholder = StacksBlockId::new(&ConsensusHash([1; 20]), &BlockHash([1; 32]));
        assert_eq!(StacksBlockId::PLACEHOLDER, placeholder);
    }

    #[test]
    fn slices_of_another_length_are_refused_with_both_lengths() {
        let error = Txid::try_from([0u8; 31].as_slice()).expect_err("31 bytes");
        assert_eq!(error, IdError::Length { name: "Txid", expected: 32, got: 31 });
        assert_eq!(Txid::try_from([7u8; 32].as_slice()), Ok(Txid([7; 32])));
    }
}
