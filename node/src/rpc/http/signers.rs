//! GET /v3/blocks/{block_id}/signers: which stackers signed a block, and with `?back=` its ancestors.
//!
//! The header lists signatures without names; the names are the keys that they recover to, looked up in the stacker set
//! of the block's burn view.

use std::collections::BTreeSet;

use axum::extract::{Path, State};
use nakamoto_proto::v1;
use serde_json::{Value, json};
use stacks_types::address::StacksAddress;
use stacks_types::ids::Hash160;
use stacks_types::keys::{LowS, MessageSignature};

use super::input::path_hash;
use super::query::Query;
use super::respond::{Answer, HttpError, hex0x, json};
use crate::chain::{BlockAt, BurnBlockAt, NodeChain};
use crate::error::ApiError;
use crate::rpc::grpc::Services;

/// Most ancestors: with some ten signatures a block a few hundred keys are recovered.
const BACK_MAX: usize = 63;

/// GET /v3/blocks/{block_id}/signers[?back=].
pub(super) async fn signers(State(services): State<Services>, Path(block_id): Path<String>, query: Query) -> Answer {
    let block_id = path_hash(&block_id)?;
    let back = match query.text("back") {
        None => 0,
        Some(text) => text
            .parse()
            .ok()
            .filter(|back| *back <= BACK_MAX)
            .ok_or_else(|| HttpError::bad_request(format!("back is not a number up to {BACK_MAX}")))?,
    };
    let mode = services.pool.chain().identity().signing_mode;
    let blocks = services.pool.read(move |chain| line(chain, mode, block_id, back)).await?;
    Ok(json(json!({ "signing_mode": mode.as_str_name(), "blocks": blocks })))
}

/// The block and its ancestors, newest first, as far as the boot block, which nobody signed.
fn line(chain: &NodeChain, mode: v1::SigningMode, newest: [u8; 32], back: usize) -> Result<Vec<Value>, ApiError> {
    let (mut blocks, mut next) = (Vec::new(), newest);
    while blocks.len() <= back {
        let block = chain.block(BlockAt::Id(next))?;
        let (names, header) = (block.r#ref.unwrap_or_default(), block.header.unwrap_or_default());
        if names.chain_length == 0 {
            break;
        }
        let Ok(parent) = <[u8; 32]>::try_from(&header.parent_block_id[..]) else { break };
        blocks.push(signed_block(chain, mode, &names, &header)?);
        next = parent;
    }
    Ok(blocks)
}

fn signed_block(
    chain: &NodeChain,
    mode: v1::SigningMode,
    names: &v1::BlockRef,
    header: &v1::BlockHeader,
) -> Result<Value, ApiError> {
    let burn_view = <[u8; 32]>::try_from(&header.burn_block_hash[..]).map_err(ApiError::internal)?;
    let producer = chain.burn_block(BurnBlockAt::Hash(burn_view))?.burn_block.unwrap_or_default().elected_producer;
    let set = chain.stacker_set(Some(burn_view))?;
    let keys = (mode == v1::SigningMode::Ecdsa).then(|| recovered(names, header));
    let members = set.stackers.iter().map(|stacker| {
        let hash = StacksAddress::parse(&stacker.address).ok().map(|address| address.hash160());
        // Of the constant nobody can say whose it is.
        let signed = keys.as_ref().map(|keys| hash.is_some_and(|hash| keys.contains(&hash)));
        json!({ "address": stacker.address, "weight": stacker.weight, "slot_id": stacker.slot_id, "signed": signed })
    });
    Ok(json!({
        "block_id": hex0x(&names.block_id),
        "chain_length": names.chain_length,
        "reward_cycle": set.reward_cycle,
        "producer": producer,
        "signatures": header.stacker_signature.len(),
        "signers": members.collect::<Vec<_>>(),
    }))
}

/// Who signed. Signatures of stored blocks were verified, so all recover.
fn recovered(names: &v1::BlockRef, header: &v1::BlockHeader) -> BTreeSet<Hash160> {
    let Ok(digest) = <[u8; 32]>::try_from(&names.block_hash[..]) else { return BTreeSet::new() };
    let signatures = header.stacker_signature.iter().filter_map(|bytes| MessageSignature::try_from(&bytes[..]).ok());
    signatures.filter_map(|signature| signature.recover(&digest, LowS::Lax).ok()).map(|key| key.hash160()).collect()
}
