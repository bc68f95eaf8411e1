//! GET /v3/blocks/{block_id}/signers: which stackers signed a block and, with `?back=`, its ancestors.
//!
//! The header's signatures do not name their signers. Each recovers to a key, which is looked up in the stacker set of the block's
//! burn view.

use std::collections::BTreeSet;

use axum::extract::{Path, State};
use chainstate::chain::Snapshot;
use chainstate::read::block::BlockAt;
use chainstate::read::burn_block::BurnBlockAt;
use chainstate::read::{self, LookupError};
use chainstate::wire;
use serde_json::{Value, json};
use stacks_types::block::{NakamotoStacksBlockHeader, SigningMode};
use stacks_types::ids::{Hash160, StacksBlockId};

use super::input::path_hash;
use super::query::Query;
use super::respond::{Answer, HttpError, hex0x, json};
use crate::rpc::grpc::Services;

/// Most ancestors: with about ten signatures per block, a few hundred keys are recovered.
const BACK_MAX: usize = 63;

/// GET /v3/blocks/{block_id}/signers[?back=].
pub(super) async fn signers(State(services): State<Services>, Path(block_id): Path<String>, query: Query) -> Answer {
    let block_id = StacksBlockId(path_hash(&block_id)?);
    let back = match query.text("back") {
        None => 0,
        Some(text) => text
            .parse()
            .ok()
            .filter(|back| *back <= BACK_MAX)
            .ok_or_else(|| HttpError::bad_request(format!("back is not a number up to {BACK_MAX}")))?,
    };
    let mode = services.pool.chain().chainstate().params().signing;
    let blocks = services.pool.read(move |snapshot| line(snapshot, block_id, back)).await?;
    Ok(json(json!({ "signing_mode": wire::signing_mode(mode).as_str_name(), "blocks": blocks })))
}

/// The block and its ancestors, newest first, back to the boot block, which nobody signed and which is left out.
fn line(snapshot: &Snapshot<'_>, newest: StacksBlockId, back: usize) -> Result<Vec<Value>, LookupError> {
    let (mut blocks, mut next) = (Vec::new(), newest);
    while blocks.len() <= back {
        let block = read::block::get(snapshot, BlockAt::Id(next))?;
        let Some(header) = block.header else { break };
        blocks.push(signed_block(snapshot, &block.block_id, &header)?);
        next = header.parent_block_id;
    }
    Ok(blocks)
}

fn signed_block(
    snapshot: &Snapshot<'_>,
    block_id: &StacksBlockId,
    header: &NakamotoStacksBlockHeader,
) -> Result<Value, LookupError> {
    let burn_view = header.bitcoin_block_hash;
    let (burn_block, _) = read::burn_block::get(snapshot, BurnBlockAt::Hash(burn_view))?;
    let set = read::set::stackers(snapshot, Some(burn_view))?;
    let keys = (snapshot.params().signing == SigningMode::Ecdsa).then(|| recovered(header));
    let members = (0_u32..).zip(&set.stackers).map(|(slot_id, stacker)| {
        // The constant signature does not say who signed.
        let signed = keys.as_ref().map(|keys| keys.contains(&stacker.address.hash160()));
        let address = stacker.address.to_string();
        json!({ "address": address, "weight": stacker.weight, "slot_id": slot_id, "signed": signed })
    });
    Ok(json!({
        "block_id": hex0x(&block_id.0),
        "chain_length": header.chain_length,
        "reward_cycle": set.cycle,
        "producer": burn_block.elected_producer.to_string(),
        "signatures": header.stacker_signatures.len(),
        "signers": members.collect::<Vec<_>>(),
    }))
}

/// Key hashes of the signers. Signatures of stored blocks were verified, so all recover.
fn recovered(header: &NakamotoStacksBlockHeader) -> BTreeSet<Hash160> {
    let keys = header.recover_stackers().unwrap_or_default();
    keys.into_iter().map(|key| key.hash160()).collect()
}
