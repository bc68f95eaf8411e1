//! All streams, on a thread of their own: event fan-out does not compete with the threads that answer requests.

use std::sync::Arc;
use std::time::Duration;

use nakamoto_proto::v1;
use tokio::runtime::Handle;
use tokio::sync::{Semaphore, watch};
use tokio_util::sync::CancellationToken;

use super::feed::{Feed, FeedOptions};
use super::journal::Journal;
use super::pump::{FrameStream, Parts, Prelude, Pump};
use super::surroundings::Surroundings;

/// Limits of the hub.
#[derive(Debug, Clone, Copy)]
pub struct HubLimits {
    /// Open streams in all.
    pub max_subscriptions: usize,
    /// A stream whose reader takes nothing for this long is cut.
    pub stall_timeout: Duration,
}

impl Default for HubLimits {
    /// 1024 streams: more than any devnet has; each costs a task and a queue of 8 frames. 60 s is far above a slow
    /// reader's pause and below what an operator would wait.
    fn default() -> Self {
        Self { max_subscriptions: 1024, stall_timeout: Duration::from_secs(60) }
    }
}

/// Too many streams are open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{max} event streams are open already")]
pub struct TooManySubscriptions {
    /// The limit.
    pub max: usize,
}

/// A stream to open; everything was checked.
pub struct OpenStream {
    /// Filter, payload, batch.
    pub options: FeedOptions,
    /// First sequence.
    pub start_sequence: u64,
    /// Longest silence.
    pub heartbeat: Duration,
    /// Instances whose chunks are sent first; `None` for no snapshot.
    pub snapshot: Option<Vec<String>>,
}

/// Opens streams. Cheap to clone.
#[derive(Clone)]
pub struct Hub {
    journal: Arc<dyn Journal>,
    surroundings: Arc<dyn Surroundings>,
    newest: watch::Receiver<u64>,
    slots: Arc<Semaphore>,
    limits: HubLimits,
    runtime: Handle,
    shutdown: CancellationToken,
}

impl Hub {
    /// Streams run on `runtime` until `shutdown`.
    #[must_use]
    pub fn new(
        journal: Arc<dyn Journal>,
        surroundings: Arc<dyn Surroundings>,
        limits: HubLimits,
        runtime: Handle,
        shutdown: CancellationToken,
    ) -> Self {
        let (ring, newest) = watch::channel(journal.bounds().newest);
        journal.listen(Box::new(move |sequence| {
            ring.send_replace(sequence);
        }));
        let slots = Arc::new(Semaphore::new(limits.max_subscriptions));
        Self { journal, surroundings, newest, slots, limits, runtime, shutdown }
    }

    /// The journal that is streamed.
    #[must_use]
    pub fn journal(&self) -> &Arc<dyn Journal> {
        &self.journal
    }

    /// Tip and slots.
    #[must_use]
    pub fn surroundings(&self) -> &Arc<dyn Surroundings> {
        &self.surroundings
    }

    /// Limits in force.
    #[must_use]
    pub fn limits(&self) -> HubLimits {
        self.limits
    }

    /// Opens a stream.
    ///
    /// # Errors
    /// [`TooManySubscriptions`] at the limit.
    pub fn open(&self, open: OpenStream) -> Result<FrameStream, TooManySubscriptions> {
        let permit = Arc::clone(&self.slots)
            .try_acquire_owned()
            .map_err(|_| TooManySubscriptions { max: self.limits.max_subscriptions })?;
        let (bounds, journal_id) = (self.journal.bounds(), self.journal.id());
        let started = v1::Started {
            start_sequence: open.start_sequence,
            oldest_sequence: if bounds.oldest > bounds.newest { 0 } else { bounds.oldest },
            newest_sequence: bounds.newest,
            journal_id: journal_id.to_vec().into(),
            tip: Some(self.surroundings.tip()),
            heartbeat_interval: prost_types::Duration::try_from(open.heartbeat).ok(),
            max_batch: u32::try_from(open.options.max_batch).unwrap_or(u32::MAX),
        };
        let feed = Feed::new(open.options, journal_id, open.start_sequence, bounds.newest);
        let parts = Parts {
            journal: Arc::clone(&self.journal),
            surroundings: Arc::clone(&self.surroundings),
            newest: self.newest.clone(),
            shutdown: self.shutdown.clone(),
            heartbeat: open.heartbeat,
            stall_timeout: self.limits.stall_timeout,
            permit,
        };
        let (pump, stream) = Pump::new(feed, parts);
        self.runtime.spawn(pump.run(Prelude { started, snapshot: open.snapshot }));
        Ok(stream)
    }
}
