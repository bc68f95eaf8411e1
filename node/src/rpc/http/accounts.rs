//! GET /v2/accounts/{principal}.

use axum::extract::{Path, State};
use chainstate::read;
use serde_json::json;

use super::input::path_principal;
use super::query::Query;
use super::respond::{Answer, hex0x, json};
use crate::rpc::grpc::Services;

/// Zeros for an account that was never used; 404 for a text that is no principal.
pub(super) async fn account(State(services): State<Services>, Path(principal): Path<String>, query: Query) -> Answer {
    let principal = path_principal(&principal)?;
    let (at, proof) = (query.tip()?, query.proof());
    let answer = services.pool.read(move |snapshot| read::account::get(snapshot, &principal, at, proof)).await?;
    let mut body = json!({
        "balance": hex0x(&answer.account.available.to_be_bytes()),
        "locked": hex0x(&answer.account.locked.to_be_bytes()),
        "unlock_height": answer.account.unlock_height,
        "nonce": answer.account.nonce,
    });
    if proof {
        // A key that was never written has no proof; like the reference, this answers an empty text.
        let text = |proof: Option<Vec<u8>>| proof.map_or_else(String::new, |proof| hex0x(&proof));
        body["balance_proof"] = text(answer.balance_proof).into();
        body["nonce_proof"] = text(answer.nonce_proof).into();
    }
    Ok(json(body))
}
