//! State that tools ask for by its inner names: constants, traits, MARF leaves, side-store entries.

use axum::extract::{Path, State};
use serde_json::json;

use super::contracts::{check_name, data};
use super::input::path_hash;
use super::query::Query;
use super::respond::{Answer, HttpError, hex0x, json};
use crate::rpc::grpc::Services;

/// Longest key of a side-store entry: the reference's own are below 200 bytes.
const MAX_KEY_BYTES: usize = 512;

/// GET /v2/constant_val/{address}/{contract}/{constant}.
pub(super) async fn constant(
    State(services): State<Services>,
    Path((address, name, constant)): Path<(String, String, String)>,
    query: Query,
) -> Answer {
    let contract = query.contract(&address, &name)?;
    check_name(&constant)?;
    let value = services.pool.read(move |chain| chain.constant(&contract, &constant)).await?;
    Ok(json(json!({ "data": hex0x(&value) })))
}

/// Contract, contract that defines the trait, name of the trait.
type TraitPath = (String, String, String, String, String);

/// GET /v2/traits/{address}/{contract}/{trait address}/{trait contract}/{trait}.
pub(super) async fn implements_trait(
    State(services): State<Services>,
    Path((address, name, definer_address, definer_name, trait_name)): Path<TraitPath>,
    query: Query,
) -> Answer {
    let contract = query.contract(&address, &name)?;
    let definer = query.contract(&definer_address, &definer_name)?.contract_id;
    check_name(&trait_name)?;
    let answer = services.pool.read(move |chain| chain.implements_trait(&contract, &definer, &trait_name)).await?;
    Ok(json(json!({ "is_implemented": answer })))
}

/// GET /v2/clarity/marf/{hash}: the value under the key with this hash, in its stored form
/// (docs/CONSENSUS.md#state-keys) behind 0x.
pub(super) async fn marf_value(State(services): State<Services>, Path(path): Path<String>, query: Query) -> Answer {
    let path = path_hash(&path)?;
    let (at, proof) = (query.tip()?, query.proof());
    let answer = services.pool.read(move |chain| chain.state_value(path, at, proof)).await?;
    let mut body = data(answer.clone());
    body["data"] = format!("0x{}", String::from_utf8_lossy(&answer.value)).into();
    Ok(json(body))
}

/// GET /v2/clarity/metadata/{address}/{contract}/{key}: as the reference stores it.
pub(super) async fn metadata(
    State(services): State<Services>,
    Path((address, name, key)): Path<(String, String, String)>,
    query: Query,
) -> Answer {
    let contract = query.contract(&address, &name)?;
    if key.is_empty() || key.len() > MAX_KEY_BYTES {
        return Err(HttpError::not_found("not found"));
    }
    let text = services.pool.read(move |chain| chain.contract_metadata(&contract, &key)).await?;
    Ok(json(json!({ "data": text })))
}
