//! The paths of the API in front of a node that wallets need, as far as the node itself can answer exactly.
//!
//! # What differs from the API
//! - Of STX, what the account has now. The sums over its history (`total_sent`, ...), which no node keeps, are "0": clients
//!   make numbers of them and fail where they are absent.
//! - As of the tip only: `until_block` is refused as every key that a path does not take.
//! - `balances` has no tokens: the state is looked up by asset, and nothing lists what a principal holds.

use std::collections::BTreeSet;

use axum::extract::{Path, State};
use chainstate::read;
use clarity::principal::Principal;
use serde_json::{Value, json};
use stacks_types::address::StacksAddress;

use super::input::path_principal;
use super::respond::{Answer, HttpError, json};
use crate::rpc::grpc::Services;

/// GET /extended/v1/address/{address}/nonces: pending transactions included, so that a wallet can send several at once.
pub(super) async fn nonces(State(services): State<Services>, Path(address): Path<String>) -> Answer {
    let Principal::Standard(address) = path_principal(&address)? else {
        return Err(HttpError::not_found("not found")); // A contract has no nonce.
    };
    let address = StacksAddress::from(address);
    let stand = services.pool.read(move |snapshot| read::account::nonces(snapshot, &address)).await?;
    let pending: BTreeSet<u64> = stand.pending.iter().copied().collect();
    let last = pending.last().copied();
    let missing: Vec<u64> =
        last.map_or(Vec::new(), |last| (stand.next..last).filter(|n| !pending.contains(n)).collect());
    Ok(json(json!({
        "last_mempool_tx_nonce": last,
        "last_executed_tx_nonce": stand.next.checked_sub(1),
        "possible_next_nonce": last.map_or(stand.next, |last| last.saturating_add(1)),
        "detected_missing_nonces": missing,
        "detected_mempool_nonces": pending,
    })))
}

/// GET /extended/v1/address/{principal}/stx: the account at the canonical tip.
pub(super) async fn stx(State(services): State<Services>, Path(principal): Path<String>) -> Answer {
    Ok(json(stx_now(&services, &principal).await?))
}

/// GET /extended/v1/address/{principal}/balances: the same under `stx`.
pub(super) async fn balances(State(services): State<Services>, Path(principal): Path<String>) -> Answer {
    Ok(json(json!({ "stx": stx_now(&services, &principal).await? })))
}

/// GET /extended/v1/info/network_block_times: seconds from one burn block to the next, by the clock, rounded up; 0 while they come on
/// demand only. The same under both names: whichever a client takes its network for, it asks this chain.
pub(super) async fn network_block_times(State(services): State<Services>) -> Answer {
    let interval = services.clock.pace().interval;
    let seconds = interval.as_secs() + u64::from(interval.subsec_nanos() > 0);
    let times = json!({ "target_block_time": seconds });
    Ok(json(json!({ "testnet": times.clone(), "mainnet": times })))
}

async fn stx_now(services: &Services, principal: &str) -> Result<Value, HttpError> {
    let principal = path_principal(principal)?;
    let account =
        services.pool.read(move |snapshot| read::account::get(snapshot, &principal, None, false)).await?.account;
    Ok(json!({
        // The API's balance counts what is locked; the node's does not.
        "balance": account.available.saturating_add(account.locked).to_string(),
        "locked": account.locked.to_string(),
        "burnchain_unlock_height": account.unlock_height,
        // Nothing on this chain locks anything (see the differences in docs/), so there is no lock to tell of.
        "lock_tx_id": "",
        "lock_height": 0,
        "burnchain_lock_height": 0,
        "total_sent": "0",
        "total_received": "0",
        "total_fees_sent": "0",
        "total_miner_rewards_received": "0",
    }))
}
