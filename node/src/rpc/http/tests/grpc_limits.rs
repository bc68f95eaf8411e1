//! Limits of values in gRPC requests: the last value that is taken, and the first that is refused.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use chainstate::assembly::MAX_TEMPLATE_TRANSACTIONS;
use chainstate::test_support::{address, transfer};
use nakamoto_proto::codec::MAX_REQUEST_FIELDS;
use nakamoto_proto::v1;
use stacks_types::address::StacksAddress;
use stacks_types::limits::MAX_BLOCK_BYTES;
use tonic::{Code, Status};
use tonic_types::StatusExt as _;
use v1::admin_service_client::AdminServiceClient;
use v1::event_service_client::EventServiceClient;
use v1::operator_service_client::OperatorServiceClient;
use v1::stacker_db_service_client::StackerDbServiceClient;
use v1::template_service_client::TemplateServiceClient;
use v1::transaction_service_client::TransactionServiceClient;
use v1::validation_service_client::ValidationServiceClient;

use super::bench::Bench;
use crate::limits::{
    MAX_ADMIN_COUNT, MAX_ADMIN_INTERVAL, MAX_ASSEMBLY_TIME, MAX_BATCH, MAX_CHUNKS, MAX_CLIENT_NAME_BYTES,
    MAX_HEARTBEAT, MAX_PAGE_SIZE, MAX_REQUEST_KEY_BYTES, MAX_WAIT, MIN_ADMIN_INTERVAL, MIN_ASSEMBLY_TIME,
    MIN_HEARTBEAT,
};
use crate::rpc::grpc::{ServiceState, into_router, routes};

/// All services in this process, with a clock.
pub(super) fn served(bench: &Bench) -> Router {
    let services = Arc::new(ServiceState { serves_admin: true, ..ServiceState::clone(&bench.services) });
    let (grpc, _) = bench.runtime.block_on(routes(&services)).unwrap();
    into_router(grpc)
}

/// The field that is refused as invalid; `None` when the request passed that check.
fn refused<T>(answer: Result<tonic::Response<T>, Status>) -> Option<String> {
    let status = answer.err().filter(|status| status.code() == Code::InvalidArgument)?;
    let info = status.get_details_error_info().expect("a reason");
    assert_eq!(info.reason, "FIELD_INVALID", "{status}");
    Some(info.metadata["field"].clone())
}

fn duration(duration: Duration) -> Option<prost_types::Duration> {
    Some(prost_types::Duration::try_from(duration).unwrap())
}

const STEP: Duration = Duration::from_nanos(1);

/// Asks with each value: the bounds are taken, the values beyond are refused with the field's name.
macro_rules! bounded {
    ($bench:expr, $field:literal, $least:expr, $most:expr, $below:expr, $above:expr, $ask:expr) => {
        bounded!($bench, $field, $least, $most, [$below, $above], $ask)
    };
    ($bench:expr, $field:literal, $least:expr, $most:expr, $beyond:expr, $ask:expr) => {
        let within = [($least, None), ($most, None)].into_iter();
        for (value, expected) in within.chain($beyond.map(|value| (value, Some($field)))) {
            let shown = format!("{value:?}");
            let answer = $bench.runtime.block_on(async { refused($ask(value).await) });
            assert_eq!(answer.as_deref(), expected, "{} of {shown}", $field);
        }
    };
}

#[test]
fn a_subscription_is_within_its_limits() {
    let bench = Bench::new(None);
    let router = served(&bench);
    let subscribe = |change: &dyn Fn(&mut v1::SubscribeRequest)| {
        let filter = Some(v1::EventFilter { all: true, terms: Vec::new() });
        let mut request = v1::SubscribeRequest { filter, ..Default::default() };
        change(&mut request);
        let mut client = EventServiceClient::new(router.clone());
        async move { client.subscribe(request).await }
    };
    let (least, most) = (MIN_HEARTBEAT, MAX_HEARTBEAT);
    bounded!(bench, "heartbeat_interval", least, most, [Duration::ZERO, least - STEP, most + STEP], |value| {
        subscribe(&move |request| request.heartbeat_interval = duration(value))
    });
    bounded!(bench, "max_batch", 0, MAX_BATCH, MAX_BATCH + 1, u32::MAX, |value| {
        subscribe(&move |request| request.max_batch = value)
    });
    bounded!(
        bench,
        "client_name",
        0,
        MAX_CLIENT_NAME_BYTES,
        MAX_CLIENT_NAME_BYTES + 1,
        2 * MAX_CLIENT_NAME_BYTES,
        |length| subscribe(&move |request| request.client_name = "n".repeat(length))
    );
}

#[test]
fn a_page_has_a_limit_in_every_list() {
    let bench = Bench::new(None);
    let router = served(&bench);
    let most = MAX_PAGE_SIZE;
    bounded!(bench, "page_size", 0, most, most + 1, u32::MAX, |page_size| {
        let filter = Some(v1::EventFilter { all: true, terms: Vec::new() });
        let mut client = EventServiceClient::new(router.clone());
        async move { client.list_events(v1::ListEventsRequest { filter, page_size, ..Default::default() }).await }
    });
    bounded!(bench, "page_size", 0, most, most + 1, u32::MAX, |page_size| {
        let mut client = OperatorServiceClient::new(router.clone());
        async move { client.list_subscribers(v1::ListSubscribersRequest { page_size, ..Default::default() }).await }
    });
    bounded!(bench, "page_size", 0, most, most + 1, u32::MAX, |page_size| {
        let mut client = TransactionServiceClient::new(router.clone());
        let request = v1::ListPendingTransactionsRequest { page_size, ..Default::default() };
        async move { client.list_pending_transactions(request).await }
    });
}

#[test]
fn a_list_ends_where_nothing_follows() {
    let bench = Bench::new(None);
    bench.send(&[transfer(0, 0, 2, 10), transfer(1, 0, 2, 10)]);
    let mut client = TransactionServiceClient::new(served(&bench));
    let mut page = |page_size, page_token: &str| {
        let request = v1::ListPendingTransactionsRequest { page_size, page_token: page_token.to_owned() };
        let page = bench.runtime.block_on(client.list_pending_transactions(request)).unwrap().into_inner();
        assert_eq!(page.total_count, 2);
        (page.transactions.len(), page.next_page_token)
    };
    assert_eq!(page(2, ""), (2, String::new()));
    let (count, token) = page(1, "");
    assert_eq!((count, token.is_empty()), (1, false));
    assert_eq!(page(1, &token), (1, String::new()));
}

#[test]
fn a_job_is_within_its_limits() {
    let bench = Bench::new(None);
    let router = served(&bench);
    let template = |request: v1::RequestTemplateRequest| {
        let mut client = TemplateServiceClient::new(router.clone()).max_encoding_message_size(MAX_BLOCK_BYTES * 2);
        async move { client.request_template(request).await }
    };
    let (least, most) = (MIN_ASSEMBLY_TIME, MAX_ASSEMBLY_TIME);
    bounded!(bench, "assembly_time", least, most, [Duration::ZERO, least - STEP, most + STEP], |value| {
        template(v1::RequestTemplateRequest { assembly_time: duration(value), ..Default::default() })
    });
    let most = MAX_TEMPLATE_TRANSACTIONS;
    bounded!(bench, "max_transactions", 0, most, most + 1, u32::MAX, |max_transactions| {
        template(v1::RequestTemplateRequest { max_transactions, ..Default::default() })
    });
    bounded!(bench, "coinbase", 0, MAX_BLOCK_BYTES, MAX_BLOCK_BYTES + 1, MAX_BLOCK_BYTES + 2, |length| {
        template(v1::RequestTemplateRequest { coinbase: vec![0; length].into(), ..Default::default() })
    });
    let validate = |length: usize, parent_wait: Duration| {
        let block = vec![0; length].into();
        let request = v1::RequestValidationRequest { block, parent_wait: duration(parent_wait), ..Default::default() };
        let mut client = ValidationServiceClient::new(router.clone()).max_encoding_message_size(MAX_BLOCK_BYTES * 2);
        async move { client.request_validation(request).await }
    };
    bounded!(bench, "parent_wait", STEP, MAX_WAIT, MAX_WAIT + STEP, 2 * MAX_WAIT, |value| validate(1, value));
    bounded!(bench, "block", 1, MAX_BLOCK_BYTES, MAX_BLOCK_BYTES + 1, MAX_BLOCK_BYTES + 2, |length| {
        validate(length, MAX_WAIT)
    });
    // No worker runs here, so the longest wait would really be waited.
    bounded!(bench, "wait", STEP, STEP, MAX_WAIT + STEP, 2 * MAX_WAIT, |value| {
        template(v1::RequestTemplateRequest { wait: duration(value), ..Default::default() })
    });
    bounded!(bench, "wait", STEP, STEP, MAX_WAIT + STEP, 2 * MAX_WAIT, |value| {
        let request =
            v1::RequestValidationRequest { block: vec![0].into(), wait: duration(value), ..Default::default() };
        let mut client = ValidationServiceClient::new(router.clone());
        async move { client.request_validation(request).await }
    });
    // Of unknown jobs.
    bounded!(bench, "wait", STEP, MAX_WAIT, MAX_WAIT + STEP, 2 * MAX_WAIT, |value| {
        let mut client = TemplateServiceClient::new(router.clone());
        let request = v1::GetTemplateRequest { template_id: "t-0-77".to_owned(), wait: duration(value) };
        async move { client.get_template(request).await }
    });
    bounded!(bench, "wait", STEP, MAX_WAIT, MAX_WAIT + STEP, 2 * MAX_WAIT, |value| {
        let mut client = ValidationServiceClient::new(router.clone());
        let request = v1::GetValidationRequest { validation_id: "v-0-77".to_owned(), wait: duration(value) };
        async move { client.get_validation(request).await }
    });
}

#[test]
fn a_clients_name_for_its_request_is_within_its_limit() {
    let bench = Bench::new(None);
    let router = served(&bench);
    let most = MAX_REQUEST_KEY_BYTES;
    bounded!(bench, "request_key", 0, most, most + 1, 2 * most, |length| {
        let mut client = TemplateServiceClient::new(router.clone());
        let request = v1::RequestTemplateRequest { request_key: "k".repeat(length), ..Default::default() };
        async move { client.request_template(request).await }
    });
    bounded!(bench, "request_key", 0, most, most + 1, 2 * most, |length| {
        let (block, request_key) = (vec![0].into(), "k".repeat(length));
        let request = v1::RequestValidationRequest { block, request_key, ..Default::default() };
        let mut client = ValidationServiceClient::new(router.clone());
        async move { client.request_validation(request).await }
    });
    bounded!(bench, "request_key", 0, most, most + 1, 2 * most, |length| {
        let mut client = TemplateServiceClient::new(router.clone());
        let (template_id, request_key) = ("t-0-77".to_owned(), "k".repeat(length));
        async move { client.cancel_template(v1::CancelTemplateRequest { template_id, request_key }).await }
    });
    bounded!(bench, "request_key", 0, most, most + 1, 2 * most, |length| {
        let mut client = ValidationServiceClient::new(router.clone());
        let (validation_id, request_key) = ("v-0-77".to_owned(), "k".repeat(length));
        async move { client.cancel_validation(v1::CancelValidationRequest { validation_id, request_key }).await }
    });
}

#[test]
fn a_call_has_so_many_chunks() {
    let bench = Bench::new(None);
    let router = served(&bench);
    bounded!(bench, "chunks", 1, MAX_CHUNKS, 0, MAX_CHUNKS + 1, |count| {
        let chunk = v1::StackerDbChunk { signature: vec![0; 65].into(), ..Default::default() };
        let request = v1::PutChunksRequest { contract_id: "none".to_owned(), chunks: vec![chunk; count] };
        let mut client = StackerDbServiceClient::new(router.clone());
        async move { client.put_chunks(request).await }
    });
}

#[test]
fn a_request_has_so_many_fields() {
    let bench = Bench::new(None);
    let router = served(&bench);
    let chunks = |count| v1::PutChunksRequest {
        contract_id: "ST000000000000000000002AMW42H.producers".to_owned(),
        chunks: vec![v1::StackerDbChunk::default(); count],
    };
    let mut stackerdbs = StackerDbServiceClient::new(router.clone());
    let most = bench.runtime.block_on(stackerdbs.put_chunks(chunks(MAX_REQUEST_FIELDS - 1)));
    assert_eq!(refused(most).as_deref(), Some("chunks"), "the service refuses what is read");
    let more = bench.runtime.block_on(stackerdbs.put_chunks(chunks(MAX_REQUEST_FIELDS))).unwrap_err();
    assert_too_large(&more);
    let terms = vec![v1::EventTerm::default(); MAX_REQUEST_FIELDS];
    let filter = Some(v1::EventFilter { all: false, terms });
    let mut events = EventServiceClient::new(router);
    let page = v1::ListEventsRequest { filter: filter.clone(), ..Default::default() };
    assert_too_large(&bench.runtime.block_on(events.list_events(page)).unwrap_err());
    let stream = v1::SubscribeRequest { filter, ..Default::default() };
    assert_too_large(&bench.runtime.block_on(events.subscribe(stream)).unwrap_err());
}

fn assert_too_large(status: &Status) {
    assert_eq!(status.code(), Code::ResourceExhausted, "{status}");
    assert_eq!(status.get_details_error_info().expect("a reason").reason, "REQUEST_TOO_LARGE", "{status}");
    assert!(status.message().contains(&MAX_REQUEST_FIELDS.to_string()), "{status}");
}

#[test]
fn what_the_admin_sets_is_within_its_limits() {
    let bench = Bench::started();
    let router = served(&bench);
    let (least, most) = (MIN_ADMIN_INTERVAL, MAX_ADMIN_INTERVAL);
    for flag in ["1ms", "48h", "8760h"] {
        let interval = client::parse_duration(flag).unwrap();
        let request = v1::ResumeClockRequest { interval: duration(interval) };
        let answer = bench.runtime.block_on(AdminServiceClient::new(router.clone()).resume_clock(request)).unwrap();
        assert_eq!(answer.into_inner().clock.unwrap().interval, duration(interval), "{flag}");
    }
    bounded!(bench, "interval", least, most, [Duration::ZERO, least - STEP, most + STEP], |value| {
        let mut client = AdminServiceClient::new(router.clone());
        async move { client.resume_clock(v1::ResumeClockRequest { interval: duration(value) }).await }
    });
    bounded!(bench, "interval", least, most, [Duration::ZERO, least - STEP, most + STEP], |value| {
        let mode = v1::MiningMode::Interval.into();
        let mut client = AdminServiceClient::new(router.clone());
        async move { client.set_mining_mode(v1::SetMiningModeRequest { mode, interval: duration(value) }).await }
    });
    bounded!(bench, "count", 1, MAX_ADMIN_COUNT, 0, MAX_ADMIN_COUNT + 1, |count| {
        // One nanosecond, as no producer runs here.
        let request = v1::MineBlocksRequest { count: Some(count), wait: duration(STEP) };
        let mut client = AdminServiceClient::new(router.clone());
        async move { client.mine_blocks(request).await }
    });
    bounded!(bench, "depth", MAX_ADMIN_COUNT, MAX_ADMIN_COUNT, 0, MAX_ADMIN_COUNT + 1, |depth| {
        let mut client = AdminServiceClient::new(router.clone());
        let request = v1::ReorganizeBurnchainRequest { depth: Some(depth), ..Default::default() };
        async move { client.reorganize_burnchain(request).await }
    });
    bounded!(bench, "length", MAX_ADMIN_COUNT, MAX_ADMIN_COUNT + 1, 900, MAX_ADMIN_COUNT + 2, |length| {
        let mut client = AdminServiceClient::new(router.clone());
        let request = v1::ReorganizeBurnchainRequest { depth: Some(900), length: Some(length), ..Default::default() };
        async move { client.reorganize_burnchain(request).await }
    });
}

#[test]
fn a_producer_is_asked_about_by_an_address_of_this_network() {
    let bench = Bench::new(None);
    let mut client = TemplateServiceClient::new(served(&bench));
    let (ours, foreign) = (address("producer", 0), StacksAddress::of_key_hash(address("producer", 0).hash160(), true));
    let mut ask = |address: StacksAddress| {
        let request = v1::GetProducerViewRequest { producer_address: address.to_string() };
        bench.runtime.block_on(client.get_producer_view(request))
    };
    assert!(ask(ours).is_ok());
    assert_eq!(refused(ask(foreign)).as_deref(), Some("producer_address"));
}

#[test]
fn the_path_of_a_field_has_its_place_in_each_list() {
    let bench = Bench::new(None);
    let stacker = |address: String| v1::StackerSetEntry { address, weight: 1 };
    let stackers = vec![stacker(address("stacker", 0).to_string()), stacker("nobody".to_owned())];
    let mut client = AdminServiceClient::new(served(&bench));
    let request = v1::SetStackerSetRequest { reward_cycle: None, stackers };
    let answer = bench.runtime.block_on(client.set_stacker_set(request));
    assert_eq!(refused(answer).as_deref(), Some("stackers[1].address"));
    let asks = |kinds| v1::EventTerm { kinds, ..Default::default() };
    let filter = v1::EventFilter { terms: vec![asks(vec![1]), asks(vec![1, 99])], all: false };
    let mut client = EventServiceClient::new(served(&bench));
    let request = v1::ListEventsRequest { filter: Some(filter), ..Default::default() };
    let answer = bench.runtime.block_on(client.list_events(request));
    assert_eq!(refused(answer).as_deref(), Some("filter.terms[1].kinds[1]"));
}
