//! GET /v3/overview: where the node stands, in one answer, for who then follows `/v3/events`.
//!
//! Names and values are those of the gRPC messages, as in the events. The answer holds the effect of all events up to
//! `journal.newest_sequence`, and maybe of later ones.

use axum::extract::State;
use serde_json::{Value, json};

use super::event_json::message_json_of;
use super::respond::{Answer, json};
use crate::chain::NodeChain;
use crate::error::ApiError;
use crate::rpc::grpc::Services;

/// Pending transactions that are listed, those first that pay most a byte; all are counted.
const PENDING_LISTED: usize = 200;
/// StackerDBs whose slots are listed.
const STACKER_DBS_LISTED: usize = 32;

/// GET /v3/overview.
pub(super) async fn overview(State(services): State<Services>) -> Answer {
    // Before the reads: what comes while they run is told twice, not never.
    let bounds = services.streams.journal().bounds();
    let journal = json!({
        "journal_id": hex::encode(services.streams.journal().id()),
        "oldest_sequence": bounds.oldest,
        "newest_sequence": bounds.newest,
    });
    let identity = services.pool.chain().identity();
    let node = json!({
        "network": if identity.mainnet { "mainnet" } else { "testnet" },
        "chain_id": identity.chain_id,
        "server_version": crate::SERVER_VERSION,
        "signing_mode": identity.signing_mode.as_str_name(),
    });
    let mut answer = services.pool.read(facts).await?;
    if let Value::Object(fields) = &mut answer {
        fields.insert("node".to_owned(), node);
        fields.insert("journal".to_owned(), journal);
    }
    Ok(json(answer))
}

fn facts(chain: &NodeChain) -> Result<Value, ApiError> {
    let rules = chain.rules();
    let (pending, pending_count) = chain.pending_transactions(None, PENDING_LISTED)?;
    let listed: Vec<_> = pending.iter().map(|one| message_json_of("PendingTransaction", one)).collect();
    Ok(json!({
        "tips": message_json_of("GetTipResponse", &chain.tip()?),
        "producers": message_json_of("GetProducerSetResponse", &chain.producer_set(None)?)["producers"],
        "stacker_set": message_json_of("GetStackerSetResponse", &chain.stacker_set(None)?),
        "stackerdbs": stacker_dbs(chain)?,
        "pending": { "count": pending_count, "transactions": listed },
        "executing": chain.executing().map(|(txid, time)| json!({
            "txid": format!("0x{}", txid.to_hex()),
            "seconds": time.as_secs_f64(),
        })),
        "mining": message_json_of("MiningPolicy", &chain.mining()?),
        "tenure_cost_limit": {
            "write_length": rules.cost_limit.write_length,
            "write_count": rules.cost_limit.write_count,
            "read_length": rules.cost_limit.read_length,
            "read_count": rules.cost_limit.read_count,
            "runtime": rules.cost_limit.runtime,
        },
        "reward_cycle_length": rules.cycle_length,
        "epoch": rules.epoch,
    }))
}

fn stacker_dbs(chain: &NodeChain) -> Result<Vec<Value>, ApiError> {
    let mut listed = Vec::new();
    for contract_id in chain.stacker_dbs()?.into_iter().take(STACKER_DBS_LISTED) {
        // One whose contract went away with a fork has no slots.
        let slots = match chain.slots(&contract_id) {
            Ok(slots) => slots,
            Err(ApiError::NotFound { .. }) => Vec::new(),
            Err(error) => return Err(error),
        };
        let slots: Vec<_> = slots.iter().map(|slot| message_json_of("SlotMetadata", slot)).collect();
        listed.push(json!({ "contract_id": contract_id, "slots": slots }));
    }
    Ok(listed)
}
