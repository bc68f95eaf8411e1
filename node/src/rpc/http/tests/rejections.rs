//! The rejection table (docs/COMPATIBILITY.md#rejections-of-transactions): each row that this node can produce, with
//! its exact keys.
//!
//! Not tested here, because no sender can cause them: Serialization, EstimatorError, ServerFailureNoSuchChainTip, and
//! the three of poison microblocks, which are refused earlier as ServerFailureOther. ServerFailureDatabase is the
//! answer when storage fails.

use axum::http::StatusCode;
use clarity::value::Value as Clarity;
use serde_json::Value;
use stacks_types::address::StacksAddress;
use stacks_types::hashing::sha512_256;
use stacks_types::ids::{ConsensusHash, Hash160, StacksBlockId};
use stacks_types::transaction::{
    FungibleCode, PostCondition, PostConditionPrincipal, StacksTransaction, TenureChange, TenureChangeCause,
    TransactionPayload, TransactionVersion,
};

use super::bench::{Bench, JSON, OCTETS, OPENING};
use super::shape::{Kind, check};
use crate::error::ApiError;
use crate::rpc::http::transactions::failure;
use chainstate::test_support::{address, call_payload, deploy, key, signed, transfer, transfer_payload, user};

const CODE: &str = "(define-public (set (n uint)) (ok n)) (define-read-only (peek) u1)";
const ACCOUNT: &[(&str, Kind)] =
    &[("expected", Kind::Whole), ("actual", Kind::Whole), ("principal", Kind::Text), ("is_origin", Kind::Bool)];

/// Checks a refusal: this reason, a message, and exactly these keys in reason_data; without keys, no reason_data.
fn check_refused(bench: &Bench, transaction: &StacksTransaction, reason: &str, data: &[(&str, Kind)]) -> Value {
    refused(bench, transaction, reason, data)["reason_data"].clone()
}

/// The same; returns all of the answer.
fn refused(bench: &Bench, transaction: &StacksTransaction, reason: &str, data: &[(&str, Kind)]) -> Value {
    let reply = bench.submit(transaction);
    let body = reply.json();
    assert_eq!(reply.status, StatusCode::BAD_REQUEST, "{reason}: {body}");
    assert_eq!(body["reason"], reason, "{body}");
    assert_eq!(body["txid"], transaction.txid().to_hex());
    let mut keys = vec![
        ("txid", Kind::Hex(32)),
        ("error", Kind::Says("transaction rejected")),
        ("reason", Kind::Text),
        ("message", Kind::Text),
    ];
    if !data.is_empty() {
        keys.push(("reason_data", Kind::Object));
        check(reason, &body["reason_data"], data);
    }
    check(reason, &body, &keys);
    let hex = serde_json::json!({ "tx": hex::encode(transaction.encode()) }).to_string();
    assert_eq!(bench.post("/v2/transactions", JSON, hex).json(), body, "the JSON form differs");
    body
}

/// A transaction of user 0, whose next nonce is 2.
fn by_user(nonce: u64, fee: u64, payload: TransactionPayload) -> StacksTransaction {
    signed(&key("user", 0), nonce, fee, payload)
}

fn bench_with_contract() -> Bench {
    let bench = Bench::started();
    bench.send(&[deploy(0, 0, "c", CODE), transfer(0, 1, 9, 5)]);
    bench.grow();
    bench
}

#[test]
fn bytes_that_are_no_transaction_are_text_and_for_json_json() {
    let bench = Bench::started();
    let raw = deploy(0, 0, "c", "(print 1)\n(print 2) ;; caf\u{e9}\r\n").encode();
    let said = "contract source has byte 0xc3 in line 2";
    let text = bench.post("/v2/transactions", OCTETS, raw.clone());
    assert_eq!(text.status, StatusCode::BAD_REQUEST);
    let shown = String::from_utf8_lossy(&text.body);
    assert!(shown.contains(said), "{shown}");
    let json = bench.post("/v2/transactions", JSON, serde_json::json!({ "tx": hex::encode(&raw) }).to_string());
    let body = json.json();
    assert_eq!((json.status, &body["reason"]), (StatusCode::BAD_REQUEST, &Value::from("Deserialization")));
    assert!(body["reason_data"]["message"].as_str().unwrap().contains(said), "{body}");
    assert_eq!(body["txid"], hex::encode(sha512_256(&[&raw])));
}

#[test]
fn what_is_mined_already_is_no_failure() {
    let bench = bench_with_contract();
    for sent_again in [deploy(0, 0, "c", CODE), transfer(0, 1, 9, 5)] {
        let reply = bench.submit(&sent_again);
        assert_eq!((reply.status, reply.json()), (StatusCode::OK, sent_again.txid().to_hex().into()));
    }
    check_refused(&bench, &transfer(0, 1, 9, 6), "BadNonce", ACCOUNT);
}

#[test]
fn every_row_has_its_reason_and_its_keys() {
    let bench = bench_with_contract();
    let message: &[(&str, Kind)] = &[("message", Kind::Text)];
    let pay = |amount| transfer_payload(user(1), amount);

    let mut unsigned = by_user(2, 1_000, pay(5));
    unsigned.auth.origin_mut().set_fee(2_000);
    check_refused(&bench, &unsigned, "SignatureValidation", message);
    let bad_argument = call_payload(address("user", 0), "c", "set", vec![Clarity::Bool(true)]);
    let told = refused(&bench, &by_user(2, 1_000, bad_argument), "BadFunctionArgument", message);
    assert_eq!(told["message"], "argument 1 of set, n: expecting expression of type 'uint', found 'bool'");
    let mut conditioned = by_user(2, 1_000, pay(5));
    conditioned.post_conditions =
        vec![PostCondition::Stx { principal: PostConditionPrincipal::Origin, code: FungibleCode::Equal, amount: 5 }];
    conditioned.sign_origin(&key("user", 0)).unwrap();
    check_refused(&bench, &conditioned, "ServerFailureOther", message);

    let chained = [&[("message", Kind::Text)][..], ACCOUNT].concat();
    let data = check_refused(&bench, &by_user(29, 1_000, pay(5)), "TooMuchChaining", &chained);
    assert_eq!((&data["expected"], &data["actual"]), (&28.into(), &29.into()));
    let data = check_refused(&bench, &by_user(1, 1_000, pay(6)), "BadNonce", ACCOUNT);
    assert_eq!((&data["expected"], &data["actual"], &data["is_origin"]), (&2.into(), &1.into(), &true.into()));
    let amounts = [("expected", Kind::Whole), ("actual", Kind::Is(7))];
    check_refused(&bench, &by_user(2, 7, pay(5)), "FeeTooLow", &amounts);
    let funds = [("expected", Kind::Hex0x(16)), ("actual", Kind::Hex0x(16))];
    check_refused(&bench, &by_user(2, 1_000, pay(OPENING)), "NotEnoughFunds", &funds);
    let itself = by_user(2, 1_000, transfer_payload(user(0), 5));
    check_refused(&bench, &itself, "TransferRecipientCannotEqualSender", &[("recipient", Kind::Text)]);
    let data = check_refused(
        &bench,
        &deploy(0, 2, "c", CODE),
        "ContractAlreadyExists",
        &[("contract_identifier", Kind::Text)],
    );
    assert_eq!(data["contract_identifier"], format!("{}.c", address("user", 0)));
}

#[test]
fn rows_without_data_have_no_key_for_it() {
    let bench = bench_with_contract();
    let mut mainnet = by_user(2, 1_000, transfer_payload(user(1), 5));
    mainnet.version = TransactionVersion::Mainnet;
    check_refused(&bench, &mainnet, "BadTransactionVersion", &[]);
    check_refused(&bench, &by_user(2, 1_000, transfer_payload(user(1), 0)), "TransferAmountMustBePositive", &[]);
    let owner = address("user", 0);
    let unknown = call_payload(owner, "nowhere", "set", vec![Clarity::UInt(1)]);
    check_refused(&bench, &by_user(2, 1_000, unknown), "NoSuchContract", &[]);
    // A read-only function is not a public one.
    let read_only = call_payload(owner, "c", "peek", Vec::new());
    let told = refused(&bench, &by_user(2, 1_000, read_only), "NoSuchPublicFunction", &[]);
    let message = told["message"].as_str().unwrap();
    assert!(message.contains("is read-only") && message.ends_with("Public: set"), "{message}");
    let abroad = StacksAddress::of_key_hash(owner.hash160(), true).to_principal();
    check_refused(&bench, &by_user(2, 1_000, transfer_payload(abroad, 5)), "BadAddressVersionByte", &[]);
    let coinbase = TransactionPayload::Coinbase { buffer: [0; 32] };
    check_refused(&bench, &by_user(2, 1_000, coinbase), "NoCoinbaseViaMempool", &[]);
    let change = TransactionPayload::TenureChange(Box::new(TenureChange {
        tenure_consensus_hash: ConsensusHash([1; 20]),
        prev_tenure_consensus_hash: ConsensusHash([2; 20]),
        burn_view_consensus_hash: ConsensusHash([1; 20]),
        previous_tenure_end: StacksBlockId([3; 32]),
        previous_tenure_blocks: 1,
        cause: TenureChangeCause::BlockFound,
        pubkey_hash: Hash160([4; 20]),
    }));
    check_refused(&bench, &by_user(2, 1_000, change), "NoTenureChangeViaMempool", &[]);
    let waiting = by_user(2, 1_000, transfer_payload(user(1), 5));
    bench.send(std::slice::from_ref(&waiting));
    let same_nonce = by_user(2, 1_000, transfer_payload(user(1), 6));
    let told = refused(&bench, &same_nonce, "ConflictingNonceInMempool", &[]);
    let words = format!("its nonce 2 waits in {} with a fee of 1000 micro-STX", waiting.txid());
    assert!(told["message"].as_str().unwrap().starts_with(&words), "{told}");
}

#[test]
fn what_made_trouble_is_blacklisted() {
    let bench = Bench::started();
    // The account could pay for each alone; after the first it cannot pay for the second.
    let second = transfer(0, 1, 9, OPENING - 2_000);
    bench.send(&[transfer(0, 0, 9, OPENING / 2), second.clone()]);
    bench.grow();
    check_refused(&bench, &second, "TemporarilyBlacklisted", &[]);
    let gone = stand(&bench, &second);
    assert_eq!((&gone["state"], &gone["reason"]), (&"dropped".into(), &"problematic".into()), "{gone}");
    let message = gone["message"].as_str().unwrap();
    assert!(message.contains("cannot transfer") && message.contains("put more on the account"), "{message}");
}

/// State of a transaction that is not mined.
fn stand(bench: &Bench, transaction: &StacksTransaction) -> serde_json::Value {
    let reply = bench.get(&format!("/v3/transaction/{}", transaction.txid().to_hex()));
    assert_eq!(reply.status, StatusCode::NOT_FOUND);
    let body = reply.json();
    assert_eq!(body["txid"], transaction.txid().to_hex());
    body
}

#[test]
fn a_transaction_that_is_not_mined_says_what_it_waits_for() {
    let bench = Bench::started();
    let (first, second, far) = (transfer(0, 0, 9, 5), transfer(0, 1, 9, 5), transfer(1, 3, 9, 5));
    bench.send(&[first.clone(), second.clone(), far.clone()]);
    let waits = |transaction: &StacksTransaction| {
        let stand = stand(&bench, transaction);
        (stand["state"].as_str().unwrap().to_owned(), stand["message"].as_str().unwrap().to_owned())
    };
    assert_eq!(waits(&first).0, "ready");
    let (state, message) = waits(&second);
    assert!(state == "waiting" && message.contains(&first.txid().to_hex()), "{state}: {message}");
    let (state, message) = waits(&far);
    assert!(state == "waiting" && message.contains("send a transaction with that nonce"), "{state}: {message}");
    assert!(message.contains(&format!("nonce 0 of {}", user(1))), "{message}");
    let better = by_user(0, 9_000, transfer_payload(user(1), 6));
    bench.send(std::slice::from_ref(&better));
    let replaced = stand(&bench, &first);
    assert_eq!((&replaced["state"], &replaced["reason"]), (&"dropped".into(), &"replace_by_fee".into()));
    assert_eq!(replaced["new_txid"], better.txid().to_hex());
    let unknown = bench.get(&format!("/v3/transaction/{}", "7".repeat(64)));
    assert!(String::from_utf8_lossy(&unknown.body).contains("was not dropped lately"));
}

#[test]
fn a_full_mempool_is_no_fault_of_the_sender() {
    let bench = Bench::started();
    let file = rusqlite::Connection::open(bench.folder.path().join("chainstate.sqlite")).unwrap();
    file.execute("UPDATE mempool_totals SET bytes = 1 << 28", []).unwrap();
    let transaction = transfer(0, 0, 9, 5);
    let reply = bench.submit(&transaction);
    assert_eq!((reply.status, reply.headers["retry-after"].to_str().unwrap()), (StatusCode::SERVICE_UNAVAILABLE, "10"));
    let body = reply.json();
    assert_eq!((&body["reason"], &body["txid"]), (&"MempoolFull".into(), &transaction.txid().to_hex().into()));
    let message = body["reason_data"]["message"].as_str().unwrap();
    assert!(message.contains("full") && message.contains("send it again later"), "{message}");
}

#[test]
fn one_that_waits_already_is_a_success() {
    let bench = Bench::started();
    let transaction = transfer(0, 0, 9, 5);
    let first = bench.submit(&transaction);
    assert_eq!(first.body, format!("\"{}\"", transaction.txid().to_hex()).into_bytes());
    let again = bench.submit(&transaction);
    assert_eq!((again.status, again.body), (StatusCode::OK, first.body));
    let waiting = bench.read(&format!("/v2/transactions/unconfirmed/{}", transaction.txid().to_hex()));
    check("unconfirmed", &waiting, &[("tx", Kind::AnyHex), ("status", Kind::Says("Mempool"))]);
}

#[test]
fn failures_of_the_node_are_json_too() {
    let raw = transfer(0, 0, 9, 5).encode();
    let text = |error| format!("{:?}", failure(error, &raw));
    let broken = text(ApiError::internal("disk on fire"));
    assert!(broken.contains("ServerFailureDatabase") && broken.contains("txid"), "{broken}");
    assert!(!broken.contains("on fire"), "the insides are not in it: {broken}");
    let busy = text(ApiError::Busy { reason: "X", retry_after: std::time::Duration::from_secs(1) });
    assert!(busy.contains("ServerFailureOther") && busy.contains("429"), "{busy}");
}
