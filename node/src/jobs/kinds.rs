//! The two kinds of jobs, and how much of each is kept.

use std::time::Duration;

use bytes::Bytes;
use nakamoto_proto::v1;
use prost::Message as _;
use stacks_types::hashing::sha512_256;

use super::queue::JobQueue;
use super::types::{JobKey, JobQueueLimits, JobRequest, Outcome};
use crate::ids::{TEMPLATES, VALIDATIONS};
use crate::runtime::class::Class;

/// Limits of templates. A producer has one in flight. Eight may wait, with a coinbase each; 32 results of at most 2 MiB are kept
/// for ten minutes, the time of a block of the real bitcoin.
pub const TEMPLATE_LIMITS: JobQueueLimits = JobQueueLimits {
    queue: 8,
    queue_bytes: 1 << 20,
    results: 32,
    result_bytes: 72 << 20,
    result_age: Duration::from_secs(600),
};
/// Limits of validations. Every signer asks for each proposal, and these requests are joined. 256 may wait as long as they have no
/// more than 32 MiB (16 of the largest proposals); verdicts are small.
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
    /// The request as it came.
    pub request: v1::RequestTemplateRequest,
}

/// A proposal to validate.
#[derive(Debug, Clone)]
pub struct ValidationJob {
    /// The encoded block.
    pub block: Bytes,
}

/// Template requests and results.
pub type TemplateJobs = JobQueue<TemplateJob, v1::BlockTemplate>;
/// Validation requests and results.
pub type ValidationJobs = JobQueue<ValidationJob, v1::ValidationVerdict>;

impl TemplateJobs {
    /// A queue with [`TEMPLATE_LIMITS`], for this start of the node.
    #[must_use]
    pub fn for_templates(start_number: u64) -> Self {
        Self::new(TEMPLATES, start_number, TEMPLATE_LIMITS)
    }
}

impl ValidationJobs {
    /// A queue with [`VALIDATION_LIMITS`], for this start of the node.
    #[must_use]
    pub fn for_validations(start_number: u64) -> Self {
        Self::new(VALIDATIONS, start_number, VALIDATION_LIMITS)
    }
}

impl TemplateJob {
    /// Requests that are equal but for their deadline are one job. A job that runs has chosen its tip: only a request that names
    /// parent and burn view may still join it.
    #[must_use]
    pub fn to_request(request: v1::RequestTemplateRequest) -> JobRequest<Self> {
        let inputs = v1::RequestTemplateRequest { not_after_time: None, ..request.clone() };
        let joins_running = !request.parent_block_id.is_empty() && !request.burn_block_hash.is_empty();
        JobRequest {
            key: Some(JobKey { hash: sha512_256(&[&inputs.encode_to_vec()]), joins_running }),
            bytes: request.encoded_len(),
            not_after: None,
            hold: Duration::ZERO,
            class: Class::Anyone,
            job: Self { request },
        }
    }
}

impl ValidationJob {
    /// Requests with the same bytes are one job.
    #[must_use]
    pub fn to_request(block: Bytes) -> JobRequest<Self> {
        JobRequest {
            key: Some(JobKey { hash: sha512_256(&[&block]), joins_running: true }),
            bytes: block.len(),
            not_after: None,
            hold: Duration::ZERO,
            class: Class::Anyone,
            job: Self { block },
        }
    }
}

/// Answer to the fetch of a template.
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

/// Answer to the fetch of a verdict.
#[must_use]
pub fn validation_answer(outcome: &Outcome<v1::ValidationVerdict>) -> v1::GetValidationResponse {
    let (state, reason, detail) = outcome.parts();
    let verdict = if let Outcome::Succeeded(verdict) = outcome { Some(verdict.clone()) } else { None };
    let (failure_reason, failure_detail) = (reason.to_owned(), detail.to_owned());
    v1::GetValidationResponse { state: state.into(), verdict, failure_reason, failure_detail }
}
