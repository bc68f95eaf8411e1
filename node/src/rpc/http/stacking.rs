//! Stacking as clients know it, while stackers are mocked.
//!
//! # What differs from the reference
//! - Nothing is stacked and nobody can stack: stacked amounts are 0. Lengths, heights and cycles are the chain's own;
//!   thresholds follow from the supply, and from epoch 4.0 on are those of `pox-5`. The contracts that `/v2/pox` names
//!   say the same, except on chains of old builds, which lack these contracts.
//! - The chain knows stackers by address. `signing_key` is the key of a stacker's newest signatures, null until it has
//!   signed; `address` is added.
//! - With `tip`, heights and cycles are those of the block's burn view; without it, those of the newest burn block.
//! - `/v3/signer` counts the newest 20,000 blocks of the cycle, of all forks.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use chainstate::params::ChainParams;
use chainstate::read;
use chainstate::read::stacking::{CycleStackers, Stacking};
use serde_json::{Value, json};
use stacks_types::keys::PublicKey;

use super::input::path_number;
use super::query::Query;
use super::respond::{Answer, HttpError, json};
use crate::rpc::grpc::Services;

/// Reward addresses per burn block of the reward phase.
const SLOTS_PER_BLOCK: u64 = 2;
/// The reference rounds stacking thresholds up to this, in micro-STX.
const THRESHOLD_STEP: u128 = 10_000_000_000;
/// The contract that is named on a chain without PoX contracts.
const UNDEPLOYED: &[&str] = &["pox-4"];
/// `end_height` of the last epoch.
const NO_END: u64 = 9_223_372_036_854_775_807;

/// GET /v2/pox.
pub(super) async fn pox(State(services): State<Services>, query: Query) -> Answer {
    let at = query.tip()?;
    let stacking = services.pool.read(move |snapshot| read::stacking::get(snapshot, at)).await?;
    Ok(json(pox_json(&stacking, services.pool.chain().chainstate().params())))
}

fn pox_json(stacking: &Stacking, params: &ChainParams) -> Value {
    let boot = if params.mainnet { "SP000000000000000000002Q6VF78" } else { "ST000000000000000000002AMW42H" };
    let contracts = Some(params.boot_contracts.pox_names(params.rules)).filter(|names| !names.is_empty());
    let contracts = contracts.unwrap_or(UNDEPLOYED);
    let contract_ids: Vec<_> = contracts.iter().map(|name| format!("{boot}.{name}")).collect();
    let (length, first) = (params.burn.reward_cycle_length, params.burn.first_height);
    let since_first = stacking.burn_height.saturating_sub(first);
    let (cycle, into_cycle) = (since_first / length.max(1), since_first % length.max(1));
    let reward_length = length.saturating_sub(stacking.prepare_length);
    let slots = reward_length * SLOTS_PER_BLOCK;
    let threshold = number(threshold(stacking, slots));
    json!({
        "contract_id": contract_ids.last(),
        "pox_activation_threshold_ustx": 0,
        "first_burnchain_block_height": first,
        "current_burnchain_block_height": stacking.burn_height,
        "prepare_phase_block_length": stacking.prepare_length,
        "reward_phase_block_length": reward_length,
        "reward_slots": slots,
        "rejection_fraction": null,
        "total_liquid_supply_ustx": number(stacking.liquid_supply),
        "current_cycle": {
            "id": cycle, "min_threshold_ustx": threshold, "stacked_ustx": 0, "is_pox_active": false,
        },
        "next_cycle": next_cycle(stacking, cycle + 1, threshold, (first + (cycle + 1) * length, length)),
        "epochs": [epoch(params)],
        "current_epoch": params.rules.interface_name,
        "min_amount_ustx": threshold,
        "prepare_cycle_length": stacking.prepare_length,
        "reward_cycle_id": cycle,
        "reward_cycle_length": length,
        "rejection_votes_left_required": null,
        "next_reward_cycle_in": length - into_cycle,
        "contract_versions": contract_ids.iter().map(version_json).collect::<Vec<_>>(),
        "pox_5_sbtc_contract": "",
        "pox_5_sbtc_registry_contract": "",
    })
}

/// Micro-STX that a reward slot takes.
fn threshold(stacking: &Stacking, slots: u64) -> u128 {
    if stacking.minimum_is_threshold {
        return stacking.minimum;
    }
    (stacking.liquid_supply / 4 / u128::from(slots.max(1))).div_ceil(THRESHOLD_STEP) * THRESHOLD_STEP
}

/// The next cycle, with the height at which it starts and its length.
fn next_cycle(stacking: &Stacking, id: u64, threshold: u64, (start, length): (u64, u64)) -> Value {
    let prepare_start = start - stacking.prepare_length.min(length);
    // Negative when that height is past.
    let until = |height: u64| i64::try_from(i128::from(height) - i128::from(stacking.burn_height)).unwrap_or(i64::MAX);
    json!({
        "id": id,
        "min_threshold_ustx": threshold,
        "min_increment_ustx": number(stacking.minimum),
        "stacked_ustx": 0,
        "prepare_phase_start_block_height": prepare_start,
        "blocks_until_prepare_phase": until(prepare_start),
        "reward_phase_start_block_height": start,
        "blocks_until_reward_phase": until(start),
        "ustx_until_pox_rejection": null,
    })
}

/// The only epoch of a chain.
fn epoch(params: &ChainParams) -> Value {
    let cost = &params.tenure_cost_limit;
    json!({
        "epoch_id": params.rules.interface_name,
        "start_height": 0,
        "end_height": NO_END,
        "block_limit": {
            "write_length": cost.write_length,
            "write_count": cost.write_count,
            "read_length": cost.read_length,
            "read_count": cost.read_count,
            "runtime": cost.runtime,
        },
        "network_epoch": params.network_epoch(),
    })
}

/// A JSON number of up to 64 bits: above that, `json!` would panic.
fn number(ustx: u128) -> u64 {
    u64::try_from(ustx).unwrap_or(u64::MAX)
}

/// All of a chain's PoX contracts exist from its first block on.
fn version_json(contract_id: &String) -> Value {
    json!({ "contract_id": contract_id, "activation_burnchain_block_height": 0, "first_reward_cycle_id": 0 })
}

/// GET /v3/stacker_set/{cycle}.
pub(super) async fn stacker_set(State(services): State<Services>, Path(cycle): Path<String>, query: Query) -> Answer {
    let (cycle, at) = (path_number(&cycle)?, query.tip()?);
    let found = services.pool.read(move |snapshot| read::stacking::stackers_of_cycle(snapshot, cycle, at)).await?;
    let Some(stackers) = found else {
        let message = format!("cycle {cycle} is not known yet");
        let body = json!({ "response": "error", "err_type": "not_available_try_again", "err_msg": message });
        return Err(HttpError::json(StatusCode::BAD_REQUEST, body));
    };
    Ok(json(json!({
        "stacker_set": {
            "rewarded_addresses": [],
            "start_cycle_state": { "missed_reward_slots": [] },
            "signers": signers(&stackers),
            "pox_ustx_threshold": null,
            "reward_set_version": 0,
        },
    })))
}

fn signers(stackers: &CycleStackers) -> Vec<Value> {
    let members = stackers.set.stackers.iter().zip(&stackers.keys);
    members
        .map(|(stacker, key)| {
            json!({
                "signing_key": key.map(|key| hex::encode(key.to_compressed())),
                "stacked_amt": 0,
                "weight": stacker.weight,
                "address": stacker.address.to_string(),
            })
        })
        .collect()
}

/// GET /v3/signer/{public key}/{cycle}.
pub(super) async fn signer(State(services): State<Services>, Path((key, cycle)): Path<(String, String)>) -> Answer {
    let key = key.strip_prefix("0x").unwrap_or(&key);
    let key = PublicKey::from_hex(key).map_err(|_| HttpError::not_found("not found"))?;
    let cycle = path_number(&cycle)?;
    let count = services.pool.read(move |snapshot| read::stacking::blocks_signed(snapshot, &key, cycle)).await?;
    Ok(json(json!({ "blocks_signed": count })))
}
