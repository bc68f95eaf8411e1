//! GET /extended/v1/address/{principal}/...: nonces and STX, for wallets.
//!
//! # What differs from the API
//! - STX amounts are those of now. The sums over an account's history (`total_sent`, ...), which no node keeps, are
//!   "0": clients parse them as numbers and fail when they are absent.
//! - Only the tip can be asked for: `until_block` is refused like every key that a path does not take.
//! - `balances` has no tokens: the state is looked up by asset, and has no list of a principal's assets.

use std::collections::BTreeSet;

use axum::extract::{Path, State};
use chainstate::read;
use clarity::principal::Principal;
use serde_json::{Value, json};
use stacks_types::address::StacksAddress;

use super::{or_unknown_path, unknown_path};
use crate::rpc::grpc::Services;
use crate::rpc::http::input::path_principal;
use crate::rpc::http::respond::{Answer, HttpError, json};

/// A principal in a path; what was never meant as one gets a 404 that is JSON.
fn principal_or_json(text: &str) -> Result<Principal, HttpError> {
    path_principal(text).map_err(or_unknown_path)
}

/// GET /extended/v1/address/{address}/nonces: includes pending transactions, so that a wallet can send several at once.
pub(in crate::rpc::http) async fn nonces(State(services): State<Services>, Path(address): Path<String>) -> Answer {
    let Principal::Standard(address) = principal_or_json(&address)? else {
        return Err(unknown_path()); // A contract has no nonce.
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
pub(in crate::rpc::http) async fn stx(State(services): State<Services>, Path(principal): Path<String>) -> Answer {
    Ok(json(stx_now(&services, &principal).await?))
}

/// GET /extended/v1/address/{principal}/balances: the same under `stx`.
pub(in crate::rpc::http) async fn balances(State(services): State<Services>, Path(principal): Path<String>) -> Answer {
    Ok(json(json!({ "stx": stx_now(&services, &principal).await? })))
}

async fn stx_now(services: &Services, principal: &str) -> Result<Value, HttpError> {
    let principal = principal_or_json(principal)?;
    let account =
        services.pool.read(move |snapshot| read::account::get(snapshot, &principal, None, false)).await?.account;
    Ok(json!({
        // The API's balance includes locked STX, the node's does not.
        "balance": account.available.saturating_add(account.locked).to_string(),
        "locked": account.locked.to_string(),
        "burnchain_unlock_height": account.unlock_height,
        // This chain never locks STX (docs/DIFFERENCES.md), so there is no lock to report.
        "lock_tx_id": "",
        "lock_height": 0,
        "burnchain_lock_height": 0,
        "total_sent": "0",
        "total_received": "0",
        "total_fees_sent": "0",
        "total_miner_rewards_received": "0",
    }))
}
