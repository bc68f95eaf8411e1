//! `ed25519-verify`.

use ed25519_dalek::{Signature, VerifyingKey};

/// Whether `key` made `signature` over `message`. An s that is not below the group order verifies nothing, nor does a key or an R of small
/// order: such would verify many messages.
pub(crate) fn verify(message: &[u8], signature: &[u8; 64], key: &[u8; 32]) -> bool {
    VerifyingKey::from_bytes(key).is_ok_and(|key| key.verify_strict(message, &Signature::from_bytes(signature)).is_ok())
}
