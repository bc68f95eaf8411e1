//! The shim over a chain with only its boot block: shapes, and meaningless bytes.

use std::sync::Arc;

use axum::http::{Method, StatusCode};
use chainstate::chain::AdmissionRefusal;
use chainstate::mempool::Refusal;
use proptest::prelude::*;
use serde_json::Value;
use stacks_types::ids::Txid;

use super::bench::{Bench, JSON, OCTETS};
use crate::jobs::{TemplateWorker, ValidationWorker};
use crate::limits::THREAD_STACK_BYTES;
use crate::rpc::http::routes;
use crate::rpc::http::transactions::refusal;

/// An account with an opening balance.
const ADDRESS: &str = "ST2CY5V39NHDPWSXMW9QDT3HC3GD6Q6XX4CFRK9AG";

#[test]
fn reads_have_the_shapes_that_clients_expect() {
    let bench = Bench::new(None);
    let info = bench.get("/v2/info");
    assert_eq!(info.status, StatusCode::OK);
    let body = info.json();
    assert_eq!(body["network_id"], 2_147_483_648_u32);
    assert_eq!(body["stacks_tip_height"], 0);
    assert_eq!(body["stacks_tip"].as_str().map(str::len), Some(64));
    assert_eq!(body["pox_consensus"].as_str().map(str::len), Some(40));
    assert_eq!(info.headers["x-canonical-stacks-tip-height"], "0");
    assert_eq!(info.headers["access-control-allow-origin"], "*");

    let account = bench.get(&format!("/v2/accounts/{ADDRESS}?proof=0")).json();
    assert_eq!(account["balance"], format!("0x{:032x}", 1_000_000_000_000_u64));
    assert_eq!((&account["nonce"], &account["unlock_height"]), (&Value::from(0), &Value::from(0)));
    assert!(account.get("balance_proof").is_none());
    let proven = bench.get(&format!("/v2/accounts/{ADDRESS}")).json();
    assert!(proven["balance_proof"].as_str().is_some_and(|proof| proof.len() > 100));
    assert_eq!(proven["nonce_proof"], "");
    let stranger = bench.get("/v2/accounts/ST000000000000000000002AMW42H.nobody?proof=0");
    assert_eq!(stranger.json()["balance"], format!("0x{:032x}", 0));

    assert_eq!(bench.get("/v2/fees/transfer").body, b"1");
    assert_eq!(bench.get("/v3/health").json()["node_stacks_tip_height"], 0);
    assert_eq!(bench.get("/health").status, StatusCode::OK);
}

#[test]
fn contracts_can_be_read_and_called() {
    let bench = Bench::new(None);
    let boot = "ST000000000000000000002AMW42H";
    let source = bench.get(&format!("/v2/contracts/source/{boot}/cost-voting?proof=0"));
    assert_eq!(source.status, StatusCode::OK);
    assert!(source.json()["source"].as_str().is_some_and(|text| text.contains("define")));
    let interface = bench.get(&format!("/v2/contracts/interface/{boot}/cost-voting")).json();
    assert!(interface["functions"].is_array());
    let call = format!(r#"{{"sender":"{ADDRESS}","arguments":["0x0100000000000000000000000000000001"]}}"#);
    let called = bench.post(&format!("/v2/contracts/call-read/{boot}/costs-3/cost_add"), JSON, call.clone());
    assert_eq!(called.status, StatusCode::OK);
    assert_eq!(called.json()["okay"], true, "{}", called.json());
    let missing = bench.post(&format!("/v2/contracts/call-read/{boot}/costs-3/nothing"), JSON, call.clone());
    assert_eq!(missing.json()["okay"], false);
    let nowhere = bench.post(&format!("/v2/contracts/call-read/{boot}/nowhere/f"), JSON, call);
    assert_eq!(nowhere.json()["okay"], false);
    let entry = bench.post(&format!("/v2/map_entry/{boot}/nowhere/map"), JSON, "\"0x03\"");
    assert_eq!(entry.json()["data"], "0x09");
    assert_eq!(bench.get(&format!("/v2/data_var/{boot}/cost-voting/nothing")).status, StatusCode::NOT_FOUND);
}

#[test]
fn what_is_not_there_is_404() {
    let bench = Bench::new(None);
    let id = "ab".repeat(32);
    for path in [
        "/nothing".to_owned(),
        "/extended/v1/address/ST1/nonces".to_owned(),
        format!("/extended/v1/tx/{id}"),
        "/v2/accounts/nobody".to_owned(),
        "/v2/accounts/%E5%A4%8A".to_owned(),
        format!("/v2/accounts/{ADDRESS}?tip={id}"),
        format!("/v2/contracts/source/{ADDRESS}/none"),
        format!("/v2/contracts/interface/{ADDRESS}/none"),
        format!("/v2/transactions/unconfirmed/{id}"),
        format!("/v3/transaction/{id}"),
        format!("/v3/blocks/{id}"),
        "/v3/blocks/zz".to_owned(),
        "/v3/blocks/height/0".to_owned(),
        "/v3/blocks/height/7".to_owned(),
        "/v3/blocks/height/-1".to_owned(),
        "/v3/block_template/t-1".to_owned(),
        "/v3/block_validation/v-1".to_owned(),
    ] {
        assert_eq!(bench.get(&path).status, StatusCode::NOT_FOUND, "{path}");
    }
    let of_a_contract = format!("/extended/v1/address/{ADDRESS}.name/nonces");
    for path in ["/extended/v1/block", "/extended/v1/address/zz/stx", "/extended/v1/tx/mempool", &of_a_contract] {
        let indexers = bench.get(path).json();
        assert_eq!((&indexers["statusCode"], &indexers["error"]), (&404.into(), &"Not Found".into()), "{path}");
        assert!(indexers["message"].as_str().unwrap().contains("docs/INDEXER.md"), "{path}");
    }
    assert_eq!(bench.get("/v2/transactions").status, StatusCode::METHOD_NOT_ALLOWED);
}

/// A page may send a body without a content type to any server without asking first.
#[test]
fn no_path_takes_a_body_without_a_kind() {
    let bench = Bench::new(None);
    for route in routes().iter().filter(|route| route.method == "POST") {
        let path = route.path.replace(['{', '}'], "");
        let status = bench.ask(Method::POST, &path, &[], b"{}".to_vec()).status;
        assert!(status.is_client_error() || status == StatusCode::NOT_IMPLEMENTED, "{path}: {status}");
    }
    assert_eq!(bench.ask(Method::POST, "/v3/block_template", &[], Vec::new()).status, StatusCode::BAD_REQUEST);
}

#[test]
fn a_browser_gets_its_preflight() {
    let bench = Bench::new(None);
    let headers = [("origin", "http://a"), ("access-control-request-headers", "x-hiro-product")];
    let reply = bench.ask(Method::OPTIONS, "/v2/transactions", &headers, Vec::new());
    assert_eq!(reply.status, StatusCode::NO_CONTENT);
    let allowed = reply.headers["access-control-allow-headers"].to_str().unwrap();
    assert!(allowed.contains("x-hiro-product") && allowed.ends_with(", *"), "{allowed}");
    let exposed = bench.get("/v2/info").headers["access-control-expose-headers"].clone();
    assert_eq!(exposed, "x-request-id, x-canonical-stacks-tip-height, retry-after");
}

#[test]
fn an_unknown_grpc_service_gets_a_grpc_answer() {
    let bench = Bench::new(None);
    let reply = bench.post("/nakamoto.v1.NoService/Call", "application/grpc", Vec::new());
    assert_eq!(reply.status, StatusCode::OK);
    assert_eq!(reply.headers["grpc-status"], "12");
}

#[test]
fn malformed_submissions_are_400_and_blocks_keep_their_reason() {
    let bench = Bench::new(None);
    let submit = "/v2/transactions";
    assert_eq!(bench.ask(Method::POST, submit, &[], vec![0]).status, StatusCode::BAD_REQUEST);
    let octets = ["", "x"].map(|body| (OCTETS, body));
    let json = ["{", "{}", r#"{"tx":"zz"}"#, r#"{"tx":"0x00"}"#].map(|body| (JSON, body));
    for (kind, body) in octets.into_iter().chain(json) {
        assert_eq!(bench.post(submit, kind, body).status, StatusCode::BAD_REQUEST, "{kind} {body}");
    }
    let block = bench.post("/v3/block", OCTETS, "\0no block");
    assert_eq!(block.status, StatusCode::BAD_REQUEST);
    assert_eq!(block.json()["reason"], "BAD_ENCODING");
    assert_eq!(bench.post("/v3/blocks/upload", OCTETS, "\0no block").status, StatusCode::BAD_REQUEST);
    let large = vec![0; crate::limits::MAX_TRANSACTION_BODY_BYTES + 1];
    assert_eq!(bench.post(submit, OCTETS, large).status, StatusCode::PAYLOAD_TOO_LARGE);
}

#[test]
fn a_refused_transaction_has_the_reference_shape() {
    let reply = |why: Refusal| {
        let refused = AdmissionRefusal::Refused { txid: Txid([0xab; 32]), refusal: why };
        format!("{:?}", refusal(&refused))
    };
    let full = reply(Refusal::FeeTooLow { expected: 180, actual: 1 });
    for part in ["transaction rejected", "FeeTooLow", "reason_data", "expected", "abab"] {
        assert!(full.contains(part), "{part}: {full}");
    }
    assert!(reply(Refusal::NoCoinbaseViaMempool).contains("a coinbase cannot be submitted"));
}

#[test]
fn jobs_are_asked_for_and_fetched() {
    let bench = Bench::new(None);
    let template = TemplateWorker { jobs: Arc::clone(&bench.services.templates), chain: Arc::clone(&bench.chain) };
    let validation =
        ValidationWorker { jobs: Arc::clone(&bench.services.validations), chain: Arc::clone(&bench.chain) };
    let threads = [
        std::thread::Builder::new().stack_size(THREAD_STACK_BYTES).spawn(move || template.run()).unwrap(),
        std::thread::Builder::new().stack_size(THREAD_STACK_BYTES).spawn(move || validation.run()).unwrap(),
    ];
    let asked = bench.post("/v3/block_template", JSON, "{}");
    assert_eq!(asked.status, StatusCode::ACCEPTED);
    let id = asked.json()["request_id"].as_str().unwrap().to_owned();
    let fetched = bench.get(&format!("/v3/block_template/{id}?wait_ms=20000"));
    assert_eq!(fetched.status, StatusCode::OK);
    assert_eq!(fetched.json()["failure_reason"], "NO_TRANSACTIONS");

    let asked = bench.post("/v3/block_validation", OCTETS, "\0no block");
    assert_eq!(asked.status, StatusCode::ACCEPTED);
    let id = asked.json()["request_id"].as_str().unwrap().to_owned();
    let fetched = bench.get(&format!("/v3/block_validation/{id}?wait_ms=20000")).json();
    assert_eq!((&fetched["state"], &fetched["verdict"]["valid"]), (&"SUCCEEDED".into(), &false.into()));
    assert_eq!(fetched["verdict"]["rejection"]["reason"], "BAD_ENCODING");

    bench.services.templates.stop();
    bench.services.validations.stop();
    threads.into_iter().for_each(|thread| thread.join().unwrap());
}

#[test]
fn the_guarded_paths_ask_for_the_token() {
    let bench = Bench::new(Some("secret"));
    assert_eq!(bench.post("/v3/block_template", JSON, "{}").status, StatusCode::UNAUTHORIZED);
    let headers = [("content-type", JSON), ("authorization", "Bearer secret")];
    let reply = bench.ask(Method::POST, "/v3/block_template", &headers, b"{}".to_vec());
    assert_eq!(reply.status, StatusCode::ACCEPTED);
    assert_eq!(bench.get("/v2/info").status, StatusCode::OK);
}

#[test]
fn no_bytes_make_a_handler_fail() {
    let bench = Bench::new(None);
    let boot = "ST000000000000000000002AMW42H";
    let paths = [
        "/v2/transactions".to_owned(),
        "/v3/block".to_owned(),
        "/v3/blocks/upload".to_owned(),
        "/v3/block_template".to_owned(),
        "/v3/block_validation".to_owned(),
        format!("/v2/map_entry/{boot}/cost-voting/confirmed-proposals"),
        format!("/v2/contracts/call-read/{boot}/costs-3/cost_add"),
    ];
    let body = prop_oneof![
        prop::collection::vec(any::<u8>(), 0..300),
        "\"(0x)?[0-9a-f]{0,60}\"".prop_map(String::into_bytes),
        "\\{\"(tx|block|sender|arguments|coinbase)\": *(\"[0-9a-fx]{0,9}\"|[0-9]{1,20}|\\[\\]|null)\\}"
            .prop_map(String::into_bytes),
    ];
    let kinds = prop::sample::select(vec![OCTETS, JSON, "text/plain", ""]);
    proptest!(ProptestConfig::with_cases(200), |(path in prop::sample::select(paths.to_vec()), kind in kinds, body in body)| {
        let reply = bench.post(&path, kind, body);
        prop_assert!(!reply.status.is_server_error(), "{} {}", path, reply.status);
    });
}
