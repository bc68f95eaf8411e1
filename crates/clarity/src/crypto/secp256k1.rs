//! `secp256k1-recover?`, `secp256k1-verify`, `secp256k1-decompress?`, `principal-of?`.
//!
//! A signature is r, s, recovery id. With a high S a key can be recovered, but the signature does not verify.

use secp256k1::ecdsa::{RecoverableSignature, RecoveryId, Signature};
use secp256k1::{Message, PublicKey};

/// Why no key was recovered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RecoverError {
    /// No key can be recovered from the signature.
    NoKey,
    /// The bytes are no signature: not 65 bytes, or a recovery id above 3.
    Form,
}

/// The compressed key that made `signature` over `digest`.
pub(crate) fn recover(digest: &[u8; 32], signature: &[u8]) -> Result<[u8; 33], RecoverError> {
    let Some((scalars, [id])) = signature.split_at_checked(64) else { return Err(RecoverError::Form) };
    let id = RecoveryId::try_from(i32::from(*id)).map_err(|_| RecoverError::Form)?;
    let signature = RecoverableSignature::from_compact(scalars, id).map_err(|_| RecoverError::NoKey)?;
    let key = signature.recover(Message::from_digest(*digest)).map_err(|_| RecoverError::NoKey)?;
    Ok(key.serialize())
}

/// Whether the compressed `key` made `signature` over `digest`. The recovery id may be missing and is ignored.
pub(crate) fn verify(digest: &[u8; 32], signature: &[u8], key: &[u8]) -> bool {
    let Some(scalars) = signature.get(..64) else { return false };
    let (Ok(signature), Some(key)) = (Signature::from_compact(scalars), point(key)) else { return false };
    signature.verify(Message::from_digest(*digest), &key).is_ok()
}

/// The uncompressed form of a compressed key; `None` if it is no point of the curve.
pub(crate) fn decompress(key: &[u8; 33]) -> Option<[u8; 65]> {
    point(key).map(|key| key.serialize_uncompressed())
}

/// Whether the bytes are a compressed point.
pub(crate) fn is_key(key: &[u8; 33]) -> bool {
    point(key).is_some()
}

/// A key in compressed form; no other form is accepted.
fn point(key: &[u8]) -> Option<PublicKey> {
    PublicKey::from_byte_array_compressed(key.try_into().ok()?).ok()
}
