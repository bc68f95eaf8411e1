//! State keys (docs/CONSENSUS.md#state-keys): what a proof is about.

use engine::value::{ContractId, Principal, Value};

/// State key of a principal's balance.
#[must_use]
pub fn balance_key(principal: &Principal) -> String {
    format!("vm-account::{principal}::19")
}

/// State key of a principal's nonce.
#[must_use]
pub fn nonce_key(principal: &Principal) -> String {
    format!("vm-account::{principal}::18")
}

/// State key of a data variable; its value is the hex of the variable's consensus bytes.
#[must_use]
pub fn data_var_key(contract: &ContractId, name: &str) -> String {
    format!("vm::{contract}::1::{name}")
}

/// State key of a map's entry; its value is the hex of the optional entry's consensus bytes.
#[must_use]
pub fn map_entry_key(contract: &ContractId, map: &str, key: &Value) -> String {
    format!("vm::{contract}::0::{map}::{}", key.encode_hex())
}

/// State key of a contract's commitment.
#[must_use]
pub fn contract_key(contract: &ContractId) -> String {
    format!("clarity-contract::{contract}")
}
