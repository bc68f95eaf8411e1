//! Fee estimates: measured, not guessed.

use axum::http::StatusCode;
use clarity::value::Value as Clarity;
use serde_json::{Value, json};
use stacks_types::transaction::TransactionPayload;

use super::bench::{Bench, JSON};
use super::shape::{COST, Kind, check};
use chainstate::test_support::{address, call_payload, deploy, key, signed, transfer_payload, user};

const CODE: &str = "(define-data-var n uint u0) (define-public (set (to uint)) (ok (var-set n to)))";

fn ask(bench: &Bench, payload: &TransactionPayload, length: Option<u64>) -> (StatusCode, Value) {
    let body = json!({ "transaction_payload": hex::encode(payload.encode()), "estimated_len": length });
    let reply = bench.post("/v2/fees/transaction", JSON, body.to_string());
    (reply.status, reply.json())
}

fn estimate(bench: &Bench, payload: &TransactionPayload, length: Option<u64>) -> Value {
    let (status, body) = ask(bench, payload, length);
    assert_eq!(status, StatusCode::OK, "{body}");
    check(
        "estimate",
        &body,
        &[
            ("estimated_cost", Kind::Object),
            ("estimated_cost_scalar", Kind::Whole),
            ("estimations", Kind::List),
            ("cost_scalar_change_by_byte", Kind::Number),
        ],
    );
    check("cost", &body["estimated_cost"], COST);
    let estimations = body["estimations"].as_array().unwrap();
    assert_eq!(estimations.len(), 3);
    for estimation in estimations {
        check("estimation", estimation, &[("fee_rate", Kind::Number), ("fee", Kind::Whole)]);
    }
    body
}

#[test]
fn the_cost_of_a_call_is_what_it_costs_when_it_is_mined() {
    let bench = Bench::started();
    bench.send(&[deploy(0, 0, "c", CODE)]);
    bench.grow();
    let payload = call_payload(address("user", 0), "c", "set", vec![Clarity::UInt(5)]);
    let estimated = estimate(&bench, &payload, None);
    let call = signed(&key("user", 1), 0, 1_000, payload);
    bench.send(std::slice::from_ref(&call));
    let block = bench.grow();
    let processed = bench.core.read(|reader| reader.block_processed(&block)).unwrap().unwrap();
    let cost = processed.receipts[0].cost.unwrap();
    assert_eq!(processed.receipts[0].txid, call.txid().0.to_vec());
    assert!(cost.runtime > 0 && cost.write_count > 0);
    let expected = json!({
        "write_length": cost.write_length, "write_count": cost.write_count, "read_length": cost.read_length,
        "read_count": cost.read_count, "runtime": cost.runtime,
    });
    assert_eq!(estimated["estimated_cost"], expected);
}

#[test]
fn estimating_leaves_nothing_behind() {
    let bench = Bench::started();
    let name = "d".parse().unwrap();
    let payload = TransactionPayload::SmartContract { name, code: CODE.to_owned() };
    let first = estimate(&bench, &payload, None);
    assert_eq!(estimate(&bench, &payload, None), first, "the second deploys under the same name");
    assert!(first["estimated_cost"]["runtime"].as_u64().unwrap() > 0);
}

#[test]
fn fees_follow_the_length_and_what_waits() {
    let bench = Bench::started();
    let payload = transfer_payload(user(1), 5);
    let fees = |length| {
        let body = estimate(&bench, &payload, length);
        [0, 1, 2].map(|level| body["estimations"][level]["fee"].as_u64().unwrap())
    };
    let shortest = signed(&key("user", 0), 0, 0, payload.clone()).encode().len() as u64;
    assert_eq!(fees(None), [shortest; 3]);
    assert_eq!(fees(Some(1)), [shortest; 3], "never below what the node takes");
    let taken = bench.submit(&signed(&key("user", 0), 0, shortest, payload.clone()));
    assert_eq!(taken.status, StatusCode::OK, "{}", taken.json());
    bench.grow();
    assert_eq!(fees(Some(180)), [180; 3]);
    let send = |from, nonce, fee| bench.send(&[signed(&key("user", from), nonce, fee, transfer_payload(user(6), 5))]);
    // These have a high fee that is never paid: earlier nonces are missing.
    send(4, 1, 1_000_000);
    send(4, 2, 2_000_000);
    assert_eq!(fees(Some(180)), [180; 3]);
    for number in 0..4 {
        send(number, u64::from(number == 0), 1_800 * (u64::from(number) + 1));
    }
    let [low, middle, high] = fees(Some(180));
    assert_eq!(low, 180);
    assert!(low < middle && middle < high, "{low} {middle} {high}");
    assert_eq!(high, 7_200, "what the best of those pays for 180 bytes that the next block can take");
}

#[test]
fn what_cannot_be_run_is_estimated_by_its_size() {
    let bench = Bench::started();
    let unknown = call_payload(address("user", 0), "nowhere", "set", Vec::new());
    let broken = TransactionPayload::SmartContract { name: "b".parse().unwrap(), code: "(((".to_owned() };
    for payload in [unknown, broken, TransactionPayload::Coinbase { buffer: [0; 32] }] {
        let body = estimate(&bench, &payload, Some(700));
        assert_eq!(body["estimations"][0]["fee"], 700, "{payload:?}");
    }
    let malformed = json!({ "transaction_payload": "00" }).to_string();
    assert_eq!(bench.post("/v2/fees/transaction", JSON, malformed).status, StatusCode::BAD_REQUEST);
}
