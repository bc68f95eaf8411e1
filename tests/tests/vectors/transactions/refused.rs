//! `invalid` and `static_rejects`: what must be refused, and at which stage.

use stacks_types::ids::Txid;
use stacks_types::keys::LowS;
use stacks_types::transaction::{Epoch, StacksTransaction, StaticRejection, StaticRules, static_rejects};

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
        // A rule that the case does not name is taken from the transaction, so that only the named one can be broken.
        let epoch = case["epoch"].as_str().map(|name| Epoch::from_name(name).expect("a known epoch"));
        let rules = StaticRules {
            epoch: epoch.unwrap_or(Epoch::Epoch24),
            mainnet: case["mainnet"].as_bool().unwrap_or(transaction.version.is_mainnet()),
            chain_id: match case["chain_id"].as_u64() {
                Some(id) => u32::try_from(id).expect("u32"),
                None => transaction.chain_id,
            },
            plain_coinbase: false,
        };
        let rejection = static_rejects(&transaction, &rules).unwrap_or_else(|| panic!("{reason}: accepted"));
        let blamed_rightly = match rejection {
            StaticRejection::Network => !case["mainnet"].is_null(),
            StaticRejection::ChainId { .. } => !case["chain_id"].is_null(),
            StaticRejection::AnchorMode => reason.starts_with("anchor mode"),
            StaticRejection::TooEarly { .. }
            | StaticRejection::ClarityVersion { .. }
            | StaticRejection::CoinbaseWithoutProof { .. } => epoch.is_some(),
            StaticRejection::CoinbaseWithProof => false,
        };
        assert!(blamed_rightly, "{reason}: {rejection}");
    }
}
