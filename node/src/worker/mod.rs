//! Slow work off the network threads: templates and validations.
//!
//! A request goes into a bounded queue and gets an id at once; a worker thread does the work; the result is kept here
//! for a while and goes out as an event.
//!
//! # Invariants
//! - A queue that is full refuses; nobody waits for a place in it.
//! - A result can be fetched before its event is out.
//! - A job that panics fails alone.

mod board;
mod jobs;
mod run;

pub use board::{Board, BoardLimits, Fetched, Outcome, QueueFull, Ticket};
pub use jobs::{TEMPLATE_LIMITS, TemplateJob, TemplateJobs, VALIDATION_LIMITS, ValidationJob, ValidationJobs};
pub use run::{TemplateWorker, ValidationWorker};
