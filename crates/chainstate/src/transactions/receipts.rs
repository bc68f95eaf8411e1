//! What a transaction did: receipts and events, as observers and clients are told (docs/COMPATIBILITY.md#new-block).
//!
//! # Not here
//! Transactions that may not be in a block have no receipt: `errors`.

use ::clarity::vm::Value;
use ::clarity::vm::costs::ExecutionCost;
use ::clarity::vm::events::{FTEventType, NFTEventType, STXEventType, StacksTransactionEvent};
use serde_json::{Value as Json, json};
use stacks_types::ids::Txid;
use stacks_types::value::decode_value;

/// How a transaction in a block ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ReceiptStatus {
    /// All it did stays.
    Success,
    /// An err response, a runtime failure or a failed deployment: only fee and nonce stay.
    AbortByResponse,
    /// A post-condition failed: only fee and nonce stay.
    AbortByPostCondition,
}

impl ReceiptStatus {
    /// The name in events and JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::AbortByResponse => "abort_by_response",
            Self::AbortByPostCondition => "abort_by_post_condition",
        }
    }
}

/// What a transaction in a block did.
#[derive(Debug, Clone, PartialEq)]
pub struct TransactionReceipt {
    /// The transaction.
    pub txid: Txid,
    /// Its place in the block, from 0.
    pub tx_index: u32,
    /// How it ended.
    pub status: ReceiptStatus,
    /// Consensus bytes of its result; `(err none)` where execution yielded none.
    pub raw_result: Vec<u8>,
    /// What happened, in order; empty unless the status is [`ReceiptStatus::Success`].
    pub events: Vec<StacksTransactionEvent>,
    /// What it cost, analysis included.
    pub cost: ExecutionCost,
    /// The interface of the contract that it deployed or failed to deploy, as JSON text
    /// (docs/COMPATIBILITY.md#contract-interface).
    pub contract_interface: Option<String>,
    /// What went wrong, in the VM's words.
    pub vm_error: Option<String>,
    /// Micro-STX that it burned; would have burned, if a post-condition undid it.
    pub stx_burned: u128,
    /// Micro-STX that its payer paid.
    pub fee: u64,
}

impl TransactionReceipt {
    /// The result as a Clarity value; none if the bytes do not decode, which would be a bug.
    #[must_use]
    pub fn result(&self) -> Option<Value> {
        decode_value(&self.raw_result).ok()
    }
}

impl TransactionReceipt {
    /// About how much memory it takes, in bytes: what the limit on a block's receipts counts.
    #[must_use]
    pub fn approximate_bytes(&self) -> u64 {
        let texts = self.raw_result.len()
            + self.contract_interface.as_ref().map_or(0, String::len)
            + self.vm_error.as_ref().map_or(0, String::len);
        let events: u64 = self.events.iter().map(event_bytes).sum();
        texts as u64 + events + RECEIPT_BYTES
    }
}

/// What a receipt takes besides its parts of any length, about.
const RECEIPT_BYTES: u64 = 256;
/// What an event takes besides its value, about: names and amounts.
const EVENT_BYTES: u64 = 512;

fn event_bytes(event: &StacksTransactionEvent) -> u64 {
    let value = match event {
        StacksTransactionEvent::SmartContractEvent(data) => Some(&data.value),
        StacksTransactionEvent::NFTEvent(NFTEventType::NFTTransferEvent(data)) => Some(&data.value),
        StacksTransactionEvent::NFTEvent(NFTEventType::NFTMintEvent(data)) => Some(&data.value),
        StacksTransactionEvent::NFTEvent(NFTEventType::NFTBurnEvent(data)) => Some(&data.value),
        StacksTransactionEvent::STXEvent(_) | StacksTransactionEvent::FTEvent(_) => None,
    };
    EVENT_BYTES + value.and_then(|value| value.size().ok()).map_or(0, u64::from)
}

/// A value in an event that cannot be encoded: a bug of the VM.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a value without consensus form: {0}")]
pub struct NoConsensusForm(String);

/// One event as JSON (docs/COMPATIBILITY.md#transaction-events). `event_index` counts over the whole block.
///
/// # Errors
/// [`NoConsensusForm`].
pub fn event_json(event: &StacksTransactionEvent, txid: &Txid, event_index: u64) -> Result<Json, NoConsensusForm> {
    let (kind, body) = event_body(event)?;
    let mut envelope = json!({
        "txid": format!("0x{txid}"),
        "event_index": event_index,
        "committed": true,
        "type": kind,
    });
    if let Some(fields) = envelope.as_object_mut() {
        fields.insert(kind.to_owned(), body);
    }
    Ok(envelope)
}

fn event_body(event: &StacksTransactionEvent) -> Result<(&'static str, Json), NoConsensusForm> {
    Ok(match event {
        StacksTransactionEvent::SmartContractEvent(data) => (
            "contract_event",
            json!({ "contract_identifier": data.key.0.to_string(), "topic": data.key.1, "raw_value": raw(&data.value)? }),
        ),
        StacksTransactionEvent::STXEvent(event) => stx_body(event),
        StacksTransactionEvent::NFTEvent(event) => nft_body(event)?,
        StacksTransactionEvent::FTEvent(event) => ft_body(event),
    })
}

fn stx_body(event: &STXEventType) -> (&'static str, Json) {
    match event {
        STXEventType::STXTransferEvent(data) => (
            "stx_transfer_event",
            json!({
                "sender": data.sender.to_string(), "recipient": data.recipient.to_string(),
                "amount": data.amount.to_string(), "memo": hex::encode(&data.memo.data),
            }),
        ),
        STXEventType::STXMintEvent(data) => {
            ("stx_mint_event", json!({ "recipient": data.recipient.to_string(), "amount": data.amount.to_string() }))
        }
        STXEventType::STXBurnEvent(data) => {
            ("stx_burn_event", json!({ "sender": data.sender.to_string(), "amount": data.amount.to_string() }))
        }
        STXEventType::STXLockEvent(data) => (
            "stx_lock_event",
            json!({
                "locked_amount": data.locked_amount.to_string(), "unlock_height": data.unlock_height.to_string(),
                "locked_address": data.locked_address.to_string(),
                "contract_identifier": data.contract_identifier.to_string(),
            }),
        ),
    }
}

fn nft_body(event: &NFTEventType) -> Result<(&'static str, Json), NoConsensusForm> {
    Ok(match event {
        NFTEventType::NFTTransferEvent(data) => (
            "nft_transfer_event",
            json!({
                "asset_identifier": data.asset_identifier.to_string(), "sender": data.sender.to_string(),
                "recipient": data.recipient.to_string(), "raw_value": raw(&data.value)?,
            }),
        ),
        NFTEventType::NFTMintEvent(data) => (
            "nft_mint_event",
            json!({
                "asset_identifier": data.asset_identifier.to_string(), "recipient": data.recipient.to_string(),
                "raw_value": raw(&data.value)?,
            }),
        ),
        NFTEventType::NFTBurnEvent(data) => (
            "nft_burn_event",
            json!({
                "asset_identifier": data.asset_identifier.to_string(), "sender": data.sender.to_string(),
                "raw_value": raw(&data.value)?,
            }),
        ),
    })
}

fn ft_body(event: &FTEventType) -> (&'static str, Json) {
    match event {
        FTEventType::FTTransferEvent(data) => (
            "ft_transfer_event",
            json!({
                "asset_identifier": data.asset_identifier.to_string(), "sender": data.sender.to_string(),
                "recipient": data.recipient.to_string(), "amount": data.amount.to_string(),
            }),
        ),
        FTEventType::FTMintEvent(data) => (
            "ft_mint_event",
            json!({
                "asset_identifier": data.asset_identifier.to_string(), "recipient": data.recipient.to_string(),
                "amount": data.amount.to_string(),
            }),
        ),
        FTEventType::FTBurnEvent(data) => (
            "ft_burn_event",
            json!({
                "asset_identifier": data.asset_identifier.to_string(), "sender": data.sender.to_string(),
                "amount": data.amount.to_string(),
            }),
        ),
    }
}

fn raw(value: &Value) -> Result<String, NoConsensusForm> {
    value.serialize_to_hex().map(|hex| format!("0x{hex}")).map_err(|error| NoConsensusForm(format!("{error:?}")))
}
