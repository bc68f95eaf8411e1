//! Templates: request, fetch, and what a producer must know before.

use std::sync::Arc;
use std::time::Duration;

use nakamoto_proto::v1;
use tonic::{Request, Response, Status};
use v1::template_service_server::TemplateService;

use super::decode::{OrStatus as _, bounded_duration, optional_hash32, text, time};
use crate::chain::{ApiError, Unknown};
use crate::network::errors::queue_status;
use crate::network::gate::Gate;
use crate::network::limits::{ASSEMBLY_TIME, MAX_TEMPLATE_TRANSACTIONS, MAX_WAIT};
use crate::worker::{Fetched, Outcome, TemplateJob, TemplateJobs};

/// Serves `TemplateService`.
pub(super) struct Templates {
    pub(super) gate: Gate,
    pub(super) jobs: Arc<TemplateJobs>,
}

#[tonic::async_trait]
impl TemplateService for Templates {
    async fn request_template(
        &self,
        request: Request<v1::RequestTemplateRequest>,
    ) -> Result<Response<v1::RequestTemplateResponse>, Status> {
        let job = decode(request.into_inner()).or_status()?;
        let ticket = self.jobs.request(None, job).map_err(|error| queue_status("TEMPLATE_QUEUE_FULL", error))?;
        let queue_position = u32::try_from(ticket.position).unwrap_or(u32::MAX);
        Ok(Response::new(v1::RequestTemplateResponse { template_id: ticket.id, queue_position }))
    }

    async fn get_template(
        &self,
        request: Request<v1::GetTemplateRequest>,
    ) -> Result<Response<v1::GetTemplateResponse>, Status> {
        let request = request.into_inner();
        let id = text("template_id", request.template_id).or_status()?;
        let wait = bounded_duration("wait", request.wait, Duration::ZERO, MAX_WAIT).or_status()?;
        fetch(&self.jobs, &id, wait).await.or_status().map(Response::new)
    }

    async fn get_producer_view(
        &self,
        request: Request<v1::GetProducerViewRequest>,
    ) -> Result<Response<v1::GetProducerViewResponse>, Status> {
        let address = text("producer_address", request.into_inner().producer_address).or_status()?;
        self.gate.read(move |chain| chain.producer_view(&address)).await.or_status().map(Response::new)
    }
}

/// A checked request.
pub(crate) fn decode(request: v1::RequestTemplateRequest) -> Result<TemplateJob, ApiError> {
    optional_hash32("parent_block_id", &request.parent_block_id)?;
    optional_hash32("burn_block_hash", &request.burn_block_hash)?;
    bounded_duration("assembly_time", request.assembly_time, ASSEMBLY_TIME.0, ASSEMBLY_TIME.1)?;
    if request.max_transactions > MAX_TEMPLATE_TRANSACTIONS {
        let detail = format!("more than {MAX_TEMPLATE_TRANSACTIONS}");
        return Err(ApiError::invalid("max_transactions", detail));
    }
    let not_after = time("not_after_time", request.not_after_time)?;
    Ok(TemplateJob { request, not_after })
}

/// The state of a request, after waiting for its end for at most `wait`.
pub(crate) async fn fetch(
    jobs: &TemplateJobs,
    id: &str,
    wait: Option<Duration>,
) -> Result<v1::GetTemplateResponse, ApiError> {
    let unknown = || ApiError::NotFound { what: Unknown::Template, id: id.to_owned() };
    let mut fetched = jobs.fetch(id).ok_or_else(unknown)?;
    if let (Fetched::Pending(ended), Some(wait)) = (&mut fetched, wait) {
        // Late is an answer too: still pending.
        let _ = tokio::time::timeout(wait, ended.wait_for(|ended| *ended)).await;
        fetched = jobs.fetch(id).ok_or_else(unknown)?;
    }
    let mut answer = v1::GetTemplateResponse::default();
    match fetched {
        Fetched::Pending(_) => answer.set_state(v1::JobState::Pending),
        Fetched::Done(outcome) => match outcome.as_ref() {
            Outcome::Succeeded(template) => {
                answer.set_state(v1::JobState::Succeeded);
                answer.template = Some(template.clone());
            }
            Outcome::Failed(failure) => {
                answer.set_state(v1::JobState::Failed);
                answer.failure_reason.clone_from(&failure.reason);
                answer.failure_detail.clone_from(&failure.detail);
            }
            Outcome::Expired => {
                answer.set_state(v1::JobState::Expired);
                "DEADLINE_PASSED".clone_into(&mut answer.failure_reason);
            }
        },
    }
    Ok(answer)
}
