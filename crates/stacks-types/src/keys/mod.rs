//! secp256k1 keys and recoverable signatures (docs/CONSENSUS.md#keys-and-addresses).
//!
//! Signing is deterministic: RFC 6979 with SHA-256, the 32-byte digest used unchanged, S forced low.
//!
//! # Not here
//! Which hash is signed: `transaction::sighash`, `block`, `stackerdb`. VRF keys: `vrf`.

mod large_digest;

use secp256k1::ecdsa::{RecoverableSignature, RecoveryId, Signature};
use secp256k1::{Keypair, Message};

use crate::ids::{Hash160, id_type};

id_type!(
    /// A recoverable signature, 65 bytes: recovery id (0..3), r (32), s (32). Any bytes can be held; see
    /// [`MessageSignature::recover`].
    MessageSignature, 65
);

/// Why a key or a signature cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// A private key does not have 32 bytes, or 33 with a last byte of 01.
    #[error("a private key of {0} bytes, or with a wrong last byte")]
    PrivateKeyForm(usize),
    /// The private key is zero or not below the group order.
    #[error("private key out of range")]
    PrivateKeyRange,
    /// The bytes are not a point in SEC1 form.
    #[error("public key of {0} bytes is not a point of the curve in SEC1 form")]
    PublicKey(usize),
    /// The text of a key is not hex.
    #[error("key is not hex")]
    Hex,
    /// The recovery id is above 3.
    #[error("recovery id is {0}, above 3")]
    RecoveryId(u8),
    /// r or s is zero or not below the group order.
    #[error("signature scalar out of range")]
    SignatureRange,
    /// S is in the high half, and the rule in force forbids that.
    #[error("signature has a high s")]
    HighS,
    /// No public key can be recovered from the signature.
    #[error("no public key recovers from the signature")]
    NotRecoverable,
}

/// Whether a signature with S in the high half is accepted (docs/CONSENSUS.md#keys-and-addresses).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LowS {
    /// Refused: at mempool admission, and in blocks from epoch 4.0.
    Strict,
    /// Accepted: in block, StackerDB and microblock signatures, and in transactions of blocks before epoch 4.0.
    Lax,
}

/// Which form of a public key is hashed into an account (docs/CONSENSUS.md#keys-and-addresses). The discriminant is the
/// wire byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum KeyEncoding {
    /// SEC1 compressed, 33 bytes.
    Compressed = 0,
    /// SEC1 uncompressed, 65 bytes.
    Uncompressed = 1,
}

/// A point of secp256k1 other than the identity.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct PublicKey(secp256k1::PublicKey);

impl PublicKey {
    /// Reads SEC1 bytes: 33 compressed or 65 uncompressed.
    ///
    /// # Errors
    /// [`KeyError::PublicKey`] for another form or a point that is not on the curve.
    pub fn from_sec1(bytes: &[u8]) -> Result<Self, KeyError> {
        // The form is checked here, as SEC1 parsers differ on "compact" and "hybrid" prefixes.
        let form_is_known = matches!((bytes.first(), bytes.len()), (Some(2 | 3), 33) | (Some(4), 65));
        if !form_is_known {
            return Err(KeyError::PublicKey(bytes.len()));
        }
        secp256k1::PublicKey::from_slice(bytes).map(Self).map_err(|_| KeyError::PublicKey(bytes.len()))
    }

    /// Reads the hex of SEC1 bytes.
    ///
    /// # Errors
    /// [`KeyError`] when the text is not hex or not a key.
    pub fn from_hex(text: &str) -> Result<Self, KeyError> {
        Self::from_sec1(&decode_hex(text, 65)?)
    }

    /// SEC1 compressed form, 33 bytes: the form of every Stacks wire.
    #[must_use]
    pub fn to_compressed(&self) -> [u8; 33] {
        self.0.serialize()
    }

    /// SEC1 uncompressed form, 65 bytes.
    #[must_use]
    pub fn to_uncompressed(&self) -> [u8; 65] {
        self.0.serialize_uncompressed()
    }

    /// SEC1 bytes: 33 or 65 by `encoding`.
    #[must_use]
    pub fn to_bytes(&self, encoding: KeyEncoding) -> Vec<u8> {
        match encoding {
            KeyEncoding::Compressed => self.to_compressed().to_vec(),
            KeyEncoding::Uncompressed => self.to_uncompressed().to_vec(),
        }
    }

    /// hash160 of the compressed form, by which block producers, stackers and StackerDB signers are known.
    #[must_use]
    pub fn hash160(&self) -> Hash160 {
        Hash160::digest(&self.to_compressed())
    }
}

impl std::fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PublicKey({self})")
    }
}

impl std::fmt::Display for PublicKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&hex::encode(self.to_compressed()))
    }
}

/// A secp256k1 private key, with the form in which its public key is hashed.
#[derive(Clone)]
pub struct PrivateKey {
    pair: Keypair,
    encoding: KeyEncoding,
}

impl PrivateKey {
    /// Reads 32 bytes (public key uncompressed), or 33 with a last byte of 01 (compressed).
    ///
    /// # Errors
    /// [`KeyError`] for another form, for zero, and for numbers not below the group order.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, KeyError> {
        let (scalar, encoding) = match bytes.split_first_chunk() {
            Some((scalar, [])) => (scalar, KeyEncoding::Uncompressed),
            Some((scalar, [1])) => (scalar, KeyEncoding::Compressed),
            Some(_) | None => return Err(KeyError::PrivateKeyForm(bytes.len())),
        };
        Self::from_scalar(scalar).map(|key| key.with_encoding(encoding))
    }

    /// Reads the hex of either form of [`Self::from_bytes`].
    ///
    /// # Errors
    /// [`KeyError`] when the text is not hex or not a key.
    pub fn from_hex(text: &str) -> Result<Self, KeyError> {
        Self::from_bytes(&decode_hex(text, 33)?)
    }

    /// Reads a 32-byte scalar whose public key is hashed compressed, as are all of this node's own keys.
    ///
    /// # Errors
    /// [`KeyError::PrivateKeyRange`] for zero and for numbers not below the group order.
    pub fn from_scalar(scalar: &[u8; 32]) -> Result<Self, KeyError> {
        let pair = Keypair::from_secret_bytes(*scalar).map_err(|_| KeyError::PrivateKeyRange)?;
        Ok(Self { pair, encoding: KeyEncoding::Compressed })
    }

    /// The same key, with its public key hashed in another form.
    #[must_use]
    pub fn with_encoding(mut self, encoding: KeyEncoding) -> Self {
        self.encoding = encoding;
        self
    }

    /// The form in which the public key is hashed.
    #[must_use]
    pub const fn encoding(&self) -> KeyEncoding {
        self.encoding
    }

    /// The public key of this key.
    #[must_use]
    pub fn public_key(&self) -> PublicKey {
        PublicKey(self.pair.public_key())
    }

    /// 32 bytes for a key hashed uncompressed, else 33 with a last byte of 01. Secret: for key files only.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = self.pair.to_secret_bytes().to_vec();
        if self.encoding == KeyEncoding::Compressed {
            bytes.push(1);
        }
        bytes
    }

    /// Signs a 32-byte digest. Equal key and digest always give equal bytes.
    #[must_use]
    pub fn sign(&self, digest: &[u8; 32]) -> MessageSignature {
        let secret = self.pair.secret_key();
        let (recovery_id, scalars) = large_digest::sign(&secret, digest).unwrap_or_else(|| {
            let usual = RecoverableSignature::sign_ecdsa_recoverable(Message::from_digest(*digest), &secret);
            let (recovery_id, scalars) = usual.serialize_compact();
            (recovery_id.to_u8(), scalars)
        });
        let mut bytes = [0; 65];
        bytes[0] = recovery_id;
        bytes[1..].copy_from_slice(&scalars);
        MessageSignature(bytes)
    }
}

impl Drop for PrivateKey {
    /// Overwrites the key in memory.
    fn drop(&mut self) {
        self.pair.non_secure_erase();
    }
}

impl std::fmt::Debug for PrivateKey {
    /// Shows the public key only.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PrivateKey(of {})", self.public_key())
    }
}

impl MessageSignature {
    /// The public key that made this signature over `digest`.
    ///
    /// # Errors
    /// [`KeyError`] when the recovery id or a scalar is out of range, no point recovers, or S is high under
    /// [`LowS::Strict`].
    pub fn recover(&self, digest: &[u8; 32], low_s: LowS) -> Result<PublicKey, KeyError> {
        let signature = self.decode()?;
        if self.0[1..].chunks(32).any(|scalar| scalar == [0; 32]) {
            return Err(KeyError::SignatureRange);
        }
        if low_s == LowS::Strict && has_high_s(signature.to_standard()) {
            return Err(KeyError::HighS);
        }
        signature.recover(Message::from_digest(*digest)).map(PublicKey).map_err(|_| KeyError::NotRecoverable)
    }

    /// Whether S is above half of the group order, which [`LowS::Strict`] refuses. False for scalars that are out of range.
    #[must_use]
    pub(crate) fn has_high_s(&self) -> bool {
        Signature::from_compact(&self.0[1..]).is_ok_and(has_high_s)
    }

    /// Whether the recovery id is at most 3 and r and s are below the group order. Zero is in range here: this checks the
    /// encoding, not the signature.
    #[must_use]
    pub(crate) fn is_in_range(&self) -> bool {
        self.decode().is_ok()
    }

    fn decode(&self) -> Result<RecoverableSignature, KeyError> {
        let [recovery_id, scalars @ ..] = &self.0;
        let recovery_id =
            RecoveryId::try_from(i32::from(*recovery_id)).map_err(|_| KeyError::RecoveryId(*recovery_id))?;
        RecoverableSignature::from_compact(scalars, recovery_id).map_err(|_| KeyError::SignatureRange)
    }
}

/// Decodes hex of at most `bytes_max` bytes with an optional `0x`.
fn decode_hex(text: &str, bytes_max: usize) -> Result<Vec<u8>, KeyError> {
    let digits = text.strip_prefix("0x").unwrap_or(text);
    if digits.len() > 2 * bytes_max {
        return Err(KeyError::Hex);
    }
    hex::decode(digits).map_err(|_| KeyError::Hex)
}

fn has_high_s(signature: Signature) -> bool {
    let mut low = signature;
    low.normalize_s();
    low != signature
}
