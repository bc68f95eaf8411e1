//! Delivers to one observer: reads from its checkpoint on, posts, waits for 200, stores a checkpoint.
//!
//! # Invariants
//! - A [`Delivery`] changes only between awaits: everything that an interrupted step did is noted, except for a post
//!   whose answer did not arrive.
//! - At most one read batch ([`READ_STEP`]) and one body are in memory.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use chainstate::journal::JournalEvent;
use nakamoto_proto::v1;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::payload::{Body, Endpoint, PayloadCache, PostedEvents};
use super::plan;
use super::post::{PostError, Poster};
use super::registration::Registration;
use super::source::{ReplayStart, Source};
use super::status::{SharedReport, State};
use super::store::{Progress, Store};
use crate::error::ApiError;
use crate::event_stream::journal::ReadLimit;

/// One read of the journal. Events in memory are shared, not copied.
pub const READ_STEP: ReadLimit = ReadLimit { events: 64, bytes: 1 << 20 };
/// Pause after the first failure; each further one doubles it.
const FIRST_WAIT: Duration = Duration::from_millis(100);
/// Largest random part of a pause, so that observers do not all get posts at the same moment after a restart.
const JITTER_MS: u64 = 100;
/// A pause is at most three timeouts of an attempt, and at most [`LONGEST_WAIT`], so that an observer that comes back
/// is not left waiting.
const LONGEST_WAIT_TIMEOUTS: u32 = 3;
const LONGEST_WAIT: Duration = Duration::from_secs(3);
/// Events without a post after which the checkpoint is stored anyway; usually it is stored for a post.
const UNSAVED_EVENTS: u64 = 256;
/// Pause after the journal could not be read or a body could not be made: the operator must repair that.
const BROKEN_WAIT: Duration = Duration::from_secs(1);

/// A request to go back to an earlier event.
#[derive(Debug)]
pub(super) struct Rewind {
    /// First event to post again.
    pub(super) start: ReplayStart,
    /// Gets true when the rewind is done, false when the observer has not come that far yet.
    pub(super) done: oneshot::Sender<bool>,
}

/// What a [`Delivery`] works with.
pub(super) struct DeliveryResources {
    pub(super) registration: Registration,
    pub(super) source: Source,
    pub(super) store: Store,
    pub(super) cache: Arc<PayloadCache>,
    pub(super) poster: Poster,
    pub(super) report: SharedReport,
    /// Newest sequence; changes with each commit.
    pub(super) newest: watch::Receiver<u64>,
}

/// What interrupts a [`Delivery`].
pub(super) struct Interrupts {
    pub(super) shutdown: CancellationToken,
    pub(super) rewinds: mpsc::Receiver<Rewind>,
}

/// The posts to one observer.
pub(super) struct Delivery {
    parts: DeliveryResources,
    progress: Progress,
    /// The progress stored in the file.
    saved: Progress,
    /// Events that were read and not yet delivered, oldest first. `progress` is at the first.
    waiting: VecDeque<JournalEvent>,
    /// Failed attempts at the current post.
    failures: u32,
    /// Failed attempts that were answered, but not with 200.
    refusals: u32,
    /// No attempt is made before this time.
    retry_at: Instant,
}

/// Result of a step.
enum Step {
    Read(Vec<JournalEvent>),
    ReadFailed(ApiError),
    /// The journal has no events before this sequence, and the next event to post is one of those that are gone.
    Pruned(u64),
    /// There is nothing to read yet.
    Nothing,
    /// All posts of the first event in `waiting` are done.
    Finished,
    Posted(Attempt),
    EncodeFailed(String),
}

/// One attempt at a post.
struct Attempt {
    endpoint: Endpoint,
    /// Length of its body.
    bytes: usize,
    /// Events that it covers, from the front of `waiting`: those in the body, and those between them that are not
    /// posted.
    events: usize,
    outcome: Result<(), PostError>,
}

impl Delivery {
    /// Goes on from `progress`, as it is in the file.
    pub(super) fn new(parts: DeliveryResources, progress: Progress) -> Self {
        let (saved, retry_at) = (progress.clone(), Instant::now());
        Self { parts, progress, saved, waiting: VecDeque::new(), failures: 0, refusals: 0, retry_at }
    }

    /// Runs until shutdown.
    pub(super) async fn run(mut self, mut interrupts: Interrupts) {
        loop {
            // The step is polled first: a 200 that has arrived is noted even when the node is stopping.
            let step = tokio::select! {
                biased;
                step = self.step() => step,
                () = interrupts.shutdown.cancelled() => break,
                Some(rewind) = interrupts.rewinds.recv() => {
                    self.rewind(rewind);
                    continue;
                }
            };
            self.apply(step);
        }
        self.checkpoint();
    }

    /// Takes the next step (read, post or wait) and returns its result. Changes nothing in `self`.
    async fn step(&self) -> Step {
        let Some(entry) = self.waiting.front() else { return self.read().await };
        let posts = self.posts(entry);
        // The event has no more posts than were done: the observer's keys have changed since, so all of its posts are
        // sent again.
        let done = if self.progress.posts_done < posts.len() { self.progress.posts_done } else { 0 };
        let Some(endpoint) = posts.get(done) else { return Step::Finished };
        tokio::time::sleep_until(self.retry_at).await;
        let DeliveryResources { registration, poster, .. } = &self.parts;
        let (posted, events) = plan::join(*endpoint, &self.waiting, entry, &registration.interest);
        match self.body(*endpoint, posted).await {
            Ok(body) => {
                let bytes = body.as_ref().len();
                let (url, once) = (registration.url(*endpoint), registration.disable_retries);
                let outcome = poster.post(&url, body.bytes(), registration.timeout, once).await;
                Step::Posted(Attempt { endpoint: *endpoint, bytes, events, outcome })
            }
            Err(error) => Step::EncodeFailed(error),
        }
    }

    fn posts(&self, entry: &JournalEvent) -> Vec<Endpoint> {
        let interest = &self.parts.registration.interest;
        match entry.sequence < self.progress.blocks_from {
            true => plan::burn_block_posts(&entry.event, interest),
            false => plan::posts(&entry.event, interest),
        }
    }

    async fn read(&self) -> Step {
        tokio::time::sleep_until(self.retry_at).await;
        let (from, history_end) = (self.progress.next_sequence, self.progress.history_end);
        let mut newest = self.parts.newest.clone();
        newest.borrow_and_update();
        let source = self.parts.source.clone();
        let read = if from < history_end {
            blocking(move || source.history.read(from..history_end, READ_STEP)).await
        } else if from < source.journal.bounds().oldest {
            return Step::Pruned(source.journal.bounds().oldest);
        } else if from > source.journal.bounds().newest {
            // The sender is dropped only when the node stops, and then the shutdown interrupts this.
            if newest.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
            return Step::Nothing;
        } else if let Some(entries) = source.journal.read_memory(from, READ_STEP) {
            Ok(entries)
        } else {
            blocking(move || source.journal.read_disk(from, READ_STEP)).await
        };
        match read {
            Ok(entries) => Step::Read(entries),
            Err(error) => Step::ReadFailed(error),
        }
    }

    /// Makes a body on a thread that may block.
    async fn body(&self, endpoint: Endpoint, posted: PostedEvents) -> Result<Body, String> {
        let (cache, view) = (Arc::clone(&self.parts.cache), self.parts.registration.view.clone());
        let made = tokio::task::spawn_blocking(move || cache.body(endpoint, &posted, &view)).await;
        match made {
            Ok(Ok(body)) => Ok(body),
            Ok(Err(error)) => Err(error.to_string()),
            Err(panic) => Err(panic.to_string()),
        }
    }

    fn apply(&mut self, step: Step) {
        match step {
            Step::Nothing => {}
            Step::Read(entries) => self.on_read(entries),
            Step::Pruned(oldest) => self.on_pruned(oldest),
            Step::ReadFailed(error) => {
                let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}")).unwrap_or_default();
                self.on_broken(&format!("the journal cannot be read: {error}{cause}"));
            }
            Step::EncodeFailed(error) => self.on_broken(&error),
            Step::Finished => self.finish_event(),
            Step::Posted(attempt) => self.on_posted(attempt),
        }
    }

    fn on_read(&mut self, entries: Vec<JournalEvent>) {
        let in_history = self.progress.next_sequence < self.progress.history_end;
        let first = entries.first().map(|entry| entry.sequence);
        match first {
            None if in_history => {
                self.progress.next_sequence = self.progress.history_end;
                self.checkpoint();
            }
            None => {}
            // Events were removed between the look at the bounds and the read.
            Some(first) if !in_history && first > self.progress.next_sequence => self.on_pruned(first),
            Some(first) => {
                self.progress.next_sequence = first;
                self.waiting = entries.into();
            }
        }
        self.show_position();
    }

    /// Skips the removed events; of those, the history still has burn blocks and blocks.
    fn on_pruned(&mut self, oldest: u64) {
        let (observer, from) = (&self.parts.registration.endpoint, self.progress.next_sequence);
        tracing::warn!(observer, from, oldest, "events are forgotten: only their burn blocks and blocks are sent");
        self.progress.history_end = oldest;
        self.progress.gap = Some((from, oldest));
        self.checkpoint();
    }

    /// Removes the first event in `waiting`, whose posts are done.
    fn finish_event(&mut self) {
        let Some(entry) = self.waiting.pop_front() else { return };
        let posted = self.progress.posts_done > 0;
        if let Some(v1::event::Body::BlockProcessed(block)) = &entry.event.body
            && entry.sequence >= self.progress.blocks_from
        {
            self.progress.delivered_height = block.block.as_ref().map(|names| names.chain_length);
        }
        self.progress.next_sequence = entry.sequence.saturating_add(1);
        self.progress.posts_done = 0;
        if posted || self.progress.next_sequence.saturating_sub(self.saved.next_sequence) >= UNSAVED_EVENTS {
            self.checkpoint();
        }
        self.show_position();
    }

    fn on_posted(&mut self, attempt: Attempt) {
        self.parts.report.update(|report| report.counts.attempts += 1);
        let error = match attempt.outcome {
            Ok(()) => {
                self.parts.report.update(|report| {
                    report.counts.delivered += 1;
                    report.counts.delivered_bytes += attempt.bytes as u64;
                    report.last_success = Some(SystemTime::now());
                });
                self.posted(attempt.events);
                return;
            }
            Err(error) => error,
        };
        let skip = self.is_given_up(&error);
        let registration = &self.parts.registration;
        let (observer, path) = (&registration.endpoint, attempt.endpoint.path());
        // A dead observer causes one warning, not one for each attempt.
        if self.failures == 0 || skip {
            tracing::warn!(observer, path, %error, skip, "a post to an observer failed");
        } else {
            tracing::debug!(observer, path, %error, attempts = self.failures, "a post to an observer failed");
        }
        self.show_error(error.to_string());
        if skip {
            self.parts.report.update(|report| report.counts.skipped += 1);
            self.failures = 0;
            self.posted(attempt.events);
            return;
        }
        self.failures = self.failures.saturating_add(1);
        self.retry_at = Instant::now() + wait_after(self.failures, self.parts.registration.timeout);
        let failures = self.failures;
        self.parts.report.update(|report| {
            report.state = State::Retrying;
            report.failed_attempts = failures;
        });
    }

    /// Whether the observer's settings skip a post that failed like this.
    fn is_given_up(&mut self, error: &PostError) -> bool {
        let registration = &self.parts.registration;
        if !matches!(error, PostError::Status { .. }) {
            return registration.disable_retries;
        }
        self.refusals = self.refusals.saturating_add(1);
        registration.skip_after_refusals.is_some_and(|most| self.refusals >= most)
    }

    /// A post that covers `events` events is done: it was answered or skipped.
    fn posted(&mut self, events: usize) {
        if self.failures > 0 {
            tracing::info!(observer = self.parts.registration.endpoint, "an observer takes posts again");
        }
        self.failures = 0;
        self.refusals = 0;
        // The joined events before the last one are done; the last one is passed like any other event, with a
        // checkpoint.
        self.waiting.drain(..events.saturating_sub(1).min(self.waiting.len()));
        self.progress.posts_done += 1;
        let more = self.waiting.front().is_some_and(|entry| self.posts(entry).len() > self.progress.posts_done);
        if more {
            self.checkpoint();
        } else {
            // One checkpoint stores the post and the end of the event.
            self.finish_event();
        }
    }

    fn on_broken(&mut self, error: &str) {
        tracing::error!(observer = self.parts.registration.endpoint, error, "events for an observer cannot be read");
        self.show_error(error.to_owned());
        self.retry_at = Instant::now() + BROKEN_WAIT;
        self.parts.report.update(|report| report.state = State::Retrying);
    }

    fn rewind(&mut self, rewind: Rewind) {
        let Progress { next_sequence, history_end, .. } = self.progress;
        let ReplayStart { burn_block, block } = rewind.start;
        let done = block < next_sequence;
        if done {
            // Of the earlier posts, only burn blocks and blocks are posted again: replaying mempool events would show
            // transactions that were mined long ago as pending.
            self.progress.history_end = history_end.max(next_sequence);
            self.progress.next_sequence = burn_block;
            self.progress.blocks_from = block;
            self.progress.posts_done = 0;
            self.waiting.clear();
            self.failures = 0;
            self.refusals = 0;
            self.retry_at = Instant::now();
            self.checkpoint();
            self.show_position();
        }
        let _ = rewind.done.send(done); // The operator may be gone.
    }

    /// Stores the progress. A failure does not stop the delivery: it only repeats some posts after a restart.
    fn checkpoint(&mut self) {
        if self.saved == self.progress {
            return;
        }
        match self.parts.store.checkpoint(&self.parts.registration.endpoint, &self.progress) {
            Ok(()) => self.saved = self.progress.clone(),
            Err(error) => {
                let observer = &self.parts.registration.endpoint;
                tracing::error!(observer, %error, "how far an observer has got cannot be stored");
                self.show_error(format!("the checkpoint cannot be stored: {error}"));
            }
        }
    }

    fn show_error(&self, error: String) {
        self.parts.report.update(|report| report.last_error = Some((SystemTime::now(), error)));
    }

    fn show_position(&self) {
        let newest = self.parts.source.journal.bounds().newest;
        self.parts.report.update(|report| {
            report.next_sequence = self.progress.next_sequence;
            report.delivered_height = self.progress.delivered_height;
            report.history_end = self.progress.history_end;
            report.gap = self.progress.gap;
            report.failed_attempts = self.failures;
            let caught_up = self.progress.next_sequence > newest;
            report.state = if caught_up { State::CaughtUp } else { State::Delivering };
        });
    }
}

/// Pause after `failures` failures: 100 ms, doubled each time, plus up to 100 ms; at most three timeouts of an attempt,
/// and 3 s.
fn wait_after(failures: u32, timeout: Duration) -> Duration {
    use std::hash::{BuildHasher as _, RandomState};
    let doubled = FIRST_WAIT.saturating_mul(1_u32.checked_shl(failures.saturating_sub(1)).unwrap_or(u32::MAX));
    // Each instance of the hasher has random keys: enough for jitter.
    let jitter = Duration::from_millis(RandomState::new().hash_one(0_u8) % (JITTER_MS + 1));
    doubled.saturating_add(jitter).min(timeout.saturating_mul(LONGEST_WAIT_TIMEOUTS)).min(LONGEST_WAIT)
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, ApiError> + Send + 'static,
) -> Result<T, ApiError> {
    tokio::task::spawn_blocking(work).await.map_err(ApiError::internal)?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_three_timeouts() {
        let timeout = Duration::from_secs(1);
        for (failures, least) in [(1, 100), (2, 200), (3, 400), (4, 800), (5, 1600), (6, 3000), (7, 3000), (80, 3000)] {
            let wait = wait_after(failures, timeout);
            let (least, most) = (Duration::from_millis(least), Duration::from_millis(least + 100));
            assert!(wait >= least && wait <= most.min(timeout * 3), "{wait:?} after {failures}");
        }
        assert_eq!(wait_after(80, Duration::from_secs(60)), LONGEST_WAIT, "one that came back is not left for minutes");
        assert_eq!(wait_after(80, Duration::from_millis(10)), Duration::from_millis(30));
    }
}
