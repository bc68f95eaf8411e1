//! The keys of the state. They are consensus, including the JSON in some of them.

use std::sync::Arc;

use crate::names::ClarityName;
use crate::principal::{ContractId, Principal, Standard};
use crate::value::Value;

/// The height of the tenure, as eight hexadecimal digits.
pub const TENURE_HEIGHT: &str = "_stx-data::tenure_height";
/// The time of the block, in seconds.
pub const BLOCK_TIME: &str = "_stx-data::clarity_storage::block_time";
/// The number of micro-STX in existence.
pub const LIQUID_SUPPLY: &str = "_stx-data::ustx_liquid_supply";
/// The epoch's number, as eight hexadecimal digits.
pub const EPOCH: &str = "vm-epoch::epoch-version";

/// The value of a contract's data variable.
#[must_use]
pub fn variable(contract: &ContractId, name: &ClarityName) -> Arc<str> {
    format!("vm::{contract}::1::{name}").into()
}

/// Prefix of the keys of a map's entries.
#[must_use]
pub(crate) fn map_prefix(contract: &ContractId, name: &ClarityName) -> String {
    format!("vm::{contract}::0::{name}::")
}

/// Prefix of the keys of a non-fungible token's owners.
#[must_use]
pub(crate) fn asset_prefix(contract: &ContractId, name: &ClarityName) -> String {
    format!("vm::{contract}::4::{name}::")
}

/// An entry of a contract's map.
#[must_use]
pub fn map_entry(contract: &ContractId, name: &ClarityName, key: &Value) -> Arc<str> {
    let mut text = String::new();
    entry(&mut text, &map_prefix(contract, name), key);
    text.into()
}

/// Writes a state key into `text`: the prefix, then the serialization of `key`.
pub(crate) fn entry(text: &mut String, prefix: &str, key: &Value) {
    text.clear();
    text.push_str(prefix);
    key.write_hex(text);
}

/// The supply of a fungible token.
#[must_use]
pub(crate) fn token_supply(contract: &ContractId, name: &ClarityName) -> Arc<str> {
    format!("vm::{contract}::3::{name}").into()
}

/// Prefix of the keys of a fungible token's balances.
#[must_use]
pub(crate) fn token_balance_prefix(contract: &ContractId, name: &ClarityName) -> String {
    format!("vm::{contract}::2::{name}::")
}

/// An owner's balance of a token: the prefix, then the principal as JSON.
#[must_use]
pub(crate) fn token_balance(prefix: &str, owner: &Principal) -> Arc<str> {
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
    text.push('[');
    decimal(text, account.version());
    text.push_str(",[");
    for (at, byte) in account.hash.iter().enumerate() {
        if at > 0 {
            text.push(',');
        }
        decimal(text, *byte);
    }
    text.push_str("]]");
}

/// A number without leading zeros. The standard formatting would take most of the time of a token transfer.
fn decimal(text: &mut String, number: u8) {
    let digit = |value: u8| char::from(b'0' + value % 10);
    if number >= 100 {
        text.push(digit(number / 100));
    }
    if number >= 10 {
        text.push(digit(number / 10));
    }
    text.push(digit(number));
}

/// The balance of an account or contract: free and locked micro-STX, and the height of the unlock.
#[must_use]
pub fn balance(owner: &Principal) -> Arc<str> {
    format!("vm-account::{owner}::19").into()
}

/// The nonce of an account's next transaction.
#[must_use]
pub fn nonce(owner: &Principal) -> Arc<str> {
    format!("vm-account::{owner}::18").into()
}

/// The hash of a contract's source, and the height of the block that published it.
#[must_use]
pub fn contract(id: &ContractId) -> Arc<str> {
    format!("clarity-contract::{id}").into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_json_writes_them() {
        for number in 0..=u8::MAX {
            let mut text = String::new();
            decimal(&mut text, number);
            assert_eq!(text, number.to_string());
        }
    }
}
