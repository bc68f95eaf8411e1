//! Stands in for the crate `libsecp256k1` under the Clarity VM: the calls that `stacks-common` makes, on k256.
//!
//! Why: that crate's `verify` accepts signatures with S in the high half of the order. The network's does not
//! (docs/CONSENSUS.md#keys-and-addresses), and `secp256k1-verify` of Clarity is consensus: the vectors hold such a
//! signature. It also is the only elliptic curve code of an unmaintained line in the build. The root manifest puts this
//! crate in its place with `[patch.crates-io]`.
//!
//! # Invariants
//! - [`verify`] refuses high S; [`recover`] does not look at it.
//! - Total: bytes of any content give a value or an error.
//!
//! # Not here
//! Signatures of blocks and transactions: `nakamoto-proto`.

use k256::ecdsa::signature::hazmat::PrehashVerifier as _;
use k256::ecdsa::{SigningKey, VerifyingKey};
use k256::elliptic_curve::scalar::IsHigh as _;

/// What is wrong with bytes that were to be a key, a signature or a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Not a 32-byte digest.
    #[error("invalid message")]
    InvalidMessage,
    /// Not a point on the curve, or the wrong one.
    #[error("invalid public key")]
    InvalidPublicKey,
    /// Zero, or not below the order.
    #[error("invalid secret key")]
    InvalidSecretKey,
    /// Not two numbers between zero and the order, or not by any key.
    #[error("invalid signature")]
    InvalidSignature,
    /// Above 3.
    #[error("invalid recovery id")]
    InvalidRecoveryId,
}

/// The form in which a public key is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PublicKeyFormat {
    /// 33 bytes.
    Compressed,
    /// 65 bytes.
    Full,
}

/// A point on the curve.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PublicKey(VerifyingKey);

impl PublicKey {
    /// Reads a key; a given format must be the bytes' own.
    ///
    /// # Errors
    /// [`Error::InvalidPublicKey`].
    pub fn parse_slice(bytes: &[u8], format: Option<PublicKeyFormat>) -> Result<Self, Error> {
        let fits = match format {
            Some(PublicKeyFormat::Compressed) => bytes.len() == 33,
            Some(PublicKeyFormat::Full) => bytes.len() == 65,
            None => matches!(bytes.len(), 33 | 65),
        };
        if !fits {
            return Err(Error::InvalidPublicKey);
        }
        VerifyingKey::from_sec1_bytes(bytes).map(Self).map_err(|_| Error::InvalidPublicKey)
    }

    /// The public half of `secret`.
    #[must_use]
    pub fn from_secret_key(secret: &SecretKey) -> Self {
        Self(*secret.signing().verifying_key())
    }

    /// The 65-byte form.
    #[must_use]
    pub fn serialize(&self) -> [u8; 65] {
        let mut bytes = [0; 65];
        bytes.copy_from_slice(self.0.to_sec1_point(false).as_bytes());
        bytes
    }

    /// The 33-byte form.
    #[must_use]
    pub fn serialize_compressed(&self) -> [u8; 33] {
        let mut bytes = [0; 33];
        bytes.copy_from_slice(self.0.to_sec1_point(true).as_bytes());
        bytes
    }
}

/// A number between zero and the order.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct SecretKey([u8; 32]);

impl std::fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SecretKey(..)")
    }
}

impl SecretKey {
    /// Reads 32 bytes.
    ///
    /// # Errors
    /// [`Error::InvalidSecretKey`].
    pub fn parse_slice(bytes: &[u8]) -> Result<Self, Error> {
        let bytes: [u8; 32] = bytes.try_into().map_err(|_| Error::InvalidSecretKey)?;
        SigningKey::from_slice(&bytes).map_err(|_| Error::InvalidSecretKey)?;
        Ok(Self(bytes))
    }

    /// The 32 bytes.
    #[must_use]
    pub const fn serialize(&self) -> [u8; 32] {
        self.0
    }

    fn signing(&self) -> SigningKey {
        SigningKey::from_slice(&self.0).expect("checked when the key was read")
    }
}

/// A digest that is signed as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Message([u8; 32]);

impl Message {
    /// Reads 32 bytes.
    ///
    /// # Errors
    /// [`Error::InvalidMessage`].
    pub fn parse_slice(bytes: &[u8]) -> Result<Self, Error> {
        bytes.try_into().map(Self).map_err(|_| Error::InvalidMessage)
    }
}

/// R and S, each between zero and the order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Signature(k256::ecdsa::Signature);

impl Signature {
    /// Reads 64 bytes: R, then S, big endian.
    ///
    /// # Errors
    /// [`Error::InvalidSignature`].
    pub fn parse_standard_slice(bytes: &[u8]) -> Result<Self, Error> {
        k256::ecdsa::Signature::from_slice(bytes).map(Self).map_err(|_| Error::InvalidSignature)
    }

    /// The 64 bytes.
    #[must_use]
    pub fn serialize(&self) -> [u8; 64] {
        self.0.to_bytes().into()
    }
}

/// Which of the up to four keys that fit a signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecoveryId(k256::ecdsa::RecoveryId);

impl RecoveryId {
    /// Reads 0..3.
    ///
    /// # Errors
    /// [`Error::InvalidRecoveryId`].
    pub fn parse(byte: u8) -> Result<Self, Error> {
        k256::ecdsa::RecoveryId::from_byte(byte).map(Self).ok_or(Error::InvalidRecoveryId)
    }

    /// 0..3.
    #[must_use]
    pub const fn serialize(&self) -> u8 {
        self.0.to_byte()
    }
}

/// The key that made `signature`; S may be high.
///
/// # Errors
/// [`Error::InvalidSignature`] if there is none.
pub fn recover(message: &Message, signature: &Signature, recovery_id: &RecoveryId) -> Result<PublicKey, Error> {
    VerifyingKey::recover_from_prehash(&message.0, &signature.0, recovery_id.0)
        .map(PublicKey)
        .map_err(|_| Error::InvalidSignature)
}

/// True if `key` made `signature` and S is low.
#[must_use]
pub fn verify(message: &Message, signature: &Signature, key: &PublicKey) -> bool {
    !bool::from(signature.0.s().is_high()) && key.0.verify_prehash(&message.0, &signature.0).is_ok()
}

/// Signs; S is low. The VM never does this, but the layer above names the call.
#[must_use]
pub fn sign(message: &Message, key: &SecretKey) -> (Signature, RecoveryId) {
    let (signature, id) = key.signing().sign_prehash_recoverable(&message.0);
    (Signature(signature), RecoveryId(id))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signed() -> (Message, Signature, RecoveryId, PublicKey) {
        let key = SecretKey::parse_slice(&[7; 32]).unwrap();
        let message = Message::parse_slice(&[9; 32]).unwrap();
        let (signature, id) = sign(&message, &key);
        (message, signature, id, PublicKey::from_secret_key(&key))
    }

    #[test]
    fn signatures_verify_and_recover() {
        let (message, signature, id, key) = signed();
        assert!(verify(&message, &signature, &key));
        assert_eq!(recover(&message, &signature, &id), Ok(key));
        assert!(!verify(&Message::parse_slice(&[8; 32]).unwrap(), &signature, &key));
    }

    #[test]
    fn high_s_recovers_but_does_not_verify() {
        let (message, signature, id, key) = signed();
        let (r, s) = signature.0.split_scalars();
        let high = Signature(k256::ecdsa::Signature::from_scalars(r, -s).unwrap());
        assert!(!verify(&message, &high, &key));
        let flipped = RecoveryId::parse(id.serialize() ^ 1).unwrap();
        assert_eq!(recover(&message, &high, &flipped), Ok(key));
    }

    #[test]
    fn keys_are_read_in_both_forms_and_no_other() {
        let (.., key) = signed();
        let compressed = key.serialize_compressed();
        let full = key.serialize();
        assert_eq!(PublicKey::parse_slice(&compressed, Some(PublicKeyFormat::Compressed)), Ok(key));
        assert_eq!(PublicKey::parse_slice(&full, Some(PublicKeyFormat::Full)), Ok(key));
        assert_eq!(PublicKey::parse_slice(&full, None), Ok(key));
        assert_eq!(PublicKey::parse_slice(&full, Some(PublicKeyFormat::Compressed)), Err(Error::InvalidPublicKey));
        assert_eq!(PublicKey::parse_slice(&[], None), Err(Error::InvalidPublicKey));
        assert_eq!(SecretKey::parse_slice(&[0; 32]), Err(Error::InvalidSecretKey));
        assert_eq!(Signature::parse_standard_slice(&[0; 64]), Err(Error::InvalidSignature));
        assert_eq!(RecoveryId::parse(4), Err(Error::InvalidRecoveryId));
    }
}
