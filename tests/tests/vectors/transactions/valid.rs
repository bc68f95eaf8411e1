//! `valid`: decoding, re-encoding, ids, every field, addresses, epochs; `tolerated`: odd encodings.

use stacks_types::ids::Txid;
use stacks_types::keys::LowS;
use stacks_types::transaction::{BlockTransaction, CoinbaseRule, Epoch, StacksTransaction};

use super::fields;
use crate::support::{array, bytes, items, list, load, number, text};

#[test]
fn valid_transactions_decode_and_encode_again() {
    let file = load("transactions.json");
    assert_eq!(number(&file, "count"), list(&file, "valid").len() as u64);
    for case in list(&file, "valid") {
        let name = text(case, "name");
        let raw = bytes(case, "raw");
        let transaction = StacksTransaction::decode(&raw).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(transaction.encode(), raw, "{name}");
        let txid = Txid(array(case, "txid"));
        assert_eq!(transaction.txid(), txid, "{name}");
        let block_transaction = BlockTransaction::decode(&raw).expect("decodes as above");
        assert_eq!(block_transaction.txid(), txid, "{name}");
        assert_eq!(block_transaction.raw(), raw, "{name}");
        assert_eq!(block_transaction.length(), raw.len(), "{name}");

        let mut longer = raw.clone();
        longer.push(0);
        assert!(StacksTransaction::decode(&longer).is_err(), "{name}: a trailing byte");
        assert_eq!(StacksTransaction::decode_prefix(&longer), Ok((transaction, raw.len())), "{name}");
    }
}

#[test]
fn every_field_is_as_described() {
    for case in list(&load("transactions.json"), "valid") {
        let transaction = StacksTransaction::decode(&bytes(case, "raw")).expect("decodes");
        fields::check(&transaction, case);
    }
}

#[test]
fn valid_transactions_verify_and_survive_the_loss_of_no_bit() {
    for case in list(&load("transactions.json"), "valid") {
        let name = text(case, "name");
        let mut transaction = StacksTransaction::decode(&bytes(case, "raw")).expect("decodes");
        assert_eq!(transaction.verify(LowS::Strict), Ok(()), "{name}");
        assert_eq!(transaction.verify(LowS::Lax), Ok(()), "{name}");
        transaction.chain_id ^= 1;
        assert!(transaction.verify(LowS::Lax).is_err(), "{name}: another chain id verifies too");
    }
}

/// The newest epoch in the file.
const NEWEST_EPOCH: Epoch = Epoch::Epoch40;

#[test]
fn epochs_are_as_the_reference_has_them() {
    for case in list(&load("transactions.json"), "valid") {
        let transaction = StacksTransaction::decode(&bytes(case, "raw")).expect("decodes");
        let expected: Vec<&str> = items(case, "epochs_static_valid").iter().filter_map(|name| name.as_str()).collect();
        let got: Vec<&str> = Epoch::ALL
            .into_iter()
            .filter(|epoch| *epoch <= NEWEST_EPOCH)
            .filter(|epoch| transaction.epoch_rejects(*epoch, CoinbaseRule::WithVrfProof).is_none())
            .map(Epoch::name)
            .collect();
        assert_eq!(got, expected, "{}", text(case, "name"));
    }
}

#[test]
fn tolerated_encodings_are_read_and_normalized() {
    for case in list(&load("transactions.json"), "tolerated") {
        let name = text(case, "name");
        let raw = bytes(case, "raw");
        let consumed = usize::try_from(number(case, "consumed")).expect("usize");
        let (transaction, length) =
            StacksTransaction::decode_prefix(&raw).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(length, consumed, "{name}");
        let canonical = match case["canonical_raw"].as_str() {
            Some(_) => bytes(case, "canonical_raw"),
            None => raw[..consumed].to_vec(),
        };
        assert_eq!(transaction.encode(), canonical, "{name}");
        assert_eq!(transaction.txid(), Txid(array(case, "txid")), "{name}");
        assert_eq!(StacksTransaction::decode(&canonical), Ok(transaction), "{name}");
        assert_eq!(StacksTransaction::decode(&raw).is_ok(), consumed == raw.len(), "{name}: exact decoding");
    }
}
