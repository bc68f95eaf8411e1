//! The end of a job: its result is stored together with its event, so that the result can be fetched before anybody
//! sees the event. Also restores the results of earlier starts.

use std::sync::Arc;
use std::time::Duration;

use chainstate::assembly::{Assembled, TemplateOrder};
use chainstate::chain::{JobKind, ResultLimits};
use chainstate::wire;
use nakamoto_proto::v1;
use prost::Message as _;
use v1::event::Body;

use super::kinds::{TemplateJobs, ValidationJobs, template_answer, validation_answer};
use super::queue::JobQueue;
use super::types::{JobQueueLimits, Outcome};
use crate::chain::{FinishedJob, NodeChain};
use crate::error::ApiError;

/// Stores the end of a template request with its event. Blocks until that is on the disk.
pub fn finish_template(
    jobs: &Arc<TemplateJobs>,
    chain: &NodeChain,
    id: &str,
    order: &TemplateOrder,
    outcome: Outcome<Assembled>,
) {
    let mut event = template_event(id, order, &outcome);
    if matches!(outcome, Outcome::Succeeded(_) | Outcome::Failed(_)) {
        let full = chain.chainstate().tenure_full();
        event.tenure_full = full.map(|(txid, reason)| v1::SkippedTransaction { txid: wire::bytes(&txid.0), reason });
    }
    let body = Body::TemplateFinished(event);
    let outcome = outcome.map(|assembled| assembled.template);
    let result = template_answer(&outcome).encode_to_vec();
    finish(jobs, chain, id, outcome, (body, result));
}

/// Stores the end of a validation demand with its event. Blocks until that is on the disk.
pub fn finish_validation(
    jobs: &Arc<ValidationJobs>,
    chain: &NodeChain,
    id: &str,
    outcome: Outcome<v1::ValidationVerdict>,
) {
    let answer = validation_answer(&outcome);
    let (state, verdict) = (answer.state, answer.verdict.clone());
    let event = v1::ValidationFinished { validation_id: id.to_owned(), state, verdict };
    finish(jobs, chain, id, outcome, (Body::ValidationFinished(event), answer.encode_to_vec()));
}

fn finish<J: Send + 'static, R: Send + Sync + 'static>(
    jobs: &Arc<JobQueue<J, R>>,
    chain: &NodeChain,
    id: &str,
    outcome: Outcome<R>,
    (body, result): (Body, Vec<u8>),
) {
    let (outcome, bytes) = (Arc::new(outcome), result.len());
    let visible = {
        let (jobs, id, outcome) = (Arc::clone(jobs), id.to_owned(), Arc::clone(&outcome));
        move || jobs.finish(&id, outcome, bytes)
    };
    let job = FinishedJob { id: id.to_owned(), body, result, limits: result_limits(jobs.limits()) };
    if let Err(error) = chain.finish_job(job, Box::new(visible)) {
        // When the disk is full, the result stays in memory until the node stops, and there is no event.
        tracing::error!(%error, id, "the end of a job was not stored");
        jobs.finish(id, outcome, bytes);
    }
}

/// Puts the results that earlier starts stored into the queues.
///
/// # Errors
/// [`ApiError`] when the results cannot be read.
pub fn restore_results(
    templates: &TemplateJobs,
    validations: &ValidationJobs,
    chain: &NodeChain,
) -> Result<(), ApiError> {
    restore(templates, chain, JobKind::Template, |bytes| {
        let answer = v1::GetTemplateResponse::decode(bytes)?;
        let state = answer.state();
        Ok(Outcome::from_parts(state, answer.failure_reason, answer.failure_detail, answer.template))
    })?;
    restore(validations, chain, JobKind::Validation, |bytes| {
        let answer = v1::GetValidationResponse::decode(bytes)?;
        let state = answer.state();
        Ok(Outcome::from_parts(state, answer.failure_reason, answer.failure_detail, answer.verdict))
    })
}

fn restore<J, R>(
    queue: &JobQueue<J, R>,
    chain: &NodeChain,
    kind: JobKind,
    decode: impl Fn(&[u8]) -> Result<Option<Outcome<R>>, prost::DecodeError>,
) -> Result<(), ApiError> {
    let (results, now_ms) = chain.chainstate().job_results(kind)?;
    for stored in results {
        let outcome = decode(&stored.result).map_err(ApiError::internal)?;
        let outcome = outcome.ok_or_else(|| ApiError::internal(format!("job {} has no end", stored.id)))?;
        let age = Duration::from_millis(now_ms.saturating_sub(stored.time_ms));
        queue.restore(stored.id, outcome, stored.result.len(), age);
    }
    Ok(())
}

fn result_limits(limits: JobQueueLimits) -> ResultLimits {
    ResultLimits { count: limits.results, bytes: limits.result_bytes, age: limits.result_age }
}

fn template_event(id: &str, order: &TemplateOrder, outcome: &Outcome<Assembled>) -> v1::TemplateFinished {
    let (state, reason, detail) = outcome.parts();
    let mut event = v1::TemplateFinished {
        template_id: id.to_owned(),
        state: state.into(),
        parent_block_id: order.parent.map(|id| wire::id(&id)).unwrap_or_default(),
        burn_block_hash: order.burn_view.map(|hash| wire::bytes(&hash.0)).unwrap_or_default(),
        transaction_count: 0,
        failure_reason: reason.to_owned(),
        failure_detail: detail.to_owned(),
        tenure_full: None,
    };
    if let Outcome::Succeeded(Assembled { template, transaction_count, .. }) = outcome {
        if let Some(parent) = &template.parent {
            event.parent_block_id = parent.block_id.clone();
        }
        if let Some(burn_view) = &template.burn_view {
            event.burn_block_hash = burn_view.burn_block_hash.clone();
        }
        event.transaction_count = u32::try_from(*transaction_count).unwrap_or(u32::MAX);
    }
    event
}
