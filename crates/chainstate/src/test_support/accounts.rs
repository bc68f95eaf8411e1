//! The accounts of tests: users, producers and stackers, each with a number. Their keys follow from kind and number.

use clarity::principal::Principal;
use stacks_types::address::StacksAddress;
use stacks_types::keys::PrivateKey;
use stacks_types::vrf::VrfPrivateKey;

/// The key of the user, producer, stacker or other account with this number.
#[must_use]
pub fn key(kind: &str, number: u8) -> PrivateKey {
    PrivateKey::from_seed(format!("{kind} {number}").as_bytes())
}

/// Address of that key on testnets.
#[must_use]
pub fn address(kind: &str, number: u8) -> StacksAddress {
    StacksAddress::p2pkh(&key(kind, number).public_key(), false)
}

/// A user's account.
#[must_use]
pub fn user(number: u8) -> Principal {
    address("user", number).to_principal()
}

/// The VRF key of a producer.
#[must_use]
pub fn vrf_key(number: u8) -> VrfPrivateKey {
    VrfPrivateKey::from_seed(&vrf_seed(number))
}

/// The seed of that key, as in a producer's configuration.
#[must_use]
pub const fn vrf_seed(number: u8) -> [u8; 32] {
    [number + 1; 32]
}
