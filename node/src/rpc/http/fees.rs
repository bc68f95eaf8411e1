//! Fees: the floor, and an estimate for a payload.
//!
//! # What differs from the reference
//! - The cost is measured, not learned from earlier blocks: the payload runs on the tip, and the result is discarded. A
//!   call runs as the contract's deployer.
//! - A payload without `estimated_len` counts as the shortest transaction that holds it.
//! - There is always an estimate; a payload that cannot run is estimated by its size.
//! - The fees are those by which this node's miner would pick the transaction, in micro-STX a byte: at the floor, above
//!   half, and above nearly all of the pending transactions. `fee_rate` is the fee divided by the cost scalar, as
//!   clients expect.

use std::time::{Duration, Instant};

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse as _, Response};
use chainstate::chain::Snapshot;
use chainstate::read::fee::{self, FeeEstimate};
use clarity::costs::Cost;
use serde::Deserialize;
use serde_json::{Value, json};
use stacks_types::limits::MAX_BLOCK_BYTES;
use stacks_types::transaction::TransactionPayload;

use super::contracts::expect_json;
use super::input::{hex_bytes, json_body};
use super::respond::{Answer, json};
use crate::error::ApiError;
use crate::rpc::grpc::Services;

/// Parts into which each dimension of a block is divided for the cost scalar.
const RESOLUTION: f64 = 10_000.0;
/// Bytes of a transaction besides its payload, at least: version (1), chain id (4), one signature's authorization (104),
/// anchor mode (1), post-condition mode (1) and the number of post-conditions (4). The reference leaves them out, and
/// its estimate for a client that gives no length is below its own floor.
const ENVELOPE_BYTES: u64 = 115;
/// How long a payload may run: far longer than in a block, and as long as a wallet would wait.
const ESTIMATE_TIME: Duration = Duration::from_secs(10);

/// GET /v2/fees/transfer: micro-STX a byte; the mempool's floor.
pub(super) async fn transfer() -> Response {
    Json(1).into_response()
}

#[derive(Deserialize)]
struct FeeBody {
    transaction_payload: String,
    #[serde(default)]
    estimated_len: Option<u64>,
}

/// POST /v2/fees/transaction.
pub(super) async fn transaction(State(services): State<Services>, headers: HeaderMap, body: Bytes) -> Answer {
    expect_json(&headers)?;
    let body: FeeBody = json_body(&body)?;
    let payload = hex_bytes("transaction_payload", &body.transaction_payload)?;
    let shortest = payload.len() as u64 + ENVELOPE_BYTES;
    let length = body.estimated_len.unwrap_or(0).max(shortest);
    let estimate = services.pool.evaluate(move |snapshot| estimate(snapshot, &payload)).await?;
    Ok(json(estimate_json(&estimate, length)))
}

fn estimate(snapshot: &Snapshot<'_>, payload: &[u8]) -> Result<FeeEstimate, ApiError> {
    let payload = TransactionPayload::decode(payload);
    let payload = payload.map_err(|error| ApiError::invalid("transaction_payload", error))?;
    let begun = Instant::now();
    Ok(fee::get(snapshot, payload, &|| begun.elapsed() >= ESTIMATE_TIME)?)
}

fn estimate_json(estimate: &FeeEstimate, length: u64) -> Value {
    let cost = &estimate.cost;
    let scalar = scalar(cost, &estimate.limit, length);
    let fees = estimate.rates.map(|rate| (rate * length as f64).ceil().max(length as f64));
    json!({
        "estimated_cost": {
            "write_length": cost.write_length,
            "write_count": cost.write_count,
            "read_length": cost.read_length,
            "read_count": cost.read_count,
            "runtime": cost.runtime,
        },
        "estimated_cost_scalar": scalar,
        "estimations": fees.map(|fee| json!({ "fee_rate": fee / scalar as f64, "fee": whole(fee) })),
        "cost_scalar_change_by_byte": RESOLUTION / MAX_BLOCK_BYTES as f64,
    })
}

/// The part of a block that it takes: the sum over all dimensions, each at least 1.
fn scalar(cost: &Cost, limit: &Cost, length: u64) -> u64 {
    let part = |used: u64, most: u64| whole((RESOLUTION * (used as f64 / most.max(1) as f64).min(1.0)).floor()).max(1);
    part(cost.write_length, limit.write_length)
        + part(cost.write_count, limit.write_count)
        + part(cost.read_length, limit.read_length)
        + part(cost.read_count, limit.read_count)
        + part(cost.runtime, limit.runtime)
        + part(length, MAX_BLOCK_BYTES as u64)
}

/// A non-negative whole number as an integer. The text has no exponent; a number that does not fit becomes the largest.
fn whole(number: f64) -> u64 {
    format!("{number:.0}").parse().unwrap_or(u64::MAX)
}
