//! Data of contracts: variables, map entries, constants, and any leaf of the state by its key.

use std::sync::Arc;

use clarity::keys;
use clarity::names::ClarityName;
use clarity::value::Value;
use stacks_types::ids::StacksBlockId;

use super::contract::ContractAt;
use super::{LookupError, Unknown, at_state};
use crate::chain::Snapshot;
use crate::execution::read_only::StateReader;

/// A Clarity value, and its proof if requested.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredValue {
    /// Consensus serialization.
    pub value: Vec<u8>,
    /// MARF proof, encoded; none for a key that was never written.
    pub proof: Option<Vec<u8>>,
}

/// Consensus serialization of `none`, the value of a map entry that was never written.
const NONE: u8 = 0x09;

impl StoredValue {
    /// The value of a map entry that was never written.
    #[must_use]
    pub fn none() -> Self {
        Self { value: vec![NONE], proof: None }
    }
}

/// A data variable.
///
/// # Errors
/// [`Unknown::Block`], [`Unknown::Contract`], [`Unknown::Variable`].
pub fn variable(
    snapshot: &Snapshot<'_>,
    contract: &ContractAt,
    name: &str,
    with_proof: bool,
) -> Result<StoredValue, LookupError> {
    let id = &contract.contract;
    at_state(snapshot, contract.at.as_ref(), |state| {
        let key = ClarityName::new(name).map(|name| keys::variable(id, &name));
        if let Some(found) = value(state, key, with_proof)? {
            return Ok(found);
        }
        if !state.contract_exists(id)? {
            return Err(contract.unknown());
        }
        Err(unknown_variable(contract, name))
    })
}

/// A map entry, wrapped in an optional: `none` where nothing was written, or there is no such map.
///
/// # Errors
/// [`Unknown::Block`], [`Unknown::Contract`].
pub fn map_entry(
    snapshot: &Snapshot<'_>,
    contract: &ContractAt,
    map: &str,
    key: &Value,
    with_proof: bool,
) -> Result<StoredValue, LookupError> {
    let id = &contract.contract;
    at_state(snapshot, contract.at.as_ref(), |state| {
        let key = ClarityName::new(map).map(|map| keys::map_entry(id, &map, key));
        if let Some(found) = value(state, key, with_proof)? {
            return Ok(found);
        }
        if !state.contract_exists(id)? {
            return Err(contract.unknown());
        }
        Ok(StoredValue::none())
    })
}

/// A constant.
///
/// # Errors
/// [`Unknown::Block`], [`Unknown::Contract`], [`Unknown::Variable`].
pub fn constant(snapshot: &Snapshot<'_>, contract: &ContractAt, name: &str) -> Result<Value, LookupError> {
    let id = &contract.contract;
    at_state(snapshot, contract.at.as_ref(), |state| {
        if !state.contract_exists(id)? {
            return Err(contract.unknown());
        }
        state.constant(id, name)?.ok_or_else(|| unknown_variable(contract, name))
    })
}

/// The text under the state key whose hash is `path` (docs/CONSENSUS.md#state-keys), and its encoded MARF proof if
/// requested; `None` means the canonical tip.
///
/// # Errors
/// [`Unknown::Block`], [`Unknown::Variable`].
pub fn leaf(
    snapshot: &Snapshot<'_>,
    path: &[u8; 32],
    at: Option<StacksBlockId>,
    with_proof: bool,
) -> Result<(String, Option<Vec<u8>>), LookupError> {
    at_state(snapshot, at.as_ref(), |state| {
        let found = match with_proof {
            true => state.value_by_path_with_proof(path)?.map(|(text, proof)| (text, Some(proof))),
            false => state.value_by_path(path)?.map(|text| (text, None)),
        };
        found.ok_or_else(|| LookupError::unknown(Unknown::Variable, path))
    })
}

fn unknown_variable(contract: &ContractAt, name: &str) -> LookupError {
    LookupError::NotFound { what: Unknown::Variable, id: format!("{}.{name}", contract.contract) }
}

/// The value under a state key, if any. A key of `None` stands for an invalid name, which has no value. Values are
/// stored as hex of their consensus serialization.
fn value(state: &StateReader<'_>, key: Option<Arc<str>>, with_proof: bool) -> Result<Option<StoredValue>, LookupError> {
    let Some(key) = key else { return Ok(None) };
    let found = match with_proof {
        true => state.value_with_proof(&key)?.map(|(text, proof)| (text, Some(proof))),
        false => state.value(&key)?.map(|text| (text, None)),
    };
    let Some((text, proof)) = found else { return Ok(None) };
    let value = hex::decode(text.as_bytes()).map_err(LookupError::corrupt)?;
    Ok(Some(StoredValue { value, proof }))
}
