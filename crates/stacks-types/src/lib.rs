//! The consensus bytes of Stacks: ids, keys, addresses, values, transactions, blocks, VRF proofs, StackerDB chunks.
//!
//! # Invariants
//! - Decoders are total: any bytes give a value or an error, memory is bounded by the input, nesting by a named limit.
//! - What is encoded here decodes to an equal value.
//! - No I/O, no clock, no randomness.

pub mod address;
pub mod block;
pub mod codec;
pub mod hashing;
pub mod ids;
pub mod keys;
pub mod limits;
pub mod merkle;
pub mod proposal;
pub mod stackerdb;
#[cfg(any(test, feature = "test-support"))]
pub mod test_support;
pub mod transaction;
pub mod value;
pub mod vrf;
mod wire_enum;
