//! The producer's verifiable random function: ECVRF over edwards25519, SHA-512, try and increment, suite 03.
//!
//! The algorithm: docs/CONSENSUS.md#vrf; step by step, with examples: docs/ACTORS.md#the-vrf-proof. Consensus depends
//! on one peculiarity: in the hash to the curve, a counter of 1 adds no byte. Because of this, a proof over a message
//! can also hold for the message with a zero byte appended, so all messages must have the same length. The chain's have
//! 32 bytes.
//!
//! The types here are plain bytes, so that headers can hold them before they are checked.
//!
//! # Not here
//! What the proof is over (the burn view's sortition hash): `chainstate`.

use curve25519_dalek::edwards::CompressedEdwardsY;
use curve25519_dalek::scalar::clamp_integer;
use curve25519_dalek::traits::VartimeMultiscalarMul;
use curve25519_dalek::{EdwardsPoint, Scalar};
use sha2::{Digest, Sha512};
use zeroize::Zeroizing;

use crate::hashing::sha512_256;
use crate::ids::{VrfSeed, id_type};

/// The suite, the first byte of everything that is hashed.
const SUITE: u8 = 0x03;

/// Second byte of the input of the hash to a point.
const HASH_TO_CURVE: u8 = 0x01;

/// Second byte of the input of the hash to a challenge.
const HASH_POINTS: u8 = 0x02;

id_type!(
    /// 80 bytes that should be a VRF proof: Gamma (32), c (16, little endian), s (32, little endian). All zeros means
    /// "not made yet". [`VrfProof::verify`] says whether they are a proof.
    VrfProof, 80
);
id_type!(
    /// 32 bytes that should be a VRF public key: a compressed edwards25519 point.
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
    /// [`VrfError`] says what is wrong.
    pub fn verify(&self, key: &VrfPublicKey, message: &[u8]) -> Result<(), VrfError> {
        let public = key.point().ok_or(VrfError::PublicKey)?;
        let proof = DecodedProof::decode(self).ok_or(VrfError::Encoding)?;
        let hashed = hash_to_curve(key, message);
        // These equal kB and kH of the prover, if the proof is by this key. The points are negated, not c: the results
        // differ for a key with a part of small order, and other implementations negate the points.
        let c = number(proof.challenge);
        let of_base = EdwardsPoint::vartime_double_scalar_mul_basepoint(&c, &-public, &proof.response);
        let of_hashed = EdwardsPoint::vartime_multiscalar_mul([proof.response, c], [hashed, -proof.gamma]);
        let challenge = challenge([hashed, proof.gamma, of_base, of_hashed]);
        if challenge == proof.challenge { Ok(()) } else { Err(VrfError::Wrong) }
    }

    /// The same proof in its canonical encoding; `None` if the bytes do not decode (docs/CONSENSUS.md#vrf).
    #[must_use]
    pub fn canonical(&self) -> Option<Self> {
        DecodedProof::decode(self).map(|parts| parts.encode())
    }

    /// H(proof), the only digest of a proof that the chain uses.
    #[must_use]
    pub fn seed(&self) -> VrfSeed {
        VrfSeed(sha512_256(&[&self.0]))
    }
}

impl VrfPublicKey {
    /// Whether the bytes are a point of the curve.
    #[must_use]
    pub fn is_valid(&self) -> bool {
        self.point().is_some()
    }

    fn point(&self) -> Option<EdwardsPoint> {
        CompressedEdwardsY(self.0).decompress()
    }
}

/// A VRF private key, made from a 32-byte Ed25519 seed.
#[derive(Clone)]
pub struct VrfPrivateKey {
    scalar: Zeroizing<Scalar>,
    nonce_key: Zeroizing<[u8; 32]>,
    public: VrfPublicKey,
}

impl VrfPrivateKey {
    /// Makes the key of a seed; every seed makes one.
    #[must_use]
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        let hash = Zeroizing::new(<[u8; 64]>::from(Sha512::digest(seed)));
        let [scalar, nonce_key] = halves(&hash).map(Zeroizing::new);
        let scalar = Zeroizing::new(Scalar::from_bytes_mod_order(clamp_integer(*scalar)));
        let public = VrfPublicKey(EdwardsPoint::mul_base(&scalar).compress().to_bytes());
        Self { scalar, nonce_key, public }
    }

    /// The public key of this key.
    #[must_use]
    pub const fn public_key(&self) -> VrfPublicKey {
        self.public
    }

    /// The proof over `message`; the same message always gives the same proof.
    #[must_use]
    pub fn prove(&self, message: &[u8]) -> VrfProof {
        let hashed = hash_to_curve(&self.public, message);
        let gamma = hashed * *self.scalar;
        let nonce = Sha512::new().chain_update(*self.nonce_key).chain_update(hashed.compress().as_bytes()).finalize();
        let nonce = Zeroizing::new(Scalar::from_bytes_mod_order_wide(&nonce.into()));
        let challenge = challenge([hashed, gamma, EdwardsPoint::mul_base(&nonce), hashed * *nonce]);
        let response = *nonce + number(challenge) * *self.scalar;
        DecodedProof { gamma, challenge, response }.encode()
    }
}

impl std::fmt::Debug for VrfPrivateKey {
    /// Shows the public key only.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "VrfPrivateKey(of {})", self.public_key())
    }
}

/// The parts of a proof, each within its range.
struct DecodedProof {
    gamma: EdwardsPoint,
    challenge: [u8; 16],
    response: Scalar,
}

impl DecodedProof {
    fn decode(proof: &VrfProof) -> Option<Self> {
        let (gamma, rest) = proof.0.split_first_chunk()?;
        let (challenge, response) = rest.split_first_chunk()?;
        let gamma = CompressedEdwardsY(*gamma).decompress().filter(|gamma| !gamma.is_small_order())?;
        let response = Option::from(Scalar::from_canonical_bytes(response.try_into().ok()?))?;
        Some(Self { gamma, challenge: *challenge, response })
    }

    fn encode(&self) -> VrfProof {
        let mut bytes = [0; 80];
        bytes[..32].copy_from_slice(self.gamma.compress().as_bytes());
        bytes[32..48].copy_from_slice(&self.challenge);
        bytes[48..].copy_from_slice(self.response.as_bytes());
        VrfProof(bytes)
    }
}

/// The point of a message: the first hash with a counter of 0, 1, 2, ... that is a point, times the cofactor.
fn hash_to_curve(key: &VrfPublicKey, message: &[u8]) -> EdwardsPoint {
    let base = Sha512::new().chain_update([SUITE, HASH_TO_CURVE]).chain_update(key.0).chain_update(message);
    let tried = (0_u64..).find_map(|counter| {
        let hash = base.clone().chain_update(counter_bytes(counter)).finalize();
        let [bytes, _] = halves(&hash.into());
        CompressedEdwardsY(bytes).decompress()
    });
    tried.expect("every second hash is a point").mul_by_cofactor()
}

/// A counter as it is hashed: 0 is one zero byte, 1 is nothing, 2 to 256 are one byte (256: a zero), then two, and so on.
/// Byte i, from the lowest, is present if the counter is above 2 to the power of 8i.
fn counter_bytes(counter: u64) -> Vec<u8> {
    if counter == 0 {
        return vec![0];
    }
    let bytes = counter.to_le_bytes();
    (0..).step_by(8).zip(bytes).take_while(|(shift, _)| counter > 1 << *shift).map(|(_, byte)| byte).collect()
}

/// The challenge that binds four points: 16 bytes, a little-endian number.
fn challenge(points: [EdwardsPoint; 4]) -> [u8; 16] {
    let mut hash = Sha512::new().chain_update([SUITE, HASH_POINTS]);
    for point in points {
        hash.update(point.compress().as_bytes());
    }
    let hash = <[u8; 64]>::from(hash.finalize());
    std::array::from_fn(|at| hash[at])
}

/// A challenge as a scalar.
fn number(challenge: [u8; 16]) -> Scalar {
    Scalar::from(u128::from_le_bytes(challenge))
}

fn halves(bytes: &[u8; 64]) -> [[u8; 32]; 2] {
    [0, 32].map(|from| std::array::from_fn(|at| bytes[from + at]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_counter_of_one_adds_no_byte_and_larger_ones_grow() {
        let cases: [(u64, &[u8]); 8] = [
            (0, &[0]),
            (1, &[]),
            (2, &[2]),
            (255, &[255]),
            (256, &[0]),
            (257, &[1, 1]),
            (65_536, &[0, 0]),
            (65_537, &[1, 0, 1]),
        ];
        for (counter, bytes) in cases {
            assert_eq!(counter_bytes(counter), bytes, "{counter}");
        }
        assert_eq!(counter_bytes(u64::MAX), [255; 8]);
    }

    #[test]
    fn a_key_with_a_part_of_small_order_is_counted_as_others_do() {
        let bytes = |text: &str| hex::decode(text).unwrap();
        let key = bytes("5c8a8b517b80fe839c8e4704c14585d3fb1b636233493d0775aba5a7df90f301");
        let proof = bytes(concat!(
            "109676febdef46da438baacbf96a86617189cbb342ccc391576d4d4ec1403764",
            "604759f0db7a41b527d4b6fc5e7c5996da58db65651bb38fa6e90b1a657b246f7be3207328f5f8b367c8a75dc6309304"
        ));
        let message = bytes("28cbc06ff1197f6381bb11e5714c39fa63034ddb35f6a3fd7b4d9160cbbb6508");
        let (key, proof) = (VrfPublicKey::try_from(&key[..]).unwrap(), VrfProof::try_from(&proof[..]).unwrap());
        assert_eq!(proof.verify(&key, &message), Ok(()));
    }

    #[test]
    fn a_key_is_not_shown() {
        let key = VrfPrivateKey::from_seed(&[7; 32]);
        assert_eq!(format!("{key:?}"), format!("VrfPrivateKey(of {})", key.public_key()));
    }
}
