//! Templates: request, fetch, and the view that a producer needs before.
//!
//! One request makes one template. It has no later revisions, and none is pushed unasked: the feed reports what makes a
//! template stale, a new tip or better transactions, and a producer then asks again.

use std::sync::Arc;
use std::time::Duration;

use chainstate::assembly::MAX_TEMPLATE_TRANSACTIONS;
use chainstate::assembly::TemplateOrder;
use chainstate::read;
use nakamoto_proto::v1;
use stacks_types::ids::{BurnBlockHash, StacksBlockId};
use tonic::{Request, Response, Status};
use v1::template_service_server::TemplateService;

use super::decode::{OrStatus as _, address, bounded_duration, optional_hash32, request_key, text, time};
use super::encode;
use super::withdrawn::{RunOnDrop, result_of, state_after};
use crate::chain::NodeChain;
use crate::error::{ApiError, UnknownJob};
use crate::jobs::{
    Fetched, JobRequest, MissingJob, Outcome, TemplateJob, TemplateJobs, Withdrawal, finish_template, template_answer,
};
use crate::limits::{MAX_ASSEMBLY_TIME, MAX_WAIT, MIN_ASSEMBLY_TIME};
use crate::rpc::blocking_pool::BlockingPool;
use crate::rpc::errors::queue_status;
use crate::runtime::caller::Caller;
use crate::runtime::class::CallerClass;

/// Serves `TemplateService`.
pub(super) struct Templates {
    pub(super) pool: BlockingPool,
    pub(super) jobs: Arc<TemplateJobs>,
}

#[tonic::async_trait]
impl TemplateService for Templates {
    async fn request_template(
        &self,
        request: Request<v1::RequestTemplateRequest>,
    ) -> Result<Response<v1::RequestTemplateResponse>, Status> {
        let request = request.into_inner();
        let wait = bounded_duration("wait", request.wait, Duration::ZERO, MAX_WAIT).or_status()?;
        let job = decode(request).or_status()?;
        let call = Withdrawal::of_call(job.request_key.clone());
        let ticket = self.jobs.request(job).map_err(|error| queue_status("TEMPLATE_QUEUE_FULL", error))?;
        let gone = wait.map(|_| {
            let (pool, jobs, id) = (self.pool.clone(), Arc::clone(&self.jobs), ticket.id.clone());
            let withdrawn = withdraw(pool, jobs, (id, call), Caller::current_class());
            RunOnDrop::new(async move { drop(withdrawn.await) })
        });
        let result = match wait {
            Some(_) => result_of(fetch(&self.jobs, self.pool.chain(), &ticket.id, wait).await),
            None => Ok(None),
        };
        gone.into_iter().for_each(RunOnDrop::disarm);
        let result = result.or_status()?;
        Ok(Response::new(v1::RequestTemplateResponse {
            template_id: ticket.id,
            queue_position: u32::try_from(ticket.position).unwrap_or(u32::MAX),
            joined: ticket.joined,
            result: result.filter(|result| result.state() != v1::JobState::Pending),
        }))
    }

    async fn get_template(
        &self,
        request: Request<v1::GetTemplateRequest>,
    ) -> Result<Response<v1::GetTemplateResponse>, Status> {
        let request = request.into_inner();
        let id = text("template_id", request.template_id).or_status()?;
        let wait = bounded_duration("wait", request.wait, Duration::ZERO, MAX_WAIT).or_status()?;
        fetch(&self.jobs, self.pool.chain(), &id, wait).await.or_status().map(Response::new)
    }

    async fn cancel_template(
        &self,
        request: Request<v1::CancelTemplateRequest>,
    ) -> Result<Response<v1::CancelTemplateResponse>, Status> {
        let request = request.into_inner();
        let id = text("template_id", request.template_id).or_status()?;
        let withdrawal = Withdrawal::of_request(request_key(request.request_key).or_status()?);
        let (pool, jobs) = (self.pool.clone(), Arc::clone(&self.jobs));
        let state = withdraw(pool, jobs, (id, withdrawal), Caller::current_class()).await.or_status()?;
        Ok(Response::new(v1::CancelTemplateResponse { state: state.into() }))
    }

    async fn get_producer_view(
        &self,
        request: Request<v1::GetProducerViewRequest>,
    ) -> Result<Response<v1::GetProducerViewResponse>, Status> {
        let field = "producer_address";
        let text = text(field, request.into_inner().producer_address).or_status()?;
        let address = address(self.pool.chain(), field, &text).or_status()?;
        let view = self.pool.read(move |snapshot| read::producer_view::get(snapshot, &address)).await.or_status()?;
        Ok(Response::new(encode::producer_view(&view, self.pool.chain().chainstate().params())))
    }
}

/// Withdraws a request; returns the state of its job after that.
async fn withdraw(
    pool: BlockingPool,
    jobs: Arc<TemplateJobs>,
    (id, withdrawal): (String, Withdrawal),
    class: CallerClass,
) -> Result<v1::JobState, ApiError> {
    let withdrawn = jobs.withdraw(&id, &withdrawal, class).map_err(|missing| unknown(missing, &id))?;
    state_after(withdrawn, pool, move |chain| {
        finish_template(&jobs, chain, &id, &TemplateOrder::default(), Outcome::Cancelled)
    })
    .await
}

/// Checks and decodes a request.
pub(crate) fn decode(request: v1::RequestTemplateRequest) -> Result<JobRequest<TemplateJob>, ApiError> {
    let most = stacks_types::limits::MAX_BLOCK_BYTES;
    if request.coinbase.len() > most {
        return Err(ApiError::invalid("coinbase", format!("{} bytes, at most {most}", request.coinbase.len())));
    }
    let order = TemplateOrder {
        coinbase: Some(request.coinbase.to_vec()).filter(|coinbase| !coinbase.is_empty()),
        parent: optional_hash32("parent_block_id", &request.parent_block_id)?.map(StacksBlockId),
        burn_view: optional_hash32("burn_block_hash", &request.burn_block_hash)?.map(BurnBlockHash),
        max_transactions: Some(request.max_transactions).filter(|most| *most > 0),
        allow_empty: request.allow_empty,
    };
    let (least, most) = (MIN_ASSEMBLY_TIME, MAX_ASSEMBLY_TIME);
    let assembly_time = bounded_duration("assembly_time", request.assembly_time, least, most)?;
    if request.max_transactions > MAX_TEMPLATE_TRANSACTIONS {
        let detail = format!("more than {MAX_TEMPLATE_TRANSACTIONS}");
        return Err(ApiError::invalid("max_transactions", detail));
    }
    let not_after = time("not_after_time", request.not_after_time)?;
    let (request_key, class) = (request_key(request.request_key)?, Caller::current_class());
    Ok(JobRequest { request_key, not_after, class, ..TemplateJob { order, assembly_time }.into_request() })
}

/// The state of a request, after waiting for its end for at most `wait`.
pub(crate) async fn fetch(
    jobs: &TemplateJobs,
    chain: &NodeChain,
    id: &str,
    wait: Option<Duration>,
) -> Result<v1::GetTemplateResponse, ApiError> {
    match jobs.fetch_within(id, wait).await.map_err(|missing| unknown(missing, id))? {
        Fetched::Pending { is_running, .. } => {
            let (txid, time) = chain.chainstate().executing().filter(|_| is_running).unzip();
            Ok(v1::GetTemplateResponse {
                state: v1::JobState::Pending.into(),
                executing_txid: txid.map(|txid| txid.0.to_vec().into()).unwrap_or_default(),
                executing_time: time.and_then(|time| time.try_into().ok()),
                ..v1::GetTemplateResponse::default()
            })
        }
        Fetched::Done(outcome) => Ok(template_answer(&outcome)),
    }
}

fn unknown(missing: MissingJob, id: &str) -> ApiError {
    let what = match missing {
        MissingJob::Unknown => UnknownJob::Template,
        MissingJob::Expired => UnknownJob::TemplateResult,
        MissingJob::Stopped => return ApiError::ShuttingDown,
    };
    ApiError::NoJob { what, id: id.to_owned() }
}
