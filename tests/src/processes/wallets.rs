//! Keys of the vectors' accounts, which the chains of these tests fund, and signed transactions of theirs.

use clarity::principal::Principal;
use serde_json::Value;
use stacks_types::keys::PrivateKey;
use stacks_types::transaction::{SpendingCondition, StacksTransaction, TransactionAuth, TransactionPayload};

/// Key of an account, such as `wallet_1`, in the vectors that [`super::stacksjs`] reads.
///
/// # Panics
/// When there is no such account.
#[must_use]
pub fn wallet(vectors: &Value, name: &str) -> PrivateKey {
    let account = &vectors["accounts"][name];
    PrivateKey::from_hex(account["private_key"].as_str().expect("a key")).expect("a key")
}

/// A transfer with the usual fee, 1,000 micro-STX. Its amount differs from nonce to nonce.
#[must_use]
pub fn transfer(key: &PrivateKey, nonce: u64) -> StacksTransaction {
    transfer_paying(key, nonce, 1_000)
}

/// A transfer with a fee in micro-STX.
///
/// # Panics
/// Never: the recipient is an address.
#[must_use]
pub fn transfer_paying(key: &PrivateKey, nonce: u64, fee: u64) -> StacksTransaction {
    let recipient = Principal::parse("ST000000000000000000002AMW42H").expect("an address");
    signed(key, nonce, fee, TransactionPayload::TokenTransfer { recipient, amount: 1 + nonce, memo: [0; 34] })
}

/// A transaction in deny mode; the fee is in micro-STX.
///
/// # Panics
/// Never: the key is the origin's.
#[must_use]
pub fn signed(key: &PrivateKey, nonce: u64, fee: u64, payload: TransactionPayload) -> StacksTransaction {
    let auth = TransactionAuth::Standard(SpendingCondition::p2pkh(key, nonce, fee));
    let mut transaction = StacksTransaction::new(false, auth, payload);
    transaction.sign_origin(key).expect("the origin's key");
    transaction
}
