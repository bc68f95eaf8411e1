//! What the node is and where it stands.

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse as _, Response};
use nakamoto_proto::v1;
use serde_json::{Value, json};

use super::respond::{Answer, json};
use crate::chain::{BurnBlockAt, NodeChain};
use crate::error::ApiError;
use crate::rpc::grpc::Services;

/// Peer versions of testnet and mainnet without their last byte, the epoch's; no peer ever sees them.
const PEER_VERSIONS: (u32, u32) = (0xfaca_de00, 0x1800_0000);
/// Network ids of bitcoin's regtest and mainnet.
const PARENT_NETWORK_IDS: (u32, u32) = (3_669_344_250, 3_652_501_241);
/// Burn blocks after which the reference calls one stable.
const STABLE_BURN_BLOCKS: u64 = 7;

/// GET /health: 200 while the process answers and the tip moves when it should; 503 says for how long it has not.
pub(super) async fn alive(State(services): State<Services>) -> Answer {
    Ok(match services.pool.read(NodeChain::stall).await? {
        None => "ok".into_response(),
        Some(stall) => (StatusCode::SERVICE_UNAVAILABLE, stall.to_string()).into_response(),
    })
}

/// GET /v3/health: there are no peers to be behind of.
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
    let body = services.pool.read_unless_known(|chain| Ok(described(chain)?.to_string().into())).await?;
    Ok(([(CONTENT_TYPE, "application/json")], body).into_response())
}

fn described(chain: &NodeChain) -> Result<Value, ApiError> {
    let (identity, facts) = (chain.identity(), Facts::read(chain)?);
    let (tip, view, burn_tip) = (facts.tips.tip, facts.tips.burn_view, facts.tips.burn_tip);
    let (tip, view, burn_tip) = (tip.unwrap_or_default(), view.unwrap_or_default(), burn_tip.unwrap_or_default());
    let peer_version = if identity.mainnet { PEER_VERSIONS.1 } else { PEER_VERSIONS.0 };
    let parent_network_id = if identity.mainnet { PARENT_NETWORK_IDS.1 } else { PARENT_NETWORK_IDS.0 };
    Ok(json!({
        "peer_version": peer_version | u32::from(identity.network_epoch),
        "pox_consensus": hex::encode(&burn_tip.consensus_hash),
        "burn_block_height": burn_tip.height,
        "stable_pox_consensus": hex::encode(&facts.stable.consensus_hash),
        "stable_burn_block_height": facts.stable.height,
        "server_version": crate::SERVER_VERSION,
        "network_id": identity.chain_id,
        "parent_network_id": parent_network_id,
        "stacks_tip_height": tip.chain_length,
        "stacks_tip": hex::encode(&tip.block_hash),
        "stacks_tip_consensus_hash": hex::encode(&view.consensus_hash),
        "genesis_chainstate_hash": hex::encode([0; 32]),
        "unanchored_tip": null,
        "unanchored_seq": null,
        "tenure_height": facts.tips.tenure_height,
        "exit_at_block_height": null,
        "is_fully_synced": true,
        "stackerdbs": facts.stacker_dbs,
    }))
}

/// GET /v2/neighbors: a node without peers.
pub(super) async fn neighbors() -> Response {
    json(json!({ "bootstrap": [], "sample": [], "inbound": [], "outbound": [] }))
}

struct Facts {
    tips: v1::GetTipResponse,
    stable: v1::BurnBlock,
    stacker_dbs: Vec<String>,
}

impl Facts {
    fn read(chain: &NodeChain) -> Result<Self, ApiError> {
        let tips = chain.tip()?;
        let burn_tip = tips.burn_tip.clone().unwrap_or_default();
        // Before there are as many, the tip itself.
        let stable = match burn_tip.height.checked_sub(STABLE_BURN_BLOCKS) {
            Some(height) => match chain.burn_block(BurnBlockAt::Height(height, None)) {
                Ok(answer) => answer.burn_block.unwrap_or(burn_tip),
                Err(ApiError::NotFound { .. }) => burn_tip,
                Err(error) => return Err(error),
            },
            None => burn_tip,
        };
        Ok(Self { tips, stable, stacker_dbs: chain.stacker_dbs()? })
    }
}
