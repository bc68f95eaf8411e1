//! Block proposals as the reference's signers send them (COMPAT 4).
//!
//! # What differs from the reference
//! - The verdict is not told to observers only: it is in the event feed, and GET /v3/block_proposal/{id} gives it in the
//!   reference's shape. So none of 400 for want of an observer.
//! - Several proposals may wait; 429 when the queue is full. Headers carry no time, so none is too old (422).
//! - A proposal for another chain id is refused at once, and so are replay sets, which this node has no use for.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::IntoResponse as _;
use nakamoto_proto::v1;
use serde::Deserialize;
use serde_json::{Value, json};

use super::input::{hex_bytes, json_body};
use super::jobs::{cost, wait};
use super::respond::{Answer, HttpError};
use super::{auth, contracts};
use crate::network::grpc::{Services, validation};

#[derive(Deserialize)]
struct ProposalBody {
    block: String,
    chain_id: u32,
    #[serde(default)]
    replay_txs: Option<Value>,
}

/// POST /v3/block_proposal.
pub(super) async fn propose(State(services): State<Services>, headers: HeaderMap, body: Bytes) -> Answer {
    auth::operator(&services, &headers)?;
    contracts::expect_json(&headers)?;
    let body: ProposalBody = json_body(&body)?;
    let block = hex_bytes("block", &body.block)?;
    if block.is_empty() {
        return Err(HttpError::bad_request("block is empty"));
    }
    let chain_id = services.gate.chain().identity().chain_id;
    if body.chain_id != chain_id {
        return Err(refused(StatusCode::BAD_REQUEST, format!("chain id is {}, not {chain_id}", body.chain_id)));
    }
    if body.replay_txs.is_some_and(|list| !list.is_null()) {
        return Err(refused(StatusCode::BAD_REQUEST, "this node replays no transactions".to_owned()));
    }
    let job = validation::decode(v1::RequestValidationRequest { block: block.into(), ..Default::default() })?;
    let ticket = services.validations.request(job).map_err(|error| {
        refused(StatusCode::TOO_MANY_REQUESTS, error.to_string()).retry_after(error.retry_after.as_secs().max(1))
    })?;
    let message =
        format!("Block proposal is processing, result will be returned via the event observer as {}", ticket.id);
    let body = json!({ "result": "Accepted", "message": message, "request_id": ticket.id });
    Ok((StatusCode::ACCEPTED, Json(body)).into_response())
}

fn refused(status: StatusCode, message: String) -> HttpError {
    HttpError::json(status, json!({ "result": "Error", "message": message }))
}

/// GET /v3/block_proposal/{id}[?wait_ms=]: the verdict as `/proposal_response` has it; 202 while there is none.
pub(super) async fn verdict(
    State(services): State<Services>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Answer {
    auth::operator(&services, &headers)?;
    let answer = validation::fetch(&services.validations, &id, wait(query)?).await?;
    if answer.state() == v1::JobState::Pending {
        let body = json!({ "result": "Accepted", "message": "the proposal is being validated", "request_id": id });
        return Ok((StatusCode::ACCEPTED, Json(body)).into_response());
    }
    match &answer.verdict {
        Some(verdict) => Ok(Json(verdict_json(verdict)).into_response()),
        None => Err(refused(StatusCode::INTERNAL_SERVER_ERROR, answer.failure_detail)),
    }
}

fn verdict_json(verdict: &v1::ValidationVerdict) -> Value {
    let hash = hex::encode(&verdict.block_hash);
    if let Some(rejection) = &verdict.rejection {
        return json!({
            "result": "Reject",
            "signer_signature_hash": hash,
            "reason": rejection.detail,
            "reason_code": reason_code(rejection.reason()),
            "failed_txid": (!rejection.failed_txid.is_empty()).then(|| hex::encode(&rejection.failed_txid)),
        });
    }
    let time = verdict.validation_duration.and_then(|time| std::time::Duration::try_from(time).ok());
    let time_ms = time.and_then(|time| u64::try_from(time.as_millis()).ok()).unwrap_or(0);
    json!({
        "result": "Ok",
        "signer_signature_hash": hash,
        "cost": verdict.cost.as_ref().map(cost),
        "size": verdict.size_bytes,
        "validation_time_ms": time_ms,
        "replay_tx_hash": null,
        "replay_tx_exhausted": false,
    })
}

/// Our reasons in the reference's words.
fn reason_code(reason: v1::RejectReason) -> &'static str {
    match reason {
        v1::RejectReason::UnknownParent => "UnknownParent",
        v1::RejectReason::UnknownBurnBlock => "NoSuchTenure",
        v1::RejectReason::BurnViewRegressed => "NonCanonicalTenure",
        v1::RejectReason::HasSibling => "InvalidParentBlock",
        v1::RejectReason::BadTransaction | v1::RejectReason::CostExceeded => "BadTransaction",
        v1::RejectReason::BadStateRoot | v1::RejectReason::BadTxMerkleRoot => "BadBlockHash",
        v1::RejectReason::Unspecified
        | v1::RejectReason::BadVersion
        | v1::RejectReason::BadEncoding
        | v1::RejectReason::TooLarge
        | v1::RejectReason::BadChainLength
        | v1::RejectReason::BadBurnSpent
        | v1::RejectReason::BadProducer
        | v1::RejectReason::BadVrfProof
        | v1::RejectReason::BadStackerSignatures
        | v1::RejectReason::NotEnoughStackers
        | v1::RejectReason::BadCoinbase => "InvalidBlock",
    }
}
