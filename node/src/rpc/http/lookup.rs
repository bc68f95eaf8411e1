//! GET /v3/lookup/{hash}: what the node knows by this name, a transaction, a block or a burn block.
//!
//! That nothing has the name is an answer with nulls, not a 404: who asks for what may be there (the page's search) leaves no
//! error behind in the browser's console.

use axum::extract::{Path, State};
use serde_json::{Value, json};

use super::event_json::message_json_of;
use super::input::path_hash;
use super::respond::{Answer, json};
use crate::chain::{BlockAt, BurnBlockAt, NodeChain};
use crate::error::ApiError;
use crate::rpc::grpc::Services;

/// Values are those of the gRPC messages, as in the events.
pub(super) async fn lookup(State(services): State<Services>, Path(hash): Path<String>) -> Answer {
    let hash = path_hash(&hash)?;
    Ok(json(services.pool.read(move |chain| found(chain, hash)).await?))
}

fn found(chain: &NodeChain, hash: [u8; 32]) -> Result<Value, ApiError> {
    let transaction = known(chain.transaction(hash))?;
    let block = known(chain.block(BlockAt::Id(hash)))?.and_then(|answer| answer.r#ref);
    let burn_block = known(chain.burn_block(BurnBlockAt::Hash(hash)))?.and_then(|answer| answer.burn_block);
    Ok(json!({
        "transaction": transaction.map(|answer| message_json_of("GetTransactionResponse", &answer)),
        "block": block.map(|block| message_json_of("BlockRef", &block)),
        "burn_block": burn_block.map(|block| message_json_of("BurnBlock", &block)),
    }))
}

/// An unknown name is none.
fn known<T>(answer: Result<T, ApiError>) -> Result<Option<T>, ApiError> {
    match answer {
        Err(ApiError::NotFound { .. }) => Ok(None),
        answer => answer.map(Some),
    }
}
