//! What a transaction says, in order of success. A level that is rolled back loses its own.

use std::sync::Arc;

use crate::principal::{ContractId, Principal};

use crate::value::Value;

/// Bytes of printed values that a transaction may say.
pub(crate) const MAX_PRINTED_BYTES: u64 = 50 << 20;

/// What a transaction says: printed by a program, or of assets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// `print`: the contract and the value.
    Print(Arc<ContractId>, Value),
    /// Something was moved, made or destroyed.
    Asset(EventBody),
}

/// Something was moved, made or destroyed. `StxMint` is the chain's own: no program makes micro-STX.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs, reason = "named as the node's events are")]
pub enum EventBody {
    StxTransfer { sender: Arc<Principal>, recipient: Arc<Principal>, amount: u128, memo: Vec<u8> },
    StxMint { recipient: Arc<Principal>, amount: u128 },
    StxBurn { sender: Arc<Principal>, amount: u128 },
    FtTransfer { asset: Arc<str>, sender: Arc<Principal>, recipient: Arc<Principal>, amount: u128 },
    FtMint { asset: Arc<str>, recipient: Arc<Principal>, amount: u128 },
    FtBurn { asset: Arc<str>, sender: Arc<Principal>, amount: u128 },
    NftTransfer { asset: Arc<str>, sender: Arc<Principal>, recipient: Arc<Principal>, value: Value },
    NftMint { asset: Arc<str>, recipient: Arc<Principal>, value: Value },
    NftBurn { asset: Arc<str>, sender: Arc<Principal>, value: Value },
}
