//! The limits of an instance, and the two mocked instances.

use stacks_types::limits::{BOOT_ADDRESS_MAINNET, BOOT_ADDRESS_TESTNET, MAX_BLOCK_BYTES, MAX_CHUNK_BYTES};

/// Most slots of one instance, and of one signer in it (docs/COMPATIBILITY.md#stackerdb-contracts).
pub const MAX_SLOTS: usize = 4096;
/// Most slots of all instances together from which on no contract gets more: any of them may get other owners in every
/// block, and each is a row (docs/COMPATIBILITY.md#stackerdb-contracts).
pub(crate) const MAX_SLOTS_IN_ALL: usize = 16_384;
/// Most instances that a node keeps (docs/COMPATIBILITY.md#stackerdb-contracts).
pub(crate) const MAX_INSTANCES: usize = 256;
/// Room for the other parts of a proposal: version, kind, length, and additions of later versions.
const PROPOSAL_ENVELOPE_BYTES: usize = 64 * 1024;
/// A slot of `.producers` holds a proposal of the largest block.
pub(crate) const PRODUCERS_CHUNK_BYTES: u32 = at_most_u32(MAX_BLOCK_BYTES + PROPOSAL_ENVELOPE_BYTES);
/// A slot of `.signers` holds a signature or a reason; 2 MiB as in the reference
/// (docs/COMPATIBILITY.md#the-mocked-instances), for tools that rely on it.
pub(crate) const SIGNERS_CHUNK_BYTES: u32 = at_most_u32(2 * 1024 * 1024);

/// Limits of an instance (docs/COMPATIBILITY.md#stackerdb-contracts).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InstanceConfig {
    /// Longest chunk in bytes, at most 16 MiB.
    pub chunk_size_bytes: u32,
    /// Seconds between writes; kept for readers, not enforced (docs/COMPATIBILITY.md#stackerdb-contracts).
    pub write_freq: u32,
    /// Highest slot version.
    pub max_writes: u32,
}

/// Limits of the mocked instance in which producers propose blocks.
pub(crate) const PRODUCERS_CONFIG: InstanceConfig =
    InstanceConfig { chunk_size_bytes: PRODUCERS_CHUNK_BYTES, write_freq: 0, max_writes: u32::MAX };

/// Limits of the mocked instance in which stackers answer.
pub(crate) const SIGNERS_CONFIG: InstanceConfig =
    InstanceConfig { chunk_size_bytes: SIGNERS_CHUNK_BYTES, write_freq: 0, max_writes: u32::MAX };

/// Contract id of the instance in which producers propose blocks: `<boot address>.producers`.
#[must_use]
pub fn producers_contract(mainnet: bool) -> String {
    boot_contract(mainnet, "producers")
}

/// Contract id of the instance in which stackers answer: `<boot address>.signers`.
#[must_use]
pub fn signers_contract(mainnet: bool) -> String {
    boot_contract(mainnet, "signers")
}

fn boot_contract(mainnet: bool, name: &str) -> String {
    let boot = if mainnet { BOOT_ADDRESS_MAINNET } else { BOOT_ADDRESS_TESTNET };
    format!("{boot}.{name}")
}

#[expect(clippy::cast_possible_truncation, reason = "checked in the line before, at compile time")]
const fn at_most_u32(bytes: usize) -> u32 {
    assert!(bytes <= MAX_CHUNK_BYTES, "a chunk must fit the wire");
    bytes as u32
}
