//! Answers that the gRPC library gives for us: to unreadable requests, to reflection and to health checks.

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use nakamoto_proto::v1;
use prost::Message as _;
use tonic::{Code, Status};
use tonic_health::pb::health_client::HealthClient;
use tonic_health::pb::{HealthCheckRequest, health_check_response::ServingStatus};
use tonic_reflection::pb::{v1 as reflection, v1alpha};
use tonic_types::StatusExt as _;
use tower::ServiceExt as _;
use v1::event_service_client::EventServiceClient;

use super::bench::Bench;
use super::grpc_limits::served;

/// Code and reason with which a message is refused.
fn refusal(bench: &Bench, router: &Router, path: &str, message: &[u8]) -> (Code, String) {
    let length = u32::try_from(message.len()).unwrap().to_be_bytes();
    let body = [&[0], &length[..], message].concat();
    let request = Request::post(path).header("content-type", "application/grpc").body(Body::from(body)).unwrap();
    let response = bench.runtime.block_on(router.clone().oneshot(request)).unwrap();
    let status = Status::from_header_map(response.headers()).expect("a status");
    (status.code(), status.get_details_error_info().expect("a reason").reason)
}

#[test]
fn a_message_that_cannot_be_decoded_is_called_so_by_every_service() {
    let bench = Bench::new(None);
    let router = served(&bench);
    let not_a_message = v1::SubscribeRequest { client_name: "cut".to_owned(), ..Default::default() }.encode_to_vec();
    for path in ["/nakamoto.v1.EventService/Subscribe", "/nakamoto.v1.EventService/ListEvents"] {
        let refused = refusal(&bench, &router, path, &not_a_message[..3]);
        assert_eq!(refused, (Code::InvalidArgument, "REQUEST_UNDECODABLE".to_owned()), "{path}");
    }
}

#[test]
fn a_filter_may_be_as_large_as_a_message() {
    let bench = Bench::new(None);
    let term = v1::EventTerm { txids: vec![vec![0; 6 << 20].into()], ..Default::default() };
    let filter = Some(v1::EventFilter { terms: vec![term], all: false });
    let mut client = EventServiceClient::new(served(&bench));
    let subscribed =
        bench.runtime.block_on(client.subscribe(v1::SubscribeRequest { filter: filter.clone(), ..Default::default() }));
    let listed = bench.runtime.block_on(client.list_events(v1::ListEventsRequest { filter, ..Default::default() }));
    for refused in [subscribed.err().unwrap(), listed.err().unwrap()] {
        let info = refused.get_details_error_info().expect("a reason");
        assert_eq!(info.reason, "FIELD_INVALID", "it was read: {refused}");
    }
}

/// Asks one version of reflection for all services, and for the file of each.
macro_rules! described {
    ($bench:expr, $router:expr, $version:ident) => {{
        use $version::server_reflection_client::ServerReflectionClient;
        use $version::server_reflection_request::MessageRequest;
        use $version::server_reflection_response::MessageResponse;
        let ask = |request: MessageRequest| {
            let mut client = ServerReflectionClient::new($router.clone());
            let request = $version::ServerReflectionRequest { host: String::new(), message_request: Some(request) };
            $bench.runtime.block_on(async move {
                let mut answers =
                    client.server_reflection_info(tokio_stream::once(request)).await.unwrap().into_inner();
                answers.message().await.unwrap().unwrap().message_response.unwrap()
            })
        };
        let MessageResponse::ListServicesResponse(list) = ask(MessageRequest::ListServices(String::new())) else {
            panic!("no list")
        };
        let names: Vec<_> = list.service.into_iter().map(|service| service.name).collect();
        for name in &names {
            let answer = ask(MessageRequest::FileContainingSymbol(name.clone()));
            assert!(matches!(answer, MessageResponse::FileDescriptorResponse(_)), "{name}: {answer:?}");
        }
        names
    }};
}

#[test]
fn every_service_that_is_listed_is_described_and_has_its_health() {
    let bench = Bench::new(None);
    let router = served(&bench);
    let names = described!(bench, router, reflection);
    assert_eq!(described!(bench, router, v1alpha), names);
    assert!(names.iter().any(|name| name == "nakamoto.v1.AdminService") && names.len() == 15, "{names:?}");
    for service in names {
        let mut client = HealthClient::new(router.clone());
        let request = HealthCheckRequest { service: service.clone() };
        let answer = bench.runtime.block_on(client.check(request)).unwrap_or_else(|error| panic!("{service}: {error}"));
        assert_eq!(answer.into_inner().status(), ServingStatus::Serving, "{service}");
    }
}
