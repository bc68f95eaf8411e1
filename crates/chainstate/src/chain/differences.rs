//! What differs between the parameters with which a folder's chain was made and those it is opened with, as far as the folder
//! tells: of the parameters it keeps a hash, of the boot contracts their texts.

use std::collections::BTreeMap;
use std::path::Path;

use clarity::Rules;
use clarity::principal::ContractId;
use clarity::state::Contract;
use rusqlite::Connection;
use stacks_types::ids::StacksBlockId;

use crate::db::{OpenError, StoreError};
use crate::execution::contract_store::{select_contract, select_contracts};
use crate::execution::genesis::boot_texts;
use crate::params::{BootContracts, BootRelease, ChainParams};

/// Compares; `made_with` is the fingerprint of the folder's chain.
pub(super) fn differences(
    conn: &Connection,
    made_with: &[u8; 32],
    params: &ChainParams,
    path: &Path,
) -> Result<Vec<String>, OpenError> {
    let mut other_epochs = Rules::ALL.into_iter().map(|rules| params.in_epoch(rules));
    if let Some(made) = other_epochs.find(|other| other.as_made(made_with).is_some()) {
        let (found, asked) = (made.rules.epoch, params.rules.epoch);
        return Ok(vec![format!("it was made with epoch {found}, {asked} is asked for")]);
    }
    let found = stored_texts(conn, params.rules).map_err(OpenError::store(path))?;
    let asked: BTreeMap<_, _> = boot_texts(params).into_iter().collect();
    // Our own change with the release, not by what is asked for.
    let is_ours = |id: &String, text: &String| own_texts(params).any(|own| own == (id.clone(), text.clone()));
    let mut differences = Vec::new();
    for (id, text) in &asked {
        match found.get(id) {
            Some(found) if found == text || (is_ours(id, found) && is_ours(id, text)) => {}
            Some(_) => differences.push(format!("its boot contract {id} has another text")),
            None if is_ours(id, text) => {}
            None => differences.push(format!("it has no boot contract {id}")),
        }
    }
    let more = found.iter().filter(|(id, text)| !asked.contains_key(*id) && !is_ours(id, text));
    differences.extend(more.map(|(id, _)| format!("it has a boot contract {id}, which is not given")));
    Ok(differences)
}

/// Ids and texts of our own boot contracts, of all releases.
fn own_texts(params: &ChainParams) -> impl Iterator<Item = (String, String)> {
    let of_release = |release| {
        let boot_contracts = BootContracts { release, brought: Vec::new() };
        boot_texts(&ChainParams { boot_contracts, ..params.clone() })
    };
    BootRelease::ALL.into_iter().flat_map(of_release)
}

/// Ids and texts of the boot contracts that a folder has. One whose form this release does not read has none.
fn stored_texts(conn: &Connection, rules: &'static Rules) -> Result<BTreeMap<String, String>, StoreError> {
    let mut texts = BTreeMap::new();
    if !conn.table_exists(None, "contracts")? {
        return Ok(texts);
    }
    for id in select_contracts(conn, &StacksBlockId::BOOT)? {
        let body = select_contract(conn, &StacksBlockId::BOOT.0, &id)?.unwrap_or_default();
        let parsed = ContractId::parse(&id);
        let contract = parsed.and_then(|id| Contract::decode(&body, &id, rules).ok());
        texts.insert(id, contract.map_or_else(String::new, |contract| contract.source));
    }
    Ok(texts)
}
