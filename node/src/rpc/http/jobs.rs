//! Templates and validations: request (202 and an id) and fetch.

use std::time::Duration;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use nakamoto_proto::v1;
use serde::Deserialize;
use serde_json::{Value, json};

use super::auth;
use super::blocks::reason;
use super::contracts::expect_json;
use super::input::{Kind, hex_bytes, json_body, kind};
use super::query::Query;
use super::respond::{Answer, HttpError};
use crate::error::ApiError;
use crate::jobs::NotQueued;
use crate::limits::MAX_WAIT;
use crate::rpc::grpc::{Services, template, validation};

/// Body of a template request; an empty body means all defaults.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct TemplateBody {
    coinbase: Option<String>,
    parent_block_id: Option<String>,
    burn_block_hash: Option<String>,
    assembly_time_ms: Option<u32>,
    max_transactions: Option<u32>,
    allow_empty: bool,
}

#[derive(Deserialize)]
struct ValidationBody {
    block: String,
}

/// POST /v3/block_template.
pub(super) async fn request_template(State(services): State<Services>, headers: HeaderMap, body: Bytes) -> Answer {
    auth::guarded(&services, &headers)?;
    expect_json(&headers)?;
    let body = if body.is_empty() { TemplateBody::default() } else { json_body(&body)? };
    let bytes =
        |name, text: Option<String>| text.map_or(Ok(Vec::new()), |text| hex_bytes(name, &text)).map(bytes::Bytes::from);
    let request = v1::RequestTemplateRequest {
        coinbase: bytes("coinbase", body.coinbase)?,
        parent_block_id: bytes("parent_block_id", body.parent_block_id)?,
        burn_block_hash: bytes("burn_block_hash", body.burn_block_hash)?,
        assembly_time: body
            .assembly_time_ms
            .and_then(|millis| prost_types::Duration::try_from(Duration::from_millis(u64::from(millis))).ok()),
        max_transactions: body.max_transactions.unwrap_or(0),
        allow_empty: body.allow_empty,
        ..v1::RequestTemplateRequest::default()
    };
    let job = template::decode(request)?;
    let ticket = services.templates.request(job).map_err(not_queued)?;
    Ok(accepted(json!({ "request_id": ticket.id, "queue_position": ticket.position, "joined": ticket.joined })))
}

/// GET /v3/block_template/{id}[?wait_ms=]: 202 while the template is being made.
pub(super) async fn template(
    State(services): State<Services>,
    Path(id): Path<String>,
    query: Query,
    headers: HeaderMap,
) -> Answer {
    auth::guarded(&services, &headers)?;
    let answer = template::fetch(&services.templates, services.pool.chain(), &id, wait(&query)?).await?;
    let template = answer.template.as_ref().map(|template| {
        json!({
            "block": hex::encode(&template.block),
            "sortition_hash": hex::encode(&template.sortition_hash),
            "signing_mode": template.signing_mode().as_str_name(),
            "new_tenure": template.new_tenure,
            "parent_block_id": template.parent.as_ref().map(|parent| hex::encode(&parent.block_id)),
            "burn_block_hash": template.burn_view.as_ref().map(|view| hex::encode(&view.burn_block_hash)),
            "cost": template.cost.as_ref().map(cost),
            "skipped": template.skipped.iter().map(|skipped| {
                json!({ "txid": hex::encode(&skipped.txid), "reason": skipped.reason })
            }).collect::<Vec<_>>(),
        })
    });
    let failure = (answer.failure_reason.as_str(), answer.failure_detail.as_str());
    let mut body = job(&id, answer.state(), "template", template, failure);
    if let Some(time) = answer.executing_time.and_then(|time| Duration::try_from(time).ok()) {
        body["executing_txid"] = hex::encode(&answer.executing_txid).into();
        body["executing_ms"] = u64::try_from(time.as_millis()).unwrap_or(u64::MAX).into();
    }
    Ok(job_answer(answer.state(), body))
}

/// POST /v3/block_validation: block bytes, or JSON with hex.
pub(super) async fn request_validation(State(services): State<Services>, headers: HeaderMap, body: Bytes) -> Answer {
    auth::guarded(&services, &headers)?;
    let block = match kind(&headers)? {
        Kind::Octets => body,
        Kind::Json => hex_bytes("block", &json_body::<ValidationBody>(&body)?.block)?.into(),
    };
    let job = validation::decode(v1::RequestValidationRequest { block, ..Default::default() })?;
    let ticket = services.validations.request(job).map_err(not_queued)?;
    let body = json!({ "request_id": ticket.id, "queue_position": ticket.position, "joined": ticket.joined });
    Ok(accepted(body))
}

/// GET /v3/block_validation/{id}[?wait_ms=]: 202 while it runs.
pub(super) async fn validation(
    State(services): State<Services>,
    Path(id): Path<String>,
    query: Query,
    headers: HeaderMap,
) -> Answer {
    auth::guarded(&services, &headers)?;
    let answer = validation::fetch(&services.validations, &id, wait(&query)?).await?;
    let verdict = answer.verdict.as_ref().map(|verdict| {
        let rejection = verdict.rejection.as_ref().map(|rejection| {
            json!({
                "reason": reason(rejection.reason()),
                "message": rejection.detail,
                "failed_txid": (!rejection.failed_txid.is_empty()).then(|| hex::encode(&rejection.failed_txid)),
            })
        });
        json!({
            "valid": verdict.valid,
            "block_hash": hex::encode(&verdict.block_hash),
            "stacks_block_id": hex::encode(&verdict.block_id),
            "rejection": rejection,
            "cost": verdict.cost.as_ref().map(cost),
            "size": verdict.size_bytes,
        })
    });
    let failure = (answer.failure_reason.as_str(), answer.failure_detail.as_str());
    Ok(job_answer(answer.state(), job(&id, answer.state(), "verdict", verdict, failure)))
}

pub(super) fn wait(query: &Query) -> Result<Option<Duration>, HttpError> {
    let most = u64::try_from(MAX_WAIT.as_millis()).unwrap_or(u64::MAX);
    Ok(query.millis("wait_ms", most)?.map(Duration::from_millis))
}

fn not_queued(error: NotQueued) -> HttpError {
    let NotQueued::Full(error) = error else { return ApiError::ShuttingDown.into() };
    let body = json!({ "error": "queue full", "reason": "RESOURCE_EXHAUSTED", "reason_data": { "message": error.to_string() } });
    HttpError::json(StatusCode::TOO_MANY_REQUESTS, body).retry_after(error.retry_after.as_secs().max(1))
}

fn accepted(body: Value) -> Response {
    (StatusCode::ACCEPTED, Json(body)).into_response()
}

fn job(id: &str, state: v1::JobState, name: &str, result: Option<Value>, failure: (&str, &str)) -> Value {
    let text = state.as_str_name();
    let mut body = json!({ "request_id": id, "state": text.strip_prefix("JOB_STATE_").unwrap_or(text) });
    if let Some(result) = result {
        body[name] = result;
    }
    if !failure.0.is_empty() {
        body["failure_reason"] = failure.0.into();
        body["failure_detail"] = failure.1.into();
    }
    body
}

/// The state of a job, with 202 until the job has ended.
fn job_answer(state: v1::JobState, body: Value) -> Response {
    let status = if state == v1::JobState::Pending { StatusCode::ACCEPTED } else { StatusCode::OK };
    (status, Json(body)).into_response()
}

pub(super) fn cost(cost: &v1::ExecutionCost) -> Value {
    json!({
        "write_length": cost.write_length,
        "write_count": cost.write_count,
        "read_length": cost.read_length,
        "read_count": cost.read_count,
        "runtime": cost.runtime,
    })
}
