//! Callers that go away while they wait for a job.

use std::time::{Duration, Instant};

use nakamoto_proto::v1;
use tokio::task::JoinHandle;
use tonic::{Code, Status};
use tonic_types::StatusExt as _;
use v1::template_service_client::TemplateServiceClient;
use v1::validation_service_client::ValidationServiceClient;

use super::bench::Bench;
use super::grpc_limits::served;

/// Waits until so many requests want a job. No worker runs here.
fn until(requests: impl Fn() -> usize, expected: usize) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while requests() != expected {
        assert!(Instant::now() < deadline, "{} requests, not {expected}", requests());
        std::thread::yield_now();
    }
}

/// Makes two requests for one job, which goes on until both callers are gone. `counts` gives the number of requests and
/// of waiting jobs.
fn leave<T: Send + 'static>(counts: impl Fn() -> (usize, usize), ask: impl Fn() -> JoinHandle<T>) {
    let requests = || counts().0;
    let first = ask();
    until(requests, 1);
    let second = ask();
    until(requests, 2);
    assert_eq!(counts(), (2, 1), "the second has joined");
    first.abort();
    until(requests, 1);
    assert_eq!(counts(), (1, 1));
    second.abort();
    until(requests, 0);
    assert_eq!(counts(), (0, 0));
}

#[test]
fn a_job_that_nobody_waits_for_any_more_is_taken_back() {
    let bench = Bench::new(None);
    let router = served(&bench);
    let wait = Some(prost_types::Duration { seconds: 30, nanos: 0 });
    let jobs = &bench.services.templates;
    leave(
        || (jobs.requests(), jobs.stats().waiting),
        || {
            let mut client = TemplateServiceClient::new(router.clone());
            let request = v1::RequestTemplateRequest { wait, ..Default::default() };
            bench.runtime.spawn(async move { client.request_template(request).await })
        },
    );
    let jobs = &bench.services.validations;
    leave(
        || (jobs.requests(), jobs.stats().waiting),
        || {
            let mut client = ValidationServiceClient::new(router.clone());
            let request = v1::RequestValidationRequest { block: vec![1].into(), wait, ..Default::default() };
            bench.runtime.spawn(async move { client.request_validation(request).await })
        },
    );
}

#[test]
fn a_job_whose_caller_was_answered_goes_on() {
    let bench = Bench::new(None);
    let router = served(&bench);
    let wait = Some(prost_types::Duration { seconds: 0, nanos: 1 });
    // Each joins the first. If an answered request were withdrawn, the later counts would be too low.
    for requests in 1..=20 {
        let mut client = TemplateServiceClient::new(router.clone());
        let request = v1::RequestTemplateRequest { wait, ..Default::default() };
        let answer = bench.runtime.block_on(client.request_template(request)).unwrap().into_inner();
        assert_eq!((answer.result, answer.joined), (None, requests > 1));
        assert_eq!(bench.services.templates.requests(), requests);
    }
}

#[test]
fn a_job_that_ends_no_more_is_no_answer() {
    let bench = Bench::new(None);
    let router = served(&bench);
    let check = |status: &Status| {
        assert_eq!(status.code(), Code::Unavailable, "{status}");
        assert_eq!(status.get_details_error_info().unwrap().reason, "SERVER_SHUTDOWN");
    };
    let wait = Some(prost_types::Duration { seconds: 30, nanos: 0 });
    let template = || {
        let mut client = TemplateServiceClient::new(router.clone());
        let request = v1::RequestTemplateRequest { wait, ..Default::default() };
        bench.runtime.spawn(async move { client.request_template(request).await })
    };
    let validation = || {
        let mut client = ValidationServiceClient::new(router.clone());
        let request = v1::RequestValidationRequest { block: vec![1].into(), wait, ..Default::default() };
        bench.runtime.spawn(async move { client.request_validation(request).await })
    };
    let (templates, validations) = (&bench.services.templates, &bench.services.validations);
    let (first, second) = (template(), validation());
    until(|| templates.requests() + validations.requests(), 2);
    templates.stop();
    validations.stop();
    check(&bench.runtime.block_on(first).unwrap().unwrap_err());
    check(&bench.runtime.block_on(second).unwrap().unwrap_err());
    // Nor is one queued.
    check(&bench.runtime.block_on(template()).unwrap().unwrap_err());
    check(&bench.runtime.block_on(validation()).unwrap().unwrap_err());
}

#[test]
fn a_cancellation_that_is_sent_again_takes_back_its_own_request_alone() {
    let bench = Bench::new(None);
    let router = served(&bench);
    let (own, pending) = ("own".to_owned(), v1::JobState::Pending);

    let mut client = TemplateServiceClient::new(router.clone());
    let mut ask = |request_key: &str| {
        let request = v1::RequestTemplateRequest { request_key: request_key.to_owned(), ..Default::default() };
        bench.runtime.block_on(client.request_template(request)).unwrap().into_inner().template_id
    };
    let template_id = ask("own");
    assert_eq!(ask(""), template_id);
    let mut cancel = |request_key: &str| {
        let (template_id, request_key) = (template_id.clone(), request_key.to_owned());
        let request = v1::CancelTemplateRequest { template_id, request_key };
        bench.runtime.block_on(client.cancel_template(request)).unwrap().into_inner().state()
    };
    assert_eq!([cancel(&own), cancel(&own), cancel("")], [pending, pending, v1::JobState::Cancelled]);

    let mut client = ValidationServiceClient::new(router);
    let mut ask = |request_key: &str| {
        let request_key = request_key.to_owned();
        let request = v1::RequestValidationRequest { block: vec![1].into(), request_key, ..Default::default() };
        bench.runtime.block_on(client.request_validation(request)).unwrap().into_inner().validation_id
    };
    let validation_id = ask("own");
    assert_eq!(ask(""), validation_id);
    let mut cancel = |request_key: &str| {
        let (validation_id, request_key) = (validation_id.clone(), request_key.to_owned());
        let request = v1::CancelValidationRequest { validation_id, request_key };
        bench.runtime.block_on(client.cancel_validation(request)).unwrap().into_inner().state()
    };
    assert_eq!([cancel(&own), cancel(&own), cancel("")], [pending, pending, v1::JobState::Cancelled]);
}

#[test]
fn a_call_that_is_dropped_leaves_the_one_that_has_sent_its_request_again() {
    let bench = Bench::new(None);
    let router = served(&bench);
    let wait = Some(prost_types::Duration { seconds: 30, nanos: 0 });
    let (templates, validations) = (&bench.services.templates, &bench.services.validations);
    let ask = || {
        let mut client = TemplateServiceClient::new(router.clone());
        let request = v1::RequestTemplateRequest { wait, request_key: "own".to_owned(), ..Default::default() };
        bench.runtime.spawn(async move { client.request_template(request).await })
    };
    let first = ask();
    until(|| templates.requests(), 1);
    let again = ask();
    until(|| usize::try_from(templates.stats().joined_total).unwrap(), 1);
    let last = bench.runtime.spawn({
        let mut client = ValidationServiceClient::new(router.clone());
        let request = v1::RequestValidationRequest { block: vec![1].into(), wait, ..Default::default() };
        async move { client.request_validation(request).await }
    });
    until(|| validations.requests(), 1);
    first.abort();
    // Dropped by the same thread, after the first.
    last.abort();
    until(|| validations.requests(), 0);
    assert_eq!((templates.requests(), templates.stats().waiting), (1, 1));
    again.abort();
    until(|| templates.requests(), 0);
}
