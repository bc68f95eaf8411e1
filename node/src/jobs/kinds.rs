//! The two kinds of jobs, with their limits.

use std::time::Duration;

use bytes::Bytes;
use chainstate::assembly::TemplateOrder;
use nakamoto_proto::v1;
use stacks_types::hashing::sha512_256;

use super::queue::JobQueue;
use super::types::{JobKey, JobQueueLimits, JobRequest, Outcome};
use crate::request_ids::{TEMPLATE_PREFIX, VALIDATION_PREFIX};
use crate::runtime::class::CallerClass;

/// Limits of templates. A producer has one in flight. Eight may wait, with a coinbase each; 32 results of at most 2 MiB
/// are kept for ten minutes, the block time of the real bitcoin.
pub const TEMPLATE_LIMITS: JobQueueLimits = JobQueueLimits {
    queue: 8,
    queue_bytes: 1 << 20,
    results: 32,
    result_bytes: 72 << 20,
    result_age: Duration::from_secs(600),
};
/// Limits of validations. Every signer asks for each proposal, and equal requests are joined. 256 may wait if they have
/// no more than 32 MiB together (16 of the largest proposals); verdicts are small.
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
    /// What the producer asks for.
    pub order: TemplateOrder,
    /// How long the block is filled; `None` = the default.
    pub assembly_time: Option<Duration>,
}

/// A proposal to validate.
#[derive(Debug, Clone)]
pub struct ValidationJob {
    /// The encoded block.
    pub block: Bytes,
}

/// Template requests and results.
pub type TemplateJobs = JobQueue<TemplateJob, v1::BlockTemplate>;
/// Validation demands and results.
pub type ValidationJobs = JobQueue<ValidationJob, v1::ValidationVerdict>;

impl TemplateJobs {
    /// A queue with [`TEMPLATE_LIMITS`], for this start of the node.
    #[must_use]
    pub fn for_templates(start_number: u64) -> Self {
        Self::new(TEMPLATE_PREFIX, start_number, TEMPLATE_LIMITS)
    }
}

impl ValidationJobs {
    /// A queue with [`VALIDATION_LIMITS`], for this start of the node.
    #[must_use]
    pub fn for_validations(start_number: u64) -> Self {
        Self::new(VALIDATION_PREFIX, start_number, VALIDATION_LIMITS)
    }
}

impl TemplateJob {
    /// Requests that differ only in their deadline are one job. A running job has chosen its tip already: only a
    /// request that names parent and burn view may still join it.
    #[must_use]
    pub fn into_request(self) -> JobRequest<Self> {
        let joins_running = self.order.parent.is_some() && self.order.burn_view.is_some();
        JobRequest {
            key: Some(JobKey { hash: self.hash(), joins_running }),
            request_key: None,
            bytes: size_of::<Self>() + self.order.coinbase.as_ref().map_or(0, Vec::len),
            not_after: None,
            hold: Duration::ZERO,
            class: CallerClass::Anyone,
            job: self,
        }
    }

    /// Hash of everything that decides the template.
    fn hash(&self) -> [u8; 32] {
        let Self { order, assembly_time } = self;
        let TemplateOrder { coinbase, parent, burn_view, max_transactions, allow_empty } = order;
        let mut bytes = Vec::new();
        // Each part follows its length, an absent one `usize::MAX`, so different orders never give the same bytes.
        let mut add = |part: Option<&[u8]>| {
            bytes.extend(part.map_or(usize::MAX, <[u8]>::len).to_be_bytes());
            bytes.extend_from_slice(part.unwrap_or_default());
        };
        add(coinbase.as_deref());
        add(parent.as_ref().map(|id| &id.0[..]));
        add(burn_view.as_ref().map(|hash| &hash.0[..]));
        add(max_transactions.map(u32::to_be_bytes).as_ref().map(|most| &most[..]));
        add(assembly_time.map(|time| time.as_nanos().to_be_bytes()).as_ref().map(|time| &time[..]));
        add(allow_empty.then_some(&[][..]));
        sha512_256(&[&bytes])
    }
}

impl ValidationJob {
    /// Requests with the same bytes are one job.
    #[must_use]
    pub fn to_request(block: Bytes) -> JobRequest<Self> {
        JobRequest {
            key: Some(JobKey { hash: sha512_256(&[&block]), joins_running: true }),
            request_key: None,
            bytes: block.len(),
            not_after: None,
            hold: Duration::ZERO,
            class: CallerClass::Anyone,
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

#[cfg(test)]
mod tests {
    use stacks_types::ids::{BurnBlockHash, StacksBlockId};

    use super::*;

    #[test]
    fn equal_orders_are_joined_and_no_others() {
        let orders = || {
            let named = TemplateOrder {
                parent: Some(StacksBlockId([1; 32])),
                burn_view: Some(BurnBlockHash([2; 32])),
                ..TemplateOrder::default()
            };
            let orders = [
                TemplateOrder::default(),
                TemplateOrder { coinbase: Some(vec![1; 32]), ..TemplateOrder::default() },
                TemplateOrder { coinbase: Some(vec![1; 33]), ..TemplateOrder::default() },
                TemplateOrder { parent: named.parent, ..TemplateOrder::default() },
                TemplateOrder { parent: Some(StacksBlockId([2; 32])), ..TemplateOrder::default() },
                TemplateOrder { burn_view: named.burn_view, ..TemplateOrder::default() },
                TemplateOrder { max_transactions: Some(1), ..TemplateOrder::default() },
                TemplateOrder { max_transactions: Some(2), ..TemplateOrder::default() },
                TemplateOrder { allow_empty: true, ..TemplateOrder::default() },
                TemplateOrder { allow_empty: true, ..named.clone() },
                named,
            ];
            let times = [None, Some(Duration::from_secs(1)), Some(Duration::from_nanos(1_000_000_001))];
            let jobs = orders.into_iter().flat_map(move |order| {
                times.map(|assembly_time| TemplateJob { order: order.clone(), assembly_time }.into_request())
            });
            jobs.collect::<Vec<_>>()
        };
        for (index, one) in orders().iter().enumerate() {
            for (other_index, other) in orders().iter().enumerate() {
                assert_eq!(one.key == other.key, index == other_index, "{:?} and {:?}", one.job, other.job);
            }
            let is_named = one.job.order.parent.is_some() && one.job.order.burn_view.is_some();
            assert_eq!(one.key.map(|key| key.joins_running), Some(is_named));
        }
    }
}
