//! `secp256k1-recover?`, `secp256k1-verify`, `secp256k1-decompress?`, `principal-of?`.
//!
//! Signatures are r, s, recovery id. A high S recovers, but does not verify.

use k256::ecdsa::{RecoveryId, Signature, VerifyingKey};
use k256::elliptic_curve::scalar::IsHigh as _;

/// Why no key was recovered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RecoverError {
    /// The bytes are a signature of no key.
    NoKey,
    /// The bytes are no signature: not 65, or a recovery id above 3.
    Form,
}

/// The compressed key that made `signature` over `digest`.
pub(crate) fn recover(digest: &[u8; 32], signature: &[u8]) -> Result<[u8; 33], RecoverError> {
    let (scalars, id) = parts(signature).ok_or(RecoverError::Form)?;
    recovered(digest, scalars, id).map(|key| compressed(&key)).ok_or(RecoverError::NoKey)
}

/// Whether the compressed `key` made `signature` over `digest`. The recovery id may be left out, and is not looked at.
pub(crate) fn verify(digest: &[u8; 32], signature: &[u8], key: &[u8]) -> bool {
    use k256::ecdsa::signature::hazmat::PrehashVerifier as _;

    let Some(scalars) = signature.get(..64) else { return false };
    let (Ok(signature), Some(key)) = (Signature::from_slice(scalars), point(key)) else { return false };
    !bool::from(signature.s().is_high()) && key.verify_prehash(digest, &signature).is_ok()
}

/// The uncompressed form of a compressed key; none when it is no point.
pub(crate) fn decompress(key: &[u8; 33]) -> Option<[u8; 65]> {
    point(key).and_then(|key| key.to_sec1_point(false).as_bytes().try_into().ok())
}

/// Whether the bytes are a compressed point.
pub(crate) fn is_key(key: &[u8; 33]) -> bool {
    point(key).is_some()
}

/// A key in the compressed form, and in no other.
fn point(key: &[u8]) -> Option<VerifyingKey> {
    (key.len() == 33).then(|| VerifyingKey::from_sec1_bytes(key).ok()).flatten()
}

fn parts(signature: &[u8]) -> Option<(&[u8], RecoveryId)> {
    let (scalars, id) = signature.split_at_checked(64)?;
    let [id] = id else { return None };
    Some((scalars, RecoveryId::from_byte(*id)?))
}

fn recovered(digest: &[u8; 32], scalars: &[u8], id: RecoveryId) -> Option<VerifyingKey> {
    let signature = Signature::from_slice(scalars).ok()?;
    VerifyingKey::recover_from_prehash(digest, &signature, id).ok()
}

fn compressed(key: &VerifyingKey) -> [u8; 33] {
    let mut bytes = [0; 33];
    bytes.copy_from_slice(key.to_sec1_point(true).as_bytes());
    bytes
}
