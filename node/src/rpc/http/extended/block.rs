//! GET /extended/v2/blocks/{block}: a block of any fork by its id, a canonical one by its height.
//!
//! # What differs from the API
//! A block is not found by its block hash, only by its id (`index_block_hash`).

use axum::extract::{Path, State};
use axum::http::StatusCode;
use chainstate::chain::Snapshot;
use chainstate::read::block::BlockAt;
use chainstate::read::{self, LookupError};
use serde_json::{Value, json};
use stacks_types::ids::StacksBlockId;

use super::{iso, not_found};
use crate::error::ApiError;
use crate::rpc::grpc::Services;
use crate::rpc::http::input::hash;
use crate::rpc::http::respond::{Answer, HttpError, hex0x, json};

pub(in crate::rpc::http) async fn block(State(services): State<Services>, Path(name): Path<String>) -> Answer {
    let at = block_at(&name)?;
    match services.pool.read(move |snapshot| fields(snapshot, at)).await {
        Ok(fields) => Ok(json(fields)),
        Err(ApiError::NotFound { .. }) => Err(not_found(format!("there is no block {name}"))),
        Err(error) => Err(error.into()),
    }
}

/// 64 digits are an id, fewer a height.
fn block_at(name: &str) -> Result<BlockAt, HttpError> {
    let id = hash(name).map(|id| BlockAt::Id(StacksBlockId(id)));
    let named = (name == "latest").then_some(BlockAt::Tip).or(id);
    named.or_else(|| Some(BlockAt::Height(name.parse().ok()?, None))).ok_or_else(|| {
        let error = format!("{name} is neither a height, nor a block id of 64 hex digits, nor `latest`");
        HttpError::json(StatusCode::BAD_REQUEST, json!({ "error": error }))
    })
}

fn fields(snapshot: &Snapshot<'_>, at: BlockAt) -> Result<Value, LookupError> {
    let (header, is_canonical) = read::block::processed_header(snapshot, at)?;
    let parent = snapshot.header(&header.parent_block_id)?;
    let burn = snapshot.burn_view(&header.burn_view)?;
    let processed = snapshot.block_processed(&header.block_id)?.unwrap_or_default();
    let cost = processed.cost.unwrap_or_default();
    Ok(json!({
        "canonical": is_canonical,
        "height": header.chain_length,
        "hash": hex0x(header.block_hash().as_bytes()),
        // A block has no time of its own here: it is its burn view's, as in events and in Clarity.
        "block_time": header.burn_time_s,
        "block_time_iso": iso(header.burn_time_s),
        "tenure_height": header.tenure.height,
        "index_block_hash": hex0x(header.block_id.as_bytes()),
        "parent_block_hash": parent.map(|parent| hex0x(parent.block_hash().as_bytes())),
        "parent_index_block_hash": hex0x(header.parent_block_id.as_bytes()),
        "burn_block_time": header.burn_time_s,
        "burn_block_time_iso": iso(header.burn_time_s),
        "burn_block_hash": hex0x(&header.burn_view.0),
        "burn_block_height": header.burn_height,
        // There is no block commit: the election's name, as in events.
        "miner_txid": hex0x(&burn.sortition_hash.0),
        "tx_count": processed.receipts.len(),
        "execution_cost_read_count": cost.read_count,
        "execution_cost_read_length": cost.read_length,
        "execution_cost_runtime": cost.runtime,
        "execution_cost_write_count": cost.write_count,
        "execution_cost_write_length": cost.write_length,
    }))
}
