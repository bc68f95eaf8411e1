//! gRPC and HTTP requests through the node's own router: any bytes get an answer, and no answer is a failure of the
//! node.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use chainstate::chain::Retention;
use mockamoto_node::chain::{NodeChain, NodeJournal};
use mockamoto_node::clock::ClockControl;
use mockamoto_node::event_stream::registry::{StreamRegistry, StreamRegistryLimits};
use mockamoto_node::jobs::{TemplateJobs, ValidationJobs};
use mockamoto_node::limits::THREAD_STACK_BYTES;
use mockamoto_node::rpc::auth::Guard;
use mockamoto_node::rpc::blocking_pool::BlockingPool;
use mockamoto_node::rpc::grpc::{ServiceState, Services, into_router, routes};
use mockamoto_node::rpc::http::router;
use mockamoto_node::runtime::wake_signal::WakeSignal;
use nakamoto_proto::v1;
use prost::Message as _;
use tests::random::Rng;
use tokio::runtime::Runtime;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

use crate::bytes::{mutant, noise};
use crate::harness::fuzz;
use crate::support::TestChain;
use chainstate::test_support::{address, deploy, on_a_large_stack, transfer};

/// Time after which a request is abandoned: the API allows some to wait.
const WAIT_TIMEOUT: Duration = Duration::from_millis(100);

const RETENTION: Retention = Retention { events: 1_000_000, bytes: 1 << 30, age: Duration::from_secs(3600) };

struct Bench {
    runtime: Runtime,
    router: Router,
    /// Texts and ids that requests can name.
    words: Vec<Vec<u8>>,
    bodies: Vec<Vec<u8>>,
    _test: TestChain,
}

impl Bench {
    fn new() -> Self {
        let test = TestChain::new();
        let deployed = deploy(0, 0, "store", "(define-map m int int) (define-read-only (get) (ok 1))").encode();
        test.chain.admit_transaction(deployed).expect("storage works").expect("a deployment");
        let block = test.make_block();
        assert!(matches!(test.push(&block), chainstate::chain::StoreOutcome::Stored(_)));
        test.settle();
        let waiting = transfer(1, 0, 2, 5);
        test.chain.admit_transaction(waiting.encode()).expect("storage works").expect("a transfer");
        let user = address("user", 0).to_string();
        let contract = format!("{user}.store");
        let tip = test.tip();
        let words = vec![
            tip.block_id.0.to_vec(),
            tip.burn_view.0.to_vec(),
            waiting.txid().0.to_vec(),
            user.into_bytes(),
            contract.into_bytes(),
            b"get".to_vec(),
            b"m".to_vec(),
            clarity::value::Value::Int(1).encode(),
        ];
        let bodies = vec![block.encode(), transfer(1, 1, 2, 5).encode(), transfer(1, 0, 2, 6).encode()];
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .thread_stack_size(THREAD_STACK_BYTES)
            .enable_all()
            .build();
        let runtime = runtime.expect("a runtime");
        let services = services(&test, &runtime);
        let (grpc, _) = runtime.block_on(routes(&services)).expect("descriptors");
        let router = router(&services).merge(into_router(grpc));
        Self { runtime, router, words, bodies, _test: test }
    }

    fn ask(&self, request: Request<Body>) {
        let what = format!("{request:?}");
        let answer = self
            .runtime
            .block_on(async { tokio::time::timeout(WAIT_TIMEOUT, self.router.clone().oneshot(request)).await });
        let Ok(Ok(response)) = answer else { return };
        let grpc = response.headers().get("grpc-status").map(|value| value.as_bytes().to_vec());
        assert_ne!(grpc.as_deref(), Some(&b"13"[..]), "INTERNAL: {what}");
        assert_ne!(response.status(), StatusCode::INTERNAL_SERVER_ERROR, "{what}");
    }
}

fn services(test: &TestChain, runtime: &Runtime) -> Services {
    let live = Arc::new(NodeChain::new(test.chain.clone(), RETENTION).expect("a chain"));
    let journal = Arc::new(NodeJournal::new(test.chain.clone()));
    let shared: Arc<NodeChain> = Arc::<NodeChain>::clone(&live);
    Arc::new(ServiceState {
        pool: BlockingPool::new(shared),
        wake: WakeSignal::default(),
        streams: StreamRegistry::new(
            journal,
            live,
            StreamRegistryLimits::default(),
            runtime.handle().clone(),
            CancellationToken::new(),
        ),
        templates: Arc::new(TemplateJobs::for_templates(0)),
        validations: Arc::new(ValidationJobs::for_validations(0)),
        guard: Guard::new(None),
        observers: mockamoto_node::event_dispatcher::dispatcher::Dispatcher::default(),
        retention: RETENTION,
        clock: ClockControl::new(Duration::ZERO),
        serves_admin: false,
    })
}

/// Paths of all methods of the contract.
fn methods() -> Vec<String> {
    let files = prost_types::FileDescriptorSet::decode(v1::FILE_DESCRIPTOR_SET).expect("descriptors").file;
    let services = files.iter().flat_map(|file| file.service.iter().map(move |service| (file.package(), service)));
    let paths = services.flat_map(|(package, service)| {
        service.method.iter().map(move |method| format!("/{package}.{}/{}", service.name(), method.name()))
    });
    paths.collect()
}

/// Fields of any type with low numbers: possibly one of our messages.
fn message(rng: &mut Rng, words: &[Vec<u8>], depth: usize) -> Vec<u8> {
    let mut out = Vec::new();
    for _ in 0..rng.below(5) {
        let number = u8::try_from(rng.below(9) + 1).expect("small");
        if rng.one_in(3) {
            out.push(number << 3);
            out.extend(varint(*rng.pick(&[0, 1, 2, 100, u64::MAX, 1 << 40])));
        } else {
            let inside = match rng.below(4) {
                0 if depth > 0 => message(rng, words, depth - 1),
                1 => mutant(rng, words),
                2 => noise(rng, 40),
                _ => rng.pick(words).clone(),
            };
            out.push(number << 3 | 2);
            out.extend(varint(u64::try_from(inside.len()).expect("short")));
            out.extend(inside);
        }
    }
    out
}

fn varint(value: u64) -> Vec<u8> {
    let mut out = Vec::new();
    prost::encoding::encode_varint(value, &mut out);
    out
}

#[test]
fn grpc_calls() {
    on_a_large_stack(|| {
        let (bench, methods) = (Bench::new(), methods());
        fuzz("grpc calls", |rng| {
            let body = match rng.below(8) {
                0 => noise(rng, 60),
                1 => mutant(rng, &bench.bodies),
                _ => message(rng, &bench.words, 3),
            };
            let length = u32::try_from(body.len()).expect("short");
            let length = if rng.one_in(16) { length.wrapping_sub(1) } else { length };
            let mut framed = vec![u8::from(rng.one_in(32))];
            framed.extend(length.to_be_bytes());
            framed.extend(body);
            let request = Request::post(rng.pick(&methods).as_str()).header("content-type", "application/grpc");
            bench.ask(request.body(Body::from(framed)).expect("a request"));
        });
    });
}

const PATHS: [&str; 19] = [
    "/v2/info",
    "/v2/accounts/$",
    "/v2/contracts/source/$/$",
    "/v2/contracts/interface/$/$",
    "/v2/contracts/call-read/$/$/$",
    "/v2/data_var/$/$/$",
    "/v2/map_entry/$/$/$",
    "/v2/transactions/unconfirmed/$",
    "/v2/transactions",
    "/v2/fees/transaction",
    "/v3/transaction/$",
    "/v3/blocks/$",
    "/v3/blocks/height/$",
    "/v3/blocks/upload",
    "/v3/block",
    "/v3/block_template",
    "/v3/block_template/$",
    "/v3/block_validation",
    "/v2/stackerdb/$/$/$",
];

/// A path with some words in it, also as hex, and a query.
fn path(rng: &mut Rng, words: &[Vec<u8>]) -> String {
    let mut path = String::new();
    for piece in rng.pick(&PATHS).split_inclusive('$') {
        path.push_str(piece.trim_end_matches('$'));
        if piece.ends_with('$') {
            let word = if rng.one_in(4) { mutant(rng, words) } else { rng.pick(words).clone() };
            path.push_str(&segment(rng, &word));
        }
    }
    if rng.one_in(2) {
        let value = mutant(rng, words);
        path.push_str(&format!("?{}={}", rng.pick(&["tip", "proof", "x"]), segment(rng, &value)));
    }
    path
}

fn segment(rng: &mut Rng, word: &[u8]) -> String {
    match std::str::from_utf8(word) {
        Ok(text) if text.bytes().all(|byte| byte.is_ascii_graphic()) && !rng.one_in(8) => {
            text.replace(['?', '#', '/', '\\', '"', '<', '>', '^', '`', '{', '|', '}', '%'], "~")
        }
        _ if rng.one_in(2) => hex::encode(word),
        _ => word.iter().map(|byte| format!("%{byte:02x}")).collect(),
    }
}

fn json(rng: &mut Rng, words: &[Vec<u8>]) -> Vec<u8> {
    let text = |rng: &mut Rng| {
        let word = mutant(rng, words);
        if rng.one_in(2) { hex::encode(word) } else { String::from_utf8_lossy(&word).into_owned() }
    };
    let mut body = serde_json::json!({
        "sender": text(rng),
        "arguments": [text(rng), text(rng)],
        "tx": text(rng),
        "block": text(rng),
        "transaction_payload": text(rng),
    });
    if rng.one_in(3) {
        body = serde_json::json!(text(rng));
    }
    let body = body.to_string().into_bytes();
    if rng.one_in(4) { mutant(rng, &[body]) } else { body }
}

#[test]
fn http_requests() {
    on_a_large_stack(|| {
        let bench = Bench::new();
        fuzz("http requests", |rng| {
            let method = rng.pick(&[Method::GET, Method::POST, Method::POST, Method::PUT]).clone();
            let body = match rng.below(3) {
                0 => json(rng, &bench.words),
                1 => mutant(rng, &bench.bodies),
                _ => noise(rng, 80),
            };
            let kind = *rng.pick(&["application/json", "application/octet-stream", "text/plain", ""]);
            let request = Request::builder().method(method).uri(path(rng, &bench.words)).header("content-type", kind);
            // A text that is not a URI never reaches the node.
            let Ok(request) = request.body(Body::from(body)) else { return };
            bench.ask(request);
        });
    });
}
