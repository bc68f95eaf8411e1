//! The hash functions of the language.

use ripemd::{Digest as _, Ripemd160};
use sha2::{Sha256, Sha512, Sha512_256};
use sha3::Keccak256;

/// RIPEMD160(SHA256(bytes)), 20 bytes.
pub fn hash160(bytes: &[u8]) -> [u8; 20] {
    Ripemd160::digest(Sha256::digest(bytes)).into()
}

/// SHA-256, 32 bytes.
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// SHA256(SHA256(bytes)), 32 bytes: the hash of bitcoin.
pub(crate) fn double_sha256(bytes: &[u8]) -> [u8; 32] {
    sha256(&sha256(bytes))
}

/// SHA-512, 64 bytes.
pub fn sha512(bytes: &[u8]) -> [u8; 64] {
    Sha512::digest(bytes).into()
}

/// SHA-512/256 with its own initial value, 32 bytes.
pub fn sha512_256(bytes: &[u8]) -> [u8; 32] {
    Sha512_256::digest(bytes).into()
}

/// Keccak-256 as Ethereum has it (not SHA3-256), 32 bytes.
pub fn keccak256(bytes: &[u8]) -> [u8; 32] {
    Keccak256::digest(bytes).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_of_nothing_are_the_published_ones() {
        let hex = |bytes: &[u8]| hex::encode(bytes);
        assert_eq!(hex(&hash160(b"")), "b472a266d0bd89c13706a4132ccfb16f7c3b9fcb");
        assert!(hex(&sha256(b"")).starts_with("e3b0c442"));
        assert!(hex(&double_sha256(b"")).starts_with("5df6e0e2"));
        assert!(hex(&sha512(b"")).starts_with("cf83e135"));
        assert!(hex(&sha512_256(b"")).starts_with("c672b8d1"));
        assert!(hex(&keccak256(b"")).starts_with("c5d24601"));
    }
}
