//! GET /extended/v1/contract/{contract_id}: a contract at the canonical tip.
//!
//! # What differs from the API
//! `tx_id` is null for a contract whose block's receipts are no longer kept. `clarity_version` is the one that the
//! contract has, also if its deployment named none.

use axum::extract::{Path, State};
use chainstate::chain::Snapshot;
use chainstate::read::contract::ContractAt;
use chainstate::read::{self, LookupError};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{not_found, or_unknown_path};
use crate::error::ApiError;
use crate::rpc::grpc::Services;
use crate::rpc::http::input::path_contract_id;
use crate::rpc::http::respond::{Answer, hex0x, json};

pub(in crate::rpc::http) async fn contract(State(services): State<Services>, Path(id): Path<String>) -> Answer {
    let (address, name) = id.split_once('.').unwrap_or((&id, ""));
    let at = ContractAt { contract: path_contract_id(address, name).map_err(or_unknown_path)?, at: None };
    match services.pool.read(move |snapshot| fields(snapshot, &at)).await {
        Ok(fields) => Ok(json(fields)),
        Err(ApiError::NotFound { .. }) => Err(not_found(format!("cannot find contract by ID {id}"))),
        Err(error) => Err(error.into()),
    }
}

fn fields(snapshot: &Snapshot<'_>, at: &ContractAt) -> Result<Value, LookupError> {
    let (source, _) = read::contract::source(snapshot, at, false)?;
    let interface = read::contract::interface(snapshot, at)?;
    let txid = read::contract::deployed_by(snapshot, &at.contract, source.publish_height)?;
    Ok(json!({
        "tx_id": txid.map(|txid| hex0x(&txid.0)),
        "canonical": true,
        "contract_id": at.contract.to_string(),
        "block_height": source.publish_height,
        "clarity_version": clarity_version(&interface),
        "source_code": source.source,
        "abi": interface,
    }))
}

/// What is read of an interface, which may be large.
#[derive(Deserialize)]
struct Versioned<'a> {
    clarity_version: &'a str,
}

/// The number at the end of an interface's `clarity_version`, such as `Clarity6`.
fn clarity_version(interface: &str) -> Option<u8> {
    let Versioned { clarity_version } = serde_json::from_str(interface).ok()?;
    clarity_version.strip_prefix("Clarity")?.parse().ok()
}
