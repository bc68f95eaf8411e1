//! State keys (docs/CONSENSUS.md#state-keys): what a proof is about.

use ::clarity::vm::Value;
use ::clarity::vm::database::clarity_store::make_contract_hash_key;
use ::clarity::vm::database::{ClarityDatabase, StoreType};
use ::clarity::vm::errors::Error as VmError;
use ::clarity::vm::types::{PrincipalData, QualifiedContractIdentifier};

use super::ReadError;

/// State key of a principal's balance.
#[must_use]
pub fn balance_key(principal: &PrincipalData) -> String {
    ClarityDatabase::make_key_for_account_balance(principal)
}

/// State key of a principal's nonce.
#[must_use]
pub fn nonce_key(principal: &PrincipalData) -> String {
    ClarityDatabase::make_key_for_account_nonce(principal)
}

/// State key of a data variable; its value is the hex of the variable's consensus bytes.
#[must_use]
pub fn data_var_key(contract: &QualifiedContractIdentifier, name: &str) -> String {
    ClarityDatabase::make_key_for_trip(contract, StoreType::Variable, name)
}

/// State key of a map's entry; its value is the hex of the optional entry's consensus bytes.
///
/// # Errors
/// If `key` has no consensus form.
pub fn map_entry_key(contract: &QualifiedContractIdentifier, map: &str, key: &Value) -> Result<String, ReadError> {
    let key = key.serialize_to_hex().map_err(VmError::from)?;
    Ok(ClarityDatabase::make_key_for_quad(contract, StoreType::DataMap, map, &key))
}

/// State key of a contract's commitment.
#[must_use]
pub fn contract_key(contract: &QualifiedContractIdentifier) -> String {
    make_contract_hash_key(contract)
}
