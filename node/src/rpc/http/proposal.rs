//! Block proposals as the reference's signers send them (docs/COMPATIBILITY.md#block-proposals).
//!
//! # What differs from the reference
//! - The verdict does not go to observers only: it is in the event feed, and GET /v3/block_proposal/{id} returns it in
//!   the reference's shape. So a proposal is never refused (400) because there is no observer.
//! - Several proposals may wait; 429 when the queue is full. Headers carry no time, so no proposal is too old (422).
//! - A proposal for another chain id is refused at once, and so is one with replay transactions, which this node does
//!   not support.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::IntoResponse as _;
use nakamoto_proto::v1;
use serde::Deserialize;
use serde_json::{Value, json};
use stacks_types::block::NakamotoStacksBlock;

use super::input::{hex_bytes, json_body};
use super::jobs::wait;
use super::query::Query;
use super::respond::{Answer, HttpError};
use super::{auth, contracts};
use crate::error::ApiError;
use crate::event_dispatcher::proposal_response;
use crate::jobs::{JobRequest, NotQueued, ValidationJob};
use crate::rpc::grpc::{Services, validation};

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
    let chain_id = services.pool.chain().chainstate().params().chain_id;
    if body.chain_id != chain_id {
        return Err(refused(StatusCode::BAD_REQUEST, format!("chain id is {}, not {chain_id}", body.chain_id)));
    }
    if body.replay_txs.is_some_and(|list| !list.is_null()) {
        return Err(refused(StatusCode::BAD_REQUEST, "this node replays no transactions".to_owned()));
    }
    let job = job(&services, block.into()).await?;
    let ticket = services.validations.request(job).map_err(|error| match error {
        NotQueued::Full(full) => {
            refused(StatusCode::TOO_MANY_REQUESTS, full.to_string()).retry_after(full.retry_after.as_secs().max(1))
        }
        NotQueued::Stopped => ApiError::ShuttingDown.into(),
    })?;
    let message =
        format!("Block proposal is processing, result will be returned via the event observer as {}", ticket.id);
    let body = json!({ "result": "Accepted", "message": message, "request_id": ticket.id });
    Ok((StatusCode::ACCEPTED, Json(body)).into_response())
}

/// A job for a block, valid or not; bytes that do not decode have no block that a verdict could name.
async fn job(services: &Services, block: Bytes) -> Result<JobRequest<ValidationJob>, HttpError> {
    let job = validation::decode(v1::RequestValidationRequest { block: block.clone(), ..Default::default() })?;
    // Blocks are large, so they are not decoded on a network thread.
    let decoded = services.pool.compute(move || Ok(NakamotoStacksBlock::decode(&block).map(drop))).await?;
    decoded.map_err(|error| refused(StatusCode::BAD_REQUEST, format!("block: {error}")))?;
    Ok(job)
}

fn refused(status: StatusCode, message: String) -> HttpError {
    HttpError::json(status, json!({ "result": "Error", "message": message }))
}

/// GET /v3/block_proposal/{id}[?wait_ms=]: the verdict in the form of `/proposal_response`; 202 until there is one.
pub(super) async fn verdict(
    State(services): State<Services>,
    Path(id): Path<String>,
    query: Query,
    headers: HeaderMap,
) -> Answer {
    auth::operator(&services, &headers)?;
    let answer = validation::fetch(&services.validations, &id, wait(&query)?).await?;
    if answer.state() == v1::JobState::Pending {
        let body = json!({ "result": "Accepted", "message": "the proposal is being validated", "request_id": id });
        return Ok((StatusCode::ACCEPTED, Json(body)).into_response());
    }
    match &answer.verdict {
        Some(verdict) => {
            let body =
                proposal_response(verdict).map_err(|part| ApiError::internal(format!("a verdict without {part}")))?;
            Ok(Json(body).into_response())
        }
        None => Err(no_verdict(&answer)),
    }
}

/// Why a validation ended without a verdict: it was withdrawn, or the node could not run it.
fn no_verdict(answer: &v1::GetValidationResponse) -> HttpError {
    let status = match answer.state() {
        v1::JobState::Cancelled => StatusCode::GONE,
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    };
    let parts = [&answer.failure_reason, &answer.failure_detail].map(String::as_str);
    let parts: Vec<_> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    refused(status, format!("there is no verdict: {}", parts.join(": ")))
}
