//! GET /extended/v1/address/{principal}/... and their newer names: nonces and STX, for wallets.
//!
//! # What differs from the API
//! - STX amounts are those of now. The sums over an account's history (`total_sent`, ...), which no node keeps, are
//!   "0": clients parse them as numbers and fail when they are absent.
//! - Only the tip can be asked for: `until_block` is refused like every key that a path does not take.
//! - `balances` has no tokens: the state is looked up by asset, and has no list of a principal's assets.

use std::collections::BTreeSet;

use axum::extract::{Path, State};
use chainstate::execution::read_only::Account;
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
    let nonces = Nonces::of(&services, &address).await?;
    Ok(json(json!({
        "last_mempool_tx_nonce": nonces.last_pending(),
        "last_executed_tx_nonce": nonces.last_mined(),
        "possible_next_nonce": nonces.free(),
        "detected_missing_nonces": nonces.missing(),
        "detected_mempool_nonces": nonces.pending,
    })))
}

/// GET /extended/v3/principals/{principal}/nonces: the same under newer names.
pub(in crate::rpc::http) async fn principal_nonces(
    State(services): State<Services>,
    Path(principal): Path<String>,
) -> Answer {
    let nonces = Nonces::of(&services, &principal).await?;
    Ok(json(json!({
        "next_nonce": nonces.free(),
        "last_confirmed_nonce": nonces.last_mined(),
        "mempool": {
            "last_nonce": nonces.last_pending(),
            "pending_nonces": nonces.pending,
            "missing_nonces": nonces.missing(),
        },
    })))
}

/// An account's nonces.
struct Nonces {
    /// The next at the tip.
    next: u64,
    /// Those of pending transactions from there on.
    pending: BTreeSet<u64>,
}

impl Nonces {
    async fn of(services: &Services, address: &str) -> Result<Self, HttpError> {
        let Principal::Standard(address) = principal_or_json(address)? else {
            return Err(unknown_path()); // A contract has no nonce.
        };
        let address = StacksAddress::from(address);
        let stand = services.pool.read(move |snapshot| read::account::nonces(snapshot, &address)).await?;
        Ok(Self { next: stand.next, pending: stand.pending.into_iter().collect() })
    }

    fn last_mined(&self) -> Option<u64> {
        self.next.checked_sub(1)
    }

    fn last_pending(&self) -> Option<u64> {
        self.pending.last().copied()
    }

    fn free(&self) -> u64 {
        self.last_pending().map_or(self.next, |last| last.saturating_add(1))
    }

    /// Nonces below a pending one that no transaction has.
    fn missing(&self) -> Vec<u64> {
        let below = self.last_pending().map_or(self.next..self.next, |last| self.next..last);
        below.filter(|nonce| !self.pending.contains(nonce)).collect()
    }
}

/// GET /extended/v1/address/{principal}/stx and /extended/v2/addresses/{principal}/balances/stx: the account at the
/// canonical tip.
pub(in crate::rpc::http) async fn stx(State(services): State<Services>, Path(principal): Path<String>) -> Answer {
    Ok(json(stx_now(&services, &principal).await?))
}

/// GET /extended/v1/address/{principal}/balances: the same under `stx`.
pub(in crate::rpc::http) async fn balances(State(services): State<Services>, Path(principal): Path<String>) -> Answer {
    Ok(json(json!({ "stx": stx_now(&services, &principal).await? })))
}

/// GET /extended/v3/principals/{principal}/balances/stx: the same under newer names. What pending transactions would
/// change is not computed.
pub(in crate::rpc::http) async fn principal_stx(
    State(services): State<Services>,
    Path(principal): Path<String>,
) -> Answer {
    let account = account(&services, &principal).await?;
    Ok(json(json!({
        "balance": account.available.saturating_add(account.locked).to_string(),
        "available": account.available.to_string(),
        "locked": null,
        "mempool": null,
    })))
}

async fn account(services: &Services, principal: &str) -> Result<Account, HttpError> {
    let principal = principal_or_json(principal)?;
    let found = services.pool.read(move |snapshot| read::account::get(snapshot, &principal, None, false));
    Ok(found.await?.account)
}

async fn stx_now(services: &Services, principal: &str) -> Result<Value, HttpError> {
    let account = account(services, principal).await?;
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
