//! GET /v3/overview: the node's state in one answer, for clients that then follow `/v3/events`.
//!
//! Names and values are those of the gRPC messages, as in events. The answer includes all events up to
//! `journal.newest_sequence`, and perhaps later ones.

use axum::extract::State;
use chainstate::chain::Snapshot;
use chainstate::read::{self, LookupError};
use chainstate::stackerdb::list_instances;
use chainstate::wire;
use nakamoto_proto::v1;
use serde_json::{Value, json};

use super::event_json::message_json_of;
use super::respond::{Answer, json};
use crate::rpc::grpc::{Services, encode};

/// Pending transactions that are listed, the highest fee per byte first; all are counted.
const PENDING_LISTED: usize = 200;
/// StackerDBs whose slots are listed.
const STACKER_DBS_LISTED: usize = 32;

/// GET /v3/overview.
pub(super) async fn overview(State(services): State<Services>) -> Answer {
    // Read first, so that an event during the reads is sent twice rather than never.
    let bounds = services.streams.journal().bounds();
    let journal = json!({
        "journal_id": hex::encode(services.streams.journal().id()),
        "oldest_sequence": bounds.oldest,
        "newest_sequence": bounds.newest,
    });
    let params = services.pool.chain().chainstate().params();
    let node = json!({
        "network": if params.mainnet { "mainnet" } else { "testnet" },
        "chain_id": params.chain_id,
        "server_version": crate::version::SERVER_VERSION,
        "signing_mode": wire::signing_mode(params.signing).as_str_name(),
    });
    let executing = services.pool.chain().chainstate().executing();
    let mut answer = services.pool.read(facts).await?;
    if let Value::Object(fields) = &mut answer {
        fields.insert("node".to_owned(), node);
        fields.insert("journal".to_owned(), journal);
        let executing = executing
            .map(|(txid, time)| json!({ "txid": format!("0x{}", txid.to_hex()), "seconds": time.as_secs_f64() }));
        fields.insert("executing".to_owned(), executing.into());
    }
    Ok(json(answer))
}

fn facts(snapshot: &Snapshot<'_>) -> Result<Value, LookupError> {
    let params = snapshot.params();
    let limit = &params.tenure_cost_limit;
    let pending = read::mempool::pending(snapshot, None, PENDING_LISTED);
    let listed = pending.transactions.iter().map(|one| message_json_of("PendingTransaction", &encode::pending(one)));
    let producers = encode::producer_set(&read::set::producers(snapshot, None)?);
    let stackers = encode::stacker_set(&read::set::stackers(snapshot, None)?);
    Ok(json!({
        "tips": message_json_of("GetTipResponse", &encode::tips(&read::tip::get(snapshot)?)),
        "producers": message_json_of("GetProducerSetResponse", &producers)["producers"],
        "stacker_set": message_json_of("GetStackerSetResponse", &stackers),
        "stackerdbs": stacker_dbs(snapshot)?,
        "pending": { "count": pending.total, "transactions": listed.collect::<Vec<_>>() },
        "mining": message_json_of("MiningPolicy", &v1::MiningPolicy::from(snapshot.mining()?)),
        "tenure_cost_limit": {
            "write_length": limit.write_length,
            "write_count": limit.write_count,
            "read_length": limit.read_length,
            "read_count": limit.read_count,
            "runtime": limit.runtime,
        },
        "reward_cycle_length": params.burn.reward_cycle_length,
        "first_burn_height": params.burn.first_height,
        "epoch": params.rules.interface_name,
    }))
}

fn stacker_dbs(snapshot: &Snapshot<'_>) -> Result<Vec<Value>, LookupError> {
    let mainnet = snapshot.params().mainnet;
    let mut listed = Vec::new();
    for contract_id in list_instances(snapshot.conn())?.into_iter().take(STACKER_DBS_LISTED) {
        let slots = read::stackerdb::slots(snapshot, &contract_id)?;
        let slots = slots.iter().map(|slot| message_json_of("SlotMetadata", &encode::slot(slot, mainnet)));
        let slots: Vec<_> = slots.collect();
        listed.push(json!({ "contract_id": contract_id, "slots": slots }));
    }
    Ok(listed)
}
