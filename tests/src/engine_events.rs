//! The engine's events in the form of a node's event stream (docs/COMPATIBILITY.md#transaction-events).

use clarity::run::{Event, EventBody};
use clarity::value::Value;
use serde_json::{Value as Json, json};

/// An event in the stream's form, with its index in its transaction but without the transaction's id. `cut` shortens
/// the hex text of values.
#[must_use]
pub fn event_json(index: usize, event: &Event, cut: impl Fn(String) -> String) -> Json {
    let hex = |value: &Value| cut(format!("0x{}", value.encode_hex()));
    let (kind, body) = match event {
        Event::Print(contract, value) => (
            "contract_event",
            json!({"contract_identifier": contract.to_string(), "topic": "print", "raw_value": hex(value)}),
        ),
        Event::Asset(body) => match body {
            EventBody::StxTransfer { sender, recipient, amount, memo } => (
                "stx_transfer_event",
                json!({"sender": sender.to_string(), "recipient": recipient.to_string(), "amount": amount.to_string(), "memo": hex::encode(memo)}),
            ),
            EventBody::StxMint { recipient, amount } => {
                ("stx_mint_event", json!({"recipient": recipient.to_string(), "amount": amount.to_string()}))
            }
            EventBody::StxBurn { sender, amount } => {
                ("stx_burn_event", json!({"sender": sender.to_string(), "amount": amount.to_string()}))
            }
            EventBody::FtTransfer { asset, sender, recipient, amount } => (
                "ft_transfer_event",
                json!({"asset_identifier": asset.as_ref(), "sender": sender.to_string(), "recipient": recipient.to_string(), "amount": amount.to_string()}),
            ),
            EventBody::FtMint { asset, recipient, amount } => (
                "ft_mint_event",
                json!({"asset_identifier": asset.as_ref(), "recipient": recipient.to_string(), "amount": amount.to_string()}),
            ),
            EventBody::FtBurn { asset, sender, amount } => (
                "ft_burn_event",
                json!({"asset_identifier": asset.as_ref(), "sender": sender.to_string(), "amount": amount.to_string()}),
            ),
            EventBody::NftTransfer { asset, sender, recipient, value } => (
                "nft_transfer_event",
                json!({"asset_identifier": asset.as_ref(), "sender": sender.to_string(), "recipient": recipient.to_string(), "raw_value": hex(value)}),
            ),
            EventBody::NftMint { asset, recipient, value } => (
                "nft_mint_event",
                json!({"asset_identifier": asset.as_ref(), "recipient": recipient.to_string(), "raw_value": hex(value)}),
            ),
            EventBody::NftBurn { asset, sender, value } => (
                "nft_burn_event",
                json!({"asset_identifier": asset.as_ref(), "sender": sender.to_string(), "raw_value": hex(value)}),
            ),
        },
    };
    json!({"type": kind, "committed": true, "event_index": index, kind: body})
}
