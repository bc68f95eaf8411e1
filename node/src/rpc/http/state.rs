//! State that tools read by its internal names: constants, traits, MARF leaves, side-store entries.

use axum::extract::{Path, State};
use chainstate::read;
use clarity::names::ClarityName;
use clarity::principal::TraitId;
use serde_json::json;

use super::contracts::check_name;
use super::input::{path_contract_id, path_hash};
use super::query::Query;
use super::respond::{Answer, HttpError, hex0x, json};
use crate::rpc::grpc::Services;

/// Longest key of a side-store entry: the reference's keys are below 200 bytes.
const MAX_KEY_BYTES: usize = 512;

/// GET /v2/constant_val/{address}/{contract}/{constant}.
pub(super) async fn constant(
    State(services): State<Services>,
    Path((address, name, constant)): Path<(String, String, String)>,
    query: Query,
) -> Answer {
    let contract = query.contract(&address, &name)?;
    check_name(&constant)?;
    let value =
        services.pool.read(move |snapshot| read::contract_data::constant(snapshot, &contract, &constant)).await?;
    Ok(json(json!({ "data": hex0x(&value.encode()) })))
}

/// Contract (address, name), contract that defines the trait (address, name), name of the trait.
type TraitPath = (String, String, String, String, String);

/// GET /v2/traits/{address}/{contract}/{trait address}/{trait contract}/{trait}.
pub(super) async fn implements_trait(
    State(services): State<Services>,
    Path((address, name, definer_address, definer_name, trait_name)): Path<TraitPath>,
    query: Query,
) -> Answer {
    let contract = query.contract(&address, &name)?;
    let definer = path_contract_id(&definer_address, &definer_name)?;
    check_name(&trait_name)?;
    let unknown = || HttpError::not_found(format!("unknown contract {} or trait {trait_name}", contract.contract));
    let name = ClarityName::new(&trait_name).ok_or_else(unknown)?;
    let wanted = TraitId { contract: definer, name };
    let answer = services.pool.read(move |snapshot| read::contract::implements_trait(snapshot, &contract, &wanted));
    Ok(json(json!({ "is_implemented": answer.await? })))
}

/// GET /v2/clarity/marf/{hash}: the value under the key with this hash, in its stored form
/// (docs/CONSENSUS.md#state-keys) after 0x.
pub(super) async fn marf_value(State(services): State<Services>, Path(path): Path<String>, query: Query) -> Answer {
    let path = path_hash(&path)?;
    let (at, proof) = (query.tip()?, query.proof());
    let leaf = services.pool.read(move |snapshot| read::contract_data::leaf(snapshot, &path, at, proof)).await?;
    let (text, proof) = leaf;
    let mut body = json!({ "data": format!("0x{text}") });
    if let Some(proof) = proof {
        body["proof"] = hex0x(&proof).into();
    }
    Ok(json(body))
}

/// GET /v2/clarity/metadata/{address}/{contract}/{key}: the entry as the reference stores it.
pub(super) async fn metadata(
    State(services): State<Services>,
    Path((address, name, key)): Path<(String, String, String)>,
    query: Query,
) -> Answer {
    let contract = query.contract(&address, &name)?;
    if key.is_empty() || key.len() > MAX_KEY_BYTES {
        return Err(HttpError::not_found("not found"));
    }
    let text = services.pool.read(move |snapshot| read::contract::metadata(snapshot, &contract, &key)).await?;
    Ok(json(json!({ "data": text })))
}
