//! The producer's verifiable random function: ECVRF over edwards25519, suite 03 (docs/CONSENSUS.md#vrf).
//!
//! The curve work is `stacks_common`'s, which has the counter peculiarity that consensus depends on; the vectors
//! (`vrf.json`) pin it. The types here are plain bytes, so that they can stand in headers before they are checked.
//!
//! Because of that peculiarity a proof over a message can hold for the message with a zero byte behind it too: messages
//! must be of one length. The chain's are (32 bytes).
//!
//! # Not here
//! What the proof is over (the burn view's sortition hash): `chainstate`.

use stacks_common::util::vrf::{VRF, VRFPrivateKey, VRFProof, VRFPublicKey};

use crate::hashing::sha512_256;
use crate::ids::{VrfSeed, id_type};

id_type!(
    /// Bytes in the place of a VRF proof, 80: Gamma (32), c (16, little endian), s (32, little endian). All zeros means "not
    /// made yet". [`VrfProof::verify`] says whether they are a proof.
    VrfProof, 80
);
id_type!(
    /// Bytes in the place of a VRF public key, 32: a compressed edwards25519 point.
    VrfPublicKey, 32
);

/// Why a VRF proof does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum VrfError {
    /// The public key is not a point.
    #[error("vrf public key is not a point")]
    PublicKey,
    /// The proof does not decode: Gamma is no point or of small order, or s is not below the group order.
    #[error("vrf proof does not decode")]
    Encoding,
    /// The proof is not by this key over this message.
    #[error("vrf proof is not by this key over this message")]
    Wrong,
}

impl VrfProof {
    /// Checks that this is the proof of `key` over `message`.
    ///
    /// # Errors
    /// [`VrfError`] saying what is wrong.
    pub fn verify(&self, key: &VrfPublicKey, message: &[u8]) -> Result<(), VrfError> {
        let key = VRFPublicKey::from_bytes(&key.0).ok_or(VrfError::PublicKey)?;
        let proof = VRFProof::from_slice(&self.0).ok_or(VrfError::Encoding)?;
        match VRF::verify(&key, &proof, message) {
            Ok(true) => Ok(()),
            Ok(false) | Err(_) => Err(VrfError::Wrong),
        }
    }

    /// The same proof in its canonical encoding; `None` if the bytes do not decode (docs/CONSENSUS.md#vrf).
    #[must_use]
    pub fn canonical(&self) -> Option<Self> {
        VRFProof::from_slice(&self.0).map(|proof| Self(proof.to_bytes()))
    }

    /// H(proof): the only digest of a proof that the chain uses.
    #[must_use]
    pub fn seed(&self) -> VrfSeed {
        VrfSeed(sha512_256(&[&self.0]))
    }
}

impl VrfPublicKey {
    /// Whether the bytes are a point of the curve.
    #[must_use]
    pub fn is_valid(&self) -> bool {
        VRFPublicKey::from_bytes(&self.0).is_some()
    }
}

/// A VRF private key, made from a 32-byte Ed25519 seed.
#[derive(Clone)]
pub struct VrfPrivateKey(VRFPrivateKey);

impl VrfPrivateKey {
    /// Makes the key; every seed is one.
    #[must_use]
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        Self(VRFPrivateKey::from_bytes(seed).expect("every 32 bytes are an Ed25519 seed"))
    }

    /// The public key.
    #[must_use]
    pub fn public_key(&self) -> VrfPublicKey {
        VrfPublicKey(VRFPublicKey::from_private(&self.0).to_bytes())
    }

    /// The proof over `message`. Deterministic.
    #[must_use]
    pub fn prove(&self, message: &[u8]) -> VrfProof {
        VrfProof(VRF::prove(&self.0, message).to_bytes())
    }
}

impl std::fmt::Debug for VrfPrivateKey {
    /// Shows the public key only.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "VrfPrivateKey(of {})", self.public_key())
    }
}
