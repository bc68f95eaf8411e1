//! The loops of the worker threads.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use nakamoto_proto::v1;

use super::finish::{finish_template, finish_validation};
use super::kinds::{TemplateJobs, ValidationJobs};
use super::types::Outcome;
use crate::chain::{JobFailure, NodeChain};
use crate::event_stream::journal::{Journal, listen_for};

/// Assembles templates, one at a time.
pub struct TemplateWorker {
    /// Queue of the requests, and their results.
    pub jobs: Arc<TemplateJobs>,
    /// Chain on whose tip the templates build.
    pub chain: Arc<NodeChain>,
}

/// Validates proposals, one at a time.
pub struct ValidationWorker {
    /// Queue of the requests, and their results.
    pub jobs: Arc<ValidationJobs>,
    /// Chain against whose state proposals are validated.
    pub chain: Arc<NodeChain>,
}

impl TemplateWorker {
    /// Runs until the queue is stopped.
    pub fn run(&self) {
        while let Some(running) = self.jobs.take() {
            let job = &running.job;
            let outcome = if running.is_late {
                Outcome::Expired
            } else {
                let assembled = guarded(|| self.chain.assemble(&job.order, job.assembly_time, &running.finish_early));
                assembled.map_or_else(Outcome::Failed, |mut assembled| {
                    assembled.template.template_id.clone_from(&running.id);
                    Outcome::Succeeded(assembled)
                })
            };
            if self.jobs.is_stopped() {
                // The job was cut short because the node stops: after the next start its id answers NODE_RESTARTED.
                return;
            }
            let cut = running.cancelled.load(Ordering::Relaxed) && !running.is_late;
            let outcome = if cut { Outcome::Cancelled } else { outcome };
            finish_template(&self.jobs, self.chain.as_ref(), &running.id, &job.order, outcome);
        }
    }
}

impl ValidationWorker {
    /// Runs until the queue is stopped.
    pub fn run(&self) {
        while let Some(running) = self.jobs.take() {
            if running.is_late {
                finish_validation(&self.jobs, self.chain.as_ref(), &running.id, Outcome::Expired);
                continue;
            }
            let outcome =
                guarded(|| self.chain.validate(&running.job.block)).map_or_else(Outcome::Failed, Outcome::Succeeded);
            if !waits_for_more(&outcome) {
                finish_validation(&self.jobs, self.chain.as_ref(), &running.id, outcome);
                continue;
            }
            if let Err(running) = self.jobs.hold(running) {
                if self.jobs.is_stopped() {
                    return; // After the next start its id answers NODE_RESTARTED.
                }
                let unwanted = running.cancelled.load(Ordering::Relaxed);
                let outcome = if unwanted { Outcome::Cancelled } else { outcome };
                finish_validation(&self.jobs, self.chain.as_ref(), &running.id, outcome);
            }
        }
    }

    /// Queues held proposals again after each processed block and each burn block.
    pub fn watch(jobs: Arc<ValidationJobs>, journal: &Arc<dyn Journal>) {
        listen_for(journal, &[v1::EventKind::BlockProcessed, v1::EventKind::BurnBlock], move || jobs.release_held());
    }
}

/// Whether the verdict may soon change: the parent or the burn view is not known yet.
fn waits_for_more(outcome: &Outcome<v1::ValidationVerdict>) -> bool {
    let Outcome::Succeeded(v1::ValidationVerdict { rejection: Some(rejection), .. }) = outcome else { return false };
    matches!(rejection.reason(), v1::RejectReason::UnknownParent | v1::RejectReason::UnknownBurnBlock)
}

/// Turns a panic, which is a bug, into the failure of this job alone.
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
