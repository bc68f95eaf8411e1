//! Transactions of test accounts.

use clarity::principal::Principal;
use clarity::value::Value;
use stacks_types::address::StacksAddress;
use stacks_types::keys::PrivateKey;
use stacks_types::transaction::{
    ContractCall, SpendingCondition, StacksTransaction, TransactionAuth, TransactionPayload,
};

use super::{key, user};

/// A transaction of an account with one key, which has signed it. The fee is in micro-STX.
///
/// # Panics
/// Never: the key is the account's.
#[must_use]
pub fn signed(key: &PrivateKey, nonce: u64, fee: u64, payload: TransactionPayload) -> StacksTransaction {
    let auth = TransactionAuth::Standard(SpendingCondition::p2pkh(key, nonce, fee));
    let mut transaction = StacksTransaction::new(false, auth, payload);
    transaction.sign_origin(key).expect("the key is the origin's");
    transaction
}

/// A user sends micro-STX to another.
#[must_use]
pub fn transfer(from: u8, nonce: u64, to: u8, amount: u64) -> StacksTransaction {
    signed(&key("user", from), nonce, 1_000, transfer_payload(user(to), amount))
}

/// A user publishes a contract in the epoch's newest version of Clarity.
#[must_use]
pub fn deploy(from: u8, nonce: u64, name: &str, code: &str) -> StacksTransaction {
    signed(&key("user", from), nonce, 10_000, deploy_payload(name, code))
}

/// Sends micro-STX, without a memo.
#[must_use]
pub const fn transfer_payload(recipient: Principal, amount: u64) -> TransactionPayload {
    TransactionPayload::TokenTransfer { recipient, amount, memo: [0; 34] }
}

/// Publishes a contract in the epoch's newest version of Clarity.
///
/// # Panics
/// When the name is not valid.
#[must_use]
pub fn deploy_payload(name: &str, code: &str) -> TransactionPayload {
    TransactionPayload::SmartContract { name: name.parse().expect("a contract's name"), code: code.to_owned() }
}

/// Calls a function of a contract that this address has published.
///
/// # Panics
/// When a name is not valid.
#[must_use]
pub fn call_payload(
    publisher: StacksAddress,
    contract: &str,
    function: &str,
    arguments: Vec<Value>,
) -> TransactionPayload {
    TransactionPayload::ContractCall(ContractCall {
        address: publisher,
        contract_name: contract.parse().expect("a contract's name"),
        function_name: function.parse().expect("a function's name"),
        arguments,
    })
}
