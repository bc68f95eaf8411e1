//! `ed25519-verify`.

use ed25519_dalek::{Signature, VerifyingKey};

/// Whether `key` made `signature` over `message`. A signature whose s is not below the group order is refused, and so
/// is a key or an R of small order, which would verify many messages.
pub(crate) fn verify(message: &[u8], signature: &[u8; 64], key: &[u8; 32]) -> bool {
    VerifyingKey::from_bytes(key).is_ok_and(|key| key.verify_strict(message, &Signature::from_bytes(signature)).is_ok())
}
