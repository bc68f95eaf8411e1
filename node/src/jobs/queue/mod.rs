//! Jobs of one kind: those that wait, the running one, and the results of those that ended.
//!
//! ```text
//!  request ──▶ WAITING ──take──▶ RUNNING ──finish──▶ DONE ──(limits)──▶ forgotten
//!     │ join    │  ▲               │  hold
//!     ▼         │  └── HELD ◀──────┘        (until something changed, or its time is over)
//!  an open job  └──cancel──▶ DONE
//! ```
//!
//! Public jobs have one lane, those of producers and signers another. The worker empties the second lane first, and a
//! running public job finishes early when a job comes there: the chain waits for it.
//!
//! # Invariants
//! - The waiting and held jobs of a lane, and its results, are limited in number and bytes; a request beyond the limit
//!   is refused at once.
//! - A request joins the newest open job with its key, if that can still be joined.
//! - An id contains the number of the start that gave it. So no id is given twice, and an id of an earlier start
//!   without a result is known to be lost.

mod lane;
mod requests;
mod state;

use std::sync::atomic::Ordering;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::watch;

use self::lane::Waiting;
use self::requests::Requests;
use self::state::{Done, Open, State};
use super::types::{
    Fetched, JobQueueLimits, JobQueueStats, JobRequest, MissingJob, NotQueued, Outcome, QueueFull, Running, Ticket,
    Withdrawal, Withdrawn,
};
use crate::chain::JobFailure;
use crate::request_ids::request_numbers;
use crate::runtime::class::CallerClass;

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

impl<J, R> JobQueue<J, R> {
    /// Makes an empty queue for this start of the node.
    #[must_use]
    pub fn new(letter: &'static str, start_number: u64, limits: JobQueueLimits) -> Self {
        Self { limits, letter, start_number, state: Mutex::default(), wake_up: Condvar::new() }
    }

    /// Adds a result that an earlier start of the node stored. Call it oldest first, before anything else.
    pub fn restore(&self, id: String, outcome: Outcome<R>, bytes: usize, age: Duration) {
        let mut state = self.lock();
        if let Some((start, number)) = self.parse(&id)
            && start + 1 == self.start_number
        {
            let lowest = state.kept_of_previous_start.map_or(number, |lowest| lowest.min(number));
            state.kept_of_previous_start = Some(lowest);
        }
        let left = self.limits.result_age.saturating_sub(age);
        state.keep(CallerClass::Anyone, id, Done { outcome: Arc::new(outcome), bytes, until: Instant::now() + left });
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
        let lanes = [&state.everybodys, &state.actors];
        JobQueueStats {
            waiting: lanes.iter().map(|lane| lane.waiting()).sum(),
            waiting_bytes: lanes.iter().map(|lane| lane.waiting_bytes).sum(),
            results: lanes.iter().map(|lane| lane.order.len()).sum(),
            result_bytes: lanes.iter().map(|lane| lane.result_bytes).sum(),
            ..state.stats
        }
    }

    /// Queues a job, or joins an open one with the same key if both may be held or neither. The job then keeps the
    /// later deadline and the longer hold. A request with a key that was sent before gets the same job while it is open,
    /// and counts once.
    ///
    /// # Errors
    /// [`NotQueued`] when there is no room, or the queue was stopped.
    pub fn request(&self, request: JobRequest<J>) -> Result<Ticket, NotQueued> {
        let mut state = self.lock();
        if state.stopped {
            return Err(NotQueued::Stopped);
        }
        let hold_until = Instant::now() + request.hold;
        if let Some(ticket) = state.join(&request, hold_until) {
            return Ok(ticket);
        }
        let lane = state.lane(request.class);
        let (waiting, bytes) = (lane.waiting(), lane.waiting_bytes);
        let (max, max_bytes) = (self.limits.queue, self.limits.queue_bytes);
        if waiting >= max || (waiting > 0 && bytes.saturating_add(request.bytes) > max_bytes) {
            state.stats.refused_total += 1;
            let retry_after = state.retry_after(request.class);
            return Err(NotQueued::Full(QueueFull { waiting, max, bytes, max_bytes, retry_after }));
        }
        let id = format!("{}-{}-{}", self.letter, self.start_number, state.next_number);
        state.next_number += 1;
        if let Some(key) = request.key {
            state.by_key.insert(key.hash, id.clone());
        }
        let open = Open {
            class: request.class,
            key: request.key,
            requests: Requests::of(request.request_key.as_deref()),
            not_after: request.not_after,
            hold_until,
            begun: None,
            cancelled: Arc::default(),
            finish_early: Arc::default(),
            ended: watch::Sender::new(false),
        };
        state.open.insert(id.clone(), open);
        state.stats.queued_total += 1;
        state.lane_mut(request.class).add(Waiting { id: id.clone(), job: request.job, bytes: request.bytes });
        state.preempt_public_jobs(request.class);
        let position = state.position(&id);
        self.wake_up.notify_one();
        Ok(Ticket { id, position, joined: false })
    }

    /// State or result of a job.
    ///
    /// # Errors
    /// [`MissingJob`] when there is neither.
    pub fn fetch(&self, id: &str) -> Result<Fetched<R>, MissingJob> {
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
    /// [`MissingJob`], as from [`Self::fetch`], and [`MissingJob::Stopped`] when the queue was stopped before the end.
    pub async fn fetch_within(&self, id: &str, wait: Option<Duration>) -> Result<Fetched<R>, MissingJob> {
        match (self.fetch(id)?, wait) {
            (Fetched::Pending { mut ended, .. }, Some(wait)) => {
                // After a timeout the job is still pending, which is an answer too.
                let _ = tokio::time::timeout(wait, ended.wait_for(|ended| *ended)).await;
                match self.fetch(id)? {
                    Fetched::Pending { .. } if self.is_stopped() => Err(MissingJob::Stopped),
                    fetched => Ok(fetched),
                }
            }
            (fetched, _) => Ok(fetched),
        }
    }

    /// Withdraws a request for a job, if there is such a one. A job without requests ends; but `class`
    /// [`CallerClass::Anyone`] cannot end a producer's or signer's job, as ids are easily guessed.
    ///
    /// # Errors
    /// [`MissingJob`], as from [`Self::fetch`].
    pub fn withdraw(&self, id: &str, withdrawal: &Withdrawal, class: CallerClass) -> Result<Withdrawn<R>, MissingJob> {
        let mut state = self.lock();
        let Some(open) = state.open.get_mut(id) else {
            return match state.done.get(id) {
                Some(done) => Ok(Withdrawn::Done(Arc::clone(&done.outcome))),
                None => match self.missing(&state, id)? {
                    Fetched::Done(outcome) => Ok(Withdrawn::Done(outcome)),
                    Fetched::Pending { .. } => Ok(Withdrawn::Pending),
                },
            };
        };
        if open.requests.len() == 1 && (open.class, class) == (CallerClass::Actor, CallerClass::Anyone) {
            return Ok(Withdrawn::Pending);
        }
        open.requests.withdraw(withdrawal);
        if open.requests.len() > 0 {
            return Ok(Withdrawn::Pending);
        }
        open.cancelled.store(true, Ordering::Relaxed);
        open.finish_early.store(true, Ordering::Relaxed);
        if open.begun.is_some() {
            return Ok(Withdrawn::Pending);
        }
        let ended = state.end(
            id,
            Done { outcome: Arc::new(Outcome::Cancelled), bytes: 0, until: Instant::now() + self.limits.result_age },
        );
        state.forget(&self.limits, Instant::now());
        drop(state);
        notify(ended);
        Ok(Withdrawn::Dropped)
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
            let next = state.actors.queue.pop_front().map(|waiting| (CallerClass::Actor, waiting));
            let next = next.or_else(|| Some((CallerClass::Anyone, state.everybodys.queue.pop_front()?)));
            if let Some((class, waiting)) = next {
                return Some(state.begin(class, waiting));
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

    /// Puts a job aside until [`Self::release_held`] or the end of its hold. If jobs were released since this one
    /// began, the thing that it waits for may have come a moment too late: it is queued again at once.
    ///
    /// # Errors
    /// The job, to be finished now: its hold is over, or nobody wants it any more.
    pub fn hold(&self, running: Running<J>) -> Result<(), Running<J>> {
        let mut state = self.lock();
        let stopped = state.stopped;
        let Some(open) = state.open.get_mut(&running.id) else { return Err(running) };
        if open.hold_until <= Instant::now() || open.requests.len() == 0 || stopped {
            return Err(running);
        }
        open.begun = None;
        let class = open.class;
        let came_meanwhile = running.releases != state.releases;
        let Running { id, job, bytes, .. } = running;
        let lane = state.lane_mut(class);
        lane.waiting_bytes += bytes;
        let waiting = Waiting { id, job, bytes };
        if came_meanwhile {
            lane.queue.push_front(waiting);
            self.wake_up.notify_one();
        } else {
            lane.held.push(waiting);
        }
        Ok(())
    }

    /// Requests that want an open job.
    #[cfg(test)]
    pub(crate) fn requests(&self) -> usize {
        self.lock().open.values().map(|open| open.requests.len()).sum()
    }

    /// Whether jobs are held.
    #[cfg(test)]
    pub(crate) fn has_held(&self) -> bool {
        let state = self.lock();
        [&state.everybodys, &state.actors].iter().any(|lane| !lane.held.is_empty())
    }

    /// Queues the held jobs again: the things that they wait for may have come.
    pub fn release_held(&self) {
        let mut state = self.lock();
        state.releases = state.releases.wrapping_add(1);
        let mut released = false;
        for class in [CallerClass::Anyone, CallerClass::Actor] {
            let lane = state.lane_mut(class);
            let held = std::mem::take(&mut lane.held);
            released |= !held.is_empty();
            held.into_iter().rev().for_each(|job| lane.queue.push_front(job));
        }
        if released {
            self.wake_up.notify_one();
        }
    }

    /// Stores how a job ended, and wakes those who wait for it. `bytes` is roughly the memory of the result.
    pub fn finish(&self, id: &str, outcome: Arc<Outcome<R>>, bytes: usize) {
        let mut state = self.lock();
        let until = Instant::now() + self.limits.result_age;
        let ended = state.end(id, Done { outcome, bytes, until });
        state.forget(&self.limits, Instant::now());
        drop(state);
        notify(ended);
    }

    /// Ends the queue: waiting jobs never begin, the running one is cancelled, and every wait ends.
    pub fn stop(&self) {
        let mut state = self.lock();
        state.stopped = true;
        for open in state.open.values() {
            open.cancelled.store(true, Ordering::Relaxed);
            open.finish_early.store(true, Ordering::Relaxed);
            open.ended.send_replace(true);
        }
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

    /// Explains why an id has neither job nor result.
    fn missing(&self, state: &State<J, R>, id: &str) -> Result<Fetched<R>, MissingJob> {
        let (start, number) = self.parse(id).ok_or(MissingJob::Unknown)?;
        if start > self.start_number || (start == self.start_number && number >= state.next_number) {
            return Err(MissingJob::Unknown);
        }
        // The previous start's results are kept in the order in which its jobs ended, from some job on. So a number
        // above the lowest kept one without a result had not ended, or had ended long before.
        let lost = start + 1 == self.start_number && state.kept_of_previous_start.is_none_or(|kept| number > kept);
        if !lost {
            return Err(MissingJob::Expired);
        }
        let detail = "the node stopped before the request was finished, or had ended it long before".to_owned();
        Ok(Fetched::Done(Arc::new(Outcome::Failed(JobFailure { reason: "NODE_RESTARTED".to_owned(), detail }))))
    }
}

fn notify(ended: Option<Open>) {
    if let Some(open) = ended {
        open.ended.send_replace(true);
    }
}

#[cfg(test)]
mod tests;
