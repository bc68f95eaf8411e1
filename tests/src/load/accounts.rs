//! Accounts with STX, and the transactions that they sign before the measurement.

use chainstate::test_support::transfer_payload;
use clarity::principal::Principal;
use stacks_types::address::StacksAddress;
use stacks_types::keys::PrivateKey;
use stacks_types::transaction::{
    PostConditionMode, SpendingCondition, StacksTransaction, TransactionAuth, TransactionPayload,
};

/// Opening balance of each account, in micro-STX: enough for every row.
pub const OPENING_USTX: u64 = 1_000_000_000_000;
/// Fee of each transaction, in micro-STX: above the minimum for all sizes used.
const FEE_USTX: u64 = 3_000;

/// Code of the contract that calls go to.
pub const COUNTER: &str = "(define-data-var count uint u0)\n\
     (define-public (increment)\n  (begin\n    (var-set count (+ (var-get count) u1))\n    (ok (var-get count))))\n";

/// An account that sends transactions.
pub struct Account {
    key: PrivateKey,
    nonce: u64,
}

impl Account {
    /// Makes accounts `0..count`, all at nonce 0.
    #[must_use]
    pub fn many(count: usize) -> Vec<Self> {
        (0..count)
            .map(|index| Self { key: PrivateKey::from_seed(format!("load {index}").as_bytes()), nonce: 0 })
            .collect()
    }

    /// Address of the account on testnet.
    #[must_use]
    pub fn address(&self) -> StacksAddress {
        StacksAddress::p2pkh(&self.key.public_key(), false)
    }

    /// Raises the nonce as if so many transactions had been sent.
    pub const fn skip(&mut self, nonces: u64) {
        self.nonce += nonces;
    }

    /// Signs a payload with the account's next nonce; returns the encoded transaction.
    ///
    /// # Panics
    /// Never: the key is the account's own.
    pub fn sign(&mut self, payload: TransactionPayload) -> Vec<u8> {
        self.sign_for(payload, FEE_USTX)
    }

    /// As [`Self::sign`], with a fee of `fee` micro-STX.
    ///
    /// # Panics
    /// Never: the key is the account's own.
    pub fn sign_for(&mut self, payload: TransactionPayload, fee: u64) -> Vec<u8> {
        let auth = TransactionAuth::Standard(SpendingCondition::p2pkh(&self.key, self.nonce, fee));
        let mut transaction = StacksTransaction::new(false, auth, payload);
        // A token transfer moves assets that no post-condition names.
        transaction.post_condition_mode = PostConditionMode::Allow;
        transaction.sign_origin(&self.key).expect("the origin's key");
        self.nonce += 1;
        transaction.encode()
    }
}

/// Signs `count` transactions, the accounts taking turns, so that nonces of one account are far apart.
pub fn signed(accounts: &mut [Account], count: usize, payload: impl Fn(usize) -> TransactionPayload) -> Vec<Vec<u8>> {
    let senders = accounts.len();
    (0..count).map(|index| accounts[index % senders].sign(payload(index))).collect()
}

/// A transfer of a few micro-STX to an address to which nobody has the key.
///
/// # Panics
/// Never: the address is valid.
#[must_use]
pub fn transfer(index: usize) -> TransactionPayload {
    let recipient = Principal::parse("ST000000000000000000002AMW42H").expect("an address");
    transfer_payload(recipient, 1 + index as u64)
}
