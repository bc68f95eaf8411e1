//! The Hiro API's paths that clients need while they develop, as far as a node alone can answer them exactly.

mod accounts;
mod block;
mod contract;
mod info;
mod transaction;

use axum::http::StatusCode;
use prost_types::Timestamp;
use serde_json::json;

pub(super) use accounts::{balances, nonces, principal_nonces, principal_stx, stx};
pub(super) use block::block;
pub(super) use contract::contract;
pub(super) use info::{network_block_times, status};
pub(super) use transaction::{raw_transaction, transaction};

use super::respond::HttpError;

/// Advice for requests for other paths of the API.
const INDEXERS_PATH: &str = "not found: this path is the indexer's (the Hiro API). Run it beside the node, have the node tell \
                             it (--event-observer localhost:3700), and ask it in place of the node: docs/INDEXER.md";

/// A 404 of a path's own as the one of all unknown paths, which is JSON; other errors as they are.
fn or_unknown_path(error: HttpError) -> HttpError {
    if error.status() == StatusCode::NOT_FOUND { unknown_path() } else { error }
}

/// 404 as JSON, as from the API: its clients parse the body before they look at the status.
pub(super) fn unknown_path() -> HttpError {
    let body = json!({ "statusCode": 404, "error": "Not Found", "message": INDEXERS_PATH });
    HttpError::json(StatusCode::NOT_FOUND, body)
}

/// 404 as JSON for what the chain does not have.
fn not_found(error: String) -> HttpError {
    HttpError::json(StatusCode::NOT_FOUND, json!({ "error": error }))
}

/// Seconds since 1970 as an ISO 8601 date and time.
fn iso(time_s: u64) -> String {
    Timestamp { seconds: i64::try_from(time_s).unwrap_or(i64::MAX), nanos: 0 }.to_string()
}
