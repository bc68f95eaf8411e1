//! Signatures over digests at or above the group order, which are one in 2^128 (docs/CONSENSUS.md#keys-and-addresses).
//!
//! RFC 6979 reduces such a digest by the order before it makes the nonce, and so does libsecp256k1 today. The network's signers
//! use the digest unchanged, and equal digests must give equal signatures everywhere.

use secp256k1::constants::CURVE_ORDER;
use secp256k1::ecdsa::Signature;
use secp256k1::{Scalar, SecretKey};

use crate::hashing::sha256;

/// The network's signature: recovery id, and r with s. `None` for a digest below the order, and if nonce, r or s is
/// zero or not below the order.
pub(super) fn sign(secret: &SecretKey, digest: &[u8; 32]) -> Option<(u8, [u8; 64])> {
    let reduced = minus_order(digest)?;
    let nonce = SecretKey::from_secret_bytes(nonce(secret, digest)).ok()?;
    let point = nonce.public_key().serialize_uncompressed();
    let r = SecretKey::from_secret_bytes(point.get(1..33)?.try_into().ok()?).ok()?;
    let sum = secret.mul_tweak(&r.into()).ok()?.add_tweak(&Scalar::from_be_bytes(reduced).ok()?).ok()?;
    let s = sum.mul_tweak(&inverse(nonce)?).ok()?;

    let mut scalars = [0; 64];
    scalars[..32].copy_from_slice(&r.to_secret_bytes());
    scalars[32..].copy_from_slice(&s.to_secret_bytes());
    let signature = Signature::from_compact(&scalars).ok()?;
    let mut low = signature;
    low.normalize_s();
    // Negating s mirrors the nonce's point, so the parity bit flips with it.
    let recovery_id = (point.last()? & 1) ^ u8::from(low != signature);
    Some((recovery_id, low.serialize_compact()))
}

/// The digest minus the order; `None` if it is below the order.
fn minus_order(digest: &[u8; 32]) -> Option<[u8; 32]> {
    let (mut difference, mut borrow) = ([0; 32], false);
    for place in (0..32).rev() {
        let (less, first) = digest[place].overflowing_sub(CURVE_ORDER[place]);
        let (less, second) = less.overflowing_sub(u8::from(borrow));
        (difference[place], borrow) = (less, first || second);
    }
    (!borrow).then_some(difference)
}

/// 1 / `number`: the number to the power of the order minus 2 (Fermat).
fn inverse(number: SecretKey) -> Option<Scalar> {
    let (mut exponent, mut power) = (CURVE_ORDER, SecretKey::from_secret_bytes(one()).ok()?);
    exponent[31] -= 2;
    for bit in 0..256 {
        power = power.mul_tweak(&power.into()).ok()?;
        if exponent[bit / 8] >> (7 - bit % 8) & 1 == 1 {
            power = power.mul_tweak(&number.into()).ok()?;
        }
    }
    Some(power.into())
}

const fn one() -> [u8; 32] {
    let mut one = [0; 32];
    one[31] = 1;
    one
}

/// The first nonce of RFC 6979, section 3.2, for the unreduced digest.
fn nonce(secret: &SecretKey, digest: &[u8; 32]) -> [u8; 32] {
    let (mut key, mut value) = ([0; 32], [1; 32]);
    for tag in [0, 1] {
        key = hmac_sha256(&key, &[&value, &[tag], secret.as_secret_bytes(), digest]);
        value = hmac_sha256(&key, &[&value]);
    }
    hmac_sha256(&key, &[&value])
}

/// HMAC-SHA256 (RFC 2104) with a 32-byte key.
fn hmac_sha256(key: &[u8; 32], parts: &[&[u8]]) -> [u8; 32] {
    let pad = |fill: u8| {
        let mut pad = [fill; 64];
        pad.iter_mut().zip(key).for_each(|(pad, byte)| *pad ^= byte);
        pad
    };
    let (inner, outer) = (pad(0x36), pad(0x5c));
    let message: Vec<&[u8]> = std::iter::once(&inner[..]).chain(parts.iter().copied()).collect();
    sha256(&[&outer, &sha256(&message)])
}
