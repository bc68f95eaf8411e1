//! Which path does what.

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use tonic::Code;

use super::{accounts, blocks, contracts, headers, info, jobs, transactions};
use crate::network::errors::Failure;
use crate::network::grpc::Services;
use crate::network::limits::{MAX_MESSAGE_BYTES, MAX_READ_BODY_BYTES, MAX_TRANSACTION_BODY_BYTES};

/// All HTTP paths, with a fallback of their own.
pub fn router(services: &Services) -> Router {
    let gate = services.gate.clone();
    let reads = Router::new()
        .route("/health", get(info::alive))
        .route("/v3/health", get(info::health))
        .route("/v2/info", get(info::info))
        .route("/v2/fees/transfer", get(info::transfer_fee))
        .route("/v2/accounts/{principal}", get(accounts::account))
        .route("/v2/contracts/source/{address}/{contract}", get(contracts::source))
        .route("/v2/contracts/interface/{address}/{contract}", get(contracts::interface))
        .route("/v2/contracts/call-read/{address}/{contract}/{function}", post(contracts::call_read))
        .route("/v2/data_var/{address}/{contract}/{variable}", get(contracts::data_var))
        .route("/v2/map_entry/{address}/{contract}/{map}", post(contracts::map_entry))
        .route("/v2/transactions/unconfirmed/{txid}", get(transactions::unconfirmed))
        .route("/v3/transaction/{txid}", get(transactions::mined))
        .route("/v3/blocks/{block_id}", get(blocks::by_id))
        .route("/v3/blocks/height/{height}", get(blocks::by_height))
        .layer(DefaultBodyLimit::max(MAX_READ_BODY_BYTES));
    let submit = Router::new()
        .route("/v2/transactions", post(transactions::submit))
        .layer(DefaultBodyLimit::max(MAX_TRANSACTION_BODY_BYTES));
    let work = Router::new()
        .route("/v3/block", post(blocks::push))
        .route("/v3/blocks/upload", post(blocks::upload))
        .route("/v3/block_template", post(jobs::request_template))
        .route("/v3/block_template/", post(jobs::request_template))
        .route("/v3/block_template/{id}", get(jobs::template))
        .route("/v3/block_validation", post(jobs::request_validation))
        .route("/v3/block_validation/{id}", get(jobs::validation))
        .layer(DefaultBodyLimit::max(MAX_MESSAGE_BYTES));
    reads
        .merge(submit)
        .merge(work)
        .method_not_allowed_fallback(wrong_method)
        .fallback(unknown_path)
        .with_state(services.clone())
        .layer(from_fn_with_state(gate, headers::standard))
}

async fn wrong_method() -> Response {
    (StatusCode::METHOD_NOT_ALLOWED, "method not allowed").into_response()
}

/// A gRPC call of a service that is not served gets a gRPC answer.
async fn unknown_path(request: Request) -> Response {
    let kind = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if kind.starts_with("application/grpc") {
        let path = request.uri().path();
        let failure = Failure::new(Code::Unimplemented, "UNKNOWN_METHOD", format!("{path} is not served"));
        return tonic::Status::from(failure.with("path", path)).into_http();
    }
    (StatusCode::NOT_FOUND, "not found").into_response()
}
