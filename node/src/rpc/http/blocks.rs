//! Blocks: push and read.

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use chainstate::read;
use chainstate::read::block::BlockAt;
use nakamoto_proto::v1;
use serde_json::json;
use stacks_types::ids::StacksBlockId;

use super::auth;
use super::input::{Kind, kind, path_hash, path_number};
use super::query::Query;
use super::respond::{Answer, HttpError, json, octets};
use crate::rpc::grpc::Services;

/// POST /v3/block: block bytes. A refusal is 400 with the reason code.
pub(super) async fn push(State(services): State<Services>, headers: HeaderMap, body: Bytes) -> Answer {
    let answer = store(&services, &headers, body).await?;
    let block_id = hex::encode(&answer.block_id);
    let outcome = match answer.outcome() {
        v1::PushOutcome::Accepted => "accepted",
        v1::PushOutcome::AlreadyKnown => "already_known",
        v1::PushOutcome::Rejected | v1::PushOutcome::Unspecified => {
            let rejection = answer.rejection.unwrap_or_default();
            let body = json!({
                "error": "block rejected",
                "reason": reason(&rejection),
                "reason_data": { "message": rejection.detail },
                "stacks_block_id": block_id,
            });
            return Err(HttpError::json(StatusCode::BAD_REQUEST, body));
        }
    };
    let accepted = answer.outcome() == v1::PushOutcome::Accepted;
    Ok(json(json!({ "stacks_block_id": block_id, "accepted": accepted, "outcome": outcome })))
}

/// POST /v3/blocks/upload: the reference's name and shapes for the same. With `?broadcast=1` the reference sends a known
/// block to its peers again and asks for the token; there are no peers, so the token is all that differs.
pub(super) async fn upload(State(services): State<Services>, query: Query, headers: HeaderMap, body: Bytes) -> Answer {
    if query.is_one("broadcast") {
        auth::operator(&services, &headers)?;
    }
    let answer = store(&services, &headers, body).await?;
    if answer.outcome() == v1::PushOutcome::Rejected {
        let rejection = answer.rejection.unwrap_or_default();
        return Err(HttpError::bad_request(format!("{}: {}", reason(&rejection), rejection.detail)));
    }
    let accepted = answer.outcome() == v1::PushOutcome::Accepted;
    Ok(json(json!({ "stacks_block_id": hex::encode(&answer.block_id), "accepted": accepted })))
}

async fn store(services: &Services, headers: &HeaderMap, body: Bytes) -> Result<v1::PushBlockResponse, HttpError> {
    if kind(headers)? != Kind::Octets {
        return Err(HttpError::bad_request("Content-Type must be application/octet-stream"));
    }
    Ok(services.pool.push_block(&services.wake, body).await?)
}

/// The reason code without its prefix (docs/CONSENSUS.md#rules-of-a-block).
pub(super) fn reason(rejection: &v1::Rejection) -> &'static str {
    let name = rejection.reason().as_str_name();
    name.strip_prefix("REJECT_REASON_").unwrap_or(name)
}

/// GET /v3/blocks/{block_id}.
pub(super) async fn by_id(State(services): State<Services>, Path(block_id): Path<String>) -> Answer {
    let at = BlockAt::Id(StacksBlockId(path_hash(&block_id)?));
    raw(&services, at).await
}

/// GET /v3/blocks/height/{height}[?tip=].
pub(super) async fn by_height(State(services): State<Services>, Path(height): Path<String>, query: Query) -> Answer {
    let height = path_number(&height)?;
    let fork = query.tip()?;
    raw(&services, BlockAt::Height(height, fork)).await
}

async fn raw(services: &Services, at: BlockAt) -> Answer {
    let block = services.pool.read(move |snapshot| read::block::get(snapshot, at)).await?;
    if block.encoded.is_empty() {
        return Err(HttpError::not_found("the boot block was never encoded"));
    }
    Ok(octets(block.encoded.into()))
}
