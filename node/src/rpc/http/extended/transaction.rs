//! GET /extended/v1/tx/{txid}: what clients poll until their transaction is mined, and its bytes.
//!
//! # What differs from the API
//! - What a node does not keep for a transaction is absent: post-conditions, names and types of arguments, the time at
//!   which it came. Events are counted and not listed.
//! - Of a dropped transaction only id, status and successor are known.

use axum::extract::{Path, State};
use chainstate::read;
use chainstate::read::transaction::{KnownTransaction, Mined, TransactionState};
use clarity::value::Value as Clarity;
use nakamoto_proto::v1;
use serde_json::{Map, Value, json};
use stacks_types::ids::Txid;
use stacks_types::transaction::{AnchorMode, PostConditionMode, StacksTransaction, TransactionPayload};

use super::{iso, not_found, or_unknown_path};
use crate::error::ApiError;
use crate::rpc::grpc::Services;
use crate::rpc::http::input::path_hash;
use crate::rpc::http::respond::{Answer, HttpError, hex0x, json};

pub(in crate::rpc::http) async fn transaction(State(services): State<Services>, Path(txid): Path<String>) -> Answer {
    let (txid, known) = known(&services, &txid).await?;
    let mainnet = services.pool.chain().chainstate().params().mainnet;
    Ok(json(Value::Object(fields(&txid, &known, mainnet))))
}

/// GET /extended/v1/tx/{txid}/raw: of a dropped transaction no bytes are kept.
pub(in crate::rpc::http) async fn raw_transaction(
    State(services): State<Services>,
    Path(txid): Path<String>,
) -> Answer {
    let (txid, known) = known(&services, &txid).await?;
    match known.raw.is_empty() {
        true => Err(unknown(&txid)),
        false => Ok(json(json!({ "raw_tx": hex0x(&known.raw) }))),
    }
}

async fn known(services: &Services, txid: &str) -> Result<(Txid, KnownTransaction), HttpError> {
    let txid = Txid(path_hash(txid).map_err(or_unknown_path)?);
    match services.pool.read(move |snapshot| read::transaction::get(snapshot, &txid)).await {
        Ok(known) => Ok((txid, known)),
        Err(ApiError::NotFound { .. }) => Err(unknown(&txid)),
        Err(error) => Err(error.into()),
    }
}

fn unknown(txid: &Txid) -> HttpError {
    not_found(format!("could not find transaction by ID 0x{txid}"))
}

fn fields(txid: &Txid, known: &KnownTransaction, mainnet: bool) -> Map<String, Value> {
    let mut fields = Map::new();
    fields.insert("tx_id".to_owned(), hex0x(&txid.0).into());
    fields.insert("tx_status".to_owned(), status(known).into());
    if let TransactionState::Dropped { new_txid, .. } = &known.state {
        let successor = new_txid.map(|txid| hex0x(&txid.0));
        fields.insert("replaced_by_tx_id".to_owned(), successor.into());
    }
    // The boot block's transactions have an encoding that is no signed transaction.
    if let Ok(transaction) = StacksTransaction::decode(&known.raw) {
        fields.append(&mut of_transaction(&transaction, mainnet));
    }
    if let (TransactionState::Mined | TransactionState::RolledBack, Some(mined)) = (&known.state, &known.mined) {
        fields.append(&mut of_block(mined));
    }
    fields
}

/// The API's name of a state.
fn status(known: &KnownTransaction) -> &'static str {
    match (&known.state, &known.mined) {
        (TransactionState::Ready | TransactionState::Waiting, _) => "pending",
        (TransactionState::Dropped { reason, .. }, _) => match reason {
            v1::DropReason::ReplaceAcrossFork => "dropped_replace_across_fork",
            v1::DropReason::TooExpensive => "dropped_too_expensive",
            v1::DropReason::Problematic | v1::DropReason::OverExecutionLimits => "dropped_problematic",
            // Another transaction has its nonce, mined or with a higher fee.
            v1::DropReason::ReplaceByFee | v1::DropReason::NonceUsed => "dropped_replace_by_fee",
            v1::DropReason::StaleGarbageCollect | v1::DropReason::NoRoom | v1::DropReason::Unspecified => {
                "dropped_stale_garbage_collect"
            }
        },
        (TransactionState::Mined | TransactionState::RolledBack, mined) => {
            let receipt = mined.as_ref().and_then(|mined| mined.receipt.as_ref());
            match receipt.map(v1::TransactionReceipt::status) {
                Some(v1::TransactionStatus::AbortByResponse) => "abort_by_response",
                Some(v1::TransactionStatus::AbortByPostCondition) => "abort_by_post_condition",
                Some(v1::TransactionStatus::Success | v1::TransactionStatus::Unspecified) | None => "success",
            }
        }
    }
}

fn of_transaction(transaction: &StacksTransaction, mainnet: bool) -> Map<String, Value> {
    let sponsor = transaction.sponsor_address(mainnet);
    let sender = transaction.origin_address(mainnet).to_string();
    let mut fields = object(json!({
        "nonce": transaction.origin_nonce(),
        "fee_rate": transaction.fee().to_string(),
        "sender_address": &sender,
        "sponsored": sponsor.is_some(),
        "post_condition_mode": match transaction.post_condition_mode {
            PostConditionMode::Allow => "allow",
            PostConditionMode::Deny => "deny",
            PostConditionMode::Originator => "originator",
        },
        "anchor_mode": match transaction.anchor_mode {
            AnchorMode::OnChainOnly => "on_chain_only",
            AnchorMode::OffChainOnly => "off_chain_only",
            AnchorMode::Any => "any",
        },
    }));
    if let Some(sponsor) = sponsor {
        fields.insert("sponsor_address".to_owned(), sponsor.to_string().into());
        fields.insert("sponsor_nonce".to_owned(), transaction.sponsor_nonce().into());
    }
    fields.append(&mut of_payload(&transaction.payload, &sender));
    fields
}

fn of_payload(payload: &TransactionPayload, sender: &str) -> Map<String, Value> {
    let deployed = |version: Option<u8>, name: &str, code: &str| {
        json!({
            "tx_type": "smart_contract",
            "smart_contract": {
                "clarity_version": version, "contract_id": format!("{sender}.{name}"), "source_code": code,
            },
        })
    };
    let coinbase = |buffer: &[u8], recipient: Option<String>| json!({ "tx_type": "coinbase", "coinbase_payload": { "data": hex0x(buffer), "alt_recipient": recipient } });
    object(match payload {
        TransactionPayload::TokenTransfer { recipient, amount, memo } => json!({
            "tx_type": "token_transfer",
            "token_transfer": {
                "recipient_address": recipient.to_string(), "amount": amount.to_string(), "memo": hex0x(memo),
            },
        }),
        TransactionPayload::SmartContract { name, code } => deployed(None, name.as_str(), code),
        TransactionPayload::VersionedSmartContract { version, name, code } => {
            deployed(Some(version.to_byte()), name.as_str(), code)
        }
        TransactionPayload::ContractCall(call) => json!({
            "tx_type": "contract_call",
            "contract_call": {
                "contract_id": format!("{}.{}", call.address, call.contract_name),
                "function_name": call.function_name.as_str(),
                "function_args": call.arguments.iter().map(|value| clarity_json(&value.encode())).collect::<Vec<_>>(),
            },
        }),
        TransactionPayload::Coinbase { buffer } => coinbase(buffer, None),
        TransactionPayload::CoinbaseToAltRecipient { buffer, recipient } => {
            coinbase(buffer, Some(recipient.to_string()))
        }
        // No transaction of these kinds is ever taken.
        TransactionPayload::NakamotoCoinbase { .. }
        | TransactionPayload::TenureChange(_)
        | TransactionPayload::PoisonMicroblock(_) => json!({}),
    })
}

fn of_block(mined: &Mined) -> Map<String, Value> {
    let block = &mined.block;
    let receipt = mined.receipt.clone().unwrap_or_default();
    let cost = receipt.cost.unwrap_or_default();
    let block_hash = block.header.as_ref().map(|header| hex0x(header.block_hash().as_bytes()));
    object(json!({
        "canonical": mined.is_canonical,
        "index_block_hash": hex0x(block.block_id.as_bytes()),
        "block_hash": block_hash,
        "block_height": block.chain_length,
        "burn_block_height": block.burn_height,
        "burn_block_time": block.burn_time_s,
        "burn_block_time_iso": iso(block.burn_time_s),
        // A block has no time of its own here: it is its burn view's, as in events and in Clarity.
        "block_time": block.burn_time_s,
        "block_time_iso": iso(block.burn_time_s),
        "tx_index": receipt.tx_index,
        "tx_result": clarity_json(&receipt.result),
        "event_count": receipt.events.len(),
        "vm_error": (!receipt.vm_error.is_empty()).then_some(&receipt.vm_error),
        "is_unanchored": false,
        "microblock_canonical": true,
        "execution_cost_read_count": cost.read_count,
        "execution_cost_read_length": cost.read_length,
        "execution_cost_runtime": cost.runtime,
        "execution_cost_write_count": cost.write_count,
        "execution_cost_write_length": cost.write_length,
    }))
}

/// A value as its bytes and in Clarity's syntax.
fn clarity_json(bytes: &[u8]) -> Value {
    let value = Clarity::decode_made(bytes);
    json!({ "hex": hex0x(bytes), "repr": value.map_or_else(|_| String::new(), |value| value.to_string()) })
}

/// The fields of an object that was just made.
fn object(made: Value) -> Map<String, Value> {
    match made {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}
