//! The limits of the wire formats, and other numbers of the protocol.

use crate::address::StacksAddress;
use crate::ids::Hash160;

/// Largest encoded block, in bytes (docs/CONSENSUS.md#blocks).
pub const MAX_BLOCK_BYTES: usize = 2 * 1024 * 1024;
/// Most bytes that are read for one transaction (docs/CONSENSUS.md#limits-of-the-formats).
pub(crate) const MAX_TRANSACTION_BYTES: usize = 2 * 1024 * 1024;
/// Largest data of a StackerDB chunk on the wire, in bytes; an instance's own limit is lower
/// (docs/CONSENSUS.md#stackerdb-chunks).
pub const MAX_CHUNK_BYTES: usize = 16 * 1024 * 1024;
/// Longest reason text of a rejection in a StackerDB slot, in bytes. Enough for a sentence; a slot is not a log.
pub const MAX_REASON_BYTES: usize = 1024;

/// Chain id of transactions on mainnet.
pub const CHAIN_ID_MAINNET: u32 = 0x0000_0001;
/// Chain id of transactions on testnet, and on this chain by default (docs/CONSENSUS.md#transactions-of-this-chain).
pub const CHAIN_ID_TESTNET: u32 = 0x8000_0000;

/// Issuer of the boot contracts on testnet: `ST000000000000000000002AMW42H`.
pub const BOOT_ADDRESS_TESTNET: StacksAddress = StacksAddress::of_key_hash(Hash160([0; 20]), false);
/// Issuer of the boot contracts on mainnet: `SP000000000000000000002Q6VF78`.
pub const BOOT_ADDRESS_MAINNET: StacksAddress = StacksAddress::of_key_hash(Hash160([0; 20]), true);

/// Most bytes of a list in the memory of the reference's build: count times size of an item
/// (docs/CONSENSUS.md#limits-of-the-formats). An accident of its memory layout, but the validity of a block could
/// depend on it.
const REFERENCE_LIST_MEMORY_BYTES: usize = 16_778_054;
/// Most arguments of a contract call: items of 64 bytes in the reference.
pub(crate) const MAX_CALL_ARGUMENTS: usize = REFERENCE_LIST_MEMORY_BYTES / 64;
/// Most post-conditions of a transaction: items of 192 bytes in the reference.
pub(crate) const MAX_POST_CONDITIONS: usize = REFERENCE_LIST_MEMORY_BYTES / 192;
/// Most fields of a multi-sig condition: items of 66 bytes in the reference. (The limit of a transaction's size is
/// lower.)
pub(crate) const MAX_AUTH_FIELDS: usize = REFERENCE_LIST_MEMORY_BYTES / 66;

/// Most bytes that are read for one Clarity value (docs/CONSENSUS.md#clarity-values).
pub const MAX_VALUE_BYTES: usize = 2 * 1024 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn measured_limits_of_the_reference() {
        assert_eq!(MAX_CALL_ARGUMENTS, 262_157);
        assert_eq!(MAX_POST_CONDITIONS, 87_385);
    }

    #[test]
    fn boot_addresses_have_their_known_text() {
        assert_eq!(BOOT_ADDRESS_TESTNET.to_string(), "ST000000000000000000002AMW42H");
        assert_eq!(BOOT_ADDRESS_MAINNET.to_string(), "SP000000000000000000002Q6VF78");
    }
}
