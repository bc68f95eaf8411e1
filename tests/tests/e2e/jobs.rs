//! Templates and verdicts across a kill -9 of the node; requests that wait for a parent, and withdrawn requests.

use nakamoto_proto::v1;
use nakamoto_proto::v1::event::Body;
use nakamoto_proto::v1::template_service_client::TemplateServiceClient;
use nakamoto_proto::v1::validation_service_client::ValidationServiceClient;
use tests::processes::{Client, NodeAlone, proposal_of, run};
use tonic::Code;
use tonic_types::StatusExt as _;

fn wait(seconds: i64) -> Option<prost_types::Duration> {
    Some(prost_types::Duration { seconds, nanos: 0 })
}

async fn verdict(client: &Client, id: &str) -> v1::GetValidationResponse {
    let request = v1::GetValidationRequest { validation_id: id.to_owned(), wait: wait(30) };
    ValidationServiceClient::new(client.channel.clone()).get_validation(request).await.expect("known").into_inner()
}

async fn validate(client: &Client, block: Vec<u8>, parent_wait: Option<prost_types::Duration>) -> String {
    let request = v1::RequestValidationRequest { block: block.into(), parent_wait, ..Default::default() };
    let mut service = ValidationServiceClient::new(client.channel.clone());
    service.request_validation(request).await.expect("queued").into_inner().validation_id
}

async fn template(client: &Client, id: &str) -> Result<v1::GetTemplateResponse, tonic::Status> {
    let request = v1::GetTemplateRequest { template_id: id.to_owned(), wait: wait(30) };
    Ok(TemplateServiceClient::new(client.channel.clone()).get_template(request).await?.into_inner())
}

async fn request_template(client: &Client) -> v1::RequestTemplateResponse {
    let request = v1::RequestTemplateRequest { allow_empty: true, ..Default::default() };
    let mut service = TemplateServiceClient::new(client.channel.clone());
    service.request_template(request).await.expect("queued").into_inner()
}

#[test]
fn results_can_be_fetched_after_a_kill_and_lost_jobs_say_so() {
    run(async {
        let mut node = NodeAlone::start("");
        let blocks = node.script(2, 3).await;
        let client = node.client();
        let mut watch = client.watch(0).await;
        watch.block().await;
        node.push(&client, &blocks[0]).await;
        watch.block().await;

        let finished_template = request_template(&client).await.template_id;
        let before = template(&client, &finished_template).await.expect("known");
        assert_eq!(before.state(), v1::JobState::Succeeded, "{before:?}");
        let finished_verdict = validate(&client, proposal_of(&blocks[1]).encode(), None).await;
        let verdict_before = verdict(&client, &finished_verdict).await;
        assert!(verdict_before.verdict.as_ref().is_some_and(|verdict| verdict.valid), "{verdict_before:?}");
        // A job whose parent never comes.
        let mut orphan = proposal_of(&blocks[1]);
        orphan.header.parent_block_id.0 = [9; 32];
        let lost = validate(&client, orphan.encode(), wait(30)).await;

        node.restart();
        let client = node.client();
        assert_eq!(template(&client, &finished_template).await.expect("kept"), before);
        assert_eq!(verdict(&client, &finished_verdict).await, verdict_before);
        let lost = verdict(&client, &lost).await;
        assert_eq!((lost.state(), lost.failure_reason.as_str()), (v1::JobState::Failed, "NODE_RESTARTED"));
        let never = template(&client, "t-77-1").await.expect_err("no such request");
        assert_eq!(never.code(), Code::NotFound);
        assert_eq!(never.get_details_error_info().expect("a reason").reason, "UNKNOWN_TEMPLATE");
        let next = request_template(&client).await.template_id;
        assert!(next != finished_template && template(&client, &next).await.is_ok(), "ids are not used twice");
    });
}

#[test]
fn a_proposal_waits_for_its_parent_when_asked_to() {
    run(async {
        let node = NodeAlone::start("");
        let blocks = node.script(2, 3).await;
        let client = node.client();
        let mut watch = client.watch(0).await;
        watch.block().await;
        let child = proposal_of(&blocks[1]).encode();
        let at_once = verdict(&client, &validate(&client, child.clone(), None).await).await.verdict.expect("a verdict");
        let rejection = at_once.rejection.expect("the parent is unknown");
        assert_eq!(rejection.reason(), v1::RejectReason::UnknownParent);
        let held = validate(&client, child, wait(30)).await;
        node.push(&client, &blocks[0]).await;
        let verdict = verdict(&client, &held).await;
        assert!(verdict.verdict.as_ref().is_some_and(|verdict| verdict.valid), "{verdict:?}");
    });
}

#[test]
fn a_request_that_waits_can_be_taken_back_and_its_event_says_so() {
    run(async {
        let node = NodeAlone::start("");
        let blocks = node.script(2, 1).await;
        let client = node.client();
        let mut watch = client.watch(0).await;
        let id = validate(&client, proposal_of(&blocks[1]).encode(), wait(30)).await;
        let mut service = ValidationServiceClient::new(client.channel.clone());
        let mut cancel = async || {
            let request = v1::CancelValidationRequest { validation_id: id.clone(), ..Default::default() };
            service.cancel_validation(request).await.expect("known").into_inner().state()
        };
        // The job may be looking for its parent for the first time: then it cannot be withdrawn and ends by itself, for
        // which the fetch waits.
        let at_once = cancel().await;
        assert!(matches!(at_once, v1::JobState::Cancelled | v1::JobState::Pending), "{at_once:?}");
        let ended = verdict(&client, &id).await;
        assert_eq!((ended.state(), ended.failure_reason.as_str()), (v1::JobState::Cancelled, "CANCELLED"));
        assert_eq!(cancel().await, v1::JobState::Cancelled, "asked again, it is as it was");
        let event = watch.until("the validation ends", |body| match body {
            Body::ValidationFinished(finished) => Some(finished.clone()),
            _ => None,
        });
        let event = event.await;
        assert_eq!((event.validation_id.as_str(), event.state()), (id.as_str(), v1::JobState::Cancelled));
    });
}
