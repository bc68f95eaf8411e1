//! Moves one stream: reads the journal at the reader's speed and hands frames over.
//!
//! # Invariants
//! - Holds at most one read batch and [`QUEUE_FRAMES`] frames.
//! - Ends when the reader is gone, when it stalls, when the node stops; never makes anybody wait.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use nakamoto_proto::v1;
use tokio::sync::{OwnedSemaphorePermit, mpsc, watch};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use v1::subscribe_response::Body;

use super::feed::Feed;
use super::journal::{Entry, Journal, ReadLimit};
use super::surroundings::Surroundings;
use crate::chain::ApiError;

/// Frames between journal and transport. Small: what waits longer is better read from the journal again.
const QUEUE_FRAMES: usize = 8;
/// One step of reading: small enough to be fair on a shared thread, large enough to make disk reads cheap.
const READ_STEP: ReadLimit = ReadLimit { events: 256, bytes: 4 << 20 };

/// Why a stream ended.
#[derive(Debug, Clone, thiserror::Error)]
pub enum End {
    /// The node is going down.
    #[error("the node is shutting down")]
    Shutdown {
        /// Where to resume.
        cursor: Bytes,
    },
    /// The reader took nothing for too long.
    #[error("the reader took nothing for {waited:?}")]
    Stalled {
        /// Where to resume.
        cursor: Bytes,
        /// How long it took nothing.
        waited: Duration,
    },
    /// The reader was so slow that the events it needs are gone.
    #[error("the journal begins at {oldest}")]
    Pruned {
        /// Oldest sequence kept.
        oldest: u64,
        /// Last place that was read.
        cursor: Bytes,
    },
    /// The journal cannot be read.
    #[error("the journal cannot be read")]
    Broken(#[source] Arc<ApiError>),
    /// The reader went away.
    #[error("the reader is gone")]
    Gone,
}

/// What a pump needs beside its feed.
pub struct Parts {
    /// What is read.
    pub journal: Arc<dyn Journal>,
    /// Tip and slots.
    pub surroundings: Arc<dyn Surroundings>,
    /// Rung after each commit.
    pub newest: watch::Receiver<u64>,
    /// When the node stops.
    pub shutdown: CancellationToken,
    /// Longest silence.
    pub heartbeat: Duration,
    /// Longest time without progress.
    pub stall_timeout: Duration,
    /// Counts the stream until it ends.
    pub permit: OwnedSemaphorePermit,
}

/// Before the first event.
pub struct Prelude {
    /// The first frame.
    pub started: v1::Started,
    /// Instances whose chunks are sent before events; `None` for no snapshot at all.
    pub snapshot: Option<Vec<String>>,
}

/// One stream in motion.
pub struct Pump {
    feed: Feed,
    parts: Parts,
    out: mpsc::Sender<v1::SubscribeResponse>,
    shared: Arc<Shared>,
    last_frame: Instant,
    /// Cursor of the last frame that went into the queue.
    queued: Bytes,
}

struct Shared {
    queue: Mutex<Queue>,
    end: OnceLock<End>,
}

struct Queue {
    /// `None` once a stalled stream was cut.
    frames: Option<mpsc::Receiver<v1::SubscribeResponse>>,
    /// Cursor of the last frame that the transport took.
    taken: Bytes,
}

/// The reader's end: frames, then at most one reason why it ended.
pub struct FrameStream {
    shared: Arc<Shared>,
    finished: bool,
}

impl Pump {
    /// A stream and its reader's end. Nothing moves until [`Self::run`].
    #[must_use]
    pub fn new(feed: Feed, parts: Parts) -> (Self, FrameStream) {
        let (out, queue) = mpsc::channel(QUEUE_FRAMES);
        let start = Bytes::from(feed.cursor());
        let queue = Queue { frames: Some(queue), taken: start.clone() };
        let shared = Arc::new(Shared { queue: Mutex::new(queue), end: OnceLock::new() });
        let stream = FrameStream { shared: Arc::clone(&shared), finished: false };
        (Self { feed, parts, out, shared, last_frame: Instant::now(), queued: start }, stream)
    }

    /// Runs until the stream ends.
    pub async fn run(mut self, prelude: Prelude) {
        let mut end = self.move_frames(prelude).await;
        tracing::debug!(%end, next_sequence = self.feed.next_sequence(), "event stream ended");
        if let End::Stalled { cursor, .. } = &mut end {
            // Nobody takes the frames in the queue: the reason says where to go on without them.
            let mut queue = self.shared.queue.lock().unwrap_or_else(PoisonError::into_inner);
            queue.frames = None;
            *cursor = queue.taken.clone();
        }
        let _ = self.shared.end.set(end); // Set once: only this pump sets it.
        drop(self.out); // Wakes the reader, which then sees the reason.
        drop(self.parts.permit);
    }

    async fn move_frames(&mut self, prelude: Prelude) -> End {
        match self.move_until_end(prelude).await {
            Ok(never) => match never {},
            Err(end) => end,
        }
    }

    /// The only way out is an end.
    async fn move_until_end(&mut self, prelude: Prelude) -> Result<std::convert::Infallible, End> {
        let started = self.feed.frame(Body::Started(prelude.started));
        self.send(started).await?;
        if let Some(contracts) = prelude.snapshot {
            self.send_snapshot(contracts).await?;
        }
        loop {
            self.parts.newest.borrow_and_update();
            let bounds = self.parts.journal.bounds();
            if self.feed.next_sequence() < bounds.oldest {
                return Err(End::Pruned { oldest: bounds.oldest, cursor: self.queued.clone() });
            }
            if let Some(frame) = self.feed.on_newest(bounds.newest) {
                self.send(frame).await?;
            }
            let entries = self.read().await?;
            for frame in self.feed.on_entries(&entries) {
                self.send(frame).await?;
            }
            if self.last_frame.elapsed() >= self.parts.heartbeat {
                self.send_heartbeat().await?;
            }
            if entries.is_empty() {
                self.wait().await?;
            } else {
                // A long run of events that do not match must not starve the other streams of this thread.
                tokio::task::yield_now().await;
            }
        }
    }

    async fn read(&self) -> Result<Vec<Entry>, End> {
        let from = self.feed.next_sequence();
        if let Some(entries) = self.parts.journal.read_memory(from, READ_STEP) {
            return Ok(entries);
        }
        let journal = Arc::clone(&self.parts.journal);
        blocking(move || journal.read_disk(from, READ_STEP)).await
    }

    /// Until there is more to read, a heartbeat is due, or the stream ends.
    async fn wait(&mut self) -> Result<(), End> {
        let due = self.last_frame + self.parts.heartbeat;
        tokio::select! {
            () = self.parts.shutdown.cancelled() => Err(self.shutdown()),
            () = self.out.closed() => Err(End::Gone),
            rung = self.parts.newest.changed() => rung.map_err(|_| self.shutdown()),
            () = tokio::time::sleep_until(due) => Ok(()),
        }
    }

    async fn send_heartbeat(&mut self) -> Result<(), End> {
        let heartbeat = v1::Heartbeat {
            newest_sequence: self.parts.journal.bounds().newest,
            tip: Some(self.parts.surroundings.tip()),
            server_time: Some(now()),
        };
        let frame = self.feed.frame(Body::Heartbeat(heartbeat));
        self.send(frame).await
    }

    /// One frame a chunk, so that memory is bounded by one chunk.
    async fn send_snapshot(&mut self, contracts: Vec<String>) -> Result<(), End> {
        // Taken before the slots are read: they hold at least the effect of everything up to it.
        let sequence = self.parts.journal.bounds().newest;
        for contract_id in contracts {
            let (source, name) = (Arc::clone(&self.parts.surroundings), contract_id.clone());
            for slot_id in blocking(move || source.written_slots(&name)).await? {
                let (source, name) = (Arc::clone(&self.parts.surroundings), contract_id.clone());
                // A slot whose owner changed since is empty now: the snapshot is right without it.
                let Ok(chunk) = blocking(move || source.chunk(&name, slot_id)).await else { continue };
                let chunks = v1::StackerDbChunks { contract_id: contract_id.clone(), chunks: vec![chunk] };
                let frame = self.feed.frame(Body::Snapshot(chunks));
                self.send(frame).await?;
            }
        }
        let frame = self.feed.frame(Body::SnapshotComplete(v1::SnapshotComplete { sequence }));
        self.send(frame).await
    }

    async fn send(&mut self, frame: v1::SubscribeResponse) -> Result<(), End> {
        let stall_timeout = self.parts.stall_timeout;
        let room = tokio::select! {
            biased;
            room = self.out.reserve() => Some(room),
            () = self.parts.shutdown.cancelled() => return Err(self.shutdown()),
            () = tokio::time::sleep(stall_timeout) => None,
        };
        let cursor = frame.cursor.clone();
        match room {
            Some(Ok(room)) => room.send(frame),
            Some(Err(_)) => return Err(End::Gone),
            None => return Err(End::Stalled { cursor: self.queued.clone(), waited: stall_timeout }),
        }
        self.queued = cursor;
        self.last_frame = Instant::now();
        Ok(())
    }

    fn shutdown(&self) -> End {
        End::Shutdown { cursor: self.queued.clone() }
    }
}

impl FrameStream {
    /// For `futures::Stream`.
    pub fn poll_frame(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<v1::SubscribeResponse, End>>> {
        if self.finished {
            return Poll::Ready(None);
        }
        let mut queue = self.shared.queue.lock().unwrap_or_else(PoisonError::into_inner);
        let frame = match queue.frames.as_mut() {
            Some(frames) => std::task::ready!(frames.poll_recv(cx)),
            None => None,
        };
        if let Some(frame) = frame {
            queue.taken = frame.cursor.clone();
            return Poll::Ready(Some(Ok(frame)));
        }
        drop(queue);
        self.finished = true;
        Poll::Ready(self.shared.end.get().cloned().map(Err))
    }
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T, ApiError> + Send + 'static) -> Result<T, End> {
    match tokio::task::spawn_blocking(work).await {
        Ok(answer) => answer.map_err(|error| End::Broken(Arc::new(error))),
        Err(panic) => Err(End::Broken(Arc::new(ApiError::internal(panic)))),
    }
}

/// The node's clock, for people and clients; no rule depends on it.
fn now() -> prost_types::Timestamp {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map(|since| prost_types::Timestamp {
            seconds: i64::try_from(since.as_secs()).unwrap_or(i64::MAX),
            nanos: i32::try_from(since.subsec_nanos()).unwrap_or(0),
        })
        .unwrap_or_default()
}
