//! GET /v3/lookup/{hash}: what the node knows by this name, a transaction, a block or a burn block.
//!
//! That nothing has the name is an answer with nulls, not a 404: who asks for what may be there (the page's search) leaves no
//! error behind in the browser's console.

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

/// Values are those of the gRPC messages, as in the events.
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

/// An unknown name is none.
fn known<T>(answer: Result<T, LookupError>) -> Result<Option<T>, LookupError> {
    match answer {
        Err(LookupError::NotFound { .. }) => Ok(None),
        answer => answer.map(Some),
    }
}
