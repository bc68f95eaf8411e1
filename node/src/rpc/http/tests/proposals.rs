//! Block proposals, uploads, and features that are switched off.

use std::sync::Arc;
use std::time::Duration;

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

use super::bench::{Bench, JSON, OCTETS, Reply, STACKERS};
use super::shape::{COST, Kind, check};
use crate::jobs::{JobRequest, Outcome, VALIDATION_LIMITS, ValidationJob, ValidationWorker, Withdrawal};
use crate::limits::THREAD_STACK_BYTES;
use crate::runtime::class::CallerClass;
use chainstate::test_support::{key, transfer};

const CHAIN_ID: u32 = 0x8000_0000;

fn propose(bench: &Bench, token: Option<&str>, body: &Value) -> Reply {
    let mut headers = vec![("content-type", JSON)];
    headers.extend(token.map(|token| ("authorization", token)));
    bench.ask(Method::POST, "/v3/block_proposal", &headers, body.to_string().into_bytes())
}

fn verdict(bench: &Bench, id: &str) -> Value {
    let headers = [("authorization", "secret")];
    let reply = bench.ask(Method::GET, &format!("/v3/block_proposal/{id}?wait_ms=30000"), &headers, Vec::new());
    assert_eq!(reply.status, StatusCode::OK);
    reply.json()
}

#[test]
fn a_proposal_is_accepted_and_judged() {
    let bench = Bench::new(Some("secret"));
    bench.mine();
    let worker = ValidationWorker { jobs: Arc::clone(&bench.services.validations), chain: Arc::clone(&bench.chain) };
    let thread = std::thread::Builder::new().stack_size(THREAD_STACK_BYTES).spawn(move || worker.run()).unwrap();
    let mut block = bench.proposal();
    let body = json!({ "block": hex::encode(block.encode()), "chain_id": CHAIN_ID, "replay_txs": null });
    let accepted = propose(&bench, Some("secret"), &body);
    assert_eq!(accepted.status, StatusCode::ACCEPTED);
    let accepted = accepted.json();
    let shape = [("result", Kind::Says("Accepted")), ("message", Kind::Text), ("request_id", Kind::Text)];
    check("accepted", &accepted, &shape);
    let good = verdict(&bench, accepted["request_id"].as_str().unwrap());
    check(
        "good",
        &good,
        &[
            ("result", Kind::Says("Ok")),
            ("signer_signature_hash", Kind::Hex(32)),
            ("cost", Kind::Object),
            ("size", Kind::Is(block.encode().len() as u64)),
            ("validation_time_ms", Kind::Whole),
            ("replay_tx_hash", Kind::Null),
            ("replay_tx_exhausted", Kind::Holds(false)),
        ],
    );
    check("cost", &good["cost"], COST);
    assert_eq!(good["signer_signature_hash"], block.header.block_hash().to_hex());

    block.header.chain_length += 1;
    let body = json!({ "block": hex::encode(block.encode()), "chain_id": CHAIN_ID });
    let accepted = propose(&bench, Some("Bearer secret"), &body).json();
    let bad = verdict(&bench, accepted["request_id"].as_str().unwrap());
    check(
        "bad",
        &bad,
        &[
            ("result", Kind::Says("Reject")),
            ("signer_signature_hash", Kind::Hex(32)),
            ("reason", Kind::Text),
            ("reason_code", Kind::Says("InvalidBlock")),
            ("failed_txid", Kind::Null),
        ],
    );
    bench.services.validations.stop();
    thread.join().unwrap();
}

#[test]
fn a_held_proposal_runs_again_for_a_block_and_for_a_burn_block_and_for_nothing_else() {
    let bench = Bench::started();
    let jobs = Arc::clone(&bench.services.validations);
    ValidationWorker::watch(Arc::clone(&jobs), bench.services.streams.journal());
    let hold = Duration::from_secs(3600);
    jobs.request(JobRequest { hold, ..ValidationJob::to_request(vec![1].into()) }).unwrap();
    let bring_block = |bench: &Bench| {
        bench.grow();
    };
    for (news, bring) in [("a burn block", Bench::mine as fn(&Bench)), ("a block", bring_block)] {
        assert!(jobs.hold(jobs.take().unwrap()).is_ok());
        let nonce = u64::from(news == "a block");
        bench.send(&[transfer(0, nonce, 9, 1)]);
        assert!(jobs.has_held(), "a transaction is no news for it");
        bring(&bench);
        let (sender, jobs_taken) = std::sync::mpsc::channel();
        let waiting = Arc::clone(&jobs);
        std::thread::spawn(move || sender.send(waiting.take().map(|job| job.id)));
        let id =
            jobs_taken.recv_timeout(Duration::from_secs(30)).unwrap_or_else(|_| panic!("it waits on after {news}"));
        assert!(id.is_some());
        jobs.finish(&id.unwrap(), Arc::new(Outcome::Expired), 0);
        jobs.request(JobRequest { hold, ..ValidationJob::to_request(vec![2].into()) }).unwrap();
    }
}

#[test]
fn a_proposal_needs_the_token_and_a_body() {
    let bench = Bench::new(Some("secret"));
    bench.mine();
    let block = hex::encode(bench.proposal().encode());
    let body = json!({ "block": block, "chain_id": CHAIN_ID });
    assert_eq!(propose(&bench, None, &body).status, StatusCode::UNAUTHORIZED);
    assert_eq!(propose(&bench, Some("secreT"), &body).status, StatusCode::UNAUTHORIZED);
    let unguarded = Bench::new(None);
    assert_eq!(propose(&unguarded, Some("secret"), &body).status, StatusCode::BAD_REQUEST);
    for bad in [
        json!({}),
        json!({ "block": "zz", "chain_id": CHAIN_ID }),
        json!({ "block": "", "chain_id": CHAIN_ID }),
        json!({ "block": "00", "chain_id": 1 }),
        json!({ "block": "00", "chain_id": CHAIN_ID, "replay_txs": [] }),
        json!({ "block": "00".repeat(500), "chain_id": CHAIN_ID }),
        json!({ "block": format!("{block}00"), "chain_id": CHAIN_ID }),
    ] {
        assert_eq!(propose(&bench, Some("secret"), &bad).status, StatusCode::BAD_REQUEST, "{bad}");
    }
    let headers = [("content-type", OCTETS), ("authorization", "secret")];
    let octets = bench.ask(Method::POST, "/v3/block_proposal", &headers, vec![0]);
    assert_eq!(octets.status, StatusCode::BAD_REQUEST);
    let good = propose(&bench, Some("secret"), &json!({ "block": block, "chain_id": CHAIN_ID }));
    assert_eq!(good.status, StatusCode::ACCEPTED);
}

#[test]
fn a_full_queue_is_429() {
    let bench = Bench::new(Some("secret"));
    bench.mine();
    let mut block = bench.proposal();
    let mut last = StatusCode::ACCEPTED;
    for number in 0..=VALIDATION_LIMITS.queue {
        block.header.chain_length += number as u64;
        let body = json!({ "block": hex::encode(block.encode()), "chain_id": CHAIN_ID });
        let reply = propose(&bench, Some("secret"), &body);
        last = reply.status;
        if last != StatusCode::ACCEPTED {
            check("full", &reply.json(), &[("result", Kind::Says("Error")), ("message", Kind::Text)]);
            break;
        }
    }
    assert_eq!(last, StatusCode::TOO_MANY_REQUESTS);
}

#[test]
fn a_proposal_that_was_taken_back_is_gone() {
    let bench = Bench::new(Some("secret"));
    bench.mine();
    let body = json!({ "block": hex::encode(bench.proposal().encode()), "chain_id": CHAIN_ID });
    let accepted = propose(&bench, Some("secret"), &body).json();
    let id = accepted["request_id"].as_str().unwrap();
    bench.services.validations.withdraw(id, &Withdrawal::WithoutKey, CallerClass::Anyone).unwrap();
    let path = format!("/v3/block_proposal/{id}");
    let reply = bench.ask(Method::GET, &path, &[("authorization", "secret")], Vec::new());
    let said = json!({ "result": "Error", "message": "there is no verdict: CANCELLED: all who had asked for it took it back" });
    assert_eq!((reply.status, reply.json()), (StatusCode::GONE, said));
}

#[test]
fn a_block_that_broke_a_rule_is_known_with_the_rule() {
    let bench = Bench::new(None);
    bench.mine();
    let mut block = bench.proposal();
    block.header.state_index_root.0[0] ^= 1;
    block.header.sign_producer(&key("producer", 0));
    block.header.stacker_signatures = (0..STACKERS).map(|n| block.header.sign_stacker(&key("stacker", n))).collect();
    let push = || bench.post("/v3/block", OCTETS, block.encode()).json();
    assert_eq!(push()["outcome"], "accepted");
    bench.settle();
    let known = push();
    assert_eq!((&known["accepted"], &known["outcome"]), (&false.into(), &"already_known".into()), "{known}");
    let rule = [("reason", Kind::Says("BAD_STATE_ROOT")), ("message", Kind::Text)];
    check("the broken rule", &known["rejection"], &rule);
}

#[test]
fn an_uploaded_block_is_accepted_once() {
    let bench = Bench::new(Some("secret"));
    bench.mine();
    let block = bench.make_block();
    let upload = |path: &str, token: Option<&str>| {
        let mut headers = vec![("content-type", OCTETS)];
        headers.extend(token.map(|token| ("authorization", token)));
        bench.ask(Method::POST, path, &headers, block.encode())
    };
    let first = upload("/v3/blocks/upload", None).json();
    check("upload", &first, &[("stacks_block_id", Kind::Hex(32)), ("accepted", Kind::Holds(true))]);
    assert_eq!(first["stacks_block_id"], block.block_id().to_hex());
    let again = upload("/v3/blocks/upload", None);
    assert_eq!((again.status, &again.json()["accepted"]), (StatusCode::OK, &false.into()));
    assert_eq!(upload("/v3/blocks/upload?broadcast=1", None).status, StatusCode::UNAUTHORIZED);
    assert_eq!(upload("/v3/blocks/upload?broadcast=1", Some("secret")).status, StatusCode::OK);
}

#[test]
fn what_is_switched_off_says_so() {
    let bench = Bench::new(None);
    let id = "ab".repeat(32);
    assert_eq!(bench.get(&format!("/v3/blocks/replay/{id}")).status, StatusCode::NOT_IMPLEMENTED);
    for path in [&format!("/v3/blocks/simulate/{id}"), "/v2/microblocks", "/v2/mempool/query"] {
        assert_eq!(bench.post(path, JSON, "{}").status, StatusCode::NOT_IMPLEMENTED, "{path}");
    }
    for path in [format!("/v2/headers/{}", 5), format!("/v2/blocks/{id}"), format!("/v2/attachments/{id}")] {
        assert_eq!(bench.get(&path).status, StatusCode::NOT_FOUND, "{path}");
    }
}
