//! Dry runs of transactions, over HTTP and gRPC, compared with the mined transactions.

use std::time::Duration;

use axum::http::{Method, StatusCode};
use clarity::costs::Cost;
use clarity::value::Value as Clarity;
use nakamoto_proto::v1;
use nakamoto_proto::v1::transaction_service_client::TransactionServiceClient;
use serde_json::{Value, json};
use stacks_types::transaction::{
    PostConditionMode, SpendingCondition, StacksTransaction, TransactionAuth, TransactionPayload,
};
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

use super::bench::{Bench, JSON, OPENING, Reply};
use super::grpc_limits::served;
use super::shape::{COST, Kind, check};
use crate::config::CallLimits;
use chainstate::test_support::{address, call_payload, deploy, key, signed, transfer, transfer_payload, user};

/// `shout` prints 16,000 bytes 560 times.
const CODE: &str = "
(define-data-var total uint u0)
(define-constant l (list u1 u1 u1 u1 u1 u1 u1 u1 u1 u1 u1 u1 u1 u1 u1 u1 u1 u1 u1 u1 u1 u1 u1 u1 u1 u1 u1 u1))
(define-constant x (concat (concat 0xBYTES 0xBYTES) (concat 0xBYTES 0xBYTES)))
(define-constant y (concat (concat x x) (concat x x)))
(define-private (say (n uint) (said uint)) (begin (print y) (+ n said)))
(define-private (say-all (n uint) (said uint)) (fold say l said))
(define-public (shout) (ok (fold say-all (list u1 u1 u1 u1 u1 u1 u1 u1 u1 u1 u1 u1 u1 u1 u1 u1 u1 u1 u1 u1) u0)))
(define-public (work (n uint))
  (begin (print n) (try! (stx-burn? u3 tx-sender)) (var-set total (+ n (var-get total))) (ok (var-get total))))
(define-read-only (divide (n uint)) (/ u1 n))
";
const TOKEN: &str = "secret";
const PATH: &str = "/v3/transactions/simulate";

fn bench(limits: CallLimits) -> Bench {
    let bench = Bench::with_call_limits(Some(TOKEN), limits);
    bench.mine();
    bench.send(&[deploy(0, 0, "c", &CODE.replace("BYTES", &"5a".repeat(1000)))]);
    bench.grow();
    bench
}

fn unsigned(nonce: u64, payload: TransactionPayload) -> StacksTransaction {
    let auth = TransactionAuth::Standard(SpendingCondition::p2pkh(&key("user", 0), nonce, 10_000));
    let mut transaction = StacksTransaction::new(false, auth, payload);
    transaction.post_condition_mode = PostConditionMode::Allow;
    transaction
}

fn call(nonce: u64, function: &str, arguments: Vec<Clarity>) -> StacksTransaction {
    let mut transaction = unsigned(nonce, call_payload(address("user", 0), "c", function, arguments));
    transaction.sign_origin(&key("user", 0)).unwrap();
    transaction
}

fn post(bench: &Bench, path: &str, token: Option<&str>, body: &Value) -> Reply {
    let mut headers = vec![("content-type", JSON)];
    headers.extend(token.map(|token| ("authorization", token)));
    bench.ask(Method::POST, path, &headers, body.to_string().into_bytes())
}

fn ask(bench: &Bench, query: &str, transaction: &StacksTransaction) -> Reply {
    let body = json!({ "transaction_hex": hex::encode(transaction.encode()) });
    post(bench, &format!("{PATH}{query}"), Some(TOKEN), &body)
}

fn text(reply: &Reply) -> String {
    String::from_utf8_lossy(&reply.body).into_owned()
}

fn simulated(bench: &Bench, transaction: &StacksTransaction) -> Value {
    let reply = ask(bench, "", transaction);
    assert_eq!(reply.status, StatusCode::OK, "{}", text(&reply));
    let body = reply.json();
    check(
        "dry run",
        &body,
        &[
            ("txid", Kind::Hex(32)),
            ("tip_block_id", Kind::Hex(32)),
            ("consensus_hash", Kind::Hex(20)),
            ("block_height", Kind::Whole),
            ("result_hex", Kind::AnyHex0x),
            ("stx_burned", Kind::Whole),
            ("execution_cost", Kind::Object),
            ("execution_limit", Kind::Object),
            ("events", Kind::List),
            ("post_condition_aborted", Kind::Bool),
            ("vm_error", if body["vm_error"].is_null() { Kind::Null } else { Kind::Text }),
        ],
    );
    check("execution_cost", &body["execution_cost"], COST);
    check("execution_limit", &body["execution_limit"], COST);
    body
}

/// Asks over gRPC.
fn dry_run(bench: &Bench, request: v1::SimulateTransactionRequest) -> Result<v1::SimulateTransactionResponse, Status> {
    let mut client = TransactionServiceClient::new(served(bench)).max_decoding_message_size(17 << 20);
    bench.runtime.block_on(client.simulate_transaction(request)).map(tonic::Response::into_inner)
}

fn request(transaction: &StacksTransaction, checks: v1::SimulationChecks) -> v1::SimulateTransactionRequest {
    v1::SimulateTransactionRequest {
        transaction: transaction.encode().into(),
        checks: checks.into(),
        ..v1::SimulateTransactionRequest::default()
    }
}

#[test]
fn a_dry_run_over_http_has_the_references_shape_and_the_mined_result() {
    let bench = bench(CallLimits::default());
    let work = call(1, "work", vec![Clarity::UInt(4)]);
    let (tip, burn) =
        bench.core.read(|reader| Ok::<_, chainstate::db::StoreError>((reader.tip()?, reader.burn_tip()?))).unwrap();
    let body = simulated(&bench, &work);
    assert_eq!(body["txid"], work.txid().to_hex());
    assert_eq!(body["tip_block_id"], tip.block_id.to_hex());
    assert_eq!(body["consensus_hash"], burn.consensus_hash.to_hex());
    assert_eq!(body["block_height"], tip.chain_length + 1);
    assert_eq!((&body["stx_burned"], &body["post_condition_aborted"]), (&3.into(), &false.into()));
    assert_eq!(body["execution_limit"]["runtime"], bench.core.params().tenure_cost_limit.runtime);
    let printed = json!({
        "txid": format!("0x{}", work.txid().to_hex()), "event_index": 0, "committed": true, "type": "contract_event",
        "contract_event": {
            "contract_identifier": format!("{}.c", address("user", 0)), "topic": "print",
            "raw_value": format!("0x{}", Clarity::UInt(4).encode_hex()),
        },
    });
    assert_eq!(body["events"][0], printed);
    assert_eq!(body["events"][1]["stx_burn_event"], json!({ "sender": user(0).to_string(), "amount": "3" }));
    assert_eq!(simulated(&bench, &work), body, "nothing of it stayed");

    bench.send(std::slice::from_ref(&work));
    let block = bench.grow();
    let receipts = bench.core.read(|reader| reader.block_processed(&block)).unwrap().unwrap().receipts;
    assert_eq!(body["result_hex"], format!("0x{}", hex::encode(&receipts[0].result)));
    assert_eq!(body["execution_cost"]["runtime"], receipts[0].cost.unwrap().runtime);
    assert_eq!(body["events"].as_array().map(Vec::len), Some(receipts[0].events.len()));
    // On the block below it is as it was; on this one its nonce is used.
    assert_eq!(ask(&bench, &format!("?tip={}", tip.block_id.to_hex()), &work).json(), body);
    let used = ask(&bench, "?tip=latest", &work);
    assert_eq!(used.status, StatusCode::BAD_REQUEST);
    let why = text(&used);
    assert!(why.starts_with("Failed to simulate transaction: Error processing transaction: nonce of "), "{why}");
}

#[test]
fn what_is_aborted_says_by_what() {
    let bench = bench(CallLimits::default());
    let payload = |function, n| call_payload(address("user", 0), "c", function, vec![Clarity::UInt(n)]);
    let denied = simulated(&bench, &signed(&key("user", 0), 1, 10_000, payload("work", 4)));
    assert_eq!((&denied["post_condition_aborted"], &denied["events"]), (&true.into(), &json!([])));
    assert!(denied["vm_error"].is_string() && denied["stx_burned"] == 3, "{denied}");
    let failed = simulated(&bench, &signed(&key("user", 0), 1, 10_000, payload("missing", 0)));
    assert_eq!((&failed["post_condition_aborted"], &failed["result_hex"]), (&false.into(), &json!("0x0809")));
    assert!(failed["vm_error"].is_string(), "{failed}");
}

#[test]
fn the_path_is_the_operators_and_says_what_is_wrong() {
    let bench = bench(CallLimits::default());
    let body = json!({ "transaction_hex": hex::encode(transfer(1, 0, 9, 5).encode()) });
    for (token, status) in [(None, 401), (Some("other"), 401), (Some(TOKEN), 200), (Some("Bearer secret"), 200)] {
        assert_eq!(post(&bench, PATH, token, &body).status.as_u16(), status, "{token:?}");
    }
    assert_eq!(post(&Bench::new(None), PATH, Some(TOKEN), &body).status, StatusCode::BAD_REQUEST);
    let unknown = ask(&bench, &format!("?tip={}", "ab".repeat(32)), &transfer(1, 0, 9, 5));
    assert_eq!((unknown.status, text(&unknown).as_str()), (StatusCode::NOT_FOUND, "No such chain tip"));
    for body in [json!({}), json!({ "transaction_hex": "zz" }), json!({ "transaction_hex": "00" }), json!([])] {
        assert_eq!(post(&bench, PATH, Some(TOKEN), &body).status, StatusCode::BAD_REQUEST, "{body}");
    }
    let poor = ask(&bench, "", &signed(&key("user", 1), 0, 1_000, transfer_payload(user(2), OPENING)));
    let why = text(&poor);
    assert!(why.starts_with("Failed to simulate transaction: Problematic transaction: cannot transfer"), "{why}");
}

#[test]
fn a_dry_run_over_grpc_needs_no_token_and_has_the_feeds_receipt() {
    let bench = bench(CallLimits::default());
    let tip = bench.core.read(|reader| reader.tip()).unwrap();
    let work = call(1, "work", vec![Clarity::UInt(4)]);
    let answer = dry_run(&bench, request(&work, v1::SimulationChecks::Unspecified)).unwrap();
    assert_eq!(answer.parent.as_ref().map(|parent| parent.block_id.to_vec()), Some(tip.block_id.0.to_vec()));
    assert_eq!((answer.chain_length, answer.refusal), (tip.chain_length + 1, 0));
    assert_eq!(answer.cost_limit.map(|limit| limit.runtime), Some(bench.core.params().tenure_cost_limit.runtime));

    // Before it is signed.
    let draft = unsigned(99, work.payload.clone());
    let of_draft = dry_run(&bench, request(&draft, v1::SimulationChecks::None)).unwrap().receipt.unwrap();
    assert_eq!(of_draft.txid.to_vec(), draft.txid().0.to_vec());
    let refused = dry_run(&bench, request(&draft, v1::SimulationChecks::All)).unwrap();
    assert_eq!(refused.refusal(), v1::SimulationRefusal::Signature);
    assert!(refused.receipt.is_none() && refused.refusal_detail.starts_with("signature: "), "{refused:?}");

    bench.send(std::slice::from_ref(&work));
    let block = bench.grow();
    let receipts = bench.core.read(|reader| reader.block_processed(&block)).unwrap().unwrap().receipts;
    assert_eq!(answer.receipt.as_ref(), receipts.first());
    assert_eq!((of_draft.result, of_draft.cost), (receipts[0].result.clone(), receipts[0].cost));
    let used = dry_run(&bench, request(&work, v1::SimulationChecks::All)).unwrap();
    assert_eq!(used.refusal(), v1::SimulationRefusal::Nonce);
    let below = chainstate::wire::id(&tip.block_id);
    let again = dry_run(
        &bench,
        v1::SimulateTransactionRequest { block_id: below, ..request(&work, v1::SimulationChecks::All) },
    );
    assert_eq!(again.unwrap(), answer, "on the block below it is as it was");
}

#[test]
fn a_request_over_grpc_that_means_nothing_is_refused_by_its_field() {
    let bench = bench(CallLimits::default());
    let good = request(&transfer(1, 0, 9, 5), v1::SimulationChecks::All);
    let bad = [
        (v1::SimulateTransactionRequest { transaction: bytes::Bytes::new(), ..good.clone() }, "FIELD_MISSING"),
        (v1::SimulateTransactionRequest { transaction: vec![0].into(), ..good.clone() }, "FIELD_INVALID"),
        (v1::SimulateTransactionRequest { checks: 9, ..good.clone() }, "FIELD_INVALID"),
        (v1::SimulateTransactionRequest { block_id: vec![0; 31].into(), ..good.clone() }, "FIELD_INVALID"),
        (v1::SimulateTransactionRequest { block_id: vec![0; 32].into(), ..good }, "UNKNOWN_BLOCK"),
    ];
    for (request, reason) in bad {
        let status = dry_run(&bench, request).unwrap_err();
        assert_eq!(status.get_details_error_info().expect("a reason").reason, reason, "{status}");
    }
}

#[test]
fn a_receipt_that_is_too_large_for_a_free_answer_is_not_sent() {
    let bench = bench(CallLimits::default());
    let shout = call(1, "shout", vec![]);
    let status = dry_run(&bench, request(&shout, v1::SimulationChecks::All)).unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument);
    assert!(
        status.message().contains("its receipt has 8") || status.message().contains("its receipt has 9"),
        "{status}"
    );
    let reply = ask(&bench, "", &shout);
    assert_eq!(reply.status, StatusCode::BAD_REQUEST);
    assert!(text(&reply).contains("its receipt has"), "{}", text(&reply));
}

#[test]
fn a_fast_call_costs_nothing_and_does_not_write() {
    let tight = CallLimits { cost: Cost { runtime: 100, ..CallLimits::default().cost }, ..CallLimits::default() };
    let bench = bench(tight);
    let owner = address("user", 0);
    let ask = |kind: &str, function: &str, n: u128| {
        let path = format!("{kind}/{owner}/c/{function}");
        let body = json!({ "sender": owner.to_string(), "arguments": [Clarity::UInt(n).encode_hex()] });
        post(&bench, &path, Some(TOKEN), &body)
    };
    let fast = "/v3/contracts/fast-call-read";
    let slow = ask("/v2/contracts/call-read", "divide", 1).json();
    assert!(slow["okay"] == false && slow["cause"].as_str().is_some_and(|cause| cause.contains("Cost")), "{slow}");
    let one = format!("0x{}", Clarity::UInt(1).encode_hex());
    assert_eq!(ask(fast, "divide", 1).json(), json!({ "okay": true, "result": one }));
    assert_eq!(ask(fast, "divide", 0).json()["okay"], false);
    assert_eq!(ask(fast, "work", 1).json(), json!({ "okay": false, "cause": "NotReadOnly" }));
    let body = json!({ "sender": owner.to_string(), "arguments": [] });
    assert_eq!(post(&bench, &format!("{fast}/{owner}/c/divide"), None, &body).status, StatusCode::UNAUTHORIZED);
}

#[test]
fn a_fast_call_is_bounded_by_time() {
    let bench = bench(CallLimits { time: Duration::ZERO, ..CallLimits::default() });
    let owner = address("user", 0);
    let body = json!({ "sender": owner.to_string(), "arguments": [] });
    let late = post(&bench, &format!("/v3/contracts/fast-call-read/{owner}/c/shout"), Some(TOKEN), &body);
    assert_eq!(late.status, StatusCode::BAD_REQUEST);
    assert!(text(&late).contains("read_only_max_execution_time_secs"), "{}", text(&late));
}
