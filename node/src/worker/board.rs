//! Jobs of one kind: those that wait, the one that runs, and the results of those that finished.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::watch;

use crate::chain::JobFailure;

/// How much is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BoardLimits {
    /// Jobs that wait.
    pub queue: usize,
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
}

/// A queued job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ticket {
    /// Opaque.
    pub id: String,
    /// Jobs before it.
    pub position: usize,
    /// Whether it is a job that another request began.
    pub joined: bool,
}

/// Too many jobs wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{max} requests wait already")]
pub struct QueueFull {
    /// The limit.
    pub max: usize,
}

/// What is known of a job.
#[derive(Debug)]
pub enum Fetched<R> {
    /// Queued or running. The receiver changes when it ends.
    Pending(watch::Receiver<bool>),
    /// Finished.
    Done(Arc<Outcome<R>>),
}

/// Queue and results of one kind of job. Requests come from any thread; one worker thread takes them.
pub struct Board<J, R> {
    limits: BoardLimits,
    /// Tells this process's ids from those of earlier ones, which the journal still names.
    prefix: String,
    state: Mutex<State<J, R>>,
    wake_up: Condvar,
}

struct State<J, R> {
    next_number: u64,
    queue: VecDeque<Queued<J>>,
    open: BTreeMap<String, Open>,
    done: BTreeMap<String, Done<R>>,
    /// Finished ids, oldest first.
    order: VecDeque<String>,
    done_bytes: usize,
    stopped: bool,
}

struct Queued<J> {
    id: String,
    job: J,
}

struct Open {
    /// Equal keys are the same job.
    key: Option<[u8; 32]>,
    ended: watch::Sender<bool>,
}

struct Done<R> {
    outcome: Arc<Outcome<R>>,
    bytes: usize,
    at: Instant,
}

impl<J, R> Board<J, R> {
    /// An empty board. `prefix` starts every id.
    #[must_use]
    pub fn new(prefix: &str, limits: BoardLimits) -> Self {
        let state = State {
            next_number: 1,
            queue: VecDeque::new(),
            open: BTreeMap::new(),
            done: BTreeMap::new(),
            order: VecDeque::new(),
            done_bytes: 0,
            stopped: false,
        };
        Self { limits, prefix: prefix.to_owned(), state: Mutex::new(state), wake_up: Condvar::new() }
    }

    /// Limits in force.
    #[must_use]
    pub fn limits(&self) -> BoardLimits {
        self.limits
    }

    /// Queues a job. With a key, a job with the same key that has not finished is joined instead.
    ///
    /// # Errors
    /// [`QueueFull`] when there is no place, or the board was stopped.
    pub fn request(&self, key: Option<[u8; 32]>, job: J) -> Result<Ticket, QueueFull> {
        let mut state = self.lock();
        if let Some(id) = state.open_with(key) {
            let position = state.queue.iter().position(|queued| queued.id == id).unwrap_or(0);
            return Ok(Ticket { id, position, joined: true });
        }
        if state.stopped || state.queue.len() >= self.limits.queue {
            return Err(QueueFull { max: self.limits.queue });
        }
        let id = format!("{}-{}", self.prefix, state.next_number);
        state.next_number += 1;
        let position = state.queue.len();
        state.open.insert(id.clone(), Open { key, ended: watch::Sender::new(false) });
        state.queue.push_back(Queued { id: id.clone(), job });
        self.wake_up.notify_one();
        Ok(Ticket { id, position, joined: false })
    }

    /// What is known of a job; `None` when nothing is (no longer).
    #[must_use]
    pub fn fetch(&self, id: &str) -> Option<Fetched<R>> {
        let mut state = self.lock();
        state.forget(&self.limits, Instant::now());
        if let Some(open) = state.open.get(id) {
            return Some(Fetched::Pending(open.ended.subscribe()));
        }
        state.done.get(id).map(|done| Fetched::Done(Arc::clone(&done.outcome)))
    }

    /// The next job, waiting for one; `None` when the board was stopped.
    #[must_use]
    pub fn take(&self) -> Option<(String, J)> {
        let mut state = self.lock();
        loop {
            if state.stopped {
                return None;
            }
            if let Some(queued) = state.queue.pop_front() {
                return Some((queued.id, queued.job));
            }
            state = self.wake_up.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Keeps how a job ended and wakes those who wait for it. `bytes` is about what the result holds in memory.
    pub fn finish(&self, id: String, outcome: Arc<Outcome<R>>, bytes: usize) {
        let mut state = self.lock();
        let ended = state.open.remove(&id);
        state.done_bytes = state.done_bytes.saturating_add(bytes);
        state.order.push_back(id.clone());
        state.done.insert(id, Done { outcome, bytes, at: Instant::now() });
        state.forget(&self.limits, Instant::now());
        drop(state);
        if let Some(open) = ended {
            open.ended.send_replace(true);
        }
    }

    /// Jobs that wait are not begun any more, and the worker ends after the one that runs.
    pub fn stop(&self) {
        self.lock().stopped = true;
        self.wake_up.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, State<J, R>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<J, R> State<J, R> {
    fn open_with(&self, key: Option<[u8; 32]>) -> Option<String> {
        let key = key?;
        self.open.iter().find(|(_, open)| open.key == Some(key)).map(|(id, _)| id.clone())
    }

    /// Drops the oldest results above the limits, but never the newest.
    fn forget(&mut self, limits: &BoardLimits, now: Instant) {
        while self.order.len() > 1 {
            let Some(oldest) = self.order.front().and_then(|id| self.done.get(id)) else { break };
            let kept = self.order.len() <= limits.results
                && self.done_bytes <= limits.result_bytes
                && now.saturating_duration_since(oldest.at) <= limits.result_age;
            if kept {
                break;
            }
            let removed = self.order.pop_front().and_then(|id| self.done.remove(&id));
            self.done_bytes = self.done_bytes.saturating_sub(removed.map_or(0, |done| done.bytes));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: BoardLimits =
        BoardLimits { queue: 2, results: 2, result_bytes: 100, result_age: Duration::from_secs(3600) };

    fn board() -> Board<u32, u32> {
        Board::new("t", LIMITS)
    }

    fn is_done(board: &Board<u32, u32>, id: &str) -> Option<Outcome<u32>> {
        match board.fetch(id)? {
            Fetched::Pending(_) => None,
            Fetched::Done(outcome) => Some(Outcome::clone(&outcome)),
        }
    }

    #[test]
    fn a_full_queue_refuses_and_has_room_again_after_a_take() {
        let board = board();
        assert_eq!(board.request(None, 1).unwrap().position, 0);
        assert_eq!(board.request(None, 2).unwrap().position, 1);
        assert_eq!(board.request(None, 3), Err(QueueFull { max: 2 }));
        assert_eq!(board.take().unwrap(), ("t-1".to_owned(), 1));
        assert_eq!(board.request(None, 3).unwrap().id, "t-3");
    }

    #[test]
    fn the_same_key_joins_until_the_job_finishes() {
        let board = board();
        let first = board.request(Some([7; 32]), 1).unwrap();
        let (id, _) = board.take().unwrap();
        let second = board.request(Some([7; 32]), 1).unwrap();
        assert_eq!((second.id.as_str(), second.joined), (first.id.as_str(), true));
        board.finish(id, Arc::new(Outcome::Succeeded(9)), 1);
        let third = board.request(Some([7; 32]), 1).unwrap();
        assert!(!third.joined);
        assert_ne!(third.id, first.id);
    }

    #[test]
    fn results_are_kept_by_count_and_bytes() {
        let board = board();
        for number in 1..=3_u32 {
            board.request(None, number).unwrap();
            let (id, job) = board.take().unwrap();
            board.finish(id, Arc::new(Outcome::Succeeded(job)), 10);
        }
        assert_eq!(is_done(&board, "t-1"), None);
        assert_eq!(is_done(&board, "t-3"), Some(Outcome::Succeeded(3)));
        board.request(None, 4).unwrap();
        let (id, job) = board.take().unwrap();
        board.finish(id, Arc::new(Outcome::Succeeded(job)), 1000);
        assert_eq!(is_done(&board, "t-3"), None);
        assert_eq!(is_done(&board, "t-4"), Some(Outcome::Succeeded(4)));
    }

    #[test]
    fn one_who_waits_hears_of_the_end() {
        let board = board();
        board.request(None, 1).unwrap();
        let Some(Fetched::Pending(ended)) = board.fetch("t-1") else { panic!("it waits") };
        assert!(!*ended.borrow());
        let (id, _) = board.take().unwrap();
        board.finish(id, Arc::new(Outcome::Expired), 0);
        assert!(*ended.borrow());
        assert!(board.fetch("t-9").is_none());
    }

    #[test]
    fn a_stopped_board_gives_no_jobs() {
        let board = board();
        board.request(None, 1).unwrap();
        board.stop();
        assert_eq!(board.take(), None);
        assert!(board.request(None, 2).is_err());
    }
}
