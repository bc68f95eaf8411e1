//! The state of a queue, all behind one lock.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime};

use tokio::sync::watch;

use super::lane::{Lane, Waiting};
use super::requests::Requests;
use crate::jobs::types::{JobKey, JobQueueLimits, JobQueueStats, JobRequest, Outcome, Running, Ticket};
use crate::runtime::class::CallerClass;

/// Shortest and longest wait that a refused request is advised.
pub(super) const RETRY_AFTER: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(10));

pub(super) struct State<J, R> {
    pub(super) next_number: u64,
    pub(super) everybodys: Lane<J>,
    pub(super) actors: Lane<J>,
    pub(super) open: BTreeMap<String, Open>,
    pub(super) by_key: BTreeMap<[u8; 32], String>,
    pub(super) done: BTreeMap<String, Done<R>>,
    /// Lowest job number of the previous start with a kept result; `None` without such a result.
    pub(super) kept_of_previous_start: Option<u64>,
    /// Mean time of a job; newer jobs weigh more.
    pub(super) mean_run: Duration,
    pub(super) stats: JobQueueStats,
    /// Number of calls to `release_held`: a call while a job runs concerns that job too.
    pub(super) releases: u64,
    pub(super) stopped: bool,
}

pub(super) struct Open {
    pub(super) class: CallerClass,
    pub(super) key: Option<JobKey>,
    pub(super) requests: Requests,
    pub(super) not_after: Option<SystemTime>,
    pub(super) hold_until: Instant,
    pub(super) begun: Option<Instant>,
    pub(super) cancelled: Arc<AtomicBool>,
    pub(super) finish_early: Arc<AtomicBool>,
    pub(super) ended: watch::Sender<bool>,
}

pub(super) struct Done<R> {
    pub(super) outcome: Arc<Outcome<R>>,
    pub(super) bytes: usize,
    /// When the result is too old to be kept.
    pub(super) until: Instant,
}

impl<J, R> State<J, R> {
    pub(super) fn lane(&self, class: CallerClass) -> &Lane<J> {
        match class {
            CallerClass::Anyone => &self.everybodys,
            CallerClass::Actor => &self.actors,
        }
    }

    pub(super) fn lane_mut(&mut self, class: CallerClass) -> &mut Lane<J> {
        match class {
            CallerClass::Anyone => &mut self.everybodys,
            CallerClass::Actor => &mut self.actors,
        }
    }

    pub(super) fn join(&mut self, request: &JobRequest<J>, hold_until: Instant) -> Option<Ticket> {
        let key = request.key?;
        let sent_before = self.job_with_request(request, key);
        let id = sent_before.as_ref().or_else(|| self.by_key.get(&key.hash))?.clone();
        let open = self.open.get_mut(&id)?;
        if sent_before.is_none() {
            let is_closed = open.begun.is_some() && (!key.joins_running || open.finish_early.load(Ordering::Relaxed));
            let is_crowded = request.request_key.is_some() && !open.requests.has_room();
            // A request for an immediate result does not join a job that may be held, nor the other way round.
            let waits_otherwise = (open.hold_until > Instant::now()) == request.hold.is_zero();
            if is_closed || is_crowded || waits_otherwise {
                return None;
            }
        }
        open.requests.add(request.request_key.as_deref());
        open.not_after = open.not_after.zip(request.not_after).map(|(a, b)| a.max(b));
        open.hold_until = open.hold_until.max(hold_until);
        self.stats.joined_total += 1;
        if (open.class, request.class) == (CallerClass::Anyone, CallerClass::Actor) {
            open.class = CallerClass::Actor;
            self.change_lane(&id);
            self.preempt_public_jobs(CallerClass::Actor);
        }
        Some(Ticket { position: self.position(&id), id, joined: true })
    }

    /// The open job that has this very request already: its caller sends it again.
    fn job_with_request(&self, request: &JobRequest<J>, key: JobKey) -> Option<String> {
        let request_key = request.request_key.as_deref()?;
        let has_it = |open: &Open| open.key.is_some_and(|k| k.hash == key.hash) && open.requests.has(request_key);
        self.open.iter().find(|(_, open)| has_it(open)).map(|(id, _)| id.clone())
    }

    /// Moves a waiting or held public job to the actors' lane.
    pub(super) fn change_lane(&mut self, id: &str) {
        let from = &mut self.everybodys;
        if let Some(place) = from.queue.iter().position(|waiting| waiting.id == id)
            && let Some(waiting) = from.queue.remove(place)
        {
            from.waiting_bytes = from.waiting_bytes.saturating_sub(waiting.bytes);
            self.actors.add(waiting);
        } else if let Some(place) = from.held.iter().position(|waiting| waiting.id == id) {
            let waiting = from.held.remove(place);
            from.waiting_bytes = from.waiting_bytes.saturating_sub(waiting.bytes);
            self.actors.waiting_bytes += waiting.bytes;
            self.actors.held.push(waiting);
        }
    }

    /// Tells running public jobs to finish early when an actor's job waits.
    pub(super) fn preempt_public_jobs(&self, class: CallerClass) {
        if class == CallerClass::Actor && !self.actors.queue.is_empty() {
            let running = self.open.values().filter(|open| open.begun.is_some() && open.class == CallerClass::Anyone);
            running.for_each(|open| open.finish_early.store(true, Ordering::Relaxed));
        }
    }

    /// Number of jobs that run or wait before this one; 0 for one that runs or is held.
    pub(super) fn position(&self, id: &str) -> usize {
        let waiting = self.actors.queue.iter().chain(&self.everybodys.queue);
        let place = waiting.into_iter().position(|waiting| waiting.id == id);
        place.map_or(0, |place| place + self.open.values().filter(|open| open.begun.is_some()).count())
    }

    pub(super) fn begin(&mut self, class: CallerClass, waiting: Waiting<J>) -> Running<J> {
        let Waiting { id, job, bytes } = waiting;
        let lane = self.lane_mut(class);
        lane.waiting_bytes = lane.waiting_bytes.saturating_sub(bytes);
        let (cancelled, finish_early) = (Arc::default(), Arc::default());
        let mut running = Running { id, job, is_late: false, cancelled, finish_early, bytes, releases: self.releases };
        if let Some(open) = self.open.get_mut(&running.id) {
            open.begun = Some(Instant::now());
            running.cancelled = Arc::clone(&open.cancelled);
            running.finish_early = Arc::clone(&open.finish_early);
            running.is_late = open.not_after.is_some_and(|deadline| SystemTime::now() > deadline);
        }
        running
    }

    /// Queues the held jobs whose hold is over; returns when the next hold ends.
    pub(super) fn release_due(&mut self, now: Instant) -> Option<Instant> {
        let mut next_due = None;
        for lane in [&mut self.everybodys, &mut self.actors] {
            let mut place = 0;
            while let Some(waiting) = lane.held.get(place) {
                let due = self.open.get(&waiting.id).map_or(now, |open| open.hold_until);
                if due <= now {
                    let waiting = lane.held.remove(place);
                    lane.queue.push_back(waiting);
                } else {
                    next_due = Some(next_due.map_or(due, |next: Instant| next.min(due)));
                    place += 1;
                }
            }
        }
        next_due
    }

    /// Removes a job wherever it is, and keeps its outcome.
    pub(super) fn end(&mut self, id: &str, done: Done<R>) -> Option<Open> {
        let open = self.open.remove(id);
        let class = open.as_ref().map_or(CallerClass::Anyone, |open| open.class);
        self.lane_mut(class).remove(id);
        if let Some(key) = open.as_ref().and_then(|open| open.key)
            && self.by_key.get(&key.hash).is_some_and(|holder| holder == id)
        {
            self.by_key.remove(&key.hash);
        }
        if let Some(run) = open.as_ref().and_then(|open| open.begun).map(|begun| begun.elapsed()) {
            self.mean_run = (self.mean_run * 7 + run) / 8;
        }
        // A withdrawn job that had not run is in `done` already when its end is stored.
        if !self.done.contains_key(id) {
            self.stats.finished_total += 1;
            self.keep(class, id.to_owned(), done);
        }
        open
    }

    pub(super) fn keep(&mut self, class: CallerClass, id: String, done: Done<R>) {
        let lane = self.lane_mut(class);
        lane.result_bytes = lane.result_bytes.saturating_add(done.bytes);
        lane.order.push_back(id.clone());
        self.done.insert(id, done);
    }

    /// About the time in which a quarter of the lane's waiting jobs will have run.
    pub(super) fn retry_after(&self, class: CallerClass) -> Duration {
        let jobs = u32::try_from(self.lane(class).queue.len() / 4).unwrap_or(u32::MAX).max(1);
        self.mean_run.saturating_mul(jobs).clamp(RETRY_AFTER.0, RETRY_AFTER.1)
    }

    /// Drops the oldest results of each lane above the limits, but never the newest.
    pub(super) fn forget(&mut self, limits: &JobQueueLimits, now: Instant) {
        for lane in [&mut self.everybodys, &mut self.actors] {
            while lane.order.len() > 1 {
                let Some(oldest) = lane.order.front().and_then(|id| self.done.get(id)) else { break };
                let is_kept = lane.order.len() <= limits.results
                    && lane.result_bytes <= limits.result_bytes
                    && now <= oldest.until;
                if is_kept {
                    break;
                }
                let removed = lane.order.pop_front().and_then(|id| self.done.remove(&id));
                lane.result_bytes = lane.result_bytes.saturating_sub(removed.map_or(0, |done| done.bytes));
            }
        }
    }
}

impl<J, R> Default for State<J, R> {
    fn default() -> Self {
        Self {
            next_number: 1,
            everybodys: Lane::default(),
            actors: Lane::default(),
            open: BTreeMap::new(),
            by_key: BTreeMap::new(),
            done: BTreeMap::new(),
            kept_of_previous_start: None,
            mean_run: RETRY_AFTER.0,
            stats: JobQueueStats::default(),
            releases: 0,
            stopped: false,
        }
    }
}
