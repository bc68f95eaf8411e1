//! `secp256r1-verify`: the curve of passkeys.

use p256::ecdsa::signature::hazmat::PrehashVerifier as _;
use p256::ecdsa::{Signature, VerifyingKey};

/// Whether the compressed `key` made `signature` (r, s) over `digest`. A high S verifies too. `false` for bytes that
/// are no signature or no key.
pub(crate) fn verify(digest: &[u8; 32], signature: &[u8], key: &[u8]) -> bool {
    if key.len() != 33 {
        return false;
    }
    let (Ok(signature), Ok(key)) = (Signature::from_slice(signature), VerifyingKey::from_sec1_bytes(key)) else {
        return false;
    };
    key.verify_prehash(digest, &signature).is_ok()
}
