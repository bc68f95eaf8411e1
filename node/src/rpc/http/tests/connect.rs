//! Connect: calls with one answer as plain HTTP with JSON.

use std::net::{IpAddr, Ipv4Addr};

use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use chainstate::test_support::transfer;
use http_body_util::BodyExt as _;
use nakamoto_proto::v1;
use prost::Message as _;
use serde_json::{Value, json};
use stacks_types::ids::StacksBlockId;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

use super::bench::{JSON, Reply};
use super::both_protocols::BothProtocols;
use crate::limits::{MAX_JSON_MESSAGE_BYTES, MAX_MESSAGE_BYTES, SMALL_BYTES};
use crate::runtime::budget::Budget;
use crate::runtime::caller::Caller;
use crate::runtime::class::CallerClass;

const TIP: &str = "/nakamoto.v1.BlockService/GetTip";
const BLOCK: &str = "/nakamoto.v1.BlockService/GetBlock";
const SUBMIT: &str = "/nakamoto.v1.TransactionService/SubmitTransaction";
const PUT: &str = "/nakamoto.v1.StackerDbService/PutChunk";
const PUT_ALL: &str = "/nakamoto.v1.StackerDbService/PutChunks";
const SUBSCRIBE: &str = "/nakamoto.v1.EventService/Subscribe";
const CONNECT_JSON: &str = "application/connect+json";
const CONNECT_PROTO: &str = "application/connect+proto";
const PROTO: &str = "application/proto";

/// Makes the first block.
fn grow_first(port: &BothProtocols) -> StacksBlockId {
    port.bench.mine();
    port.bench.grow()
}

fn call(port: &BothProtocols, path: &str, kind: &str, body: impl Into<Vec<u8>>) -> Reply {
    let request = Request::builder().method(Method::POST).uri(path).header("content-type", kind);
    port.send(request, body.into())
}

/// A call with JSON that must be answered with this error.
fn refused(port: &BothProtocols, path: &str, body: impl Into<Vec<u8>>, status: u16, code: &str, reason: &str) -> Value {
    let reply = call(port, path, JSON, body);
    let answer = reply.json();
    assert_eq!((reply.status.as_u16(), answer["code"].as_str()), (status, Some(code)), "{answer}");
    assert_eq!(reply.headers["content-type"], JSON);
    assert!(!reply.headers.keys().any(|name| name.as_str().starts_with("grpc-")), "{:?}", reply.headers);
    let info = &answer["details"][0];
    assert_eq!((info["type"].as_str(), info["debug"]["reason"].as_str()), (Some("google.rpc.ErrorInfo"), Some(reason)));
    answer
}

#[test]
fn a_call_is_json_both_ways() {
    let port = BothProtocols::new(None);
    let block = grow_first(&port);
    let reply = call(&port, TIP, "application/json; charset=utf-8", "{}");
    assert_eq!((reply.status, &reply.headers["content-type"]), (StatusCode::OK, &JSON.parse().unwrap()));
    assert!(!reply.headers.contains_key("grpc-status"));
    // Numbers of 64 bits are texts, bytes base64, names in camel case.
    let tip = &reply.json()["tip"];
    assert_eq!(
        (tip["chainLength"].as_str(), tip["blockId"].as_str()),
        (Some("1"), Some(&*STANDARD.encode(block.as_bytes())))
    );
    // No body is no field; both spellings of a name are read.
    assert_eq!(call(&port, TIP, JSON, "").json()["tip"], *tip);
    for name in ["blockId", "block_id"] {
        let request = json!({ name: STANDARD.encode(block.as_bytes()) }).to_string();
        let found = call(&port, BLOCK, JSON, request).json();
        assert_eq!(found["header"]["chainLength"], "1", "{name}: {found}");
    }
}

#[test]
fn a_transaction_is_submitted_and_its_refusal_is_an_answer() {
    let port = BothProtocols::new(None);
    grow_first(&port);
    let transaction = transfer(0, 0, 1, 7);
    let submit = |bytes: &[u8]| {
        let reply = call(&port, SUBMIT, JSON, json!({ "transaction": STANDARD.encode(bytes) }).to_string());
        assert_eq!(reply.status, StatusCode::OK);
        reply.json()
    };
    let accepted = submit(&transaction.encode());
    let txid = STANDARD.encode(transaction.txid().as_bytes());
    assert_eq!(accepted, json!({ "accepted": true, "txid": txid }));
    assert_eq!(submit(b"no transaction")["refusalReason"], "Deserialization");
}

#[test]
fn bare_messages_are_taken_too() {
    let port = BothProtocols::new(None);
    let reply = call(&port, TIP, PROTO, v1::GetTipRequest::default().encode_to_vec());
    assert_eq!((reply.status, &reply.headers["content-type"]), (StatusCode::OK, &PROTO.parse().unwrap()));
    assert_eq!(v1::GetTipResponse::decode(&*reply.body).unwrap().tip.unwrap().chain_length, 0);
    let unreadable = call(&port, TIP, PROTO, [0xff]);
    assert_eq!(
        (unreadable.status, unreadable.json()["code"].as_str()),
        (StatusCode::BAD_REQUEST, Some("invalid_argument"))
    );
}

#[test]
fn an_error_names_what_is_wrong_with_grpcs_details() {
    let port = BothProtocols::new(None);
    let missing = refused(&port, BLOCK, "{}", 400, "invalid_argument", "FIELD_MISSING");
    let bytes = STANDARD_NO_PAD.decode(missing["details"][0]["value"].as_str().unwrap()).unwrap();
    let info = tonic_types::pb::ErrorInfo::decode(&*bytes).unwrap();
    assert_eq!((info.reason.as_str(), info.domain.as_str()), ("FIELD_MISSING", "nakamoto.v1"));
    assert_eq!(missing["details"][1]["debug"]["fieldViolations"][0]["field"], "block");
    let unknown = json!({ "blockId": STANDARD.encode([7; 32]) }).to_string();
    refused(&port, BLOCK, unknown, 404, "not_found", "UNKNOWN_BLOCK");
    for (body, expected) in [
        ("{", "line 1 column 1"),
        ("[]", "line 1 column"),
        ("{} {}", "trailing characters"),
        (r#"{"blockID":{}}"#, "blockID"),
        (r#"{"blockId":"%"}"#, "base64"),
        (r#"{"blockId":7}"#, "line 1 column"),
    ] {
        let answer = refused(&port, BLOCK, body, 400, "invalid_argument", "REQUEST_UNDECODABLE");
        assert!(answer["message"].as_str().unwrap().contains(expected), "{body}: {answer}");
    }
    refused(&port, "/nakamoto.v1.BlockService/Nope", "{}", 501, "unimplemented", "UNKNOWN_METHOD");
    refused(&port, "/nakamoto.v1.Nope/GetTip", "{}", 501, "unimplemented", "UNKNOWN_METHOD");
    let stream =
        refused(&port, "/nakamoto.v1.EventService/Subscribe", "{}", 501, "unimplemented", "CONTENT_TYPE_INVALID");
    assert!(stream["message"].as_str().unwrap().contains("/v3/events"), "{stream}");
    // A method that the node does not serve, here for want of `--admin`.
    let answer = call(&port, "/nakamoto.v1.AdminService/MineBlocks", JSON, "{}");
    assert_eq!((answer.status, answer.json()["code"].as_str()), (StatusCode::NOT_IMPLEMENTED, Some("unimplemented")));
    let request = Request::builder().method(Method::POST).uri(TIP).header("content-type", JSON);
    let packed = port.send(request.header(header::CONTENT_ENCODING, "gzip"), b"{}".to_vec());
    assert_eq!(packed.json()["details"][0]["debug"]["reason"], "UNSUPPORTED_ENCODING");
}

/// The envelopes of a stream's answer.
fn envelopes(mut body: &[u8]) -> Vec<(u8, Vec<u8>)> {
    let mut found = Vec::new();
    while let Some((head, rest)) = body.split_at_checked(5) {
        let length = u32::from_be_bytes(head[1..].try_into().unwrap()) as usize;
        let (message, rest) = rest.split_at(length);
        found.push((head[0], message.to_vec()));
        body = rest;
    }
    found
}

fn envelope(message: &[u8]) -> Vec<u8> {
    let length = u32::try_from(message.len()).unwrap().to_be_bytes();
    [&[0][..], &length, message].concat()
}

#[test]
fn the_event_stream_is_json_too_and_its_end_says_why() {
    let port = BothProtocols::new(None);
    grow_first(&port);
    let message = json!({ "filter": { "all": true }, "start": { "earliest": true } }).to_string();
    let request = Request::builder().method(Method::POST).uri(SUBSCRIBE).header("content-type", CONNECT_JSON);
    let request = request.body(Body::from(envelope(message.as_bytes()))).unwrap();
    let stop = port.bench.stop_streams.clone();
    let reply = port.bench.runtime.block_on(async {
        let response = port.router.clone().oneshot(request).await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        let (mut frames, mut body) = (response.into_body(), Vec::new());
        while let Some(frame) = frames.frame().await {
            body.extend(frame.unwrap().into_data().unwrap());
            if String::from_utf8_lossy(&body).contains("EVENT_KIND_BLOCK_PROCESSED") {
                stop.cancel();
            }
        }
        Reply { status, headers, body }
    });
    assert_eq!((reply.status, &reply.headers["content-type"]), (StatusCode::OK, &CONNECT_JSON.parse().unwrap()));
    let frames = envelopes(&reply.body);
    let (last, messages) = frames.split_last().unwrap();
    let messages: Vec<Value> = messages.iter().map(|(_, json)| serde_json::from_slice(json).unwrap()).collect();
    assert!(messages[0]["started"].is_object(), "{messages:?}");
    let mut events = messages.iter().flat_map(|frame| frame["events"]["events"].as_array().into_iter().flatten());
    assert!(events.any(|event| event["blockProcessed"]["block"]["chainLength"] == "1"), "{messages:?}");
    let end: Value = serde_json::from_slice(&last.1).unwrap();
    assert_eq!((last.0, end["error"]["code"].as_str()), (2, Some("unavailable")), "{end}");
    let details = end["error"]["details"].as_array().unwrap();
    assert!(details.iter().any(|detail| detail["debug"]["reason"] == "SERVER_SHUTDOWN"), "{end}");
}

#[test]
fn a_refused_stream_is_one_end() {
    let port = BothProtocols::new(None);
    let refused = |kind: &str, request: &[u8]| {
        let reply = call(&port, SUBSCRIBE, kind, request);
        assert_eq!((reply.status, reply.headers["content-type"].to_str().unwrap()), (StatusCode::OK, kind));
        let frames = envelopes(&reply.body);
        assert_eq!((frames.len(), frames[0].0), (1, 2));
        let end: Value = serde_json::from_slice(&frames[0].1).unwrap();
        end["error"]["details"][0]["debug"]["reason"].as_str().unwrap().to_owned()
    };
    assert_eq!(refused(CONNECT_JSON, &envelope(b"{}")), "FILTER_EMPTY");
    assert_eq!(refused(CONNECT_PROTO, &envelope(b"")), "FILTER_EMPTY");
    assert_eq!(refused(CONNECT_JSON, &envelope(b"{")), "REQUEST_UNDECODABLE");
    for body in [&b""[..], b"{}", &[0, 0, 0, 0, 9], &[envelope(b"{}"), envelope(b"{}")].concat(), &[1, 0, 0, 0, 0]] {
        assert_eq!(refused(CONNECT_JSON, body), "REQUEST_UNDECODABLE", "{body:?}");
    }
    // A call with one answer is no stream.
    let reply = call(&port, TIP, CONNECT_JSON, envelope(b"{}"));
    assert_eq!(reply.json()["details"][0]["debug"]["reason"], "CONTENT_TYPE_INVALID");
}

#[test]
fn large_messages_have_the_limit_of_grpc() {
    let port = BothProtocols::new(None);
    grow_first(&port);
    let chunk = |bytes: usize| {
        let data = STANDARD.encode(vec![7; bytes]);
        json!({ "contractId": "ST000000000000000000002AMW42H.signers-0-1", "chunk": { "data": data } }).to_string()
    };
    // Above what is converted in place.
    for bytes in [SMALL_BYTES / 2, SMALL_BYTES * 2, MAX_MESSAGE_BYTES - 1024] {
        let reply = call(&port, PUT, JSON, chunk(bytes));
        let answer = reply.json();
        assert_ne!(answer["details"][0]["debug"]["reason"], "REQUEST_TOO_LARGE", "{bytes}: {}", answer["message"]);
        assert_ne!(answer["code"], "internal", "{bytes}: {answer}");
    }
    refused(&port, PUT, chunk(MAX_JSON_MESSAGE_BYTES * 3 / 4), 429, "resource_exhausted", "REQUEST_TOO_LARGE");
    let raw = call(&port, PUT, PROTO, vec![0; MAX_MESSAGE_BYTES + 1]).json();
    assert_eq!(raw["details"][0]["debug"]["reason"], "REQUEST_TOO_LARGE");
}

#[test]
fn a_small_text_that_becomes_much_finds_no_room() {
    let port = BothProtocols::new(None);
    let budget = Budget::default();
    let send = |items: usize| {
        let account = budget.byte_account(CallerClass::Anyone, &CancellationToken::new());
        let caller = Caller::new(IpAddr::V4(Ipv4Addr::LOCALHOST), account);
        let body = format!(r#"{{"contractId":"x","chunks":[{}{{}}]}}"#, "{},".repeat(items));
        let request = Request::builder().method(Method::POST).uri(PUT_ALL).header("content-type", JSON);
        let request = request.body(Body::from(body)).unwrap();
        let answer = caller.clone().serve(port.router.clone().oneshot(request));
        let answer = port.bench.runtime.block_on(answer).unwrap();
        (answer.status(), caller)
    };
    let (refused, found_no_room) = (StatusCode::BAD_REQUEST, |caller: &Caller| caller.found_no_room().is_some());
    let (status, half) = send(40_000);
    assert_eq!((status, found_no_room(&half)), (refused, false), "it is read, and refused for its number of chunks");
    // While the first is not answered its memory is held, and two of them are more than there is.
    let (status, other) = send(40_000);
    assert_eq!((status, found_no_room(&other)), (StatusCode::TOO_MANY_REQUESTS, true));
    drop((half, other));
    let (status, alone) = send(500_000);
    assert_eq!((status, found_no_room(&alone)), (StatusCode::TOO_MANY_REQUESTS, false), "none is let in alone");
}

#[test]
fn the_token_guards_these_calls_and_pages_may_read_their_answers() {
    let port = BothProtocols::new(Some("secret"));
    let path = "/nakamoto.v1.TemplateService/RequestTemplate";
    refused(&port, path, "{}", 401, "unauthenticated", "TOKEN_MISSING");
    let request = Request::builder().method(Method::POST).uri(path).header("content-type", JSON);
    let request = request.header("authorization", "Bearer secret").header("origin", "http://localhost:3000");
    let reply = port.send(request, b"{}".to_vec());
    assert_ne!(reply.status, StatusCode::UNAUTHORIZED, "{}", reply.json());
    assert_eq!(reply.headers["access-control-allow-origin"], "http://localhost:3000");
}

#[test]
fn only_posts_to_services_are_such_calls() {
    let port = BothProtocols::new(None);
    // GET and other paths are the shim's, as before.
    let get = port.send(Request::builder().uri(TIP), Vec::new());
    assert_ne!(get.headers.get("content-type"), Some(&JSON.parse().unwrap()));
    let fees = call(&port, "/v2/fees/transaction", JSON, "{");
    assert!(String::from_utf8_lossy(&fees.body).contains("invalid JSON"), "{:?}", fees.body);
}

#[test]
fn pages_can_read_why_a_call_was_not_even_made() {
    let port = BothProtocols::new(None);
    let cases = [
        (TIP, JSON, "{"),
        ("/nakamoto.v1.BlockService/Nothing", JSON, "{}"),
        ("/nakamoto.v1.EventService/Subscribe", JSON, "{}"),
        ("/nakamoto.v1.EventService/Subscribe", "application/connect+json", "{}"),
    ];
    for (path, kind, body) in cases {
        let request = Request::builder().method(Method::POST).uri(path).header("content-type", kind);
        let reply = port.send(request.header("origin", "http://localhost:3000"), body.into());
        assert_eq!(reply.headers["access-control-allow-origin"], "http://localhost:3000", "{path} {body}");
        let request = Request::builder().method(Method::POST).uri(path).header("content-type", kind);
        let foreign = port.send(request.header("origin", "https://example.com"), body.into());
        assert!(!foreign.headers.contains_key("access-control-allow-origin"), "{path} {body}");
    }
}
