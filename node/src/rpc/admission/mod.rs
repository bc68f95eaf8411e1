//! Batches transactions that are offered at the same time: they share a thread, a snapshot and a commit.
//!
//! # Invariants
//! - An offer is answered once, even when the work on its batch panics.
//! - No more batches run than the limit says; other offers wait, for a bounded time.
//! - Whenever an offer waits, a batch runs that looks for more offers when it ends.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use bytes::Bytes;
use chainstate::chain::Offered;
use tokio::sync::oneshot;

use crate::error::ApiError;
use crate::limits::{
    MAX_ADMISSION_BATCH, MAX_ADMISSION_BATCH_BYTES, MAX_CONCURRENT_ADMISSIONS, MAX_WAITING, PERMIT_TIMEOUT, RETRY_AFTER,
};

type Answer = Result<Offered, ApiError>;
type Work = dyn Fn(&[Bytes]) -> Vec<Answer> + Send + Sync;

/// Waiting offers, and the number of running batches.
pub(super) struct Admissions {
    work: Box<Work>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<Offer>,
    under_way: usize,
}

struct Offer {
    raw: Bytes,
    since: Instant,
    reply: oneshot::Sender<Answer>,
}

impl Admissions {
    /// `work` gets transactions and gives one answer for each, in order. It may block.
    pub(super) fn new(work: impl Fn(&[Bytes]) -> Vec<Answer> + Send + Sync + 'static) -> Self {
        Self { work: Box::new(work), state: Mutex::default() }
    }

    /// Offers a transaction and waits for its answer.
    ///
    /// # Errors
    /// Those of the work, [`ApiError::Busy`] when too many wait or the offer waited too long, [`ApiError::Internal`]
    /// when the work panicked.
    pub(super) async fn submit(self: &Arc<Self>, raw: Bytes) -> Answer {
        let (reply, answer) = oneshot::channel();
        let begins = {
            let mut state = self.lock();
            if state.waiting.len() >= MAX_WAITING {
                return Err(busy());
            }
            state.waiting.push_back(Offer { raw, since: Instant::now(), reply });
            let begins = state.under_way < MAX_CONCURRENT_ADMISSIONS;
            state.under_way += usize::from(begins);
            begins
        };
        if begins {
            let admissions = Arc::clone(self);
            tokio::task::spawn_blocking(move || admissions.run());
        }
        answer.await.map_err(ApiError::internal)?
    }

    /// Works on batches until no offer waits.
    fn run(&self) {
        while let Some(batch) = self.take() {
            let (late, batch): (Vec<_>, Vec<_>) =
                batch.into_iter().partition(|offer| offer.since.elapsed() > PERMIT_TIMEOUT);
            // Callers may be gone; what is stored for them stays.
            late.into_iter().for_each(|offer| drop(offer.reply.send(Err(busy()))));
            let (raw, replies): (Vec<_>, Vec<_>) = batch.into_iter().map(|offer| (offer.raw, offer.reply)).unzip();
            // A panic drops the replies, which answers them with an error.
            if let Ok(answers) = catch_unwind(AssertUnwindSafe(|| (self.work)(&raw))) {
                replies.into_iter().zip(answers).for_each(|(reply, answer)| drop(reply.send(answer)));
            }
        }
    }

    /// The next batch. When no offer waits: `None`, and one batch fewer runs.
    fn take(&self) -> Option<Vec<Offer>> {
        let mut state = self.lock();
        let (mut batch, mut bytes) = (Vec::new(), 0);
        while let Some(offer) = state.waiting.front() {
            bytes += offer.raw.len();
            let fits = batch.len() < MAX_ADMISSION_BATCH && bytes <= MAX_ADMISSION_BATCH_BYTES;
            if !fits && !batch.is_empty() {
                break;
            }
            batch.extend(state.waiting.pop_front());
        }
        if batch.is_empty() {
            state.under_way -= 1;
            return None;
        }
        Some(batch)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn busy() -> ApiError {
    ApiError::Busy { reason: "ADMISSION_QUEUE_FULL", retry_after: RETRY_AFTER }
}

#[cfg(test)]
mod tests;
