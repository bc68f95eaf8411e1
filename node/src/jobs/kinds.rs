//! The two kinds of jobs, and how much of each is kept.

use std::time::Duration;

use bytes::Bytes;
use nakamoto_proto::v1;
use prost::Message as _;
use stacks_types::hashing::sha512_256;

use super::queue::JobQueue;
use super::types::{JobKey, JobQueueLimits, JobRequest, Outcome};
use crate::ids::{TEMPLATES, VALIDATIONS};

/// Templates: one producer has one in flight. Eight may wait, with a coinbase each; 32 results of at most 2 MiB are kept
/// for ten minutes, two burn blocks of bitcoin's own pace.
pub const TEMPLATE_LIMITS: JobQueueLimits = JobQueueLimits {
    queue: 8,
    queue_bytes: 1 << 20,
    results: 32,
    result_bytes: 72 << 20,
    result_age: Duration::from_secs(600),
};
/// Validations: each proposal is asked for by every signer of this node, but joined. 256 may wait as long as they have
/// no more than 32 MiB (16 of the largest proposals); verdicts are small.
pub const VALIDATION_LIMITS: JobQueueLimits = JobQueueLimits {
    queue: 256,
    queue_bytes: 32 << 20,
    results: 1024,
    result_bytes: 8 << 20,
    result_age: Duration::from_secs(600),
};

/// A template to assemble.
#[derive(Debug, Clone)]
pub struct TemplateJob {
    /// As it came.
    pub request: v1::RequestTemplateRequest,
}

/// A proposal to validate.
#[derive(Debug, Clone)]
pub struct ValidationJob {
    /// Encoded block.
    pub block: Bytes,
}

/// Template requests and results.
pub type TemplateJobs = JobQueue<TemplateJob, v1::BlockTemplate>;
/// Validation requests and results.
pub type ValidationJobs = JobQueue<ValidationJob, v1::ValidationVerdict>;

impl TemplateJobs {
    /// With the limits above, for one start of the node.
    #[must_use]
    pub fn for_templates(start_number: u64) -> Self {
        Self::new(TEMPLATES, start_number, TEMPLATE_LIMITS)
    }
}

impl ValidationJobs {
    /// With the limits above, for one start of the node.
    #[must_use]
    pub fn for_validations(start_number: u64) -> Self {
        Self::new(VALIDATIONS, start_number, VALIDATION_LIMITS)
    }
}

impl TemplateJob {
    /// The same request is the same job, but for its deadline. One that runs has chosen its tip: only a request that
    /// names parent and burn view may still join it.
    #[must_use]
    pub fn to_request(request: v1::RequestTemplateRequest) -> JobRequest<Self> {
        let inputs = v1::RequestTemplateRequest { not_after_time: None, ..request.clone() };
        let joins_running = !request.parent_block_id.is_empty() && !request.burn_block_hash.is_empty();
        JobRequest {
            key: Some(JobKey { hash: sha512_256(&[&inputs.encode_to_vec()]), joins_running }),
            bytes: request.encoded_len(),
            not_after: None,
            hold: Duration::ZERO,
            job: Self { request },
        }
    }
}

impl ValidationJob {
    /// The same bytes are the same job.
    #[must_use]
    pub fn to_request(block: Bytes) -> JobRequest<Self> {
        JobRequest {
            key: Some(JobKey { hash: sha512_256(&[&block]), joins_running: true }),
            bytes: block.len(),
            not_after: None,
            hold: Duration::ZERO,
            job: Self { block },
        }
    }
}

/// What the fetch of a template says.
#[must_use]
pub fn template_answer(outcome: &Outcome<v1::BlockTemplate>) -> v1::GetTemplateResponse {
    let (state, reason, detail) = outcome.parts();
    let template = if let Outcome::Succeeded(template) = outcome { Some(template.clone()) } else { None };
    v1::GetTemplateResponse {
        state: state.into(),
        template,
        failure_reason: reason.to_owned(),
        failure_detail: detail.to_owned(),
        ..v1::GetTemplateResponse::default()
    }
}

/// What the fetch of a verdict says.
#[must_use]
pub fn validation_answer(outcome: &Outcome<v1::ValidationVerdict>) -> v1::GetValidationResponse {
    let (state, reason, detail) = outcome.parts();
    let verdict = if let Outcome::Succeeded(verdict) = outcome { Some(verdict.clone()) } else { None };
    let (failure_reason, failure_detail) = (reason.to_owned(), detail.to_owned());
    v1::GetValidationResponse { state: state.into(), verdict, failure_reason, failure_detail }
}
