//! `invalid` and `static_rejects`: transactions that must be refused, and at which stage.

use chainstate::test_support::params;
use chainstate::transactions::VerifiedTransaction;
use serde_json::Value;
use stacks_types::ids::Txid;
use stacks_types::keys::LowS;
use stacks_types::transaction::{BlockTransaction, CoinbaseRule, Epoch, StacksTransaction, StaticRejection};

use crate::support::{array, bytes, list, load, text};

#[test]
fn invalid_transactions_are_stopped_at_their_stage() {
    for case in list(&load("transactions.json"), "invalid") {
        let name = text(case, "name");
        let decoded = StacksTransaction::decode(&bytes(case, "raw"));
        match text(case, "stage") {
            "decode" => assert!(decoded.is_err(), "{name} decodes"),
            "signature" => {
                let transaction = decoded.unwrap_or_else(|error| panic!("{name}: {error}"));
                assert!(transaction.verify(LowS::Lax).is_err(), "{name} verifies");
                assert!(transaction.verify(LowS::Strict).is_err(), "{name} verifies");
            }
            "signature_low_s" => {
                let transaction = decoded.unwrap_or_else(|error| panic!("{name}: {error}"));
                assert_eq!(transaction.verify(LowS::Lax), Ok(()), "{name}");
                assert!(transaction.verify(LowS::Strict).is_err(), "{name} verifies");
            }
            stage => panic!("stage {stage}"),
        }
    }
}

#[test]
fn decoding_fails_for_the_stream_reader_too() {
    for case in list(&load("transactions.json"), "invalid").iter().filter(|case| text(case, "stage") == "decode") {
        assert!(StacksTransaction::decode_prefix(&bytes(case, "raw")).is_err(), "{}", text(case, "name"));
    }
}

#[test]
fn static_rules_stop_well_formed_transactions() {
    for case in list(&load("transactions.json"), "static_rejects") {
        let reason = text(case, "reason");
        let transaction = StacksTransaction::decode(&bytes(case, "raw")).expect("decodes");
        assert_eq!(transaction.txid(), Txid(array(case, "txid")), "{reason}");
        assert_eq!(transaction.verify(LowS::Strict), Ok(()), "{reason}");
        let Some(epoch) = case["epoch"].as_str() else {
            check_chain_rule(case, reason, transaction);
            continue;
        };
        let epoch = Epoch::from_name(epoch).expect("a known epoch");
        let rejection = transaction
            .epoch_rejects(epoch, CoinbaseRule::WithVrfProof)
            .unwrap_or_else(|| panic!("{reason}: accepted"));
        assert_ne!(rejection, StaticRejection::CoinbaseWithProof, "{reason}");
    }
}

/// Checks a rule that is independent of epochs. The chain takes all values from the transaction that the case does not
/// name, so that only the named rule can be broken.
fn check_chain_rule(case: &Value, reason: &str, transaction: StacksTransaction) {
    if reason.starts_with("anchor mode") {
        // Not checked: there are no microblocks (docs/CONSENSUS.md#transactions-of-this-chain).
        return;
    }
    let mut params = params(1, 1);
    params.mainnet = case["mainnet"].as_bool().unwrap_or(transaction.version.is_mainnet());
    params.chain_id = match case["chain_id"].as_u64() {
        Some(id) => u32::try_from(id).expect("u32"),
        None => transaction.chain_id,
    };
    let transaction = BlockTransaction::from(transaction);
    let rejection = VerifiedTransaction::verify(&transaction, &params).err();
    let rejection = rejection.unwrap_or_else(|| panic!("{reason}: accepted")).to_string();
    let expected = if case["mainnet"].is_null() { "chain id" } else { "network" };
    assert!(rejection.contains(expected), "{reason}: {rejection}");
}
