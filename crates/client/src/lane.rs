//! How a producer or signer says who it is, so that its calls do not wait behind everybody's: a signature of its slot's key in
//! a header of every call ([`HEADER`]).
//!
//! It is always the same, and proves no more than that its sender knew it: it opens a lane, and permits nothing.

use stacks_types::address::StacksAddress;
use stacks_types::hashing::sha512_256;
use stacks_types::ids::Hash160;
use stacks_types::keys::{LowS, MessageSignature, PrivateKey};

/// Name of the header, in lower case: 65 bytes as hex.
pub const HEADER: &str = "x-slot-key";

const TEXT: &[u8] = b"mockamoto: the lane of producers and signers";

/// The header's value.
#[must_use]
pub fn pass(key: &PrivateKey) -> String {
    hex::encode(key.sign(&sha512_256(&[TEXT])).0)
}

/// Whose key made it; `None` when it is not one.
#[must_use]
pub fn who(pass: &[u8]) -> Option<Hash160> {
    let mut signature = [0; 65];
    hex::decode_to_slice(pass, &mut signature).ok()?;
    MessageSignature(signature).recover(&sha512_256(&[TEXT]), LowS::Strict).ok().map(|key| key.hash160())
}

/// The key that an address stands for, as [`who`] names it.
#[must_use]
pub fn key_of(address: &str) -> Option<Hash160> {
    StacksAddress::parse(address).ok().map(|address| address.hash160())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pass_names_the_key_that_made_it() {
        let key = PrivateKey::from_seed(b"producer");
        let address = StacksAddress::p2pkh(&key.public_key(), false);
        assert_eq!(who(pass(&key).as_bytes()), Some(key.public_key().hash160()));
        assert_eq!(who(pass(&key).as_bytes()), key_of(&address.to_string()));
        let other = PrivateKey::from_seed(b"other");
        assert_ne!(who(pass(&other).as_bytes()), key_of(&address.to_string()));
        for junk in [&b""[..], b"00", &[b'f'; 130], &[b'0'; 130], b"\xff"] {
            assert_eq!(who(junk), None);
        }
    }
}
