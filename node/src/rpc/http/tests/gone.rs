//! Callers that go away while they wait for a job.

use std::time::{Duration, Instant};

use nakamoto_proto::v1;
use tokio::task::JoinHandle;
use v1::template_service_client::TemplateServiceClient;
use v1::validation_service_client::ValidationServiceClient;

use super::bench::Bench;
use super::grpc_limits::served;

/// Waits until so many jobs wait. Nobody works here.
fn until_waiting(count: impl Fn() -> usize, expected: usize) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while count() != expected {
        assert!(Instant::now() < deadline, "{} jobs wait, not {expected}", count());
        std::thread::yield_now();
    }
}

/// Asks twice, once as who goes away and once as who stays; the job goes on until both are gone.
fn leave<T: Send + 'static>(bench: &Bench, waiting: impl Fn() -> usize, ask: impl Fn() -> JoinHandle<T>, joined: bool) {
    let jobs = |callers| if joined { 1 } else { callers };
    let first = ask();
    until_waiting(&waiting, jobs(1));
    let second = ask();
    until_waiting(&waiting, jobs(2));
    first.abort();
    let _ = bench.runtime.block_on(first);
    if joined {
        std::thread::sleep(Duration::from_millis(50));
    }
    until_waiting(&waiting, 1);
    second.abort();
    until_waiting(&waiting, 0);
}

#[test]
fn a_job_that_nobody_waits_for_any_more_is_taken_back() {
    let bench = Bench::new(None);
    let router = served(&bench);
    let wait = Some(prost_types::Duration { seconds: 30, nanos: 0 });
    let template = || {
        let mut client = TemplateServiceClient::new(router.clone());
        let request = v1::RequestTemplateRequest { wait, ..Default::default() };
        bench.runtime.spawn(async move { client.request_template(request).await })
    };
    leave(&bench, || bench.services.templates.stats().waiting, template, true);
    for block in [1, 2] {
        let validation = || {
            let mut client = ValidationServiceClient::new(router.clone());
            let request = v1::RequestValidationRequest { block: vec![block].into(), wait, ..Default::default() };
            bench.runtime.spawn(async move { client.request_validation(request).await })
        };
        leave(&bench, || bench.services.validations.stats().waiting, validation, true);
    }
}

#[test]
fn a_job_whose_caller_was_answered_goes_on() {
    let bench = Bench::new(None);
    let mut client = TemplateServiceClient::new(served(&bench));
    let wait = Some(prost_types::Duration { seconds: 0, nanos: 1 });
    let request = v1::RequestTemplateRequest { wait, ..Default::default() };
    let answer = bench.runtime.block_on(client.request_template(request)).unwrap().into_inner();
    assert_eq!(answer.result, None);
    std::thread::sleep(Duration::from_millis(50));
    assert_eq!(bench.services.templates.stats().waiting, 1);
}
