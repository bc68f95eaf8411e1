//! What the mempool's tests share: keys, transactions, a database, a view of a chain.

use crate::mempool::{AccountView, AdmissionView, CheckedTransaction, Refusal};
use crate::test_support;
use clarity::principal::{ContractId, Principal};
use clarity::value::Value;
use rusqlite::{Connection, Transaction};
use stacks_types::address::StacksAddress;
use stacks_types::keys::PrivateKey;
use stacks_types::transaction::{
    BlockTransaction, SpendingCondition, StacksTransaction, TransactionAuth, TransactionPayload,
};
use std::collections::{BTreeMap, BTreeSet};

pub(super) const NOW_S: u64 = 1_700_000_000;

pub(super) fn key(number: u8) -> PrivateKey {
    test_support::key("user", number)
}

pub(super) fn address(number: u8) -> StacksAddress {
    test_support::address("user", number)
}

pub(super) fn transfer(to: u8, amount: u64) -> TransactionPayload {
    test_support::transfer_payload(test_support::user(to), amount)
}

pub(super) fn condition(number: u8, nonce: u64, fee: u64) -> SpendingCondition {
    SpendingCondition::p2pkh(&key(number), nonce, fee)
}

/// A transaction that nobody has signed.
pub(super) fn unsigned(origin: u8, nonce: u64, fee: u64, payload: TransactionPayload) -> StacksTransaction {
    StacksTransaction::new(false, TransactionAuth::Standard(condition(origin, nonce, fee)), payload)
}

pub(super) fn signed(origin: u8, nonce: u64, fee: u64, payload: TransactionPayload) -> BlockTransaction {
    let mut transaction = unsigned(origin, nonce, fee, payload);
    transaction.sign_origin(&key(origin)).unwrap();
    transaction.into()
}

/// The sponsor's account number and nonce.
pub(super) type Sponsor = (u8, u64);

pub(super) fn unsigned_sponsored(
    (origin, nonce): (u8, u64),
    (sponsor, sponsor_nonce): Sponsor,
    fee: u64,
    payload: TransactionPayload,
) -> StacksTransaction {
    let auth = TransactionAuth::Sponsored {
        origin: condition(origin, nonce, 0),
        sponsor: condition(sponsor, sponsor_nonce, fee),
    };
    StacksTransaction::new(false, auth, payload)
}

/// A transaction as if it had passed all checks.
pub(super) fn checked(transaction: StacksTransaction) -> CheckedTransaction {
    CheckedTransaction::from_block(transaction.into(), false, NOW_S).unwrap()
}

/// A checked transfer to account 99, which nobody has.
pub(super) fn checked_transfer(origin: u8, nonce: u64, fee: u64) -> CheckedTransaction {
    checked(unsigned(origin, nonce, fee, transfer(99, 1)))
}

pub(super) fn database() -> Connection {
    crate::db::tables_in_memory()
}

pub(super) fn write<T>(conn: &mut Connection, work: impl FnOnce(&Transaction<'_>) -> T) -> T {
    let tx = conn.transaction().unwrap();
    let value = work(&tx);
    tx.commit().unwrap();
    value
}

/// A chain as admission sees it.
#[derive(Default)]
pub(super) struct View {
    pub(super) accounts: BTreeMap<StacksAddress, AccountView>,
    pub(super) contracts: BTreeSet<ContractId>,
    pub(super) leaves_calls: bool,
}

impl View {
    pub(super) fn with_account(mut self, number: u8, nonce: u64, available_ustx: u128) -> Self {
        self.accounts.insert(address(number), AccountView { nonce, available_ustx });
        self
    }
}

/// The only public function of [`View`]'s contracts; it takes one argument.
pub(super) const FUNCTION: &str = "act";

impl AdmissionView for View {
    fn leaves_calls(&self) -> bool {
        self.leaves_calls
    }

    fn account(&self, who: &Principal) -> Result<AccountView, Refusal> {
        let Principal::Standard(who) = who else { return Ok(AccountView::default()) };
        Ok(self.accounts.get(&(*who).into()).copied().unwrap_or_default())
    }

    fn contract_exists(&self, contract: &ContractId) -> Result<bool, Refusal> {
        Ok(self.contracts.contains(contract))
    }

    fn check_public_function(&self, _: &ContractId, function: &str, arguments: &[Value]) -> Result<(), Refusal> {
        match (function, arguments.len()) {
            (FUNCTION, 1) => Ok(()),
            (FUNCTION, _) => {
                Err(Refusal::BadFunctionArgument { error: "one".to_owned(), message: "one argument".to_owned() })
            }
            _ => Err(Refusal::NoSuchPublicFunction { message: format!("no {function}") }),
        }
    }
}
