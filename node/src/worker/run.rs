//! The worker threads' loops.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::SystemTime;

use nakamoto_proto::v1;
use prost::Message as _;
use v1::event::Body;

use super::board::Outcome;
use super::jobs::{TemplateJobs, ValidationJobs};
use crate::chain::{ChainApi, JobFailure};

/// Assembles templates, one at a time.
pub struct TemplateWorker {
    /// Queue and results.
    pub jobs: Arc<TemplateJobs>,
    /// The chain.
    pub chain: Arc<dyn ChainApi>,
}

/// Validates proposals, one at a time.
pub struct ValidationWorker {
    /// Queue and results.
    pub jobs: Arc<ValidationJobs>,
    /// The chain.
    pub chain: Arc<dyn ChainApi>,
}

impl TemplateWorker {
    /// Runs until the board is stopped.
    pub fn run(&self) {
        while let Some((id, job)) = self.jobs.take() {
            let outcome = if is_late(job.not_after) {
                Outcome::Expired
            } else {
                guarded(|| self.chain.assemble(&job.request)).map_or_else(Outcome::Failed, |mut template| {
                    template.template_id.clone_from(&id);
                    Outcome::Succeeded(template)
                })
            };
            let event = template_event(&id, &job.request, &outcome);
            let bytes = match &outcome {
                Outcome::Succeeded(template) => template.encoded_len(),
                Outcome::Failed(_) | Outcome::Expired => 0,
            };
            // First the result, then the event: who hears of it can fetch it.
            self.jobs.finish(id, Arc::new(outcome), bytes);
            announce(self.chain.as_ref(), Body::TemplateFinished(event));
        }
    }
}

impl ValidationWorker {
    /// Runs until the board is stopped.
    pub fn run(&self) {
        while let Some((id, job)) = self.jobs.take() {
            let outcome = if is_late(job.not_after) {
                Outcome::Expired
            } else {
                guarded(|| self.chain.validate(&job.block)).map_or_else(Outcome::Failed, Outcome::Succeeded)
            };
            let (state, verdict) = match &outcome {
                Outcome::Succeeded(verdict) => (v1::JobState::Succeeded, Some(verdict.clone())),
                Outcome::Failed(_) => (v1::JobState::Failed, None),
                Outcome::Expired => (v1::JobState::Expired, None),
            };
            let event = v1::ValidationFinished { validation_id: id.clone(), state: state.into(), verdict };
            let bytes = event.encoded_len();
            self.jobs.finish(id, Arc::new(outcome), bytes);
            announce(self.chain.as_ref(), Body::ValidationFinished(event));
        }
    }
}

fn template_event(
    id: &str,
    request: &v1::RequestTemplateRequest,
    outcome: &Outcome<v1::BlockTemplate>,
) -> v1::TemplateFinished {
    let mut event = v1::TemplateFinished {
        template_id: id.to_owned(),
        parent_block_id: request.parent_block_id.clone(),
        burn_block_hash: request.burn_block_hash.clone(),
        ..v1::TemplateFinished::default()
    };
    match outcome {
        Outcome::Succeeded(template) => {
            event.set_state(v1::JobState::Succeeded);
            if let Some(parent) = &template.parent {
                event.parent_block_id = parent.block_id.clone();
            }
            if let Some(burn_view) = &template.burn_view {
                event.burn_block_hash = burn_view.burn_block_hash.clone();
            }
            event.transaction_count = transaction_count(&template.block);
        }
        Outcome::Failed(failure) => {
            event.set_state(v1::JobState::Failed);
            event.failure_reason.clone_from(&failure.reason);
            event.failure_detail.clone_from(&failure.detail);
        }
        Outcome::Expired => {
            event.set_state(v1::JobState::Expired);
            "DEADLINE_PASSED".clone_into(&mut event.failure_reason);
        }
    }
    event
}

fn transaction_count(block: &[u8]) -> u32 {
    let block = nakamoto_proto::block::NakamotoBlock::decode(block);
    block.map_or(0, |block| u32::try_from(block.txs.len()).unwrap_or(u32::MAX))
}

fn is_late(not_after: Option<SystemTime>) -> bool {
    not_after.is_some_and(|deadline| SystemTime::now() > deadline)
}

/// Some storage errors inside the VM are panics: they fail this job and nothing else.
fn guarded<R>(work: impl FnOnce() -> Result<R, JobFailure>) -> Result<R, JobFailure> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| {
        let detail = panic_text(panic.as_ref());
        tracing::error!(%detail, "a job panicked");
        Err(JobFailure { reason: "INTERNAL".to_owned(), detail })
    })
}

fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no message").to_owned()
}

/// The result is kept on the board in any case; without room on the disk only its event is missing.
fn announce(chain: &dyn ChainApi, body: Body) {
    if let Err(error) = chain.announce(body) {
        tracing::error!(%error, "the event of a finished job was not written");
    }
}
