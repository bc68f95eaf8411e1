//! Results of transactions: receipts and events, as observers and clients get them (docs/COMPATIBILITY.md#new-block).
//!
//! # Not here
//! Transactions that may not be in a block have no receipt: `errors`.

use clarity::Rules;
use clarity::analysis::Interface;
use clarity::costs::Cost;
use clarity::run::{Event, EventBody, MAX_HELD_EVENTS};
use clarity::value::Value;
use stacks_types::ids::Txid;

/// Most memory of one block's receipts (docs/CONSENSUS.md#limits-of-the-formats): printing is cheap, keeping the
/// printed values is not.
pub(crate) const MAX_RECEIPTS_BYTES: u64 = 50 << 20;

/// How a transaction in a block ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ReceiptStatus {
    /// All its changes stay.
    Success,
    /// An err response, a runtime failure or a failed deployment: only fee and nonce stay.
    AbortByResponse,
    /// A post-condition failed: only fee and nonce stay.
    AbortByPostCondition,
}

/// The result of a transaction in a block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransactionReceipt {
    /// The transaction.
    pub txid: Txid,
    /// Its place in the block, from 0.
    pub tx_index: u32,
    /// How it ended.
    pub status: ReceiptStatus,
    /// Consensus bytes of its result; `(err none)` if execution returned none.
    pub raw_result: Vec<u8>,
    /// Its events, in order; empty unless the status is [`ReceiptStatus::Success`].
    pub events: Vec<Event>,
    /// Its cost, analysis included.
    pub cost: Cost,
    /// The interface of the contract that it deployed or failed to deploy, as JSON text
    /// (docs/COMPATIBILITY.md#contract-interface).
    pub contract_interface: Option<String>,
    /// The engine's error.
    pub vm_error: Option<String>,
    /// Micro-STX that it burned, also if a post-condition undid the burn.
    pub stx_burned: u128,
    /// Micro-STX of fee that its payer paid.
    pub fee: u64,
}

impl TransactionReceipt {
    /// About how many bytes of memory it takes, as the limit on a block's receipts counts them.
    #[must_use]
    pub(crate) fn approximate_bytes(&self) -> u64 {
        let texts = self.raw_result.len()
            + self.contract_interface.as_ref().map_or(0, String::len)
            + self.vm_error.as_ref().map_or(0, String::len);
        let events: u64 = self.events.iter().map(event_bytes).sum();
        texts as u64 + events + RECEIPT_BYTES
    }
}

/// A contract's interface as JSON text (docs/COMPATIBILITY.md#contract-interface), or `None` if that is longer than what
/// a block's receipts may have.
pub(crate) fn interface_json(interface: &Interface, rules: &Rules) -> Option<String> {
    interface.json(rules, usize::try_from(MAX_RECEIPTS_BYTES).unwrap_or(usize::MAX))
}

/// About the size of a receipt without its parts of variable length.
const RECEIPT_BYTES: u64 = 256;
/// About the size of an event without its value: names and amounts.
const EVENT_BYTES: u64 = 512;

// A transaction of which the engine drops events is too large for a block.
const _: () = assert!(MAX_HELD_EVENTS as u64 * EVENT_BYTES > MAX_RECEIPTS_BYTES);

fn event_bytes(event: &Event) -> u64 {
    let value = match event {
        Event::Print(_, value) => Some(value),
        Event::Asset(
            EventBody::NftTransfer { value, .. } | EventBody::NftMint { value, .. } | EventBody::NftBurn { value, .. },
        ) => Some(value),
        Event::Asset(_) => None,
    };
    EVENT_BYTES + value.map_or(0, Value::serialized_size)
}
