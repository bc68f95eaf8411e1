//! Every answer that `openapi.json` describes is given, in the described shape (`openapi::check` compares each).
//! Answers that no request to this router can cause are listed with the reason.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use axum::http::{Method, StatusCode};
use chainstate::chain::Retention;
use clarity::keys;
use clarity::principal::ContractId;
use http_body_util::BodyExt as _;
use marf::TrieHash;
use serde_json::json;
use stacks_types::block::NakamotoStacksBlock;
use stacks_types::ids::StacksBlockId;
use stacks_types::stackerdb::StackerDbChunk;
use tower::ServiceExt as _;

use super::bench::{Bench, FIRST_BURN, JSON, OCTETS, Reply};
use super::openapi::{self, Answered, answered, documented_answers};
use crate::jobs::{TEMPLATE_LIMITS, TemplateWorker, VALIDATION_LIMITS, ValidationWorker, Withdrawal};
use crate::limits::{MAX_MESSAGE_BYTES, THREAD_STACK_BYTES};
use crate::rpc::http::page::FILES;
use crate::rpc::http::{routes, stackerdb};
use crate::runtime::class::CallerClass;
use chainstate::test_support::{address, deploy, key, transfer};

/// Method or `*`, path or `*`, status, content type or `*`, why the tests here cannot cause it.
const UNSEEN: &[[&str; 5]] = &[
    ["*", "*", "403", "text/plain", "the filter before the router: rpc/request_filter/tests.rs"],
    ["*", "*", "408", "text/plain", "a body that comes slowly, before the router: rpc/server/tests.rs"],
    ["*", "*", "429", "text/plain", "all permits are taken: lanes.rs here; the budgets of bytes and requests"],
    ["*", "*", "500", "*", "a fault of the node"],
    ["*", "*", "503", "text/plain", "the node is stopping, or its tip stands still: chain/stall.rs"],
    ["POST", "/v2/transactions", "429", "application/json", "its sender's permits are taken: fair_queue/tests.rs"],
    ["*", "*", "507", "*", "the disk is full: tests/tests/e2e/faults"],
];

const CODE: &str = "
(define-trait counted ((count () (response uint uint))))
(define-constant answer u42)
(define-data-var total uint u7)
(define-map owners uint principal)
(define-public (count) (ok (var-get total)))
";
const TOKEN: &str = "secret";

fn is_unseen((method, path, status, kind): &Answered) -> bool {
    // A feature that is switched off answers the same whatever the query: there, only the request filter answers 400.
    if status == "400" && routes().iter().any(|route| route.path == path && route.keys.is_none()) {
        return true;
    }
    let fits = |pattern: &str, text: &str| pattern == "*" || pattern == text;
    UNSEEN.iter().any(|[m, p, s, k, _]| fits(m, method) && fits(p, path) && fits(s, status) && fits(k, kind))
}

#[test]
fn every_documented_answer_is_given() {
    let asker = Asker::new();
    asker.unknown_queries_and_names();
    asker.too_large_bodies();
    asker.without_token();
    asker.page();
    asker.node_and_wallets();
    asker.contracts();
    asker.blocks_and_burn_blocks();
    asker.stackerdbs();
    asker.transactions();
    asker.jobs();
    asker.full_queues();
    asker.events();
    let (seen, documented) = (answered(), documented_answers());
    let missing = documented.difference(&seen).filter(|answer| !is_unseen(answer));
    let mut faults = asker.faults.take();
    faults.extend(missing.map(|(method, path, status, kind)| format!("not given: {method} {path}: {status} {kind}")));
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// A chain with one of everything that the requests name, behind a router with a token.
struct Asker {
    bench: Bench,
    owner: String,
    block: StacksBlockId,
    /// Unexpected answers; all are printed at the end.
    faults: RefCell<Vec<String>>,
}

impl Asker {
    fn new() -> Self {
        let bench = Bench::new(Some(TOKEN));
        bench.mine();
        bench.send(&[deploy(0, 0, "c", CODE)]);
        let block = bench.grow();
        bench.mine();
        bench.grow();
        Self { bench, owner: address("user", 0).to_string(), block, faults: RefCell::default() }
    }

    fn ask(&self, method: &str, path: &str, kind: Option<&str>, body: Vec<u8>) -> Reply {
        let mut headers = vec![("authorization", TOKEN)];
        headers.extend(kind.map(|kind| ("content-type", kind)));
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let reply = self.bench.request(method.clone(), path, &headers, body);
        self.faults.borrow_mut().extend(openapi::faults(&method, path, &reply));
        reply
    }

    /// Notes an answer with another status than `status`.
    fn want(&self, status: u16, path: &str, reply: Reply) -> Reply {
        if reply.status.as_u16() != status {
            let text = String::from_utf8_lossy(&reply.body).into_owned();
            self.faults.borrow_mut().push(format!("{path}: {}, not {status}: {text}", reply.status));
        }
        reply
    }

    fn get(&self, status: u16, path: &str) -> Reply {
        self.want(status, path, self.ask("GET", path, None, Vec::new()))
    }

    fn post(&self, status: u16, path: &str, kind: &str, body: impl Into<Vec<u8>>) -> Reply {
        self.want(status, path, self.ask("POST", path, Some(kind), body.into()))
    }

    /// Unknown query keys, and paths in which every name is unknown.
    fn unknown_queries_and_names(&self) {
        for route in routes() {
            let filled = route.path.replace(['{', '}'], "");
            self.ask(route.method, &format!("{filled}?nothing=x"), None, Vec::new());
            if route.path.contains('{') && route.keys.is_some() {
                let body = if route.path.ends_with("{map}") { "\"0x09\"" } else { "{}" };
                self.ask(route.method, &filled, (route.method == "POST").then_some(JSON), body.into());
            }
        }
        let chunk = json!({ "slot_id": 0, "slot_version": 1, "sig": "00".repeat(65), "data": "" }).to_string();
        self.post(404, &format!("/v2/stackerdb/{}/none/chunks", self.owner), JSON, chunk);
    }

    fn too_large_bodies(&self) {
        for route in routes().into_iter().filter(|route| route.method == "POST" && route.keys.is_some()) {
            let path = route.path.replace("{address}", &self.owner).replace(['{', '}'], "");
            let most = if path.ends_with("/chunks") { stackerdb::MAX_BODY_BYTES } else { MAX_MESSAGE_BYTES };
            for kind in [JSON, OCTETS] {
                self.post(413, &path, kind, vec![b' '; most + 1]);
            }
        }
    }

    fn without_token(&self) {
        for (method, path, status, _) in documented_answers() {
            if status == "401" {
                let path = path.replace(['{', '}'], "");
                let query = if path.starts_with("/v3/blocks/upload") { "?broadcast=1" } else { "" };
                let method = Method::from_bytes(method.as_bytes()).unwrap();
                self.bench.ask(method, &format!("{path}{query}"), &[("content-type", OCTETS)], Vec::new());
            }
        }
    }

    fn page(&self) {
        let names = FILES.iter().map(|file| format!("/page/{}", file.name));
        for path in names.chain(["/".to_owned()]) {
            let tag = self.get(200, &path).headers["etag"].to_str().unwrap().to_owned();
            let again = self.bench.ask(Method::GET, &path, &[("if-none-match", &tag)], Vec::new());
            assert_eq!(again.status, StatusCode::NOT_MODIFIED);
        }
    }

    fn node_and_wallets(&self) {
        for path in ["/health", "/openapi.json", "/v3/overview", "/v2/info", "/v2/neighbors", "/v2/pox", "/v3/health"] {
            self.get(200, path);
        }
        self.get(200, &format!("/v3/lookup/{}", self.block.to_hex()));
        self.get(200, &format!("/v3/lookup/{}", "ab".repeat(32)));
        self.get(200, &format!("/v2/accounts/{}", self.owner));
        for what in ["nonces", "stx", "balances"] {
            self.get(200, &format!("/extended/v1/address/{}/{what}", self.owner));
        }
        self.indexer();
        self.get(200, "/extended/v1/info/network_block_times");
        self.get(404, &format!("/extended/v1/tx/{}", "ab".repeat(32)));
        self.get(200, "/v2/fees/transfer");
    }

    fn indexer(&self) {
        let Self { owner, block, .. } = self;
        for path in ["/extended", "/extended/v1/status", "/extended/v2/blocks/latest", "/extended/v2/blocks/0"] {
            self.get(200, path);
        }
        self.get(200, &format!("/extended/v2/blocks/{}", block.to_hex()));
        self.get(400, "/extended/v2/blocks/newest");
        self.get(404, "/extended/v2/blocks/99");
        self.get(200, &format!("/extended/v2/addresses/{owner}/balances/stx?include_mempool=true"));
        for what in ["balances/stx", "nonces"] {
            self.get(200, &format!("/extended/v3/principals/{owner}/{what}"));
        }
        self.get(200, &format!("/extended/v1/contract/{owner}.c"));
        self.get(404, &format!("/extended/v1/contract/{owner}.none"));
        self.get(404, &format!("/extended/v1/tx/{}/raw", "ab".repeat(32)));
    }

    fn contracts(&self) {
        let Self { owner, .. } = self;
        for query in ["", "?proof=0"] {
            self.get(200, &format!("/v2/contracts/source/{owner}/c{query}"));
            self.get(200, &format!("/v2/data_var/{owner}/c/total{query}"));
            let key = format!("\"0x01{:032x}\"", 1);
            self.post(200, &format!("/v2/map_entry/{owner}/c/owners{query}"), JSON, key);
        }
        self.get(200, &format!("/v2/contracts/interface/{owner}/c"));
        let call = json!({ "sender": owner, "arguments": [] }).to_string();
        for function in ["count", "nothing"] {
            self.post(200, &format!("/v2/contracts/call-read/{owner}/c/{function}"), JSON, call.clone());
            self.post(200, &format!("/v3/contracts/fast-call-read/{owner}/c/{function}"), JSON, call.clone());
        }
        self.get(200, &format!("/v2/constant_val/{owner}/c/answer"));
        self.get(200, &format!("/v2/traits/{owner}/c/{owner}/c/counted"));
        self.get(200, &format!("/v2/clarity/metadata/{owner}/c/vm-metadata::9::contract-size"));
        for kind in ["call-read/{}/none/f", "map_entry/{}/none/m"] {
            let path = kind.replace("{}", owner);
            let path = if kind.starts_with("call") { format!("/v2/contracts/{path}") } else { format!("/v2/{path}") };
            let body = if kind.starts_with("call") { call.clone() } else { "\"0x09\"".to_owned() };
            self.post(404, &format!("{path}?tip={}", "ab".repeat(32)), JSON, body);
        }
        let contract = ContractId::parse(&format!("{owner}.c")).unwrap();
        let path = hex::encode(TrieHash::of_key(&keys::contract(&contract)).0);
        self.get(200, &format!("/v2/clarity/marf/{path}"));
    }

    fn blocks_and_burn_blocks(&self) {
        let block = self.block.to_hex();
        for path in ["/v3/blocks/height/1", "/v3/tenures/info", "/v3/sortitions", "/v3/sortitions/latest"] {
            self.get(200, path);
        }
        self.get(200, "/v3/sortitions/latest_and_last");
        self.get(200, &format!("/v3/blocks/{block}"));
        self.get(200, &format!("/v3/blocks/{block}/signers"));
        self.get(200, &format!("/v3/tenures/{block}"));
        let burn = |above: u64| {
            let found = self.get(200, &format!("/v3/sortitions/burn_height/{}", FIRST_BURN.0 + above)).json();
            let text = |key: &str| found[0][key].as_str().unwrap()[2..].to_owned();
            (text("consensus_hash"), text("burn_block_hash"))
        };
        let ((first, _), (consensus, hash)) = (burn(0), burn(2));
        for name in ["tenures/blocks/", "tenures/tip/", "tenures/tip_metadata/", "sortitions/consensus/"] {
            self.get(200, &format!("/v3/{name}{consensus}"));
        }
        for name in ["tenures/blocks/hash/", "sortitions/burn/"] {
            self.get(200, &format!("/v3/{name}{hash}"));
        }
        self.get(200, &format!("/v3/tenures/blocks/height/{}", FIRST_BURN.0));
        self.get(200, &format!("/v3/tenures/fork_info/{first}/{consensus}"));
        self.get(200, "/v3/stacker_set/0");
        self.get(400, "/v3/stacker_set/9");
        self.get(404, &format!("/v2/pox?tip={}", "ab".repeat(32)));
        let signer = hex::encode(key("stacker", 0).public_key().to_compressed());
        self.get(200, &format!("/v3/signer/{signer}/0"));
    }

    fn stackerdbs(&self) {
        let path = "/v2/stackerdb/ST000000000000000000002AMW42H/producers";
        self.get(200, path);
        self.get(200, &format!("{path}/replicas"));
        let chunk = StackerDbChunk::signed(0, 1, b"data".to_vec(), &key("producer", 0));
        let sig = hex::encode(chunk.signature.as_bytes());
        let body = json!({ "slot_id": 0, "slot_version": 1, "sig": sig, "data": hex::encode(&chunk.data) }).to_string();
        // Taken, and refused the second time.
        for _ in 0..2 {
            self.post(200, &format!("{path}/chunks"), JSON, body.clone());
        }
        self.get(200, &format!("{path}/0"));
        self.get(200, &format!("{path}/0/1"));
    }

    fn transactions(&self) {
        let transaction = transfer(1, 0, 9, 5);
        let txid = transaction.txid().to_hex();
        self.post(200, "/v2/transactions", OCTETS, transaction.encode());
        self.get(200, &format!("/v2/transactions/unconfirmed/{txid}"));
        self.get(404, &format!("/v3/transaction/{txid}"));
        self.get(200, &format!("/extended/v1/tx/{txid}"));
        self.get(200, &format!("/extended/v1/tx/{txid}/raw"));
        self.post(400, "/v2/transactions", OCTETS, transfer(1, 0, 9, 0).encode());
        let payload = hex::encode(transaction.payload.encode());
        self.post(200, "/v2/fees/transaction", JSON, json!({ "transaction_payload": payload }).to_string());
        let simulate = json!({ "transaction_hex": hex::encode(transaction.encode()) }).to_string();
        self.post(200, "/v3/transactions/simulate", JSON, simulate.clone());
        self.post(404, &format!("/v3/transactions/simulate?tip={}", "ab".repeat(32)), JSON, simulate);
        let block = self.bench.make_block();
        self.post(200, "/v3/block", OCTETS, block.encode());
        self.post(200, "/v3/block", OCTETS, block.encode());
        self.bench.settle();
        self.post(200, "/v3/blocks/upload", OCTETS, block.encode());
        self.post(200, "/v3/blocks/upload/?broadcast=0", OCTETS, block.encode());
        self.post(400, "/v3/block", OCTETS, broken(block).encode());
        self.get(200, &format!("/v3/transaction/{txid}"));
        self.get(200, &format!("/extended/v1/tx/{txid}"));
        self.bench.chain.reorganize_burn_chain(1, 2, FIRST_BURN.1 + 60).unwrap();
        self.bench.settle();
        self.get(200, &format!("/v3/transaction/{txid}"));
        let file = rusqlite::Connection::open(self.bench.folder.path().join("chainstate.sqlite")).unwrap();
        let set = |bytes: u64| file.execute("UPDATE mempool_totals SET bytes = ?1", [bytes]).unwrap();
        set(1 << 28);
        self.post(503, "/v2/transactions", OCTETS, transfer(2, 0, 9, 5).encode());
        set(0);
    }

    fn jobs(&self) {
        let services = &self.bench.services;
        let block = self.bench.proposal();
        let (good, bad) = (block.encode(), broken(block.clone()).encode());
        let body =
            |block: &[u8], chain_id: u32| json!({ "block": hex::encode(block), "chain_id": chain_id }).to_string();
        self.post(400, "/v3/block_proposal", JSON, body(&good, 1));
        let id = |reply: Reply| reply.json()["request_id"].as_str().unwrap().to_owned();
        let mut asked = Vec::new();
        for block in [&good, &bad] {
            let proposal = id(self.post(202, "/v3/block_proposal", JSON, body(block, 0x8000_0000)));
            let validation = id(self.post(202, "/v3/block_validation", OCTETS, block.clone()));
            asked.extend([format!("/v3/block_proposal/{proposal}"), format!("/v3/block_validation/{validation}")]);
        }
        for path in ["/v3/block_template", "/v3/block_template/"] {
            let template = id(self.post(202, path, JSON, r#"{"allow_empty":true}"#));
            asked.push(format!("/v3/block_template/{template}"));
        }
        asked.iter().for_each(|path| drop(self.get(202, path)));
        let unwanted = broken(broken(block)).encode();
        let unwanted = id(self.post(202, "/v3/block_proposal", JSON, body(&unwanted, 0x8000_0000)));
        services.validations.withdraw(&unwanted, &Withdrawal::WithoutKey, CallerClass::Anyone).unwrap();
        self.get(410, &format!("/v3/block_proposal/{unwanted}"));
        let chain = || Arc::clone(&self.bench.chain);
        let templates = TemplateWorker { jobs: Arc::clone(&services.templates), chain: chain() };
        let validations = ValidationWorker { jobs: Arc::clone(&services.validations), chain: chain() };
        let spawn = |work: Box<dyn FnOnce() + Send>| {
            std::thread::Builder::new().stack_size(THREAD_STACK_BYTES).spawn(work).unwrap()
        };
        let workers = [spawn(Box::new(move || templates.run())), spawn(Box::new(move || validations.run()))];
        asked.iter().for_each(|path| drop(self.get(200, &format!("{path}?wait_ms=30000"))));
        services.templates.stop();
        services.validations.stop();
        workers.into_iter().for_each(|worker| worker.join().unwrap());
    }

    /// No worker runs, so jobs stay in the queue.
    fn full_queues(&self) {
        let full = Self::new();
        for number in 0..TEMPLATE_LIMITS.queue {
            full.post(202, "/v3/block_template", JSON, json!({ "max_transactions": number + 1 }).to_string());
        }
        for path in ["/v3/block_template", "/v3/block_template/"] {
            full.post(429, path, JSON, "{}");
        }
        let mut block = full.bench.proposal();
        for number in 0..VALIDATION_LIMITS.queue {
            block.header.burn_spent = number as u64;
            full.post(202, "/v3/block_validation", OCTETS, block.encode());
        }
        block.header.burn_spent = u64::MAX;
        full.post(429, "/v3/block_validation", OCTETS, block.encode());
        let body = json!({ "block": hex::encode(block.encode()), "chain_id": 0x8000_0000_u32 });
        full.post(429, "/v3/block_proposal", JSON, body.to_string());
        self.faults.borrow_mut().append(&mut full.faults.take());
    }

    /// A stream has no end: its first bytes are enough.
    fn events(&self) {
        let request = axum::http::Request::builder().uri("/v3/events").body(axum::body::Body::empty()).unwrap();
        let reply = self.bench.runtime.block_on(async {
            let response = self.bench.router.clone().oneshot(request).await.unwrap();
            let (status, headers) = (response.status(), response.headers().clone());
            let first = response.into_body().frame().await.unwrap().unwrap();
            Reply { status, headers, body: first.into_data().unwrap().to_vec() }
        });
        assert_eq!(reply.status, StatusCode::OK);
        openapi::check(&Method::GET, "/v3/events", &reply);
        let least = Retention { events: 1, bytes: 1, age: Duration::ZERO };
        while self.bench.core.prune_journal(least, Duration::MAX).unwrap() {}
        self.get(410, "/v3/events?start=1");
    }
}

/// The block with another length, so that its signatures are wrong.
fn broken(mut block: NakamotoStacksBlock) -> NakamotoStacksBlock {
    block.header.chain_length += 1;
    block
}

#[test]
fn what_cannot_be_seen_is_documented_somewhere() {
    let documented = documented_answers();
    for row in UNSEEN {
        let only: BTreeSet<_> = documented.iter().filter(|answer| is_unseen(answer) && answer.2 == row[2]).collect();
        assert!(!only.is_empty(), "{row:?}");
    }
}
