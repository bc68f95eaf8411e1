//! How a producer or signer identifies itself, so that its calls do not wait behind public ones: each call has a header
//! ([`HEADER`]) with a signature by the key of its slot.
//!
//! A key's signature is always the same, so it proves only that the sender knows it: it selects a queue and permits
//! nothing.

use stacks_types::hashing::sha512_256;
use stacks_types::ids::Hash160;
use stacks_types::keys::{LowS, MessageSignature, PrivateKey};

/// Name of the header, in lower case. Its value is a signature of 65 bytes in hex.
pub const HEADER: &str = "x-slot-key";

const TEXT: &[u8] = b"mockamoto: the lane of producers and signers";

const REQUEST_TEXT: &[u8] = b"mockamoto: the requests of this slot";

/// The header's value for calls by the owner of `key`.
#[must_use]
pub fn header_value(key: &PrivateKey) -> String {
    hex::encode(key.sign(&sha512_256(&[TEXT])).0)
}

/// The name that the owner of `key` gives its requests for jobs (`request_key`): the same each time, so that one that is
/// sent again counts once, and known to nobody else.
#[must_use]
pub fn request_key(key: &PrivateKey) -> String {
    let secret = key.sign(&sha512_256(&[REQUEST_TEXT]));
    hex::encode(sha512_256(&[&secret.0]))
}

/// Account hash of the key that made a header's value; `None` when it is not a signature.
#[must_use]
pub fn signer_of(value: &[u8]) -> Option<Hash160> {
    let mut signature = [0; 65];
    hex::decode_to_slice(value, &mut signature).ok()?;
    MessageSignature(signature).recover(&sha512_256(&[TEXT]), LowS::Strict).ok().map(|key| key.hash160())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_of_a_key_have_one_name_that_the_header_does_not_tell() {
        let [key, other] = [b"producer", b"signer-1"].map(|seed| PrivateKey::from_seed(seed));
        assert_eq!(request_key(&key), request_key(&key));
        assert_ne!(request_key(&key), request_key(&other));
        assert_eq!(request_key(&key).len(), 64, "the node takes no longer ones");
        let header = hex::decode(header_value(&key)).unwrap();
        assert_ne!(request_key(&key), hex::encode(sha512_256(&[&header])));
    }

    #[test]
    fn the_header_names_the_key_that_signed_it() {
        let key = PrivateKey::from_seed(b"producer");
        assert_eq!(signer_of(header_value(&key).as_bytes()), Some(key.public_key().hash160()));
        let other = PrivateKey::from_seed(b"other");
        assert_ne!(signer_of(header_value(&other).as_bytes()), Some(key.public_key().hash160()));
        for junk in [&b""[..], b"00", &[b'f'; 130], &[b'0'; 130], b"\xff"] {
            assert_eq!(signer_of(junk), None);
        }
    }
}
