//! The table of all paths.

use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request};
use axum::handler::Handler;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse as _, Response};
use axum::routing::MethodRouter;
use tonic::Code;

use super::query::QueryKeys;
use super::{
    accounts, blocks, contracts, events, extended, fees, headers, info, jobs, lookup, openapi, overview, page,
    proposal, signers, simulate, sortitions, stackerdb, stacking, state, tenures, transactions, unsupported,
};
use crate::layer::HookLayer;
use crate::limits::{MAX_MESSAGE_BYTES, MAX_READ_BODY_BYTES, MAX_TRANSACTION_BODY_BYTES};
use crate::rpc::errors::Failure;
use crate::rpc::grpc::Services;

/// The block at which state is read.
const TIP: &[&str] = &["tip"];
/// The same, and whether proofs are wanted.
const STATE: &[&str] = &["tip", "proof"];
/// Whether microblocks count: there are none, but the indexer's clients send it.
const UNANCHORED: &[&str] = &["unanchored"];
/// How long to wait for a result.
const WAIT: &[&str] = &["wait_ms"];

/// A path with its handler.
pub struct Route {
    /// GET or POST.
    pub method: &'static str,
    /// The path as axum writes it, which is the form of OpenAPI.
    pub path: &'static str,
    /// Keys of its query; `None` for a path that always answers the same.
    pub keys: Option<QueryKeys>,
    answers: MethodRouter<Services>,
}

fn get<T: 'static>(path: &'static str, handler: impl Handler<T, Services>) -> Route {
    Route { method: "GET", path, keys: Some(QueryKeys::default()), answers: axum::routing::get(handler) }
}

fn post<T: 'static>(path: &'static str, max_body_bytes: usize, handler: impl Handler<T, Services>) -> Route {
    let answers = axum::routing::post(handler).layer(DefaultBodyLimit::max(max_body_bytes));
    Route { method: "POST", path, keys: Some(QueryKeys::default()), answers }
}

impl Route {
    /// Takes these keys in its query, each at most once.
    fn takes(self, one: &'static [&'static str]) -> Self {
        Self { keys: Some(QueryKeys { one, lists: &[] }), ..self }
    }

    /// The handler, which runs once the query is checked.
    fn checked(self) -> MethodRouter<Services> {
        match self.keys {
            Some(keys) => self.answers.route_layer(HookLayer(keys)),
            None => self.answers,
        }
    }
}

/// All paths.
#[must_use]
pub fn routes() -> Vec<Route> {
    [own(), node_and_wallets(), indexer(), state_reads(), chain_reads(), stacker_dbs(), switched_off()]
        .into_iter()
        .flatten()
        .collect()
}

/// The milestone's own paths.
fn own() -> Vec<Route> {
    vec![
        get("/", page::index),
        get("/page/{file}", page::file),
        get("/health", info::alive),
        get("/openapi.json", openapi::document),
        get("/v3/overview", overview::overview),
        get("/v3/lookup/{hash}", lookup::lookup),
        Route { keys: Some(events::KEYS), ..get("/v3/events", events::follow) },
        post("/v3/block", MAX_MESSAGE_BYTES, blocks::push),
        post("/v3/block_template", MAX_MESSAGE_BYTES, jobs::request_template),
        post("/v3/block_template/", MAX_MESSAGE_BYTES, jobs::request_template),
        get("/v3/block_template/{id}", jobs::template).takes(WAIT),
        post("/v3/block_validation", MAX_MESSAGE_BYTES, jobs::request_validation),
        get("/v3/block_validation/{id}", jobs::validation).takes(WAIT),
        get("/v3/block_proposal/{id}", proposal::verdict).takes(WAIT),
    ]
}

fn node_and_wallets() -> Vec<Route> {
    vec![
        get("/v2/info", info::info),
        get("/v2/neighbors", info::neighbors),
        get("/v2/pox", stacking::pox).takes(TIP),
        get("/v3/health", info::health),
        get("/v2/accounts/{principal}", accounts::account).takes(STATE),
        get("/v2/fees/transfer", fees::transfer),
        post("/v2/fees/transaction", MAX_TRANSACTION_BODY_BYTES, fees::transaction),
        post("/v2/transactions", MAX_TRANSACTION_BODY_BYTES, transactions::submit),
        get("/v2/transactions/unconfirmed/{txid}", transactions::unconfirmed),
        get("/v3/transaction/{txid}", transactions::mined),
        post("/v3/transactions/simulate", MAX_TRANSACTION_BODY_BYTES, simulate::transaction).takes(TIP),
        post("/v3/block_proposal", MAX_MESSAGE_BYTES, proposal::propose),
        post("/v3/blocks/upload", MAX_MESSAGE_BYTES, blocks::upload).takes(&["broadcast"]),
        post("/v3/blocks/upload/", MAX_MESSAGE_BYTES, blocks::upload).takes(&["broadcast"]),
    ]
}

/// Paths of the Hiro API.
fn indexer() -> Vec<Route> {
    vec![
        get("/extended", extended::status),
        get("/extended/v1/status", extended::status),
        get("/extended/v1/info/network_block_times", extended::network_block_times),
        get("/extended/v1/address/{principal}/nonces", extended::nonces).takes(UNANCHORED),
        get("/extended/v1/address/{principal}/stx", extended::stx).takes(UNANCHORED),
        get("/extended/v1/address/{principal}/balances", extended::balances).takes(UNANCHORED),
        get("/extended/v2/addresses/{principal}/balances/stx", extended::stx).takes(&["include_mempool"]),
        get("/extended/v3/principals/{principal}/balances/stx", extended::principal_stx).takes(&["include_mempool"]),
        get("/extended/v3/principals/{principal}/nonces", extended::principal_nonces),
        get("/extended/v1/tx/{txid}", extended::transaction).takes(&["event_limit", "event_offset", "unanchored"]),
        get("/extended/v1/tx/{txid}/raw", extended::raw_transaction),
        get("/extended/v1/contract/{contract_id}", extended::contract).takes(UNANCHORED),
        get("/extended/v2/blocks/{block}", extended::block),
    ]
}

fn state_reads() -> Vec<Route> {
    vec![
        get("/v2/contracts/source/{address}/{contract}", contracts::source).takes(STATE),
        get("/v2/contracts/interface/{address}/{contract}", contracts::interface).takes(TIP),
        post("/v2/contracts/call-read/{address}/{contract}/{function}", MAX_MESSAGE_BYTES, contracts::call_read)
            .takes(TIP),
        post(
            "/v3/contracts/fast-call-read/{address}/{contract}/{function}",
            MAX_MESSAGE_BYTES,
            contracts::fast_call_read,
        )
        .takes(TIP),
        get("/v2/data_var/{address}/{contract}/{variable}", contracts::data_var).takes(STATE),
        post("/v2/map_entry/{address}/{contract}/{map}", MAX_READ_BODY_BYTES, contracts::map_entry).takes(STATE),
        get("/v2/constant_val/{address}/{contract}/{constant}", state::constant).takes(TIP),
        get("/v2/traits/{address}/{contract}/{trait_address}/{trait_contract}/{trait}", state::implements_trait)
            .takes(TIP),
        get("/v2/clarity/marf/{hash}", state::marf_value).takes(STATE),
        get("/v2/clarity/metadata/{address}/{contract}/{key}", state::metadata).takes(TIP),
    ]
}

fn chain_reads() -> Vec<Route> {
    vec![
        get("/v3/blocks/{block_id}", blocks::by_id),
        get("/v3/blocks/height/{height}", blocks::by_height).takes(TIP),
        get("/v3/blocks/{block_id}/signers", signers::signers).takes(&["back"]),
        get("/v3/tenures/info", tenures::info),
        get("/v3/tenures/{block_id}", tenures::blocks_back).takes(&["stop"]),
        get("/v3/tenures/blocks/{consensus_hash}", tenures::blocks_by_consensus),
        get("/v3/tenures/blocks/hash/{burn_block_hash}", tenures::blocks_by_burn_block),
        get("/v3/tenures/blocks/height/{burn_block_height}", tenures::blocks_by_height),
        get("/v3/tenures/tip/{consensus_hash}", tenures::tip),
        get("/v3/tenures/tip_metadata/{consensus_hash}", tenures::tip_metadata),
        get("/v3/tenures/fork_info/{start}/{stop}", tenures::fork_info),
        get("/v3/sortitions", sortitions::latest),
        get("/v3/sortitions/latest", sortitions::latest),
        get("/v3/sortitions/latest_and_last", sortitions::latest_and_last),
        get("/v3/sortitions/consensus/{consensus_hash}", sortitions::by_consensus),
        get("/v3/sortitions/burn/{burn_block_hash}", sortitions::by_burn_block),
        get("/v3/sortitions/burn_height/{burn_block_height}", sortitions::by_height),
        get("/v3/stacker_set/{cycle}", stacking::stacker_set).takes(TIP),
        get("/v3/signer/{public_key}/{cycle}", stacking::signer),
    ]
}

fn stacker_dbs() -> Vec<Route> {
    vec![
        get("/v2/stackerdb/{address}/{contract}", stackerdb::slots),
        get("/v2/stackerdb/{address}/{contract}/replicas", stackerdb::replicas),
        post("/v2/stackerdb/{address}/{contract}/chunks", stackerdb::MAX_BODY_BYTES, stackerdb::put),
        get("/v2/stackerdb/{address}/{contract}/{slot}", stackerdb::newest),
        get("/v2/stackerdb/{address}/{contract}/{slot}/{version}", stackerdb::version),
    ]
}

fn switched_off() -> Vec<Route> {
    let routes = vec![
        get("/v3/blocks/replay/{block_id}", unsupported::off),
        post("/v3/blocks/simulate/{block_id}", MAX_READ_BODY_BYTES, unsupported::off),
        post("/v2/blocks/upload/{consensus_hash}", MAX_READ_BODY_BYTES, unsupported::off),
        post("/v2/microblocks", MAX_READ_BODY_BYTES, unsupported::off),
        post("/v2/mempool/query", MAX_READ_BODY_BYTES, unsupported::off),
    ];
    routes.into_iter().map(|route| Route { keys: None, ..route }).collect()
}

/// A router of all HTTP paths, with its own fallback.
pub fn router(services: &Services) -> Router {
    routes()
        .into_iter()
        .fold(Router::new(), |router, route| router.route(route.path, route.checked()))
        .method_not_allowed_fallback(wrong_method)
        .fallback(unknown_path)
        .with_state(Arc::clone(services))
        .layer(HookLayer(headers::Standard(Arc::clone(services))))
}

async fn wrong_method() -> Response {
    (StatusCode::METHOD_NOT_ALLOWED, "method not allowed").into_response()
}

/// A gRPC call of an unknown service gets a gRPC answer.
async fn unknown_path(request: Request) -> Response {
    let kind = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if kind.starts_with("application/grpc") {
        let path = request.uri().path();
        let failure = Failure::new(Code::Unimplemented, "UNKNOWN_METHOD", format!("{path} is not served"));
        return tonic::Status::from(failure.with("path", path)).into_http();
    }
    if request.uri().path().starts_with("/extended") {
        return extended::unknown_path().into_response();
    }
    (StatusCode::NOT_FOUND, "not found").into_response()
}
