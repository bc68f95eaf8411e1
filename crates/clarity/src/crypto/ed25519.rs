//! `ed25519-verify`.

use ed25519_dalek::{Signature, VerifyingKey};

/// Whether `key` made `signature` over `message`. An s that is not below the group order verifies nothing.
pub(crate) fn verify(message: &[u8], signature: &[u8; 64], key: &[u8; 32]) -> bool {
    use ed25519_dalek::Verifier as _;

    VerifyingKey::from_bytes(key).is_ok_and(|key| key.verify(message, &Signature::from_bytes(signature)).is_ok())
}
