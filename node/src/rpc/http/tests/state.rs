//! Contracts and their state, on a contract that the test deploys.

use axum::http::StatusCode;
use chainstate::read::contract::ContractAt;
use clarity::costs::Cost;
use clarity::value::Value as Clarity;
use serde_json::{Value, json};

use super::bench::{Bench, JSON, OCTETS};
use super::shape::{Kind, check};
use crate::config::CallLimits;
use crate::principals::parse_contract_id;
use crate::rpc::read_only_call::{ReadOnlyRequest, call_read_only};
use chainstate::test_support::{address, deploy, on_a_large_stack, transfer};

const CODE: &str = "
(define-trait counted ((count () (response uint uint))))
(define-constant answer u42)
(define-data-var total uint u7)
(define-map owners uint principal)
(map-set owners u1 tx-sender)
(define-public (count) (ok (var-get total)))
(define-public (raise) (ok (var-set total (+ u1 (var-get total)))))
(define-public (whole-sum (a uint) (b uint)) (ok (+ a b)))
(define-read-only (fails) (/ u1 u0))
(define-read-only (who) (list tx-sender (default-to tx-sender tx-sponsor?)))
(define-read-only (deep (n uint)) (fold + (list n n n n) u0))
";

struct Deployed {
    bench: Bench,
    owner: String,
}

impl Deployed {
    fn new() -> Self {
        Self::on(Bench::started())
    }

    fn on(bench: Bench) -> Self {
        bench.send(&[deploy(0, 0, "c", CODE)]);
        bench.grow();
        Self { bench, owner: address("user", 0).to_string() }
    }

    fn call(&self, function: &str, arguments: &[Clarity]) -> Value {
        let arguments: Vec<_> = arguments.iter().map(|value| value.encode_hex()).collect();
        let body = json!({ "sender": self.owner, "arguments": arguments }).to_string();
        let path = format!("/v2/contracts/call-read/{}/c/{function}", self.owner);
        let reply = self.bench.post(&path, JSON, body);
        assert_eq!(reply.status, StatusCode::OK, "{}", String::from_utf8_lossy(&reply.body));
        let body = reply.json();
        match body["okay"].as_bool() {
            Some(true) => check(function, &body, &[("okay", Kind::Bool), ("result", Kind::AnyHex0x)]),
            _ => check(function, &body, &[("okay", Kind::Bool), ("cause", Kind::Text)]),
        }
        body
    }
}

#[test]
fn call_read_answers_and_explains() {
    let deployed = Deployed::new();
    let ok = |value: Clarity| Value::from(format!("0x{}", Clarity::okay(value).unwrap().encode_hex()));
    assert_eq!(deployed.call("count", &[])["result"], ok(Clarity::UInt(7)), "public, but it does not write");
    let sum = deployed.call("whole-sum", &[Clarity::UInt(2), Clarity::UInt(3)]);
    assert_eq!(sum["result"], ok(Clarity::UInt(5)));
    assert_eq!(deployed.call("raise", &[])["cause"], "NotReadOnly");
    let cause = |function: &str| deployed.call(function, &[])["cause"].as_str().unwrap_or_default().to_owned();
    assert!(cause("fails").contains("DivisionByZero"), "{}", cause("fails"));
    assert!(cause("nothing").contains("UndefinedFunction(\"nothing\")"), "{}", cause("nothing"));
    assert!(cause("whole-sum").contains("IncorrectArgumentCount"), "{}", cause("whole-sum"));
    let path = format!("/v2/contracts/call-read/{}/none/f", deployed.owner);
    let body = json!({ "sender": deployed.owner, "arguments": [] }).to_string();
    let nowhere = deployed.bench.post(&path, JSON, body.clone()).json();
    assert_eq!(nowhere["cause"], format!("RuntimeCheck(NoSuchContract(\"{}.none\"))", deployed.owner));
    let unknown_tip = deployed.bench.post(&format!("{path}?tip={}", "ab".repeat(32)), JSON, body);
    assert_eq!(unknown_tip.status, StatusCode::NOT_FOUND);
}

#[test]
fn call_read_takes_a_sponsor_and_large_arguments() {
    let deployed = Deployed::new();
    let path = format!("/v2/contracts/call-read/{}/c/who", deployed.owner);
    let sponsor = address("user", 1).to_string();
    let body = json!({ "sender": deployed.owner, "sponsor": sponsor, "arguments": [] });
    let who = deployed.bench.post(&path, JSON, body.to_string()).json();
    let hash = address("user", 1).hash160().to_hex();
    assert!(who["result"].as_str().is_some_and(|result| result.ends_with(&hash)), "{who}");
    let large = Clarity::buffer(vec![7; 1 << 20]);
    let refused = deployed.call("deep", &[large]);
    assert_eq!(refused["okay"], false, "a value of the largest size arrives and does not fit the type");
    let body = json!({ "sender": deployed.owner, "arguments": ["0x03", "0xzz"] }).to_string();
    let no_hex = deployed.bench.post(&path, JSON, body.clone());
    assert_eq!(no_hex.status, StatusCode::BAD_REQUEST);
    assert!(no_hex.body.starts_with(b"argument 2 is not hex"), "{no_hex:?}");
    assert_eq!(deployed.bench.post(&path, OCTETS, body).status, StatusCode::BAD_REQUEST);
}

#[test]
fn reads_cost_no_more_than_the_limit() {
    let deployed = Deployed::new();
    // One read more than a call may make.
    let list = "u1 ".repeat(101);
    let code = format!(
        "(define-data-var n uint u1)
         (define-read-only (add (a uint) (b uint)) (+ a (var-get n)))
         (define-read-only (burn) (fold add (list {list}) u0))"
    );
    deployed.bench.send(&[deploy(0, 1, "spin", &code)]);
    deployed.bench.grow();
    let path = format!("/v2/contracts/call-read/{}/spin/burn", deployed.owner);
    let body = json!({ "sender": deployed.owner, "arguments": [] }).to_string();
    let refused = deployed.bench.post(&path, JSON, body).json();
    assert!(refused["cause"].as_str().is_some_and(|cause| cause.contains("CostBalanceExceeded")), "{refused}");
}

#[test]
fn calls_are_held_to_the_limits_of_the_config() {
    let none = Cost { read_count: 0, ..CallLimits::default().cost };
    for (limits, why) in [
        (CallLimits { cost: none, ..CallLimits::default() }, "CostBalanceExceeded"),
        (CallLimits { argument_hex_bytes: 3, ..CallLimits::default() }, "at most 3 are allowed"),
    ] {
        let bench = Bench::with_call_limits(None, limits);
        bench.mine();
        bench.grow();
        let deployed = Deployed::on(bench);
        let path = format!("/v2/contracts/call-read/{}/c/whole-sum", deployed.owner);
        let arguments = [2, 3].map(|value| Clarity::UInt(value).encode_hex());
        let body = json!({ "sender": deployed.owner, "arguments": arguments }).to_string();
        let refused = deployed.bench.post(&path, JSON, body);
        let text = String::from_utf8_lossy(&refused.body);
        assert!(text.contains(why), "{text}");
        let call = ReadOnlyRequest {
            contract: ContractAt { contract: parse_contract_id(&format!("{}.c", deployed.owner)).unwrap(), at: None },
            function: "whole-sum".to_owned(),
            sender: address("user", 0).to_principal(),
            sponsor: None,
            arguments: arguments.map(|argument| hex::decode(argument).unwrap()).to_vec(),
        };
        let (core, limits) = (&deployed.bench.core, deployed.bench.chain.call_limits());
        match on_a_large_stack(|| core.read(|snapshot| call_read_only(snapshot, &call, limits))) {
            Ok(answer) => assert!(answer.as_ref().is_err_and(|cause| cause.contains(why)), "{answer:?}"),
            Err(error) => assert!(error.to_string().contains(why), "{error:?}"),
        }
    }
    // Within its write limits a call may write, but nothing of it is kept.
    let cost = Cost { write_length: 1 << 20, write_count: 100, ..CallLimits::default().cost };
    let bench = Bench::with_call_limits(None, CallLimits { cost, ..CallLimits::default() });
    bench.mine();
    bench.grow();
    let deployed = Deployed::on(bench);
    assert_eq!(deployed.call("raise", &[])["okay"], true, "it may try");
    let ok = |value: Clarity| Value::from(format!("0x{}", Clarity::okay(value).unwrap().encode_hex()));
    assert_eq!(deployed.call("count", &[])["result"], ok(Clarity::UInt(7)), "nothing was written");
}

#[test]
fn variables_maps_and_constants_have_their_wrappings() {
    let deployed = Deployed::new();
    let (bench, owner) = (&deployed.bench, &deployed.owner);
    let hex = |value: Clarity| format!("0x{}", value.encode_hex());
    let variable = bench.read(&format!("/v2/data_var/{owner}/c/total?proof=0"));
    assert_eq!(variable, json!({ "data": hex(Clarity::UInt(7)) }));
    let constant = bench.read(&format!("/v2/constant_val/{owner}/c/answer"));
    assert_eq!(constant, json!({ "data": hex(Clarity::UInt(42)) }));
    let entry = |map: &str, key: u128, query: &str| {
        let body = format!("\"{}\"", hex(Clarity::UInt(key)));
        bench.post(&format!("/v2/map_entry/{owner}/c/{map}{query}"), JSON, body).json()
    };
    let there = entry("owners", 1, "?proof=0");
    assert!(there["data"].as_str().is_some_and(|data| data.starts_with("0x0a05")), "{there}");
    assert_eq!(entry("owners", 2, ""), json!({ "data": "0x09" }));
    assert_eq!(entry("nothing", 1, ""), json!({ "data": "0x09" }));
    for missing in [
        format!("/v2/data_var/{owner}/c/nothing"),
        format!("/v2/constant_val/{owner}/c/nothing"),
        format!("/v2/constant_val/{owner}/none/answer"),
        format!("/v2/traits/{owner}/none/{owner}/c/counted"),
        format!("/v2/clarity/marf/{}", "ab".repeat(32)),
        format!("/v2/clarity/metadata/{owner}/c/nothing"),
        format!("/v2/clarity/metadata/{owner}/none/vm-metadata::9::contract-src"),
    ] {
        assert_eq!(bench.get(&missing).status, StatusCode::NOT_FOUND, "{missing}");
    }
}

#[test]
fn source_interface_traits_and_metadata() {
    let deployed = Deployed::new();
    let (bench, owner) = (&deployed.bench, &deployed.owner);
    let source = bench.read(&format!("/v2/contracts/source/{owner}/c?proof=0"));
    check("source", &source, &[("source", Kind::Says(CODE)), ("publish_height", Kind::Is(2))]);
    let interface = bench.read(&format!("/v2/contracts/interface/{owner}/c"));
    check(
        "interface",
        &interface,
        &[
            ("functions", Kind::List),
            ("variables", Kind::List),
            ("maps", Kind::List),
            ("fungible_tokens", Kind::List),
            ("non_fungible_tokens", Kind::List),
            ("epoch", Kind::Says("Epoch40")),
            ("clarity_version", Kind::Says("Clarity6")),
        ],
    );
    let has = bench.read(&format!("/v2/traits/{owner}/c/{owner}/c/counted"));
    assert_eq!(has, json!({ "is_implemented": true }));
    let boot = "ST000000000000000000002AMW42H";
    let has_not = bench.read(&format!("/v2/traits/{boot}/cost-voting/{owner}/c/counted"));
    assert_eq!(has_not, json!({ "is_implemented": false }));
    let size = bench.read(&format!("/v2/clarity/metadata/{owner}/c/vm-metadata::9::contract-size"));
    check("metadata", &size, &[("data", Kind::Text)]);
    assert_eq!(size["data"], CODE.len().to_string());
}

#[test]
fn an_older_tip_shows_the_older_state() {
    let deployed = Deployed::new();
    let before = deployed.bench.grow().to_hex();
    deployed.bench.send(&[transfer(0, 1, 9, 5)]);
    deployed.bench.grow();
    let nonce =
        |tip: &str| deployed.bench.read(&format!("/v2/accounts/{}?proof=0&tip={tip}", deployed.owner))["nonce"].clone();
    assert_eq!((nonce(&before), nonce("latest")), (1.into(), 2.into()));
}
