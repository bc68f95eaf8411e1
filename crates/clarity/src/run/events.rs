//! A transaction's events, in order. Rolling a level back drops its events.

use std::sync::Arc;

use crate::principal::{ContractId, Principal};

use crate::value::Value;

/// Most bytes of values that a transaction may print.
pub(crate) const MAX_PRINTED_BYTES: u64 = 50 << 20;

/// Most events that are held of a transaction: more than the receipts of a block may have, so that one with so many is in
/// no block. Those above are counted, because a level that is rolled back drops the newest.
pub const MAX_HELD_EVENTS: usize = 150_000;

/// An event of a transaction: a printed value, or something about assets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// `print`: the contract and the value.
    Print(Arc<ContractId>, Value),
    /// An asset was moved, made or destroyed.
    Asset(EventBody),
}

/// An asset was moved, made or destroyed. Only the chain itself emits `StxMint`: no program makes micro-STX.
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
