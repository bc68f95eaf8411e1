//! Blocks: push and read.

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use chainstate::blocks::Rejection;
use chainstate::chain::StoreOutcome;
use chainstate::read;
use chainstate::read::block::BlockAt;
use nakamoto_proto::v1::RejectReason;
use serde_json::{Value, json};
use stacks_types::ids::StacksBlockId;

use super::auth;
use super::input::{Kind, kind, path_hash, path_number};
use super::query::Query;
use super::respond::{Answer, HttpError, json, octets};
use crate::rpc::grpc::Services;

/// POST /v3/block: block bytes. A refusal is 400 with the reason code. A known block is answered with the rule that it
/// was later found to break, if any.
pub(super) async fn push(State(services): State<Services>, headers: HeaderMap, body: Bytes) -> Answer {
    match store(&services, &headers, body).await? {
        StoreOutcome::Stored(id) => {
            Ok(json(json!({ "stacks_block_id": id.to_hex(), "accepted": true, "outcome": "accepted" })))
        }
        StoreOutcome::AlreadyKnown(id, rejection) => Ok(json(json!({
            "stacks_block_id": id.to_hex(),
            "accepted": false,
            "outcome": "already_known",
            "rejection": rejection.as_ref().map(broken_rule),
        }))),
        StoreOutcome::Rejected(id, rejection) => {
            let body = json!({
                "error": "block rejected",
                "reason": reason(rejection.reason()),
                "reason_data": { "message": rejection.to_string() },
                "stacks_block_id": id.map(|id| id.to_hex()).unwrap_or_default(),
            });
            Err(HttpError::json(StatusCode::BAD_REQUEST, body))
        }
    }
}

/// The rule that a block was found to break when it was processed.
fn broken_rule(rejection: &Rejection) -> Value {
    json!({ "reason": reason(rejection.reason()), "message": rejection.to_string() })
}

/// POST /v3/blocks/upload: the reference's name and shapes for a push. With `?broadcast=1` the reference asks for the
/// token and sends a known block to its peers again; there are no peers here, so only the token remains.
pub(super) async fn upload(State(services): State<Services>, query: Query, headers: HeaderMap, body: Bytes) -> Answer {
    if query.is_one("broadcast") {
        auth::operator(&services, &headers)?;
    }
    let (id, accepted) = match store(&services, &headers, body).await? {
        StoreOutcome::Stored(id) => (id, true),
        StoreOutcome::AlreadyKnown(id, _) => (id, false),
        StoreOutcome::Rejected(_, rejection) => {
            return Err(HttpError::bad_request(format!("{}: {rejection}", reason(rejection.reason()))));
        }
    };
    Ok(json(json!({ "stacks_block_id": id.to_hex(), "accepted": accepted })))
}

async fn store(services: &Services, headers: &HeaderMap, body: Bytes) -> Result<StoreOutcome, HttpError> {
    if kind(headers)? != Kind::Octets {
        return Err(HttpError::bad_request("Content-Type must be application/octet-stream"));
    }
    Ok(services.pool.push_block(&services.wake, body).await?)
}

/// The reason code without its prefix (docs/CONSENSUS.md#rules-of-a-block).
pub(super) fn reason(code: RejectReason) -> &'static str {
    let name = code.as_str_name();
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
