//! A chain in a temporary folder behind a router: the test requests paths, and makes blocks, as it has all keys.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Method, Request, StatusCode};
use chainstate::assembly::TemplateOrder;
use chainstate::chain::{NakamotoChainState, Retention, StoreOutcome};
use chainstate::db::StoreError;
use chainstate::params::{ChainParams, Producer, Stacker};
use chainstate::test_support::{address, key, on_a_large_stack, signed, user, vrf_key};
use http_body_util::BodyExt as _;
use serde_json::Value;
use sqlite::Durability;
use stacks_types::block::NakamotoStacksBlock;
use stacks_types::ids::{SortitionHash, StacksBlockId};
use stacks_types::transaction::{StacksTransaction, TransactionPayload};
use tokio::runtime::Runtime;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

use super::openapi;
use crate::chain::{NodeChain, NodeJournal, chain_params};
use crate::clock::ClockControl;
use crate::config::CallLimits;
use crate::config::{GenesisFile, SAMPLE_GENESIS};
use crate::event_stream::registry::{StreamRegistry, StreamRegistryLimits};
use crate::jobs::{TemplateJobs, ValidationJobs};
use crate::limits::THREAD_STACK_BYTES;
use crate::rpc::auth::Guard;
use crate::rpc::blocking_pool::BlockingPool;
use crate::rpc::grpc::{ServiceState, Services};
use crate::rpc::http::router;
use crate::runtime::wake_signal::WakeSignal;

const RETENTION: Retention = Retention { events: 1_000_000, bytes: 1 << 30, age: std::time::Duration::from_secs(3600) };
pub(super) const OCTETS: &str = "application/octet-stream";
pub(super) const JSON: &str = "application/json";
/// Opening balance of each account, micro-STX.
pub(super) const OPENING: u64 = 1_000_000_000_000;
/// Stackers, of equal weight.
pub(super) const STACKERS: u8 = 3;
/// Height and time of the first burn block.
pub(super) const FIRST_BURN: (u64, u64) = (100, 1_700_000_000);

pub(super) struct Bench {
    pub(super) runtime: Runtime,
    pub(super) router: Router,
    pub(super) services: Services,
    pub(super) chain: Arc<NodeChain>,
    pub(super) core: NakamotoChainState,
    /// Ends all event streams, as a stop of the node does.
    pub(super) stop_streams: CancellationToken,
    pub(super) folder: tempfile::TempDir,
}

#[derive(Debug)]
pub(super) struct Reply {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
}

impl Reply {
    pub(super) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&self.body)))
    }
}

/// The sample chain with these users, producer and stackers.
pub(super) fn params() -> ChainParams {
    let genesis: GenesisFile = toml::from_str(SAMPLE_GENESIS).unwrap();
    let mut params = chain_params(&genesis).unwrap();
    params.boot_balances.extend((0..5).map(|index| (user(index), u128::from(OPENING))));
    params.reward_maturity = 2;
    params.burn.first_height = FIRST_BURN.0;
    params.burn.first_time_s = FIRST_BURN.1;
    params.burn.producers = vec![Producer { address: address("producer", 0), vrf_public_key: vrf_key(0).public_key() }];
    params.burn.stackers =
        (0..STACKERS).map(|index| Stacker { address: address("stacker", index), weight: 1 }).collect();
    params
}

impl Bench {
    pub(super) fn new(token: Option<&str>) -> Self {
        Self::with_call_limits(token, CallLimits::default())
    }

    pub(super) fn with_call_limits(token: Option<&str>, call_limits: CallLimits) -> Self {
        Self::of_chain(params(), token, call_limits)
    }

    pub(super) fn of_chain(params: ChainParams, token: Option<&str>, call_limits: CallLimits) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().to_owned();
        let (core, _writer) =
            on_a_large_stack(move || NakamotoChainState::open(&path, params, Durability::Synced, || 1_800_000_000_000))
                .unwrap();
        let live = Arc::new(NodeChain::new(core.clone(), RETENTION).unwrap().with_call_limits(call_limits));
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .thread_stack_size(THREAD_STACK_BYTES)
            .enable_all()
            .build()
            .unwrap();
        let journal = Arc::new(NodeJournal::new(core.clone()));
        let shared: Arc<NodeChain> = Arc::<NodeChain>::clone(&live);
        let stop_streams = CancellationToken::new();
        let (handle, limits) = (runtime.handle().clone(), StreamRegistryLimits::default());
        let services = Arc::new(ServiceState {
            observers: crate::event_dispatcher::dispatcher::Dispatcher::default(),
            pool: BlockingPool::new(Arc::clone(&shared)),
            wake: WakeSignal::default(),
            streams: StreamRegistry::new(journal, live, limits, handle, stop_streams.clone()),
            templates: Arc::new(TemplateJobs::for_templates(0)),
            validations: Arc::new(ValidationJobs::for_validations(0)),
            guard: Guard::new(token),
            retention: RETENTION,
            clock: ClockControl::new(Duration::from_millis(1_500)),
            serves_admin: false,
        });
        Self { runtime, router: router(&services), services, chain: shared, core, stop_streams, folder }
    }

    /// As [`Self::new`] without a token, with a first tenure of one block.
    pub(super) fn started() -> Self {
        let bench = Self::new(None);
        bench.mine();
        bench.grow();
        bench
    }

    /// Sends a request; checks that the document describes the answer if it describes the path.
    pub(super) fn ask(&self, method: Method, path: &str, headers: &[(&str, &str)], body: Vec<u8>) -> Reply {
        let reply = self.request(method.clone(), path, headers, body);
        openapi::check(&method, path, &reply);
        reply
    }

    pub(super) fn request(&self, method: Method, path: &str, headers: &[(&str, &str)], body: Vec<u8>) -> Reply {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let Ok(request) = request.body(Body::from(body)) else { panic!("{path} is no path") };
        self.runtime.block_on(async {
            let response = self.router.clone().oneshot(request).await.unwrap();
            let (status, headers) = (response.status(), response.headers().clone());
            let body = response.into_body().collect().await.unwrap().to_bytes().to_vec();
            Reply { status, headers, body }
        })
    }

    pub(super) fn get(&self, path: &str) -> Reply {
        self.ask(Method::GET, path, &[], Vec::new())
    }

    /// The JSON of a path that must answer 200.
    pub(super) fn read(&self, path: &str) -> Value {
        let reply = self.get(path);
        assert_eq!(reply.status, StatusCode::OK, "{path}: {}", String::from_utf8_lossy(&reply.body));
        reply.json()
    }

    pub(super) fn post(&self, path: &str, kind: &str, body: impl Into<Vec<u8>>) -> Reply {
        self.ask(Method::POST, path, &[("content-type", kind)], body.into())
    }

    pub(super) fn submit(&self, transaction: &StacksTransaction) -> Reply {
        self.post("/v2/transactions", OCTETS, transaction.encode())
    }

    /// Submits transactions that must be accepted.
    pub(super) fn send(&self, transactions: &[StacksTransaction]) {
        for transaction in transactions {
            let reply = self.submit(transaction);
            assert_eq!(reply.status, StatusCode::OK, "{}", String::from_utf8_lossy(&reply.body));
        }
    }

    /// Mines a burn block.
    pub(super) fn mine(&self) {
        self.chain.mine_burn_block(FIRST_BURN.1 + 30).unwrap();
        self.settle();
    }

    /// Does the coordinator's work.
    pub(super) fn settle(&self) {
        on_a_large_stack(|| while self.chain.process_next().unwrap() {});
    }

    /// The block that producer and stackers would make now, signed by all.
    pub(super) fn make_block(&self) -> NakamotoStacksBlock {
        let mut block = self.proposal();
        let signatures = (0..STACKERS).map(|index| block.header.sign_stacker(&key("stacker", index)));
        block.header.stacker_signatures = signatures.collect();
        block
    }

    /// The same without the stackers' signatures.
    pub(super) fn proposal(&self) -> NakamotoStacksBlock {
        let producer = address("producer", 0);
        let (new_tenure, nonce) = self
            .core
            .read(|reader| {
                let nonce = reader.account(&producer.to_principal(), None).unwrap().nonce;
                Ok::<_, StoreError>((reader.tip()?.burn_view != reader.burn_tip()?.hash, nonce))
            })
            .unwrap();
        let coinbase = || {
            let payload = TransactionPayload::Coinbase { buffer: [7; 32] };
            signed(&key("producer", 0), nonce, 0, payload).encode()
        };
        let order =
            TemplateOrder { coinbase: new_tenure.then(coinbase), allow_empty: true, ..TemplateOrder::default() };
        let assembled = on_a_large_stack(|| self.core.assemble(&order, Duration::MAX, &AtomicBool::new(false)));
        let template = assembled.unwrap().unwrap().template;
        let mut block = NakamotoStacksBlock::decode(&template.block).unwrap();
        let sortition = SortitionHash::try_from(&template.sortition_hash[..]).unwrap();
        block.header.vrf_proof = vrf_key(0).prove(sortition.as_bytes());
        block.header.sign_producer(&key("producer", 0));
        block
    }

    /// Makes a block of pending transactions and processes it.
    pub(super) fn grow(&self) -> StacksBlockId {
        let block = self.make_block();
        let id = block.block_id();
        assert_eq!(self.core.store_block(&block.encode(), |_| ()).unwrap(), StoreOutcome::Stored(id));
        self.settle();
        assert_eq!(self.core.read(|reader| reader.tip()).unwrap().block_id, id);
        id
    }
}
