//! All that crosses a process boundary: the consensus byte formats and the gRPC contract.
//!
//! # Invariants
//! - Decoders are total: any bytes give a value or an error, memory is bounded by the input, nesting by a named limit.
//! - What is encoded here decodes to an equal value.
//! - No I/O, no clock, no randomness outside `client`, which the programs around a node share.

pub mod address;
pub mod block;
pub mod client;
pub mod codec;
pub mod hashing;
pub mod ids;
pub mod keys;
pub mod lane;
pub mod limits;
pub mod proposal;
pub mod stackerdb;
pub mod transaction;
pub mod v1;
pub mod value;
pub mod vrf;
