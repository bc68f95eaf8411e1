//! What the node is and where its chain stands.

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse as _, Response};
use chainstate::burn::BurnBlock;
use chainstate::chain::Snapshot;
use chainstate::read::burn_block::BurnBlockAt;
use chainstate::read::{self, LookupError};
use chainstate::stackerdb::list_instances;
use serde_json::{Value, json};

use super::respond::{Answer, json};
use crate::rpc::grpc::Services;
use crate::rpc::health;

/// Peer versions of testnet and mainnet without their last byte, which is the epoch's. There are no peers to see them.
const PEER_VERSIONS: (u32, u32) = (0xfaca_de00, 0x1800_0000);
/// Network ids of bitcoin's regtest and mainnet.
const PARENT_NETWORK_IDS: (u32, u32) = (3_669_344_250, 3_652_501_241);
/// Burn blocks after which the reference calls one stable.
const STABLE_BURN_BLOCKS: u64 = 7;

/// GET /health: 200 while the process answers and the tip moves when it should; 503 says for how long it has not.
pub(super) async fn alive(State(services): State<Services>) -> Answer {
    Ok(match health::stall(&services.pool).await? {
        None => "ok".into_response(),
        Some(stall) => (StatusCode::SERVICE_UNAVAILABLE, stall.to_string()).into_response(),
    })
}

/// GET /v3/health: a node without peers is never behind them.
pub(super) async fn health(State(services): State<Services>) -> Response {
    json(json!({
        "difference_from_max_peer": 0,
        "max_stacks_height_of_neighbors": 0,
        "max_stacks_neighbor_address": null,
        "node_stacks_tip_height": services.pool.chain().tip_height(),
    }))
}

/// GET /v2/info.
pub(super) async fn info(State(services): State<Services>) -> Answer {
    let body = services.pool.read_unless_known(|snapshot| Ok(described(snapshot)?.to_string().into())).await?;
    Ok(([(CONTENT_TYPE, "application/json")], body).into_response())
}

fn described(snapshot: &Snapshot<'_>) -> Result<Value, LookupError> {
    let (params, tips) = (snapshot.params(), read::tip::get(snapshot)?);
    let (tip, view, burn_tip) = (&tips.tip, &tips.burn_view.block, &tips.burn_tip.block);
    let stable = stable(snapshot, burn_tip)?;
    let peer_version = if params.mainnet { PEER_VERSIONS.1 } else { PEER_VERSIONS.0 };
    let parent_network_id = if params.mainnet { PARENT_NETWORK_IDS.1 } else { PARENT_NETWORK_IDS.0 };
    Ok(json!({
        "peer_version": peer_version | u32::from(params.network_epoch()),
        "pox_consensus": burn_tip.consensus_hash.to_hex(),
        "burn_block_height": burn_tip.height,
        "stable_pox_consensus": stable.consensus_hash.to_hex(),
        "stable_burn_block_height": stable.height,
        "server_version": crate::version::SERVER_VERSION,
        "network_id": params.chain_id,
        "parent_network_id": parent_network_id,
        "stacks_tip_height": tip.chain_length,
        "stacks_tip": tip.block_hash().to_hex(),
        "stacks_tip_consensus_hash": view.consensus_hash.to_hex(),
        "genesis_chainstate_hash": hex::encode([0; 32]),
        "unanchored_tip": null,
        "unanchored_seq": null,
        "tenure_height": tip.tenure.height,
        "exit_at_block_height": null,
        "is_fully_synced": true,
        "stackerdbs": list_instances(snapshot.conn())?,
    }))
}

/// GET /v2/neighbors: a node without peers.
pub(super) async fn neighbors() -> Response {
    json(json!({ "bootstrap": [], "sample": [], "inbound": [], "outbound": [] }))
}

/// The burn block that the reference would call stable; the tip while there are too few burn blocks.
fn stable(snapshot: &Snapshot<'_>, burn_tip: &BurnBlock) -> Result<BurnBlock, LookupError> {
    let Some(height) = burn_tip.height.checked_sub(STABLE_BURN_BLOCKS) else { return Ok(burn_tip.clone()) };
    match read::burn_block::get(snapshot, BurnBlockAt::Height(height, None)) {
        Ok((found, _)) => Ok(found.block),
        Err(LookupError::NotFound { .. }) => Ok(burn_tip.clone()),
        Err(error) => Err(error),
    }
}
