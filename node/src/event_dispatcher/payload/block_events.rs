//! Events of transactions, as elements of `events` (docs/COMPATIBILITY.md#transaction-events).
//!
//! `committed` is always true: transactions whose changes were undone have no events.

use nakamoto_proto::v1;
use serde::ser::SerializeMap as _;
use serde::{Serialize, Serializer};
use v1::transaction_event::Body;

use super::values::{Amount, Hex, Hex0x};

/// One event of a transaction.
pub(crate) struct BlockEvent<'a> {
    pub(super) txid: &'a [u8],
    pub(super) event_index: u32,
    pub(super) body: &'a Body,
}

/// The events of one receipt.
///
/// # Errors
/// Name of the part that the receipt lacks.
pub(crate) fn of_receipt(receipt: &v1::TransactionReceipt) -> Result<Vec<BlockEvent<'_>>, &'static str> {
    let events = receipt.events.iter().map(|event| {
        let body = event.body.as_ref().ok_or("event of a transaction")?;
        Ok(BlockEvent { txid: &receipt.txid, event_index: event.event_index, body })
    });
    events.collect()
}

impl Serialize for BlockEvent<'_> {
    /// The event's type is also the key of its last field.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(5))?;
        map.serialize_entry("txid", &Hex0x(self.txid))?;
        map.serialize_entry("event_index", &self.event_index)?;
        map.serialize_entry("committed", &true)?;
        let kind = kind(self.body);
        map.serialize_entry("type", kind)?;
        map.serialize_entry(kind, &Fields::of(self.body))?;
        map.end()
    }
}

const fn kind(body: &Body) -> &'static str {
    match body {
        Body::ContractPrint(_) => "contract_event",
        Body::StxTransfer(_) => "stx_transfer_event",
        Body::StxMint(_) => "stx_mint_event",
        Body::StxBurn(_) => "stx_burn_event",
        Body::StxLock(_) => "stx_lock_event",
        Body::FtTransfer(_) => "ft_transfer_event",
        Body::FtMint(_) => "ft_mint_event",
        Body::FtBurn(_) => "ft_burn_event",
        Body::NftTransfer(_) => "nft_transfer_event",
        Body::NftMint(_) => "nft_mint_event",
        Body::NftBurn(_) => "nft_burn_event",
    }
}

/// All fields that events can have. An event has those that are set.
#[derive(Default, Serialize)]
struct Fields<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    asset_identifier: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    contract_identifier: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    topic: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sender: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    recipient: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    amount: Option<Amount<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    memo: Option<Hex<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    raw_value: Option<Hex0x<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    locked_amount: Option<Amount<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    unlock_height: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    locked_address: Option<&'a str>,
}

impl<'a> Fields<'a> {
    fn of(body: &'a Body) -> Self {
        match body {
            Body::ContractPrint(event) => Self {
                contract_identifier: Some(&event.contract_id),
                topic: Some(&event.topic),
                raw_value: Some(Hex0x(&event.value)),
                ..Self::default()
            },
            Body::StxTransfer(event) => Self {
                memo: Some(Hex(&event.memo)),
                ..Self::movement(None, Some(&event.sender), Some(&event.recipient), &event.amount_ustx)
            },
            Body::StxMint(event) => Self::movement(None, None, Some(&event.recipient), &event.amount_ustx),
            Body::StxBurn(event) => Self::movement(None, Some(&event.sender), None, &event.amount_ustx),
            Body::StxLock(event) => Self {
                locked_amount: Some(Amount(&event.locked_amount_ustx)),
                unlock_height: Some(event.unlock_height.to_string()),
                locked_address: Some(&event.locked_address),
                contract_identifier: Some(&event.contract_id),
                ..Self::default()
            },
            Body::FtTransfer(event) => {
                Self::movement(Some(&event.asset_id), Some(&event.sender), Some(&event.recipient), &event.amount)
            }
            Body::FtMint(event) => Self::movement(Some(&event.asset_id), None, Some(&event.recipient), &event.amount),
            Body::FtBurn(event) => Self::movement(Some(&event.asset_id), Some(&event.sender), None, &event.amount),
            Body::NftTransfer(event) => {
                Self::token(&event.asset_id, Some(&event.sender), Some(&event.recipient), &event.value)
            }
            Body::NftMint(event) => Self::token(&event.asset_id, None, Some(&event.recipient), &event.value),
            Body::NftBurn(event) => Self::token(&event.asset_id, Some(&event.sender), None, &event.value),
        }
    }

    fn movement(asset: Option<&'a str>, from: Option<&'a str>, to: Option<&'a str>, amount: &'a [u8]) -> Self {
        let amount = Some(Amount(amount));
        Self { asset_identifier: asset, sender: from, recipient: to, amount, ..Self::default() }
    }

    fn token(asset: &'a str, from: Option<&'a str>, to: Option<&'a str>, value: &'a [u8]) -> Self {
        let (asset_identifier, raw_value) = (Some(asset), Some(Hex0x(value)));
        Self { asset_identifier, sender: from, recipient: to, raw_value, ..Self::default() }
    }
}
