//! Dry runs of transactions.
//!
//! # What differs from the reference
//! - `tip` may name any processed block; the reference takes the canonical tip, whatever `tip` says.
//! - A transaction may take as much time and memory as in a template of this node.

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::IntoResponse as _;
use chainstate::read::Unknown;
use chainstate::read::simulate::Checks;
use chainstate::wire;
use nakamoto_proto::v1;
use serde::{Deserialize, Serialize};

use super::auth;
use super::contracts::expect_json;
use super::input::{hex_bytes, json_body};
use super::query::Query;
use super::respond::{Answer, HttpError, hex0x};
use crate::error::ApiError;
use crate::event_dispatcher::{BlockEvent, Cost, receipt_events};
use crate::rpc::grpc::Services;
use crate::rpc::simulation::{Simulation, SimulationRequest, simulate};

#[derive(Deserialize)]
struct SimulateBody {
    transaction_hex: String,
}

#[derive(Serialize)]
struct Simulated<'a> {
    txid: String,
    tip_block_id: String,
    consensus_hash: String,
    /// Of the block in which it ran.
    block_height: u64,
    result_hex: String,
    stx_burned: u128,
    execution_cost: Cost,
    execution_limit: Cost,
    events: Vec<BlockEvent<'a>>,
    post_condition_aborted: bool,
    vm_error: Option<&'a str>,
}

/// POST /v3/transactions/simulate[?tip=].
pub(super) async fn transaction(
    State(services): State<Services>,
    query: Query,
    headers: HeaderMap,
    body: Bytes,
) -> Answer {
    auth::operator(&services, &headers)?;
    expect_json(&headers)?;
    let body: SimulateBody = json_body(&body)?;
    let transaction = hex_bytes("transaction_hex", &body.transaction_hex)?.into();
    let request = SimulationRequest { transaction, at: query.tip()?, checks: Checks::All };
    let answer = simulate(&services.pool, request, |done| {
        Ok(match done {
            Ok(simulation) => Ok(encode(&simulation)?),
            Err(error) => Err(format!("Failed to simulate transaction: {}: {error}", error.miner_verdict())),
        })
    });
    let done = match answer.await {
        Err(ApiError::NotFound { what: Unknown::Block, .. }) => return Err(HttpError::not_found("No such chain tip")),
        done => done?.map_err(HttpError::bad_request)?,
    };
    Ok(([(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))], done).into_response())
}

fn encode(simulation: &Simulation) -> Result<Vec<u8>, ApiError> {
    let Simulation { parent, consensus_hash, receipt, stx_burned, cost_limit } = simulation;
    let body = Simulated {
        txid: hex::encode(&receipt.txid),
        tip_block_id: parent.block_id.to_hex(),
        consensus_hash: consensus_hash.to_hex(),
        block_height: parent.chain_length.saturating_add(1),
        result_hex: hex0x(&receipt.result),
        stx_burned: *stx_burned,
        execution_cost: Cost::of(receipt.cost.as_ref()),
        execution_limit: Cost::of(Some(&wire::cost(cost_limit))),
        events: receipt_events(receipt).map_err(|part| ApiError::internal(format!("a receipt without {part}")))?,
        post_condition_aborted: receipt.status() == v1::TransactionStatus::AbortByPostCondition,
        vm_error: Some(receipt.vm_error.as_str()).filter(|text| !text.is_empty()),
    };
    serde_json::to_vec(&body).map_err(ApiError::internal)
}
