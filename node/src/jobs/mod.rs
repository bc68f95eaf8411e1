//! Slow work off the network threads: templates and validations.
//!
//! A request is queued, if there is room, and gets an id at once. A worker thread does the work. The result is stored
//! with the event that announces it, and kept for a while.
//!
//! # Invariants
//! - A full queue refuses: nobody waits for room in it.
//! - A result can be fetched before its event is out, and after a restart.
//! - A job that panics fails alone.

mod finish;
mod kinds;
mod queue;
mod run;
mod types;

pub use finish::{finish_template, finish_validation, restore_results};
pub use kinds::{
    TEMPLATE_LIMITS, TemplateJob, TemplateJobs, VALIDATION_LIMITS, ValidationJob, ValidationJobs, template_answer,
    validation_answer,
};
pub use queue::JobQueue;
pub use run::{TemplateWorker, ValidationWorker};
pub use types::{
    Fetched, JobKey, JobQueueLimits, JobQueueStats, JobRequest, MissingJob, NotQueued, Outcome, QueueFull, Running,
    Ticket, Withdrawal, Withdrawn,
};
