//! GET /v3/lookup/{hash}: the transaction, block or burn block that has this hash.
//!
//! An unknown hash is answered with nulls, not 404: a search for what may not exist (the page's) should leave no error
//! in the browser's console.

use axum::extract::{Path, State};
use chainstate::chain::Snapshot;
use chainstate::read::block::BlockAt;
use chainstate::read::burn_block::BurnBlockAt;
use chainstate::read::{self, LookupError};
use chainstate::wire;
use serde_json::{Value, json};
use stacks_types::ids::{BurnBlockHash, StacksBlockId, Txid};

use super::event_json::message_json_of;
use super::input::path_hash;
use super::respond::{Answer, json};
use crate::rpc::grpc::{Services, encode};

/// The values are the gRPC messages, as in events.
pub(super) async fn lookup(State(services): State<Services>, Path(hash): Path<String>) -> Answer {
    let hash = path_hash(&hash)?;
    Ok(json(services.pool.read(move |snapshot| found(snapshot, hash)).await?))
}

fn found(snapshot: &Snapshot<'_>, hash: [u8; 32]) -> Result<Value, LookupError> {
    let transaction = known(read::transaction::get(snapshot, &Txid(hash)))?;
    let block = known(read::block::get(snapshot, BlockAt::Id(StacksBlockId(hash))))?;
    let burn_block = known(read::burn_block::get(snapshot, BurnBlockAt::Hash(BurnBlockHash(hash))))?;
    Ok(json!({
        "transaction": transaction.map(|known| message_json_of("GetTransactionResponse", &encode::transaction(known))),
        "block": block.map(|block| message_json_of("BlockRef", &encode::block_ref(&block))),
        "burn_block": burn_block.map(|(block, _)| message_json_of("BurnBlock", &wire::burn_block(&block))),
    }))
}

/// Turns "not found" into `None`.
fn known<T>(answer: Result<T, LookupError>) -> Result<Option<T>, LookupError> {
    match answer {
        Err(LookupError::NotFound { .. }) => Ok(None),
        answer => answer.map(Some),
    }
}
