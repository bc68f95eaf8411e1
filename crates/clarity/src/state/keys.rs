//! The keys of the state. They are consensus, down to the JSON inside of some.

use std::fmt::Write;
use std::sync::Arc;

use crate::names::ClarityName;
use crate::value::{ContractId, Principal, Standard, Value};

/// The height of the tenure, as eight hexadecimal digits.
pub const TENURE_HEIGHT: &str = "_stx-data::tenure_height";
/// The time of the block, in seconds.
pub const BLOCK_TIME: &str = "_stx-data::clarity_storage::block_time";
/// How many micro-STX there are.
pub const LIQUID_SUPPLY: &str = "_stx-data::ustx_liquid_supply";
/// The epoch's number.
pub const EPOCH: &str = "vm-epoch::epoch-version";

/// A data variable.
#[must_use]
pub fn variable(contract: &ContractId, name: &ClarityName) -> Arc<str> {
    format!("vm::{contract}::1::{name}").into()
}

/// What the keys of a map's entries begin with.
#[must_use]
pub fn map_prefix(contract: &ContractId, name: &ClarityName) -> String {
    format!("vm::{contract}::0::{name}::")
}

/// What the keys of a non-fungible token's owners begin with.
#[must_use]
pub fn asset_prefix(contract: &ContractId, name: &ClarityName) -> String {
    format!("vm::{contract}::4::{name}::")
}

/// A key under a prefix: the serialization of a value.
#[must_use]
pub fn entry(prefix: &str, key: &Value) -> Arc<str> {
    let bytes = key.encode();
    let mut text = String::with_capacity(prefix.len() + bytes.len() * 2);
    text.push_str(prefix);
    for byte in bytes {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        text.push(char::from(DIGITS[usize::from(byte >> 4)]));
        text.push(char::from(DIGITS[usize::from(byte & 15)]));
    }
    text.into()
}

/// The supply of a fungible token.
#[must_use]
pub fn token_supply(contract: &ContractId, name: &ClarityName) -> Arc<str> {
    format!("vm::{contract}::3::{name}").into()
}

/// What the keys of a fungible token's balances begin with.
#[must_use]
pub fn token_balance_prefix(contract: &ContractId, name: &ClarityName) -> String {
    format!("vm::{contract}::2::{name}::")
}

/// The balance of somebody under a prefix: their principal as JSON.
#[must_use]
pub fn token_balance(prefix: &str, owner: &Principal) -> Arc<str> {
    let mut text = String::with_capacity(prefix.len() + 120);
    text.push_str(prefix);
    match owner {
        Principal::Standard(account) => {
            text.push_str("{\"Standard\":");
            json_account(&mut text, account);
            text.push('}');
        }
        Principal::Contract(contract) => {
            text.push_str("{\"Contract\":{\"issuer\":");
            json_account(&mut text, &contract.issuer);
            text.push_str(",\"name\":\"");
            text.push_str(&contract.name);
            text.push_str("\"}}");
        }
    }
    text.into()
}

fn json_account(text: &mut String, account: &Standard) {
    // Writing to a string does not fail.
    let _ = write!(text, "[{},[", account.version());
    for (at, byte) in account.hash.iter().enumerate() {
        let _ = write!(text, "{}{byte}", if at == 0 { "" } else { "," });
    }
    text.push_str("]]");
}

/// Somebody's micro-STX.
#[must_use]
pub fn balance(owner: &Principal) -> Arc<str> {
    format!("vm-account::{owner}::19").into()
}

/// A contract's commitment.
#[must_use]
pub fn contract(id: &ContractId) -> Arc<str> {
    format!("clarity-contract::{id}").into()
}
