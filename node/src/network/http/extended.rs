//! The one path of the API in front of a node that wallets ask first, and that the node itself can answer exactly.

use std::collections::BTreeSet;

use axum::extract::{Path, State};
use serde_json::json;

use super::input::path_principal;
use super::respond::{Answer, HttpError, json};
use crate::network::grpc::Services;

/// GET /extended/v1/address/{address}/nonces: pending transactions included, so that a wallet can send several at once.
pub(super) async fn nonces(State(services): State<Services>, Path(address): Path<String>) -> Answer {
    let address = path_principal(&address)?;
    if address.contains('.') {
        return Err(HttpError::not_found("not found")); // A contract has no nonce.
    }
    let stand = services.gate.read(move |chain| chain.nonces(&address)).await?;
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
