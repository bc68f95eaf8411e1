//! The Hiro API's paths that clients need while they develop, as far as a node alone can answer them exactly.

mod accounts;
mod transaction;

use axum::extract::State;
use axum::http::StatusCode;
use serde_json::json;

pub(super) use accounts::{balances, nonces, stx};
pub(super) use transaction::transaction;

use super::respond::{Answer, HttpError, json};
use crate::rpc::grpc::Services;

/// Advice for requests for other paths of the API.
const INDEXERS_PATH: &str = "not found: this path is the indexer's (the Hiro API). Run it beside the node, have the node tell \
                             it (--event-observer localhost:3700), and ask it in place of the node: docs/INDEXER.md";

/// GET /extended/v1/info/network_block_times: seconds between burn blocks by the clock, rounded up; 0 while they come
/// on demand only. The same under both names, so that it fits whichever network a client assumes.
pub(super) async fn network_block_times(State(services): State<Services>) -> Answer {
    let interval = services.clock.pace().interval;
    let seconds = interval.as_secs() + u64::from(interval.subsec_nanos() > 0);
    let times = json!({ "target_block_time": seconds });
    Ok(json(json!({ "testnet": times.clone(), "mainnet": times })))
}

/// A 404 of a path's own as the one of all unknown paths, which is JSON; other errors as they are.
fn or_unknown_path(error: HttpError) -> HttpError {
    if error.status() == StatusCode::NOT_FOUND { unknown_path() } else { error }
}

/// 404 as JSON, as from the API: its clients parse the body before they look at the status.
pub(super) fn unknown_path() -> HttpError {
    let body = json!({ "statusCode": 404, "error": "Not Found", "message": INDEXERS_PATH });
    HttpError::json(StatusCode::NOT_FOUND, body)
}
