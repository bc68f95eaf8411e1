//! Jobs of one kind: those that wait, the one that runs, and the results of those that ended.
//!
//! ```text
//!  request ──▶ WAITING ──take──▶ RUNNING ──finish──▶ DONE ──(limits)──▶ forgotten
//!     │ join    │  ▲               │  hold
//!     ▼         │  └── HELD ◀──────┘        (until something changed, or its time is over)
//!  an open job  └──cancel──▶ DONE
//! ```
//!
//! # Invariants
//! - Jobs that wait or are held are limited in number and bytes; a request beyond that is refused at once.
//! - Of jobs with equal keys only one is open at a time.
//! - An id contains the number of the node's start that gave it: none is given twice, and one of an earlier start without a result
//!   is known to be lost.

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use tokio::sync::watch;

use super::types::{
    Fetched, JobKey, JobQueueLimits, JobQueueStats, JobRequest, Missing, Outcome, QueueFull, Running, TakenBack, Ticket,
};
use crate::chain::JobFailure;
use crate::ids::request_numbers;

/// Least and most time that a refused request is advised to wait.
const RETRY_AFTER: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(10));

/// Queue and results of one kind of job. Requests come from any thread; one worker thread takes them.
pub struct JobQueue<J, R> {
    limits: JobQueueLimits,
    /// First letter of every id.
    letter: &'static str,
    /// Number of this start of the node, a part of every id.
    start_number: u64,
    state: Mutex<State<J, R>>,
    wake_up: Condvar,
}

struct State<J, R> {
    next_number: u64,
    queue: VecDeque<Waiting<J>>,
    held: Vec<Waiting<J>>,
    open: BTreeMap<String, Open>,
    by_key: BTreeMap<[u8; 32], String>,
    done: BTreeMap<String, Done<R>>,
    /// Ids of ended jobs, oldest first.
    order: VecDeque<String>,
    /// Lowest job number of the start before this one whose result was kept; `None` without such a result.
    kept_of_previous_start: Option<u64>,
    /// Time that a job takes: a mean in which newer jobs weigh more.
    mean_run: Duration,
    stats: JobQueueStats,
    stopped: bool,
}

struct Waiting<J> {
    id: String,
    job: J,
    bytes: usize,
}

struct Open {
    key: Option<JobKey>,
    /// Number of requests that want it.
    requests: usize,
    not_after: Option<SystemTime>,
    hold_until: Instant,
    begun: Option<Instant>,
    cancelled: Arc<AtomicBool>,
    ended: watch::Sender<bool>,
}

struct Done<R> {
    outcome: Arc<Outcome<R>>,
    bytes: usize,
    /// When the result is too old to be kept.
    until: Instant,
}

impl<J, R> JobQueue<J, R> {
    /// Makes an empty queue for one start of the node.
    #[must_use]
    pub fn new(letter: &'static str, start_number: u64, limits: JobQueueLimits) -> Self {
        let state = State {
            next_number: 1,
            queue: VecDeque::new(),
            held: Vec::new(),
            open: BTreeMap::new(),
            by_key: BTreeMap::new(),
            done: BTreeMap::new(),
            order: VecDeque::new(),
            kept_of_previous_start: None,
            mean_run: RETRY_AFTER.0,
            stats: JobQueueStats::default(),
            stopped: false,
        };
        Self { limits, letter, start_number, state: Mutex::new(state), wake_up: Condvar::new() }
    }

    /// Adds a result that an earlier start of the node stored. To be called oldest first, before anything else.
    pub fn restore(&self, id: String, outcome: Outcome<R>, bytes: usize, age: Duration) {
        let mut state = self.lock();
        if let Some((start, number)) = self.parse(&id)
            && start + 1 == self.start_number
        {
            let lowest = state.kept_of_previous_start.map_or(number, |lowest| lowest.min(number));
            state.kept_of_previous_start = Some(lowest);
        }
        let left = self.limits.result_age.saturating_sub(age);
        state.keep(id, Done { outcome: Arc::new(outcome), bytes, until: Instant::now() + left });
        state.forget(&self.limits, Instant::now());
    }

    /// The limits that the queue was made with.
    #[must_use]
    pub fn limits(&self) -> JobQueueLimits {
        self.limits
    }

    /// Counts of this moment.
    #[must_use]
    pub fn stats(&self) -> JobQueueStats {
        let state = self.lock();
        JobQueueStats { waiting: state.queue.len() + state.held.len(), results: state.order.len(), ..state.stats }
    }

    /// Queues a job, or joins an open one with the same key. The later deadline and the longer hold then count.
    ///
    /// # Errors
    /// [`QueueFull`] when there is no room, or the queue was stopped.
    pub fn request(&self, request: JobRequest<J>) -> Result<Ticket, QueueFull> {
        let mut state = self.lock();
        let hold_until = Instant::now() + request.hold;
        if let Some(ticket) = state.join(request.key, request.not_after, hold_until) {
            return Ok(ticket);
        }
        let waiting = state.queue.len() + state.held.len();
        let bytes = state.stats.waiting_bytes;
        let is_full = waiting >= self.limits.queue
            || (waiting > 0 && bytes.saturating_add(request.bytes) > self.limits.queue_bytes);
        if state.stopped || is_full {
            state.stats.refused_total += 1;
            return Err(QueueFull { waiting, bytes, retry_after: state.retry_after() });
        }
        let id = format!("{}-{}-{}", self.letter, self.start_number, state.next_number);
        state.next_number += 1;
        let position = state.position(state.queue.len());
        if let Some(key) = request.key {
            state.by_key.insert(key.hash, id.clone());
        }
        let open = Open {
            key: request.key,
            requests: 1,
            not_after: request.not_after,
            hold_until,
            begun: None,
            cancelled: Arc::default(),
            ended: watch::Sender::new(false),
        };
        state.open.insert(id.clone(), open);
        state.stats.queued_total += 1;
        state.stats.waiting_bytes += request.bytes;
        state.queue.push_back(Waiting { id: id.clone(), job: request.job, bytes: request.bytes });
        self.wake_up.notify_one();
        Ok(Ticket { id, position, joined: false })
    }

    /// State or result of a job.
    ///
    /// # Errors
    /// [`Missing`] when there is neither.
    pub fn fetch(&self, id: &str) -> Result<Fetched<R>, Missing> {
        let mut state = self.lock();
        state.forget(&self.limits, Instant::now());
        if let Some(open) = state.open.get(id) {
            return Ok(Fetched::Pending { ended: open.ended.subscribe(), is_running: open.begun.is_some() });
        }
        match state.done.get(id) {
            Some(done) => Ok(Fetched::Done(Arc::clone(&done.outcome))),
            None => self.missing(&state, id),
        }
    }

    /// As [`Self::fetch`], after waiting at most `wait` for the end.
    ///
    /// # Errors
    /// [`Missing`], as from [`Self::fetch`].
    pub async fn fetch_within(&self, id: &str, wait: Option<Duration>) -> Result<Fetched<R>, Missing> {
        match (self.fetch(id)?, wait) {
            (Fetched::Pending { mut ended, .. }, Some(wait)) => {
                // A time that is over is an answer too: the job is still pending.
                let _ = tokio::time::timeout(wait, ended.wait_for(|ended| *ended)).await;
                self.fetch(id)
            }
            (fetched, _) => Ok(fetched),
        }
    }

    /// Takes back one request for a job. Without requests the job ends.
    ///
    /// # Errors
    /// [`Missing`], as from [`Self::fetch`].
    pub fn take_back(&self, id: &str) -> Result<TakenBack<R>, Missing> {
        let mut state = self.lock();
        let Some(open) = state.open.get_mut(id) else {
            return match state.done.get(id) {
                Some(done) => Ok(TakenBack::Done(Arc::clone(&done.outcome))),
                None => match self.missing(&state, id)? {
                    Fetched::Done(outcome) => Ok(TakenBack::Done(outcome)),
                    Fetched::Pending { .. } => Ok(TakenBack::Pending),
                },
            };
        };
        open.requests = open.requests.saturating_sub(1);
        if open.requests > 0 {
            return Ok(TakenBack::Pending);
        }
        open.cancelled.store(true, Ordering::Relaxed);
        if open.begun.is_some() {
            return Ok(TakenBack::Pending);
        }
        let ended = state.end(
            id,
            Done { outcome: Arc::new(Outcome::Cancelled), bytes: 0, until: Instant::now() + self.limits.result_age },
        );
        state.forget(&self.limits, Instant::now());
        drop(state);
        notify(ended);
        Ok(TakenBack::Dropped)
    }

    /// Waits for the next job; `None` when the queue was stopped.
    #[must_use]
    pub fn take(&self) -> Option<Running<J>> {
        let mut state = self.lock();
        loop {
            if state.stopped {
                return None;
            }
            let next_due = state.release_due(Instant::now());
            if let Some(waiting) = state.queue.pop_front() {
                return Some(state.begin(waiting));
            }
            state = match next_due {
                None => self.wake_up.wait(state).unwrap_or_else(PoisonError::into_inner),
                Some(due) => {
                    let left = due.saturating_duration_since(Instant::now());
                    self.wake_up.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
    }

    /// Puts a job aside until [`Self::release_held`] or the end of its hold.
    ///
    /// # Errors
    /// The job, to be finished now: its hold is over, or nobody wants it any more.
    pub fn hold(&self, running: Running<J>) -> Result<(), Running<J>> {
        let mut state = self.lock();
        let stopped = state.stopped;
        let Some(open) = state.open.get_mut(&running.id) else { return Err(running) };
        if open.hold_until <= Instant::now() || open.requests == 0 || stopped {
            return Err(running);
        }
        open.begun = None;
        let Running { id, job, bytes, .. } = running;
        state.stats.waiting_bytes += bytes;
        state.held.push(Waiting { id, job, bytes });
        Ok(())
    }

    /// Whether jobs are held.
    #[must_use]
    pub fn has_held(&self) -> bool {
        !self.lock().held.is_empty()
    }

    /// Queues the held jobs again: what they wait for may have come.
    pub fn release_held(&self) {
        let mut state = self.lock();
        let held = std::mem::take(&mut state.held);
        held.into_iter().rev().for_each(|job| state.queue.push_front(job));
        self.wake_up.notify_one();
    }

    /// Stores how a job ended, and wakes those that wait for it. `bytes` is about what the result takes in memory.
    pub fn finish(&self, id: &str, outcome: Arc<Outcome<R>>, bytes: usize) {
        let mut state = self.lock();
        let until = Instant::now() + self.limits.result_age;
        let ended = state.end(id, Done { outcome, bytes, until });
        state.forget(&self.limits, Instant::now());
        drop(state);
        notify(ended);
    }

    /// Ends the queue: waiting jobs are not begun any more, and the one that runs is cancelled.
    pub fn stop(&self) {
        let mut state = self.lock();
        state.stopped = true;
        state.open.values().for_each(|open| open.cancelled.store(true, Ordering::Relaxed));
        self.wake_up.notify_all();
    }

    /// Whether [`Self::stop`] was called.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        self.lock().stopped
    }

    fn lock(&self) -> MutexGuard<'_, State<J, R>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Start number and job number of an id of this queue; `None` for other texts.
    fn parse(&self, id: &str) -> Option<(u64, u64)> {
        request_numbers(self.letter, id)
    }

    /// What it means that an id has neither job nor result.
    fn missing(&self, state: &State<J, R>, id: &str) -> Result<Fetched<R>, Missing> {
        let (start, number) = self.parse(id).ok_or(Missing::Unknown)?;
        if start > self.start_number || (start == self.start_number && number >= state.next_number) {
            return Err(Missing::Unknown);
        }
        // Results of the start before this one are kept from some number on; a higher number without a result had not ended.
        let lost = start + 1 == self.start_number && state.kept_of_previous_start.is_none_or(|kept| number > kept);
        if !lost {
            return Err(Missing::Expired);
        }
        let detail = "the node stopped before the request was finished".to_owned();
        Ok(Fetched::Done(Arc::new(Outcome::Failed(JobFailure { reason: "NODE_RESTARTED".to_owned(), detail }))))
    }
}

impl<J, R> State<J, R> {
    fn join(&mut self, key: Option<JobKey>, not_after: Option<SystemTime>, hold_until: Instant) -> Option<Ticket> {
        let key = key?;
        let id = self.by_key.get(&key.hash)?.clone();
        let open = self.open.get_mut(&id)?;
        if open.begun.is_some() && !key.joins_running {
            return None;
        }
        open.requests += 1;
        open.not_after = open.not_after.zip(not_after).map(|(a, b)| a.max(b));
        open.hold_until = open.hold_until.max(hold_until);
        let place = self.queue.iter().position(|waiting| waiting.id == id);
        self.stats.joined_total += 1;
        Some(Ticket { id, position: place.map_or(0, |place| self.position(place)), joined: true })
    }

    /// Number of jobs before the one at this place of the queue.
    fn position(&self, place: usize) -> usize {
        place + self.open.values().filter(|open| open.begun.is_some()).count()
    }

    fn begin(&mut self, waiting: Waiting<J>) -> Running<J> {
        let Waiting { id, job, bytes } = waiting;
        self.stats.waiting_bytes = self.stats.waiting_bytes.saturating_sub(bytes);
        let mut running = Running { id, job, is_late: false, cancelled: Arc::default(), bytes };
        if let Some(open) = self.open.get_mut(&running.id) {
            open.begun = Some(Instant::now());
            running.cancelled = Arc::clone(&open.cancelled);
            running.is_late = open.not_after.is_some_and(|deadline| SystemTime::now() > deadline);
        }
        running
    }

    /// Queues the held jobs whose hold is over, and returns when the next hold ends.
    fn release_due(&mut self, now: Instant) -> Option<Instant> {
        let mut next_due = None;
        let mut place = 0;
        while let Some(waiting) = self.held.get(place) {
            let due = self.open.get(&waiting.id).map_or(now, |open| open.hold_until);
            if due <= now {
                let waiting = self.held.remove(place);
                self.queue.push_back(waiting);
            } else {
                next_due = Some(next_due.map_or(due, |next: Instant| next.min(due)));
                place += 1;
            }
        }
        next_due
    }

    /// Removes a job wherever it is, and keeps its end.
    fn end(&mut self, id: &str, done: Done<R>) -> Option<Open> {
        let dropped: usize = self.queue.iter().chain(&self.held).filter(|w| w.id == id).map(|w| w.bytes).sum();
        self.stats.waiting_bytes = self.stats.waiting_bytes.saturating_sub(dropped);
        self.queue.retain(|waiting| waiting.id != id);
        self.held.retain(|waiting| waiting.id != id);
        let open = self.open.remove(id);
        if let Some(key) = open.as_ref().and_then(|open| open.key)
            && self.by_key.get(&key.hash).is_some_and(|holder| holder == id)
        {
            self.by_key.remove(&key.hash);
        }
        if let Some(run) = open.as_ref().and_then(|open| open.begun).map(|begun| begun.elapsed()) {
            self.mean_run = (self.mean_run * 7 + run) / 8;
        }
        // A job that was taken back before it ran has ended already when its end is stored.
        if !self.done.contains_key(id) {
            self.stats.finished_total += 1;
            self.keep(id.to_owned(), done);
        }
        open
    }

    fn keep(&mut self, id: String, done: Done<R>) {
        self.stats.result_bytes = self.stats.result_bytes.saturating_add(done.bytes);
        self.order.push_back(id.clone());
        self.done.insert(id, done);
    }

    /// About the time until a quarter of the waiting jobs have run.
    fn retry_after(&self) -> Duration {
        let jobs = u32::try_from(self.queue.len() / 4).unwrap_or(u32::MAX).max(1);
        self.mean_run.saturating_mul(jobs).clamp(RETRY_AFTER.0, RETRY_AFTER.1)
    }

    /// Drops the oldest results above the limits, but never the newest.
    fn forget(&mut self, limits: &JobQueueLimits, now: Instant) {
        while self.order.len() > 1 {
            let Some(oldest) = self.order.front().and_then(|id| self.done.get(id)) else { break };
            let kept = self.order.len() <= limits.results
                && self.stats.result_bytes <= limits.result_bytes
                && now <= oldest.until;
            if kept {
                break;
            }
            let removed = self.order.pop_front().and_then(|id| self.done.remove(&id));
            let bytes = removed.map_or(0, |done| done.bytes);
            self.stats.result_bytes = self.stats.result_bytes.saturating_sub(bytes);
        }
    }
}

fn notify(ended: Option<Open>) {
    if let Some(open) = ended {
        open.ended.send_replace(true);
    }
}

#[cfg(test)]
mod tests;
