//! The fields of each post with their types, from the reference's documents and code: each must be present, and no
//! other.

use serde_json::Value;
use stacks_types::transaction::{StacksTransaction, TransactionPayload};

/// The form of a value.
#[derive(Debug, Clone, Copy)]
pub(super) enum Shape {
    /// "0x" and this many bytes as lower-case hex.
    Hash(usize),
    /// "0x" and hex of any length.
    Hex0x,
    /// This many bytes as hex, without "0x".
    PlainHash(usize),
    /// Hex of any length without "0x".
    PlainHex,
    /// An unsigned number.
    Number,
    /// An unsigned number as decimal text.
    Decimal,
    Text,
    Null,
    /// A list without elements.
    Empty,
    /// This boolean.
    Bool(bool),
    Zeros32,
    OneOf(&'static [&'static str]),
    Or(&'static Self, &'static Self),
    List(&'static Self),
    Object(&'static [(&'static str, Self)]),
    /// An event of a transaction.
    Event,
    /// The interface of a contract.
    Interface,
}

use Shape::{
    Bool, Decimal, Empty, Event, Hash, Hex0x, Interface, List, Null, Number, Object, OneOf, Or, PlainHash, PlainHex,
    Text, Zeros32,
};

const COST: Shape = Object(&[
    ("read_count", Number),
    ("read_length", Number),
    ("runtime", Number),
    ("write_count", Number),
    ("write_length", Number),
]);

const REWARD: Shape = Object(&[
    ("recipient", Text),
    ("miner_address", Text),
    ("coinbase_amount", Decimal),
    ("tx_fees_anchored", Decimal),
    ("tx_fees_streamed_confirmed", OneOf(&["0"])),
    ("tx_fees_streamed_produced", OneOf(&["0"])),
    ("from_stacks_block_hash", Hash(32)),
    ("from_index_consensus_hash", Hash(32)),
]);

const TRANSACTION: Shape = Object(&[
    ("txid", Hash(32)),
    ("tx_index", Number),
    ("status", OneOf(&["success", "abort_by_response", "abort_by_post_condition"])),
    ("raw_result", Hex0x),
    ("raw_tx", Hex0x),
    ("contract_interface", Or(&Null, &Interface)),
    ("contract_abi", Or(&Null, &Interface)),
    ("burnchain_op", Null),
    ("execution_cost", COST),
    ("microblock_sequence", Null),
    ("microblock_hash", Null),
    ("microblock_parent_hash", Null),
    ("vm_error", Or(&Null, &Text)),
]);

/// Fields of every block. Nakamoto blocks also have [`NAKAMOTO`].
const BLOCK: &[(&str, Shape)] = &[
    ("block_hash", Hash(32)),
    ("block_height", Number),
    ("block_time", Or(&Null, &Number)),
    ("burn_block_hash", Hash(32)),
    ("burn_block_height", Number),
    ("burn_block_time", Number),
    ("miner_txid", Hash(32)),
    ("index_block_hash", Hash(32)),
    ("parent_block_hash", Hash(32)),
    ("parent_index_block_hash", Hash(32)),
    ("parent_microblock", Zeros32),
    ("parent_microblock_sequence", Number),
    ("matured_miner_rewards", List(&REWARD)),
    ("events", List(&Event)),
    ("transactions", List(&TRANSACTION)),
    ("parent_burn_block_hash", Hash(32)),
    ("parent_burn_block_height", Number),
    ("parent_burn_block_timestamp", Number),
    ("anchored_cost", COST),
    ("confirmed_microblocks_cost", COST),
    ("pox_v1_unlock_height", Number),
    ("pox_v2_unlock_height", Number),
    ("pox_v3_unlock_height", Number),
    ("pox_v4_unlock_height", Number),
    ("signer_bitvec", Or(&Null, &PlainHex)),
    ("reward_set", Null),
    ("cycle_number", Null),
    ("tenure_height", Number),
    ("consensus_hash", Hash(20)),
];

const NAKAMOTO: &[(&str, Shape)] =
    &[("signer_signature_hash", Hash(32)), ("miner_signature", Hash(65)), ("signer_signature", List(&PlainHash(65)))];

const BURN_BLOCK: &[(&str, Shape)] = &[
    ("burn_block_hash", Hash(32)),
    ("burn_block_height", Number),
    ("reward_recipients", Empty),
    ("reward_slot_holders", Empty),
    ("burn_amount", Number),
    ("consensus_hash", Hash(20)),
    ("parent_burn_block_hash", Hash(32)),
    ("pox_transactions", Empty),
];

const REASONS: &[&str] = &["ReplaceByFee", "ReplaceAcrossFork", "TooExpensive", "StaleGarbageCollect", "Problematic"];

const DROPPED: &[(&str, Shape)] =
    &[("dropped_txids", List(&Hash(32))), ("reason", OneOf(REASONS)), ("new_txid", Or(&Null, &Hash(32)))];

const CHUNKS: &[(&str, Shape)] = &[
    ("contract_id", Object(&[("issuer", List(&Or(&Number, &List(&Number)))), ("name", Text)])),
    (
        "modified_slots",
        List(&Object(&[("slot_id", Number), ("slot_version", Number), ("sig", PlainHash(65)), ("data", PlainHex)])),
    ),
];

const ACCEPTED: &[(&str, Shape)] = &[
    ("result", OneOf(&["Ok"])),
    ("signer_signature_hash", PlainHash(32)),
    ("cost", COST),
    ("size", Number),
    ("validation_time_ms", Number),
    ("replay_tx_hash", Null),
    ("replay_tx_exhausted", Bool(false)),
];

const REJECTED: &[(&str, Shape)] = &[
    ("result", OneOf(&["Reject"])),
    ("signer_signature_hash", PlainHash(32)),
    ("reason", Text),
    ("reason_code", Text),
    ("failed_txid", Or(&Null, &PlainHash(32))),
];

/// Checks that a post has exactly the required fields.
pub(super) fn check(path: &str, body: &Value) {
    let result = match path {
        "/new_block" if body["block_height"] == 0 => fields(body, BLOCK),
        "/new_block" => fields(body, &[BLOCK, NAKAMOTO].concat()),
        "/new_burn_block" => fields(body, BURN_BLOCK),
        "/new_mempool_tx" => shape(body, List(&Hex0x)),
        "/drop_mempool_tx" => fields(body, DROPPED),
        "/stackerdb_chunks" => fields(body, CHUNKS),
        "/proposal_response" if body["result"] == "Ok" => fields(body, ACCEPTED),
        "/proposal_response" => fields(body, REJECTED),
        other => Err(format!("no observer knows {other}")),
    };
    result.and_then(|()| nulls(path, body)).unwrap_or_else(|why| panic!("{path}: {why} in {body:#}"));
}

/// Checks which nullable fields are null.
fn nulls(path: &str, body: &Value) -> Result<(), String> {
    let same = |what: &str, is_null: bool, should_be: bool| match is_null == should_be {
        true => Ok(()),
        false => Err(format!("{what} is {} null", if is_null { "" } else { "not" })),
    };
    match path {
        "/new_block" => {
            same("block_time", body["block_time"].is_null(), body["block_height"] == 0)?;
            for transaction in body["transactions"].as_array().ok_or("transactions that are no list")? {
                let success = transaction["status"] == "success";
                same("vm_error of a success", success && !transaction["vm_error"].is_null(), false)?;
                if transaction["contract_interface"] != transaction["contract_abi"] {
                    return Err("contract_interface is not contract_abi".to_owned());
                }
                let has_interface = !transaction["contract_interface"].is_null();
                // A deployment that fails while its top level runs has an interface too; one that fails earlier has
                // none.
                if success || !deploys(transaction) {
                    same("contract_interface", !has_interface, !deploys(transaction))?;
                }
            }
            Ok(())
        }
        "/drop_mempool_tx" if body["dropped_txids"].as_array().is_none_or(Vec::is_empty) => {
            Err("nothing was dropped".to_owned())
        }
        "/drop_mempool_tx" => same("new_txid", body["new_txid"].is_null(), body["reason"] != "ReplaceByFee"),
        "/new_mempool_tx" if body.as_array().is_none_or(Vec::is_empty) => Err("nothing was accepted".to_owned()),
        _ => Ok(()),
    }
}

/// Whether the transaction's payload deploys a contract.
fn deploys(transaction: &Value) -> bool {
    let raw = transaction["raw_tx"].as_str().and_then(|text| hex::decode(text.trim_start_matches("0x")).ok());
    let decoded = raw.and_then(|raw| StacksTransaction::decode(&raw).ok());
    let payload = decoded.map(|transaction| transaction.payload);
    matches!(
        payload,
        Some(TransactionPayload::SmartContract { .. } | TransactionPayload::VersionedSmartContract { .. })
    )
}

fn fields(value: &Value, expected: &[(&str, Shape)]) -> Result<(), String> {
    let object = value.as_object().ok_or_else(|| format!("{value} is no object"))?;
    for (key, expected) in expected {
        let value = object.get(*key).ok_or_else(|| format!("{key} is missing"))?;
        shape(value, *expected).map_err(|why| format!("{key}: {why}"))?;
    }
    match object.keys().find(|key| !expected.iter().any(|(known, _)| known == key)) {
        Some(unknown) => Err(format!("{unknown} is unknown")),
        None => Ok(()),
    }
}

fn shape(value: &Value, expected: Shape) -> Result<(), String> {
    let text = value.as_str();
    let hex_bytes = |text: Option<&str>| {
        text.filter(|text| !text.contains(|c: char| c.is_ascii_uppercase())).and_then(|text| hex::decode(text).ok())
    };
    let stripped = text.and_then(|text| text.strip_prefix("0x"));
    let fits = match expected {
        Hash(length) => hex_bytes(stripped).is_some_and(|bytes| bytes.len() == length),
        Hex0x => hex_bytes(stripped).is_some(),
        PlainHash(length) => hex_bytes(text).is_some_and(|bytes| bytes.len() == length),
        PlainHex => hex_bytes(text).is_some(),
        Number => value.is_u64(),
        Decimal => text.is_some_and(|text| text.parse::<u128>().is_ok()),
        Text => text.is_some_and(|text| !text.is_empty()),
        Null => value.is_null(),
        Empty => value.as_array().is_some_and(Vec::is_empty),
        Bool(expected) => value.as_bool() == Some(expected),
        Zeros32 => hex_bytes(stripped) == Some(vec![0; 32]),
        OneOf(names) => text.is_some_and(|text| names.contains(&text)),
        Or(one, other) => return shape(value, *one).or_else(|_| shape(value, *other)),
        List(each) => {
            let list = value.as_array().ok_or_else(|| format!("{value} is no list"))?;
            return list.iter().try_for_each(|element| shape(element, *each));
        }
        Object(expected) => return fields(value, expected),
        Event => return event(value),
        Interface => return interface(value),
    };
    if fits { Ok(()) } else { Err(format!("{value} is not {expected:?}")) }
}

fn event(value: &Value) -> Result<(), String> {
    let kind = value["type"].as_str().ok_or("an event without type")?;
    let body: &[(&str, Shape)] = match kind {
        "contract_event" => &[("contract_identifier", Text), ("topic", OneOf(&["print"])), ("raw_value", Hex0x)],
        "stx_transfer_event" => &[("sender", Text), ("recipient", Text), ("amount", Decimal), ("memo", PlainHex)],
        "stx_mint_event" => &[("recipient", Text), ("amount", Decimal)],
        "stx_lock_event" => &[
            ("locked_amount", Decimal),
            ("unlock_height", Decimal),
            ("locked_address", Text),
            ("contract_identifier", Text),
        ],
        "stx_burn_event" => &[("sender", Text), ("amount", Decimal)],
        "ft_transfer_event" => {
            &[("asset_identifier", Text), ("sender", Text), ("recipient", Text), ("amount", Decimal)]
        }
        "ft_mint_event" => &[("asset_identifier", Text), ("recipient", Text), ("amount", Decimal)],
        "ft_burn_event" => &[("asset_identifier", Text), ("sender", Text), ("amount", Decimal)],
        "nft_transfer_event" => {
            &[("asset_identifier", Text), ("sender", Text), ("recipient", Text), ("raw_value", Hex0x)]
        }
        "nft_mint_event" => &[("asset_identifier", Text), ("recipient", Text), ("raw_value", Hex0x)],
        "nft_burn_event" => &[("asset_identifier", Text), ("sender", Text), ("raw_value", Hex0x)],
        other => return Err(format!("{other} is no type of event")),
    };
    let envelope = [("txid", Hash(32)), ("event_index", Number), ("committed", Bool(true)), ("type", Text)];
    let object = value.as_object().ok_or("an event that is no object")?;
    for (key, expected) in envelope {
        shape(&value[key], expected).map_err(|why| format!("{key}: {why}"))?;
    }
    if object.len() != 5 {
        return Err(format!("{} fields, not 5, in {value}", object.len()));
    }
    fields(&value[kind], body)
}

fn interface(value: &Value) -> Result<(), String> {
    let keys = ["functions", "variables", "maps", "fungible_tokens", "non_fungible_tokens", "epoch", "clarity_version"];
    let object = value.as_object().ok_or("an interface that is no object")?;
    if let Some(missing) = keys.iter().find(|key| !object.contains_key(**key)) {
        return Err(format!("{missing} is missing"));
    }
    for function in value["functions"].as_array().ok_or("functions that are no list")? {
        shape(&function["name"], Text)?;
        shape(&function["access"], OneOf(&["public", "private", "read_only"]))?;
        for argument in function["args"].as_array().ok_or("arguments that are no list")? {
            shape(&argument["name"], Text)?;
        }
        if function["outputs"]["type"].is_null() {
            return Err("a function without output".to_owned());
        }
    }
    Ok(())
}
