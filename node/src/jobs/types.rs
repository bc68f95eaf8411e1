//! The words of a queue: what goes in, what comes out.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, SystemTime};

use nakamoto_proto::v1::JobState;
use tokio::sync::watch;

use crate::chain::JobFailure;

/// How much is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JobQueueLimits {
    /// Jobs that wait.
    pub queue: usize,
    /// Bytes of jobs that wait.
    pub queue_bytes: usize,
    /// Results kept.
    pub results: usize,
    /// Bytes of results kept; the newest is kept whatever its size.
    pub result_bytes: usize,
    /// How long a result is kept.
    pub result_age: Duration,
}

/// How a job ended.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome<R> {
    /// With a result.
    Succeeded(R),
    /// Without one.
    Failed(JobFailure),
    /// It was dropped before it ran: its deadline had passed.
    Expired,
    /// All who had asked for it took it back.
    Cancelled,
}

/// A job to queue.
#[derive(Debug, Clone)]
pub struct JobRequest<J> {
    /// What to do.
    pub job: J,
    /// What makes it the same as another.
    pub key: Option<JobKey>,
    /// About what it holds in memory.
    pub bytes: usize,
    /// Do not begin later than this.
    pub not_after: Option<SystemTime>,
    /// How long it may be held.
    pub hold: Duration,
}

/// Equal keys are the same job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JobKey {
    /// Hash of what the job is made of.
    pub hash: [u8; 32],
    /// Whether a job that runs already has the same result as one that begins now.
    pub joins_running: bool,
}

/// A queued job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ticket {
    /// Opaque.
    pub id: String,
    /// Jobs that run or wait before it.
    pub position: usize,
    /// Whether it is a job that another request began.
    pub joined: bool,
}

/// Too many jobs wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{waiting} requests with {bytes} bytes wait already")]
pub struct QueueFull {
    /// Jobs that wait.
    pub waiting: usize,
    /// Bytes of the jobs that wait.
    pub bytes: usize,
    /// When a place may be free, by how long jobs have taken lately.
    pub retry_after: Duration,
}

/// What is known of a job.
#[derive(Debug)]
pub enum Fetched<R> {
    /// Queued or running.
    Pending {
        /// Changes when it ends.
        ended: watch::Receiver<bool>,
        /// Whether it is the one that runs.
        is_running: bool,
    },
    /// Finished.
    Done(Arc<Outcome<R>>),
}

/// Why nothing is known of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missing {
    /// There never was one with this id.
    Unknown,
    /// Its result is no longer kept.
    Expired,
}

/// What became of a job that was taken back.
#[derive(Debug)]
pub enum TakenBack<R> {
    /// It ended now, without having run. Its end is still to be announced.
    Dropped,
    /// It goes on: others want it, or it runs and is about to stop.
    Pending,
    /// It had ended before.
    Done(Arc<Outcome<R>>),
}

/// A job that runs.
#[derive(Debug)]
pub struct Running<J> {
    /// Id of the job, as its client knows it.
    pub id: String,
    /// What to do.
    pub job: J,
    /// Whether its deadline has passed.
    pub is_late: bool,
    /// Set when nobody wants the result any more, or the node stops.
    pub cancelled: Arc<AtomicBool>,
    pub(super) bytes: usize,
}

/// Figures of a queue.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct JobQueueStats {
    /// Jobs that wait or are held.
    pub waiting: usize,
    /// Bytes of the jobs that wait.
    pub waiting_bytes: usize,
    /// Results kept.
    pub results: usize,
    /// Bytes of the results that are kept.
    pub result_bytes: usize,
    /// Jobs that were queued since the start.
    pub queued_total: u64,
    /// Requests that joined one.
    pub joined_total: u64,
    /// Requests that were refused because the queue was full.
    pub refused_total: u64,
    /// Jobs that ended.
    pub finished_total: u64,
}

impl<R> Outcome<R> {
    /// State, code and text on the wire; the last two are empty for a result.
    #[must_use]
    pub fn parts(&self) -> (JobState, &str, &str) {
        match self {
            Self::Succeeded(_) => (JobState::Succeeded, "", ""),
            Self::Failed(failure) => (JobState::Failed, &failure.reason, &failure.detail),
            Self::Expired => (JobState::Expired, "DEADLINE_PASSED", ""),
            Self::Cancelled => (JobState::Cancelled, "CANCELLED", ""),
        }
    }

    /// What [`Self::parts`] gave and the result, put together again; none for a state that is no end.
    #[must_use]
    pub fn from_parts(state: JobState, reason: String, detail: String, result: Option<R>) -> Option<Self> {
        match state {
            JobState::Succeeded => result.map(Self::Succeeded),
            JobState::Failed => Some(Self::Failed(JobFailure { reason, detail })),
            JobState::Expired => Some(Self::Expired),
            JobState::Cancelled => Some(Self::Cancelled),
            JobState::Unspecified | JobState::Pending => None,
        }
    }
}
