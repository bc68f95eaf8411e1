//! Transactions: submit and read.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::IntoResponse as _;
use chainstate::chain::{Admission, AdmissionRefusal};
use chainstate::mempool::Refusal;
use chainstate::read;
use chainstate::read::transaction::{KnownTransaction, TransactionState};
use serde::Deserialize;
use serde_json::{Value, json};
use stacks_types::codec::DecodeError;
use stacks_types::hashing::sha512_256;
use stacks_types::ids::Txid;
use stacks_types::transaction::BlockTransaction;

use super::input::{Kind, hex_bytes, json_body, kind, path_hash};
use super::respond::{Answer, HttpError, json};
use crate::error::ApiError;
use crate::rpc::grpc::{Services, encode};

/// When a full mempool may have room again: a few blocks later.
const FULL_RETRY_S: u64 = 10;

#[derive(Deserialize)]
struct SubmitBody {
    tx: String,
    /// The reference stores attachments for BNS; this node does not.
    #[serde(default, rename = "attachment")]
    _attachment: Option<String>,
}

/// POST /v2/transactions: bytes, or JSON with hex. 200 with the txid as JSON string.
pub(super) async fn submit(State(services): State<Services>, headers: HeaderMap, body: Bytes) -> Answer {
    let kind = kind(&headers)?;
    let raw: Bytes = match kind {
        Kind::Octets => body,
        Kind::Json => hex_bytes("tx", &json_body::<SubmitBody>(&body)?.tx)?.into(),
    };
    let decision = services.pool.submit(raw.clone()).await;
    match (decision.map_err(|error| failure(error, &raw))?, kind) {
        (Ok(Admission::Accepted(txid) | Admission::AlreadyPending(txid) | Admission::AlreadyMined(txid)), _) => {
            Ok(Json(txid.to_hex()).into_response())
        }
        (Err(AdmissionRefusal::Undecodable(error)), Kind::Json) => Err(undecodable(&raw, &error)),
        (Err(refused), _) => Err(refusal(&refused)),
    }
}

/// A failure of the node, also as JSON: wallets throw on any other body.
pub(super) fn failure(error: ApiError, raw: &[u8]) -> HttpError {
    let Ok(transaction) = BlockTransaction::decode(raw) else { return error.into() };
    let reason = match &error {
        ApiError::Internal(_) | ApiError::StorageFull => "ServerFailureDatabase",
        ApiError::Missing { .. }
        | ApiError::MissingChoice { .. }
        | ApiError::Invalid { .. }
        | ApiError::NotFound { .. }
        | ApiError::NoJob { .. }
        | ApiError::Precondition { .. }
        | ApiError::Busy { .. }
        | ApiError::TooManyBlocksWanted { .. }
        | ApiError::ShuttingDown => "ServerFailureOther",
    };
    let body = json!({
        "txid": transaction.txid().to_hex(),
        "error": "transaction rejected",
        "reason": reason,
        "reason_data": { "message": error.to_string() },
    });
    HttpError::from(error).with_json(body)
}

/// JSON for bytes that are no transaction: stacks.js, which sends JSON, throws on a text and does not show it. The
/// usual case is a contract source with Windows line ends.
fn undecodable(raw: &[u8], error: &DecodeError) -> HttpError {
    let body = json!({
        "txid": Txid(sha512_256(&[raw])).to_hex(),
        "error": "transaction rejected",
        "reason": "Deserialization",
        "reason_data": { "message": error.to_string() },
    });
    HttpError::json(StatusCode::BAD_REQUEST, body)
}

/// Text for bytes that are no transaction, else JSON: wallets branch on `reason`.
pub(super) fn refusal(refused: &AdmissionRefusal) -> HttpError {
    let (txid, refusal) = match refused {
        AdmissionRefusal::Undecodable(error) => return HttpError::bad_request(error),
        AdmissionRefusal::Refused { txid, refusal } => (txid, refusal),
    };
    let mut body = json!({
        "txid": txid.to_hex(),
        "error": "transaction rejected",
        "reason": refusal.reason(),
        "message": refusal.to_string(),
    });
    if let Some(data) = refusal.reason_data() {
        body["reason_data"] = data;
    }
    if matches!(refusal, Refusal::MempoolFull { .. }) {
        return HttpError::json(StatusCode::SERVICE_UNAVAILABLE, body).retry_after(FULL_RETRY_S);
    }
    HttpError::json(StatusCode::BAD_REQUEST, body)
}

/// GET /v2/transactions/unconfirmed/{txid}.
pub(super) async fn unconfirmed(State(services): State<Services>, Path(txid): Path<String>) -> Answer {
    let txid = Txid(path_hash(&txid)?);
    let known = services.pool.read(move |snapshot| read::transaction::get(snapshot, &txid)).await?;
    if !known.is_pending {
        return Err(HttpError::not_found("the transaction is not in the mempool"));
    }
    Ok(json(json!({ "tx": hex::encode(&known.raw), "status": "Mempool" })))
}

/// GET /v3/transaction/{txid}: a mined transaction; with its state when its block is not canonical any more. Others are 404
/// as in the reference, here with their state.
pub(super) async fn mined(State(services): State<Services>, Path(txid): Path<String>) -> Answer {
    let txid = Txid(path_hash(&txid)?);
    let known = match services.pool.read(move |snapshot| read::transaction::get(snapshot, &txid)).await {
        Err(ApiError::NotFound { .. }) => return Err(HttpError::not_found(UNKNOWN)),
        known => known?,
    };
    let Some(mined) = &known.mined else {
        return Err(HttpError::json(StatusCode::NOT_FOUND, unmined(&txid, &known)));
    };
    let result = mined.receipt.as_ref().map(|receipt| clarity_text(&receipt.result)).unwrap_or_default();
    let mut body = json!({
        "index_block_hash": mined.block.block_id.to_hex(),
        "tx": hex::encode(&known.raw),
        "result": result,
        "block_height": mined.block.chain_length,
        "is_canonical": mined.is_canonical,
    });
    if !mined.is_canonical {
        add_state(&mut body, &known);
    }
    Ok(json(body))
}

/// Message about an unknown transaction.
const UNKNOWN: &str = "the transaction is not mined, waits nowhere, and was not dropped lately: send it (again)";

/// A value of an enum of the proto package, in lower case and without the enum's name.
fn lower_name(name: &str, prefix: &str) -> String {
    name.strip_prefix(prefix).unwrap_or(name).to_lowercase()
}

/// State of a transaction that is not mined.
fn unmined(txid: &Txid, known: &KnownTransaction) -> Value {
    let mut body = json!({ "txid": txid.to_hex(), "error": "the transaction is not mined" });
    add_state(&mut body, known);
    body
}

/// Adds what it waits for, or why it was dropped.
fn add_state(body: &mut Value, known: &KnownTransaction) {
    body["state"] = lower_name(encode::transaction_state(&known.state).as_str_name(), "TRANSACTION_STATE_").into();
    body["message"] = known.detail.as_str().into();
    if let TransactionState::Dropped { reason, new_txid } = &known.state {
        body["reason"] = lower_name(reason.as_str_name(), "DROP_REASON_").into();
        if let Some(txid) = new_txid {
            body["new_txid"] = txid.to_hex().into();
        }
    }
}

/// A value in Clarity syntax; the node made the bytes, so they decode.
fn clarity_text(bytes: &[u8]) -> String {
    let value = clarity::value::Value::decode_made(bytes);
    value.map_or_else(|_| hex::encode(bytes), |value| value.to_string())
}
