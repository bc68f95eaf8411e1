//! Keys from seeds, and single signatures.

use crate::block::NakamotoStacksBlockHeader;
use crate::hashing::sha256;
use crate::keys::{LowS, MessageSignature, PrivateKey, PublicKey};

impl PrivateKey {
    /// Makes a key from a seed of any length: the first of SHA256(seed), SHA256(SHA256(seed)), ... in range. Compressed.
    #[must_use]
    pub fn from_seed(seed: &[u8]) -> Self {
        let mut scalar = sha256(&[seed]);
        loop {
            match Self::from_scalar(&scalar) {
                Ok(key) => return key,
                Err(_) => scalar = sha256(&[&scalar]),
            }
        }
    }
}

impl PublicKey {
    /// Whether this key made `signature` over `digest`. A high S is always refused (docs/CONSENSUS.md#keys-and-addresses).
    #[must_use]
    pub fn verify(&self, digest: &[u8; 32], signature: &MessageSignature) -> bool {
        signature.recover(digest, LowS::Strict).is_ok_and(|key| key == *self)
    }
}

impl NakamotoStacksBlockHeader {
    /// A stacker's signature over this block. The caller puts it into the list.
    #[must_use]
    pub fn sign_stacker(&self, key: &PrivateKey) -> MessageSignature {
        key.sign(&self.block_hash().0)
    }
}
