//! `stacksjs_transactions.json`: transactions of a wallet library. Only their bytes are tested here; the node's tests
//! check their receipts.

use stacks_types::address::StacksAddress;
use stacks_types::ids::Txid;
use stacks_types::keys::{LowS, PrivateKey};
use stacks_types::transaction::StacksTransaction;

use crate::support::{array, bytes, list, load, number, text};

#[test]
fn transactions_of_a_wallet_library_decode_and_verify() {
    for case in list(&load("stacksjs_transactions.json"), "transactions") {
        let label = text(case, "label");
        let raw = bytes(case, "raw");
        let transaction = StacksTransaction::decode(&raw).unwrap_or_else(|error| panic!("{label}: {error}"));
        assert_eq!(transaction.encode(), raw, "{label}");
        assert_eq!(transaction.txid(), Txid(array(case, "txid")), "{label}");
        assert_eq!(transaction.origin_address(false).to_string(), text(case, "sender_address"), "{label}");
        assert_eq!(transaction.origin_nonce(), number(case, "nonce"), "{label}");
        assert_eq!(transaction.verify(LowS::Strict), Ok(()), "{label}");
    }
}

#[test]
fn accounts_of_a_wallet_library_have_their_addresses() {
    let file = load("stacksjs_transactions.json");
    let accounts = file["accounts"].as_object().expect("accounts");
    assert!(!accounts.is_empty());
    for account in accounts.values() {
        let key = PrivateKey::from_hex(text(account, "private_key")).expect("private key");
        let address = StacksAddress::of_key(&key.public_key(), key.encoding(), false);
        assert_eq!(address.to_string(), text(account, "address"));
    }
}
