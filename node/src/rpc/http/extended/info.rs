//! GET /extended and /extended/v1/info/...: what clients ask before they begin.

use axum::extract::State;
use chainstate::read;
use serde_json::json;

use crate::rpc::grpc::Services;
use crate::rpc::http::respond::{Answer, hex0x, json};
use crate::version::SERVER_VERSION;

/// GET /extended, and /extended/v1/status by its old name: the tip. A node serves when it is ready.
pub(in crate::rpc::http) async fn status(State(services): State<Services>) -> Answer {
    let tip = services.pool.read(|snapshot| Ok::<_, read::LookupError>(snapshot.tip()?)).await?;
    Ok(json(json!({
        "server_version": SERVER_VERSION,
        "status": "ready",
        "chain_tip": {
            "block_height": tip.chain_length,
            "block_hash": hex0x(tip.block_hash().as_bytes()),
            "index_block_hash": hex0x(tip.block_id.as_bytes()),
            "burn_block_height": tip.burn_height,
        },
    })))
}

/// GET /extended/v1/info/network_block_times: seconds between burn blocks by the clock, rounded up; 0 while they come
/// on demand only. The same under both names, so that it fits whichever network a client assumes.
pub(in crate::rpc::http) async fn network_block_times(State(services): State<Services>) -> Answer {
    let interval = services.clock.pace().interval;
    let seconds = interval.as_secs() + u64::from(interval.subsec_nanos() > 0);
    let times = json!({ "target_block_time": seconds });
    Ok(json(json!({ "testnet": times.clone(), "mainnet": times })))
}
