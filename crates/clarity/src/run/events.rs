//! What a transaction says, in order of success. A level that is rolled back loses its own.

use std::sync::Arc;

use crate::value::{ContractId, Value};

/// Bytes of printed values that a transaction may say.
pub(crate) const MAX_PRINTED_BYTES: u64 = 50 << 20;

/// One event.
#[derive(Debug, Clone)]
pub enum Event {
    /// `print`: the contract and the value.
    Print(Arc<ContractId>, Value),
    /// Something was moved, made or destroyed.
    Asset(EventBody),
}

/// Something was moved, made or destroyed. Principals are values that are principals.
#[derive(Debug, Clone)]
#[allow(missing_docs, reason = "named as the node's events are")]
pub enum EventBody {
    StxTransfer { sender: Value, recipient: Value, amount: u128, memo: Vec<u8> },
    StxBurn { sender: Value, amount: u128 },
    FtTransfer { asset: Arc<str>, sender: Value, recipient: Value, amount: u128 },
    FtMint { asset: Arc<str>, recipient: Value, amount: u128 },
    FtBurn { asset: Arc<str>, sender: Value, amount: u128 },
    NftTransfer { asset: Arc<str>, sender: Value, recipient: Value, value: Value },
    NftMint { asset: Arc<str>, recipient: Value, value: Value },
    NftBurn { asset: Arc<str>, sender: Value, value: Value },
}
