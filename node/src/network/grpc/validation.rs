//! Validation of proposals: request and fetch.

use std::sync::Arc;
use std::time::Duration;

use nakamoto_proto::hashing::sha512_256;
use nakamoto_proto::v1;
use tonic::{Request, Response, Status};
use v1::validation_service_server::ValidationService;

use super::decode::{OrStatus as _, bounded_duration, text, time};
use crate::chain::{ApiError, Unknown};
use crate::network::errors::queue_status;
use crate::network::limits::MAX_WAIT;
use crate::worker::{Fetched, Outcome, QueueFull, Ticket, ValidationJob, ValidationJobs};

/// Serves `ValidationService`.
pub(super) struct Validations {
    pub(super) jobs: Arc<ValidationJobs>,
}

#[tonic::async_trait]
impl ValidationService for Validations {
    async fn request_validation(
        &self,
        request: Request<v1::RequestValidationRequest>,
    ) -> Result<Response<v1::RequestValidationResponse>, Status> {
        let job = decode(request.into_inner()).or_status()?;
        let ticket = enqueue(&self.jobs, job).map_err(|error| queue_status("VALIDATION_QUEUE_FULL", error))?;
        let queue_position = u32::try_from(ticket.position).unwrap_or(u32::MAX);
        let answer = v1::RequestValidationResponse { validation_id: ticket.id, queue_position, joined: ticket.joined };
        Ok(Response::new(answer))
    }

    async fn get_validation(
        &self,
        request: Request<v1::GetValidationRequest>,
    ) -> Result<Response<v1::GetValidationResponse>, Status> {
        let request = request.into_inner();
        let id = text("validation_id", request.validation_id).or_status()?;
        let wait = bounded_duration("wait", request.wait, Duration::ZERO, MAX_WAIT).or_status()?;
        fetch(&self.jobs, &id, wait).await.or_status().map(Response::new)
    }
}

/// A checked request. What the block says is judged by the validation itself.
pub(crate) fn decode(request: v1::RequestValidationRequest) -> Result<ValidationJob, ApiError> {
    if request.block.is_empty() {
        return Err(ApiError::Missing { field: "block" });
    }
    let most = nakamoto_proto::limits::MAX_BLOCK_BYTES;
    if request.block.len() > most {
        return Err(ApiError::invalid("block", format!("{} bytes, at most {most}", request.block.len())));
    }
    Ok(ValidationJob { block: request.block, not_after: time("not_after_time", request.not_after_time)? })
}

/// Queues a validation, or joins the one that waits or runs for the same bytes.
pub(crate) fn enqueue(jobs: &ValidationJobs, job: ValidationJob) -> Result<Ticket, QueueFull> {
    let key = sha512_256(&[&job.block]);
    // Deadlines differ from caller to caller: a request with one is a job of its own.
    let key = job.not_after.is_none().then_some(key);
    jobs.request(key, job)
}

/// The state of a request, after waiting for its end for at most `wait`.
pub(crate) async fn fetch(
    jobs: &ValidationJobs,
    id: &str,
    wait: Option<Duration>,
) -> Result<v1::GetValidationResponse, ApiError> {
    let unknown = || ApiError::NotFound { what: Unknown::Validation, id: id.to_owned() };
    let mut fetched = jobs.fetch(id).ok_or_else(unknown)?;
    if let (Fetched::Pending(ended), Some(wait)) = (&mut fetched, wait) {
        // Late is an answer too: still pending.
        let _ = tokio::time::timeout(wait, ended.wait_for(|ended| *ended)).await;
        fetched = jobs.fetch(id).ok_or_else(unknown)?;
    }
    let mut answer = v1::GetValidationResponse::default();
    match fetched {
        Fetched::Pending(_) => answer.set_state(v1::JobState::Pending),
        Fetched::Done(outcome) => match outcome.as_ref() {
            Outcome::Succeeded(verdict) => {
                answer.set_state(v1::JobState::Succeeded);
                answer.verdict = Some(verdict.clone());
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
