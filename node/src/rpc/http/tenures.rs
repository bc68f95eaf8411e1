//! Tenures: sequences of blocks with one burn view, named by its consensus hash.
//!
//! # What differs from the reference
//! - Our header has other fields (docs/CONSENSUS.md#blocks). The JSON also has the reference's keys: `consensus_hash`
//!   and `timestamp` are the burn view's, `miner_signature` is the producer's, `signer_signature` are the stackers',
//!   `pox_treatment` is empty (one bit, zero: the mocked bitcoin pays nobody). Our own fields are beside them:
//!   `bitcoin_block_hash`, `vrf_proof`.
//! - Only the boot block has the type "epoch2"; it has no header, so its tenure has no tip to show.
//! - A list of a tenure's blocks has only the newest [`MAX_BLOCKS`]: a tenure here can have any length.

use axum::extract::{Path, State};
use chainstate::chain::Snapshot;
use chainstate::read;
use chainstate::read::fork::ForkTenure;
use chainstate::read::sortition::SortitionAt;
use chainstate::read::tenure::Tenure;
use serde_json::{Value, json};
use stacks_types::block::NakamotoStacksBlockHeader;
use stacks_types::ids::{BurnBlockHash, ConsensusHash, StacksBlockId};

use super::input::{path_hash, path_number};
use super::query::Query;
use super::respond::{Answer, HttpError, hex0x, json, octets};
use crate::error::ApiError;
use crate::rpc::grpc::Services;

/// Most blocks in a list, newest first.
const MAX_BLOCKS: usize = 4096;
/// Most bytes of blocks in one answer.
const MAX_BYTES: usize = 16 << 20;
/// Most burn blocks of a fork in one answer, as in the reference: the newest, and ten before it.
const MAX_FORK: usize = 11;
/// A bit vector of one bit that is not set: length in bits, byte count, bytes.
const NO_POX_TREATMENT: &str = "00010000000100";

/// GET /v3/tenures/info.
pub(super) async fn info(State(services): State<Services>) -> Answer {
    let stand = services.pool.read(read::tenure::info).await?;
    let (parent, parent_start) = stand.parent.unwrap_or_default();
    Ok(json(json!({
        "consensus_hash": stand.burn_view.consensus_hash.to_hex(),
        "tenure_start_block_id": stand.tip.tenure.start.to_hex(),
        "parent_consensus_hash": parent.to_hex(),
        "parent_tenure_start_block_id": parent_start.to_hex(),
        "tip_block_id": stand.tip.block_id.to_hex(),
        "tip_height": stand.tip.chain_length,
        "reward_cycle": stand.reward_cycle,
    })))
}

/// GET /v3/tenures/{block_id}[?stop=]: encoded blocks, newest first, back to the first of the tenure or to the child of `stop`.
pub(super) async fn blocks_back(
    State(services): State<Services>,
    Path(block_id): Path<String>,
    query: Query,
) -> Answer {
    let block_id = StacksBlockId(path_hash(&block_id)?);
    let stop = query.block_id("stop")?;
    let read = move |snapshot: &Snapshot<'_>| read::tenure::blocks_back(snapshot, block_id, stop, MAX_BYTES);
    Ok(octets(services.pool.read(read).await?.concat().into()))
}

/// GET /v3/tenures/blocks/{consensus_hash}.
pub(super) async fn blocks_by_consensus(State(services): State<Services>, Path(hash): Path<String>) -> Answer {
    list(&services, SortitionAt::Consensus(ConsensusHash(path_hash(&hash)?))).await
}

/// GET /v3/tenures/blocks/hash/{burn_block_hash}.
pub(super) async fn blocks_by_burn_block(State(services): State<Services>, Path(hash): Path<String>) -> Answer {
    list(&services, SortitionAt::BurnBlock(BurnBlockHash(path_hash(&hash)?))).await
}

/// GET /v3/tenures/blocks/height/{burn_block_height}.
pub(super) async fn blocks_by_height(State(services): State<Services>, Path(height): Path<String>) -> Answer {
    list(&services, SortitionAt::Height(path_number(&height)?)).await
}

async fn list(services: &Services, at: SortitionAt) -> Answer {
    let tenure = services.pool.read(move |snapshot| read::tenure::get(snapshot, at, MAX_BLOCKS)).await?;
    let blocks: Vec<Value> = tenure
        .blocks
        .iter()
        .map(|block| {
            json!({
                "block_id": block.block_id.to_hex(),
                "block_hash": block.block_hash().to_hex(),
                "parent_block_id": block.parent_block_id.to_hex(),
                "height": block.chain_length,
                "header_type": if block.header.is_some() { "nakamoto" } else { "epoch2" },
            })
        })
        .collect();
    Ok(json(json!({
        "consensus_hash": tenure.burn_block.consensus_hash.to_hex(),
        "burn_block_height": tenure.burn_block.height,
        "burn_block_hash": tenure.burn_block.hash.to_hex(),
        "last_sortition_ch": tenure.last_sortition.to_hex(),
        "stacks_blocks": blocks,
    })))
}

/// GET /v3/tenures/tip/{consensus_hash}.
pub(super) async fn tip(State(services): State<Services>, Path(hash): Path<String>) -> Answer {
    let (header, _) = tip_header(&services, &hash).await?;
    Ok(json(header))
}

/// GET /v3/tenures/tip_metadata/{consensus_hash}. A block's burn view is always its tenure's here.
pub(super) async fn tip_metadata(State(services): State<Services>, Path(hash): Path<String>) -> Answer {
    let (header, tenure) = tip_header(&services, &hash).await?;
    let burn_view = tenure.burn_block.consensus_hash.to_hex();
    Ok(json(json!({ "anchored_header": header, "burn_view": burn_view })))
}

async fn tip_header(services: &Services, hash: &str) -> Result<(Value, Tenure), HttpError> {
    let at = SortitionAt::Consensus(ConsensusHash(path_hash(hash)?));
    let tenure = services.pool.read(move |snapshot| read::tenure::get(snapshot, at, 1)).await?;
    let header = tenure.blocks.first().and_then(|tip| tip.header.as_ref());
    let header = header.ok_or_else(|| HttpError::not_found("the tenure has no Nakamoto block"))?;
    Ok((json!({ "Nakamoto": header_json(header, tenure.burn_block.time_s) }), tenure))
}

/// A header in the reference's form; the module lists the differences.
fn header_json(header: &NakamotoStacksBlockHeader, burn_time_s: u64) -> Value {
    let signatures = header.stacker_signatures.iter().map(|signature| hex::encode(signature.0));
    json!({
        "version": header.version,
        "chain_length": header.chain_length,
        "burn_spent": header.burn_spent,
        "consensus_hash": header.consensus_hash().to_hex(),
        "parent_block_id": header.parent_block_id.to_hex(),
        "tx_merkle_root": header.tx_merkle_root.to_hex(),
        "state_index_root": header.state_index_root.to_hex(),
        "timestamp": burn_time_s,
        "miner_signature": hex::encode(header.producer_signature.0),
        "signer_signature": signatures.collect::<Vec<_>>(),
        "pox_treatment": NO_POX_TREATMENT,
        "bitcoin_block_hash": header.bitcoin_block_hash.to_hex(),
        "vrf_proof": hex::encode(header.vrf_proof.0),
        // Newer signers of the reference require the key; in their blocks it names transactions that took too long.
        "problematic_txs": [],
    })
}

/// GET /v3/tenures/fork_info/{start}/{stop}: from the newer consensus hash `stop` back to the older one `start`.
pub(super) async fn fork_info(State(services): State<Services>, Path((start, stop)): Path<(String, String)>) -> Answer {
    let (start, stop) = (ConsensusHash(path_hash(&start)?), ConsensusHash(path_hash(&stop)?));
    let read = move |snapshot: &Snapshot<'_>| read::fork::get(snapshot, &start, &stop, MAX_FORK, MAX_BYTES);
    let foreign = || ApiError::invalid("start", "is not in the burn fork of stop");
    let tenures = services.pool.read(read).await?.ok_or_else(foreign)?;
    Ok(json(tenures.iter().map(fork_json).collect::<Vec<_>>().into()))
}

fn fork_json(tenure: &ForkTenure) -> Value {
    let burn = &tenure.burn_block;
    json!({
        "burn_block_hash": hex0x(&burn.hash.0),
        "burn_block_height": burn.height,
        "sortition_id": hex0x(&burn.hash.0),
        "parent_sortition_id": hex0x(&burn.parent.0),
        "consensus_hash": hex0x(&burn.consensus_hash.0),
        "was_sortition": tenure.was_sortition,
        "first_block_mined": tenure.first_block.map(|id| hex0x(&id.0)),
        "nakamoto_blocks": tenure.blocks.as_deref().map(|blocks| hex0x(&vector(blocks))),
    })
}

/// A vector in the consensus codec: count as u32, then the items.
fn vector(blocks: &[Vec<u8>]) -> Vec<u8> {
    let count = u32::try_from(blocks.len()).unwrap_or(u32::MAX);
    let mut bytes = count.to_be_bytes().to_vec();
    blocks.iter().for_each(|block| bytes.extend_from_slice(block));
    bytes
}
