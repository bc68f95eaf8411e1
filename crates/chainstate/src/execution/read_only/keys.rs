//! State keys (docs/CONSENSUS.md#state-keys): what a proof is about.

use ::clarity::vm::Value as VmValue;
use ::clarity::vm::types::{PrincipalData, QualifiedContractIdentifier};
use stacks_types::value::encode_value;

/// State key of a principal's balance.
#[must_use]
pub fn balance_key(principal: &PrincipalData) -> String {
    format!("vm-account::{principal}::19")
}

/// State key of a principal's nonce.
#[must_use]
pub fn nonce_key(principal: &PrincipalData) -> String {
    format!("vm-account::{principal}::18")
}

/// State key of a data variable; its value is the hex of the variable's consensus bytes.
#[must_use]
pub fn data_var_key(contract: &QualifiedContractIdentifier, name: &str) -> String {
    format!("vm::{contract}::1::{name}")
}

/// State key of a map's entry; its value is the hex of the optional entry's consensus bytes.
#[must_use]
pub fn map_entry_key(contract: &QualifiedContractIdentifier, map: &str, key: &VmValue) -> String {
    format!("vm::{contract}::0::{map}::{}", hex::encode(encode_value(key)))
}

/// State key of a contract's commitment.
#[must_use]
pub fn contract_key(contract: &QualifiedContractIdentifier) -> String {
    format!("clarity-contract::{contract}")
}
