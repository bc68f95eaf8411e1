//! Who acts in tests: users, producers and stackers, each with a number. Their keys follow from both.

use clarity::principal::Principal;
use stacks_types::address::StacksAddress;
use stacks_types::keys::PrivateKey;
use stacks_types::vrf::VrfPrivateKey;

/// The key of the user, producer, stacker, or whoever it is, of this number.
#[must_use]
pub fn key(kind: &str, number: u8) -> PrivateKey {
    PrivateKey::from_seed(format!("{kind} {number}").as_bytes())
}

/// Address of its key, on testnets.
#[must_use]
pub fn address(kind: &str, number: u8) -> StacksAddress {
    StacksAddress::p2pkh(&key(kind, number).public_key(), false)
}

/// A user's account.
#[must_use]
pub fn user(number: u8) -> Principal {
    address("user", number).to_principal()
}

/// The key with which a producer proves its part in a sortition.
#[must_use]
pub fn vrf_key(number: u8) -> VrfPrivateKey {
    VrfPrivateKey::from_seed(&vrf_seed(number))
}

/// From which that key is made, as a producer's configuration has it.
#[must_use]
pub const fn vrf_seed(number: u8) -> [u8; 32] {
    [number + 1; 32]
}
