//! Names what holds a block up: the transaction that is being executed, and the one that found the tenure's budget used
//! up.

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use axum::http::StatusCode;
use chainstate::assembly::TemplateOrder;
use chainstate::execution::ExecutionLimits;
use nakamoto_proto::v1;
use serde_json::Value;
use stacks_types::transaction::StacksTransaction;
use v1::event::Body;
use v1::event_service_client::EventServiceClient;
use v1::template_service_client::TemplateServiceClient;

use super::bench::{Bench, JSON, params};
use super::grpc_limits::served;
use crate::config::CallLimits;
use crate::jobs::{JobRequest, TemplateJob, TemplateWorker, Withdrawal};
use crate::limits::THREAD_STACK_BYTES;
use crate::runtime::class::CallerClass;
use chainstate::test_support::{address, call_payload, deploy, key, signed};

const WAIT: Duration = Duration::from_secs(60);

/// `long` takes hours; `read` reads 8,100 times, more than half of a mainnet tenure's limit.
fn contract() -> String {
    let numbers = "u1 ".repeat(90);
    format!(
        "(define-data-var v uint u0)
         (define-constant l (list {numbers}))
         (define-private (a (x uint) (sum uint)) (+ sum x))
         (define-private (b (x uint) (sum uint)) (fold a l sum))
         (define-private (c (x uint) (sum uint)) (fold b l sum))
         (define-private (d (x uint) (sum uint)) (fold c l sum))
         (define-public (long) (ok (fold d l u0)))
         (define-private (e (x uint) (sum uint)) (+ sum (var-get v)))
         (define-private (f (x uint) (sum uint)) (fold e l sum))
         (define-public (read) (ok (fold f l u0)))"
    )
}

fn call(from: u8, fee: u64, function: &str) -> StacksTransaction {
    signed(&key("user", from), 0, fee, call_payload(address("user", 0), "heavy", function, Vec::new()))
}

/// A chain with the contract and a template worker.
fn bench() -> (Bench, JoinHandle<()>) {
    let mut params = params();
    params.tenure_cost_limit = clarity::Rules::EPOCH_3_0.block_limit;
    let bench = Bench::of_chain(params, None, CallLimits::default());
    bench.mine();
    bench.grow();
    bench.send(&[deploy(0, 0, "heavy", &contract())]);
    bench.grow();
    let worker = TemplateWorker { jobs: Arc::clone(&bench.services.templates), chain: Arc::clone(&bench.chain) };
    let thread = std::thread::Builder::new().stack_size(THREAD_STACK_BYTES).spawn(move || worker.run()).unwrap();
    (bench, thread)
}

fn stop(bench: &Bench, worker: JoinHandle<()>) {
    bench.services.templates.stop();
    worker.join().unwrap();
}

/// Polls the template's state until `enough` returns true.
fn template(bench: &Bench, id: &str, enough: impl Fn(&Value) -> bool) -> Value {
    let end = Instant::now() + WAIT;
    loop {
        let body = bench.get(&format!("/v3/block_template/{id}?wait_ms=20")).json();
        if enough(&body) {
            return body;
        }
        assert!(Instant::now() < end, "{body}");
    }
}

fn ask(bench: &Bench, body: &'static str) -> String {
    let asked = bench.post("/v3/block_template", JSON, body);
    assert_eq!(asked.status, StatusCode::ACCEPTED);
    asked.json()["request_id"].as_str().unwrap().to_owned()
}

/// The message about a pending transaction.
fn message(bench: &Bench, transaction: &StacksTransaction) -> String {
    let stand = bench.get(&format!("/v3/transaction/{}", transaction.txid().to_hex())).json();
    assert_eq!(stand["state"], "ready", "{stand}");
    stand["message"].as_str().unwrap().to_owned()
}

#[test]
fn a_template_in_the_making_names_the_transaction_that_it_executes() {
    let (bench, worker) = bench();
    bench.core.set_execution_limits(ExecutionLimits { time: WAIT * 10, ..ExecutionLimits::default() });
    assert_eq!(bench.read("/v3/overview")["executing"], Value::Null);
    let long = call(1, 50_000, "long");
    bench.send(std::slice::from_ref(&long));
    let id = ask(&bench, "{}");
    let waits_behind = ask(&bench, r#"{"allow_empty":true}"#);
    let made = template(&bench, &id, |body| body.get("executing_txid").is_some());
    assert_eq!((&made["state"], &made["executing_txid"]), (&"PENDING".into(), &long.txid().to_hex().into()));
    assert!(made["executing_ms"].as_u64().unwrap() < 60_000, "{made}");
    let other = template(&bench, &waits_behind, |_| true);
    assert!(other["state"] == "PENDING" && other.get("executing_txid").is_none(), "{other}");

    let mut client = TemplateServiceClient::new(served(&bench));
    let request = v1::GetTemplateRequest { template_id: id.clone(), wait: None };
    let answer = bench.runtime.block_on(client.get_template(request)).unwrap().into_inner();
    assert_eq!((answer.state(), &answer.executing_txid[..]), (v1::JobState::Pending, &long.txid().0[..]));
    assert!(answer.executing_time.is_some());
    let said = message(&bench, &long);
    assert!(said.contains("executes it now") && said.contains("above 600 s it is dropped"), "{said}");
    assert_eq!(bench.read("/v3/overview")["executing"]["txid"], format!("0x{}", long.txid().to_hex()));

    for id in [&id, &waits_behind] {
        let request = v1::CancelTemplateRequest { template_id: id.clone(), ..Default::default() };
        bench.runtime.block_on(client.cancel_template(request)).unwrap();
        let ended = template(&bench, id, |body| body["state"] != "PENDING");
        assert!(ended["state"] == "CANCELLED" && ended.get("executing_txid").is_none(), "{ended}");
    }
    assert_eq!(bench.read("/v3/overview")["executing"], Value::Null);
    assert_eq!(message(&bench, &long), "its turn: blocks take transactions by fee rate, highest first");
    stop(&bench, worker);
}

#[test]
fn a_template_of_somebody_else_ends_with_what_it_has_when_a_producer_asks() {
    let (bench, worker) = bench();
    bench.core.set_execution_limits(ExecutionLimits { time: WAIT * 10, ..ExecutionLimits::default() });
    bench.send(&[call(1, 50_000, "long")]);
    let id = ask(&bench, r#"{"allow_empty":true}"#);
    template(&bench, &id, |body| body.get("executing_txid").is_some());
    let order = TemplateOrder { allow_empty: true, max_transactions: Some(7), ..TemplateOrder::default() };
    let job = TemplateJob { order, assembly_time: None }.into_request();
    let theirs = bench.services.templates.request(JobRequest { class: CallerClass::Actor, ..job }).unwrap().id;
    let ended = template(&bench, &id, |body| body["state"] != "PENDING");
    assert_eq!(ended["state"], "SUCCEEDED", "{ended}");
    template(&bench, &theirs, |body| body.get("executing_txid").is_some());
    // Nobody else can end an actor's job.
    let mut client = TemplateServiceClient::new(served(&bench));
    let request = v1::CancelTemplateRequest { template_id: theirs.clone(), ..Default::default() };
    let answer = bench.runtime.block_on(client.cancel_template(request)).unwrap().into_inner();
    assert_eq!(answer.state(), v1::JobState::Pending);
    assert_eq!(template(&bench, &theirs, |_| true)["state"], "PENDING");
    bench.services.templates.withdraw(&theirs, &Withdrawal::WithoutKey, CallerClass::Actor).unwrap();
    template(&bench, &theirs, |body| body["state"] == "CANCELLED");
    stop(&bench, worker);
}

/// The event's message about the tenure's budget. A template can be fetched a moment before its event is listed.
fn tenure_full(bench: &Bench, id: &str) -> Option<v1::SkippedTransaction> {
    let term = v1::EventTerm { kinds: vec![v1::EventKind::Template.into()], ..v1::EventTerm::default() };
    let request = v1::ListEventsRequest {
        filter: Some(v1::EventFilter { terms: vec![term], all: false }),
        start: Some(v1::StartPosition { position: Some(v1::start_position::Position::Earliest(true)) }),
        ..v1::ListEventsRequest::default()
    };
    let mut client = EventServiceClient::new(served(bench));
    let end = Instant::now() + WAIT;
    loop {
        let listed = bench.runtime.block_on(client.list_events(request.clone())).unwrap().into_inner().events;
        let mut finished = listed.into_iter().filter_map(|event| match event.body {
            Some(Body::TemplateFinished(finished)) => Some(finished),
            _ => None,
        });
        if let Some(finished) = finished.find(|finished| finished.template_id == id) {
            return finished.tenure_full;
        }
        assert!(Instant::now() < end, "no event of {id}");
    }
}

#[test]
fn a_tenure_without_budget_names_the_first_that_waits_in_the_event_of_its_template() {
    let (bench, worker) = bench();
    let (first, second) = (call(1, 50_000, "read"), call(2, 40_000, "read"));
    let done = |id: &str| template(&bench, id, |body| body["state"] != "PENDING");
    bench.send(std::slice::from_ref(&first));
    let id = ask(&bench, "{}");
    assert_eq!(done(&id)["state"], "SUCCEEDED");
    assert_eq!(tenure_full(&bench, &id), None, "one has room");
    bench.send(std::slice::from_ref(&second));
    let id = ask(&bench, "{}");
    assert_eq!(done(&id)["state"], "SUCCEEDED");
    let said = tenure_full(&bench, &id).expect("the second has none");
    assert_eq!(&said.txid[..], &second.txid().0[..]);
    assert!(said.reason.contains("begins with the next burn block"), "{}", said.reason);
    assert_eq!(message(&bench, &second), said.reason);

    // If nothing else is left, there is no template, and its event has the same message.
    bench.grow();
    let id = ask(&bench, "{}");
    assert_eq!(done(&id)["failure_reason"], "NO_TRANSACTIONS");
    assert_eq!(tenure_full(&bench, &id), Some(said));
    // A template that ends before it takes transactions does not know about the budget.
    let elsewhere = ask(
        &bench,
        concat!(r#"{"parent_block_id":""#, "0101010101010101010101010101010101010101010101010101010101010101", r#""}"#),
    );
    assert_eq!(done(&elsewhere)["failure_reason"], "TIP_MOVED");
    assert_eq!(tenure_full(&bench, &elsewhere), None);
    bench.mine();
    bench.grow();
    let mined = bench.read(&format!("/v3/transaction/{}", second.txid().to_hex()));
    assert_eq!(mined["is_canonical"], true, "the next tenure has room again");
    stop(&bench, worker);
}
