//! Types that go into a queue and come out of it.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, SystemTime};

use nakamoto_proto::v1::JobState;
use tokio::sync::watch;

use crate::chain::JobFailure;
use crate::runtime::class::CallerClass;

/// Limits of a queue for public jobs; the lane of producers and signers has the same limits again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JobQueueLimits {
    /// Most jobs that wait.
    pub queue: usize,
    /// Most bytes of jobs that wait.
    pub queue_bytes: usize,
    /// Most results that are kept.
    pub results: usize,
    /// Most bytes of kept results; the newest is kept whatever its size.
    pub result_bytes: usize,
    /// Longest time that a result is kept.
    pub result_age: Duration,
}

/// How a job ended.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome<R> {
    /// The job has a result.
    Succeeded(R),
    /// The job has no result, and why.
    Failed(JobFailure),
    /// The job was dropped before it ran: its deadline had passed.
    Expired,
    /// Everybody who had requested it withdrew the request.
    Cancelled,
}

/// A request for a job.
#[derive(Debug, Clone)]
pub struct JobRequest<J> {
    /// The work to do.
    pub job: J,
    /// Key by which requests for the same work are joined; `None` = never.
    pub key: Option<JobKey>,
    /// The client's name for this request: sent twice, it counts once. `None` = each counts.
    pub request_key: Option<String>,
    /// Roughly its memory while it waits.
    pub bytes: usize,
    /// Deadline: the job is dropped if it has not begun by then.
    pub not_after: Option<SystemTime>,
    /// Longest time that it may be held.
    pub hold: Duration,
    /// Whose job it is: jobs of producers and signers have a lane of their own, which goes first.
    pub class: CallerClass,
}

/// Jobs with equal keys are the same job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JobKey {
    /// Hash of everything that decides the result.
    pub hash: [u8; 32],
    /// Whether a job that already runs has the same result as one that would begin now.
    pub joins_running: bool,
}

/// Answer to a request: its job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ticket {
    /// Id of the job, opaque to clients.
    pub id: String,
    /// Number of jobs that run or wait before it.
    pub position: usize,
    /// Whether an earlier request created the job.
    pub joined: bool,
}

/// Why a job is not queued.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotQueued {
    /// The lane has no room.
    #[error(transparent)]
    Full(QueueFull),
    /// The node stops.
    #[error("the node is shutting down")]
    Stopped,
}

/// The lane has no room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{waiting} of {max} requests wait ({bytes} of {max_bytes} bytes)")]
pub struct QueueFull {
    /// Number of jobs that wait.
    pub waiting: usize,
    /// Most jobs that may wait.
    pub max: usize,
    /// Bytes of the jobs that wait.
    pub bytes: usize,
    /// Most bytes of them.
    pub max_bytes: usize,
    /// About the time until there is room, judged by how long recent jobs took.
    pub retry_after: Duration,
}

/// State of a known job.
#[derive(Debug)]
pub enum Fetched<R> {
    /// The job waits or runs.
    Pending {
        /// Becomes true when the job ends.
        ended: watch::Receiver<bool>,
        /// Whether the job runs.
        is_running: bool,
    },
    /// The job has ended.
    Done(Arc<Outcome<R>>),
}

/// Why a job is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MissingJob {
    /// There never was a job with this id.
    Unknown,
    /// The job has ended, and its result is no longer kept.
    Expired,
    /// The node stops: the job will not end any more.
    Stopped,
}

/// What is withdrawn from a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Withdrawal {
    /// One of the requests without a key, whoever made it.
    WithoutKey,
    /// The request with this key, however often it was sent.
    Request(String),
    /// A call that sent the request with this key: the request goes with the last of them.
    Call(String),
}

impl Withdrawal {
    /// A client takes its request back.
    #[must_use]
    pub fn of_request(key: Option<String>) -> Self {
        key.map_or(Self::WithoutKey, Self::Request)
    }

    /// A client goes away while its call waits.
    #[must_use]
    pub fn of_call(key: Option<String>) -> Self {
        key.map_or(Self::WithoutKey, Self::Call)
    }
}

/// The state of a job after a request for it was withdrawn.
#[derive(Debug)]
pub enum Withdrawn<R> {
    /// It has ended now without having run. Its end is still to be announced.
    Dropped,
    /// It goes on: others want it, or it is running and will stop soon.
    Pending,
    /// It had ended before.
    Done(Arc<Outcome<R>>),
}

/// A job that a worker has taken.
#[derive(Debug)]
pub struct Running<J> {
    /// Id of the job, as its client knows it.
    pub id: String,
    /// The work to do.
    pub job: J,
    /// Whether its deadline has passed.
    pub is_late: bool,
    /// Set when nobody wants the result any more, or the node stops.
    pub cancelled: Arc<AtomicBool>,
    /// Also set when a producer or signer waits and this job is not theirs: finish with what there is.
    pub finish_early: Arc<AtomicBool>,
    pub(super) bytes: usize,
    /// Value of the queue's `releases` when the job began.
    pub(super) releases: u64,
}

/// Counts of a queue.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct JobQueueStats {
    /// Jobs that wait or are held now.
    pub waiting: usize,
    /// Bytes of the jobs that wait.
    pub waiting_bytes: usize,
    /// Results that are kept now.
    pub results: usize,
    /// Bytes of the results that are kept.
    pub result_bytes: usize,
    /// Jobs that were queued since the node's start.
    pub queued_total: u64,
    /// Requests that joined an open job.
    pub joined_total: u64,
    /// Requests that were refused because the queue was full.
    pub refused_total: u64,
    /// Jobs that ended, in any way.
    pub finished_total: u64,
}

impl<R> Outcome<R> {
    /// The same outcome with its result converted.
    #[must_use]
    pub fn map<T>(self, make: impl FnOnce(R) -> T) -> Outcome<T> {
        match self {
            Self::Succeeded(result) => Outcome::Succeeded(make(result)),
            Self::Failed(failure) => Outcome::Failed(failure),
            Self::Expired => Outcome::Expired,
            Self::Cancelled => Outcome::Cancelled,
        }
    }

    /// State, code and text for the wire; code and text are empty for a result.
    #[must_use]
    pub fn parts(&self) -> (JobState, &str, &str) {
        match self {
            Self::Succeeded(_) => (JobState::Succeeded, "", ""),
            Self::Failed(failure) => (JobState::Failed, &failure.reason, &failure.detail),
            Self::Expired => (JobState::Expired, "DEADLINE_PASSED", "its deadline had passed before it began"),
            Self::Cancelled => (JobState::Cancelled, "CANCELLED", "all who had asked for it took it back"),
        }
    }

    /// The outcome of which [`Self::parts`] gave these parts, with its result; `None` if the state is not an end.
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
