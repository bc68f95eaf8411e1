//! Permits for work whose length its sender chooses, shared fairly: a sender of much work waits behind its own
//! requests, and others do not.
//!
//! # Invariants
//! - No more permits are out than there are, and no sender has more than its share.
//! - Waiting senders take turns, whatever the number of requests of each.
//! - While a request waits that may run, all permits are out: a permit that is returned goes to the next at once.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;

use crate::error::ApiError;
use crate::limits::{MAX_WAITING, RETRY_AFTER};

/// How many may run and wait.
#[derive(Debug, Clone, Copy)]
pub(super) struct FairQueueLimits {
    pub(super) permits: usize,
    /// Permits of one sender.
    pub(super) of_one: usize,
    /// Waiting requests of one sender; all senders together may have [`MAX_WAITING`].
    pub(super) waiting_of_one: usize,
    /// How long a request waits before it is told to try later.
    pub(super) timeout: Duration,
    /// Reason code of that answer.
    pub(super) full: &'static str,
}

/// A queue that is fair between senders. `K` identifies the sender.
pub(super) struct FairQueue<K: Ord + Clone> {
    limits: FairQueueLimits,
    state: Mutex<State<K>>,
}

struct State<K: Ord + Clone> {
    out: usize,
    waiting: usize,
    next_id: u64,
    /// Senders that run or wait.
    senders: BTreeMap<K, Sender<K>>,
    /// Waiting senders below their share, each once, in the order of their turns.
    round: VecDeque<K>,
}

struct Sender<K: Ord + Clone> {
    out: usize,
    waiting: VecDeque<(u64, oneshot::Sender<Permit<K>>)>,
}

/// The right to run until it is dropped.
pub(super) struct Permit<K: Ord + Clone> {
    queue: Arc<FairQueue<K>>,
    sender: K,
}

/// A waiting request, which leaves the queue when its caller goes away.
struct Waits<'a, K: Ord + Clone> {
    queue: &'a FairQueue<K>,
    sender: &'a K,
    id: u64,
}

impl<K: Ord + Clone> FairQueue<K> {
    pub(super) fn new(limits: FairQueueLimits) -> Arc<Self> {
        let state = State { out: 0, waiting: 0, next_id: 0, senders: BTreeMap::new(), round: VecDeque::new() };
        Arc::new(Self { limits, state: Mutex::new(state) })
    }

    /// Waits for a permit for this sender.
    ///
    /// # Errors
    /// [`ApiError::Busy`]: too many wait, in total or of the sender, or no permit was free in time.
    pub(super) async fn permit(self: &Arc<Self>, sender: K) -> Result<Permit<K>, ApiError> {
        let busy = || ApiError::Busy { reason: self.limits.full, retry_after: RETRY_AFTER };
        let (id, permit) = {
            let mut state = self.lock();
            if state.begin(&self.limits, &sender) {
                return Ok(Permit { queue: Arc::clone(self), sender });
            }
            state.wait(&self.limits, &sender).ok_or_else(busy)?
        };
        let waits = Waits { queue: self, sender: &sender, id };
        let permit = tokio::time::timeout(self.limits.timeout, permit).await;
        drop(waits);
        permit.map_err(|_late| busy())?.map_err(|_gone| ApiError::ShuttingDown)
    }

    /// Gives permits to waiting requests, as many as are free.
    fn give(self: &Arc<Self>) {
        loop {
            let Some((sender, reply)) = self.lock().next(&self.limits) else { return };
            // A caller that just went away drops the permit, which passes it on.
            drop(reply.send(Permit { queue: Arc::clone(self), sender }));
        }
    }

    fn lock(&self) -> MutexGuard<'_, State<K>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K: Ord + Clone> State<K> {
    /// Takes a permit if the sender may run at once.
    fn begin(&mut self, limits: &FairQueueLimits, sender: &K) -> bool {
        let out = self.senders.get(sender).map_or(0, |sender| sender.out);
        let may = self.out < limits.permits && out < limits.of_one;
        if may {
            self.out += 1;
            self.senders.entry(sender.clone()).or_insert_with(Sender::new).out += 1;
        }
        may
    }

    /// Adds a request to the sender's queue; `None` when there is no room.
    fn wait(&mut self, limits: &FairQueueLimits, sender: &K) -> Option<(u64, oneshot::Receiver<Permit<K>>)> {
        let waiting = self.senders.get(sender).map_or(0, |sender| sender.waiting.len());
        if self.waiting >= MAX_WAITING || waiting >= limits.waiting_of_one {
            return None;
        }
        let (reply, permit) = oneshot::channel();
        let id = self.next_id;
        (self.next_id, self.waiting) = (id + 1, self.waiting + 1);
        let queue = self.senders.entry(sender.clone()).or_insert_with(Sender::new);
        queue.waiting.push_back((id, reply));
        if queue.waiting.len() == 1 && queue.out < limits.of_one {
            self.round.push_back(sender.clone());
        }
        Some((id, permit))
    }

    /// The request that runs next, if any may.
    fn next(&mut self, limits: &FairQueueLimits) -> Option<(K, oneshot::Sender<Permit<K>>)> {
        if self.out >= limits.permits {
            return None;
        }
        let key = self.round.pop_front()?;
        let sender = self.senders.get_mut(&key)?;
        let (_, reply) = sender.waiting.pop_front()?;
        sender.out += 1;
        if !sender.waiting.is_empty() && sender.out < limits.of_one {
            self.round.push_back(key.clone());
        }
        self.out += 1;
        self.waiting -= 1;
        Some((key, reply))
    }

    /// A permit of this sender is returned.
    fn end(&mut self, limits: &FairQueueLimits, key: &K) {
        self.out = self.out.saturating_sub(1);
        let Some(sender) = self.senders.get_mut(key) else { return };
        // The sender had all of its share, so its waiting requests were not in the round.
        if sender.out == limits.of_one && !sender.waiting.is_empty() {
            self.round.push_back(key.clone());
        }
        sender.out = sender.out.saturating_sub(1);
        self.forget(key);
    }

    fn leave(&mut self, key: &K, id: u64) {
        let Some(sender) = self.senders.get_mut(key) else { return };
        let before = sender.waiting.len();
        sender.waiting.retain(|(other, _)| *other != id);
        self.waiting -= before - sender.waiting.len();
        if before > 0 && sender.waiting.is_empty() {
            self.round.retain(|other| other != key);
        }
        self.forget(key);
    }

    fn forget(&mut self, key: &K) {
        if self.senders.get(key).is_some_and(|sender| sender.out == 0 && sender.waiting.is_empty()) {
            self.senders.remove(key);
        }
    }
}

impl<K: Ord + Clone> Sender<K> {
    const fn new() -> Self {
        Self { out: 0, waiting: VecDeque::new() }
    }
}

impl<K: Ord + Clone> Drop for Permit<K> {
    fn drop(&mut self) {
        self.queue.lock().end(&self.queue.limits, &self.sender);
        self.queue.give();
    }
}

impl<K: Ord + Clone> Drop for Waits<'_, K> {
    fn drop(&mut self) {
        self.queue.lock().leave(self.sender, self.id);
    }
}

#[cfg(test)]
mod tests;
