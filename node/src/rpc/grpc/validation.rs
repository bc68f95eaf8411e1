//! Validation of proposals: request and fetch.

use std::sync::Arc;
use std::time::Duration;

use nakamoto_proto::v1;
use tonic::{Request, Response, Status};
use v1::validation_service_server::ValidationService;

use super::decode::{OrStatus as _, bounded_duration, request_key, text, time};
use super::withdrawn::{RunOnDrop, result_of, state_after};
use crate::error::{ApiError, UnknownJob};
use crate::jobs::{
    Fetched, JobRequest, MissingJob, Outcome, ValidationJob, ValidationJobs, Withdrawal, finish_validation,
    validation_answer,
};
use crate::limits::MAX_WAIT;
use crate::rpc::blocking_pool::BlockingPool;
use crate::rpc::errors::queue_status;
use crate::runtime::caller::Caller;
use crate::runtime::class::CallerClass;

/// Serves `ValidationService`.
pub(super) struct Validations {
    pub(super) pool: BlockingPool,
    pub(super) jobs: Arc<ValidationJobs>,
}

#[tonic::async_trait]
impl ValidationService for Validations {
    async fn request_validation(
        &self,
        request: Request<v1::RequestValidationRequest>,
    ) -> Result<Response<v1::RequestValidationResponse>, Status> {
        let request = request.into_inner();
        let wait = bounded_duration("wait", request.wait, Duration::ZERO, MAX_WAIT).or_status()?;
        let job = decode(request).or_status()?;
        let call = Withdrawal::of_call(job.request_key.clone());
        let ticket = self.jobs.request(job).map_err(|error| queue_status("VALIDATION_QUEUE_FULL", error))?;
        let gone = wait.map(|_| {
            let (pool, jobs, id) = (self.pool.clone(), Arc::clone(&self.jobs), ticket.id.clone());
            let withdrawn = withdraw(pool, jobs, (id, call), Caller::current_class());
            RunOnDrop::new(async move { drop(withdrawn.await) })
        });
        let result = match wait {
            Some(_) => result_of(fetch(&self.jobs, &ticket.id, wait).await),
            None => Ok(None),
        };
        gone.into_iter().for_each(RunOnDrop::disarm);
        let result = result.or_status()?;
        Ok(Response::new(v1::RequestValidationResponse {
            validation_id: ticket.id,
            queue_position: u32::try_from(ticket.position).unwrap_or(u32::MAX),
            joined: ticket.joined,
            result: result.filter(|result| result.state() != v1::JobState::Pending),
        }))
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

    async fn cancel_validation(
        &self,
        request: Request<v1::CancelValidationRequest>,
    ) -> Result<Response<v1::CancelValidationResponse>, Status> {
        let request = request.into_inner();
        let id = text("validation_id", request.validation_id).or_status()?;
        let withdrawal = Withdrawal::of_request(request_key(request.request_key).or_status()?);
        let (pool, jobs) = (self.pool.clone(), Arc::clone(&self.jobs));
        let state = withdraw(pool, jobs, (id, withdrawal), Caller::current_class()).await.or_status()?;
        Ok(Response::new(v1::CancelValidationResponse { state: state.into() }))
    }
}

/// Withdraws a request; returns the state of its job after that.
async fn withdraw(
    pool: BlockingPool,
    jobs: Arc<ValidationJobs>,
    (id, withdrawal): (String, Withdrawal),
    class: CallerClass,
) -> Result<v1::JobState, ApiError> {
    let withdrawn = jobs.withdraw(&id, &withdrawal, class).map_err(|missing| unknown(missing, &id))?;
    state_after(withdrawn, pool, move |chain| finish_validation(&jobs, chain, &id, Outcome::Cancelled)).await
}

/// Checks and decodes a request. The validation itself judges the block.
pub(crate) fn decode(request: v1::RequestValidationRequest) -> Result<JobRequest<ValidationJob>, ApiError> {
    if request.block.is_empty() {
        return Err(ApiError::Missing { field: "block" });
    }
    let most = stacks_types::limits::MAX_BLOCK_BYTES;
    if request.block.len() > most {
        return Err(ApiError::invalid("block", format!("{} bytes, at most {most}", request.block.len())));
    }
    let not_after = time("not_after_time", request.not_after_time)?;
    let hold = bounded_duration("parent_wait", request.parent_wait, Duration::ZERO, MAX_WAIT)?.unwrap_or_default();
    let (request_key, class) = (request_key(request.request_key)?, Caller::current_class());
    Ok(JobRequest { request_key, not_after, hold, class, ..ValidationJob::to_request(request.block) })
}

/// The state of a request, after waiting for its end for at most `wait`.
pub(crate) async fn fetch(
    jobs: &ValidationJobs,
    id: &str,
    wait: Option<Duration>,
) -> Result<v1::GetValidationResponse, ApiError> {
    match jobs.fetch_within(id, wait).await.map_err(|missing| unknown(missing, id))? {
        Fetched::Pending { .. } => Ok(v1::GetValidationResponse {
            state: v1::JobState::Pending.into(),
            ..v1::GetValidationResponse::default()
        }),
        Fetched::Done(outcome) => Ok(validation_answer(&outcome)),
    }
}

fn unknown(missing: MissingJob, id: &str) -> ApiError {
    let what = match missing {
        MissingJob::Unknown => UnknownJob::Validation,
        MissingJob::Expired => UnknownJob::ValidationResult,
        MissingJob::Stopped => return ApiError::ShuttingDown,
    };
    ApiError::NoJob { what, id: id.to_owned() }
}
