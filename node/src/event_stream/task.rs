//! Runs one stream: reads the journal at the reader's speed and hands frames over.
//!
//! # Invariants
//! - Holds at most one read and [`QUEUE_FRAMES`] frames, all within the budget of bytes in flight: before it reads from
//!   the disk, it waits for that room and for a permit.
//! - Ends when the reader is gone or stalls, or the node stops. It never makes others wait.

use std::pin::Pin;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use chainstate::journal::JournalEvent;
use nakamoto_proto::v1;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, watch};
use tokio::time::{Instant, Sleep};
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};
use v1::subscribe_response::Body;

use super::context::StreamContext;
use super::frame::Frame;
use super::frame_builder::FrameBuilder;
use super::journal::{Journal, ReadLimit};
use super::subscribers::{Subscriber, Subscribers};
use crate::error::ApiError;
use crate::limits::UNCOUNTED_BYTES;
use crate::runtime::background;
use crate::runtime::budget::{ByteAccount, ByteLease};
use crate::runtime::class::CallerClass;

/// Frames between journal and transport. Few: an event that waits longer is better read from the journal again.
pub const QUEUE_FRAMES: usize = 8;
/// One read of the journal: small enough to lease thread and budget fairly, large enough to make disk reads cheap.
const READ_STEP: ReadLimit = ReadLimit { events: 256, bytes: 512 << 10 };

/// Why a stream ended.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StreamEnd {
    /// The node is going down.
    #[error("the node is shutting down")]
    Shutdown {
        /// Cursor to resume from.
        cursor: Bytes,
    },
    /// The reader took no frame for too long.
    #[error("the reader took nothing for {waited:?}")]
    Stalled {
        /// Cursor to resume from.
        cursor: Bytes,
        /// Time for which it took nothing.
        waited: Duration,
    },
    /// The reader is so slow that its next events have left the journal.
    #[error("the journal begins at {oldest}")]
    Pruned {
        /// Oldest sequence that is kept.
        oldest: u64,
        /// Cursor after the last frame that was queued.
        cursor: Bytes,
    },
    /// The journal could not be read.
    #[error("the journal cannot be read")]
    Broken(#[source] Arc<ApiError>),
    /// The reader has closed the stream.
    #[error("the reader is gone")]
    Gone,
    /// The reader's connection was cut: it left bytes unread while others found no room for theirs.
    #[error("the reader left bytes unread that others had no room for")]
    Cut,
}

/// What a task needs besides its frame builder.
pub struct StreamResources {
    /// Journal that it reads.
    pub journal: Arc<dyn Journal>,
    /// Source of tip and slots.
    pub context: Arc<dyn StreamContext>,
    /// Newest sequence; changes with each commit.
    pub newest: watch::Receiver<u64>,
    /// Cancelled when the node stops.
    pub shutdown: CancellationToken,
    /// Longest time without a frame.
    pub heartbeat: Duration,
    /// Longest time in which the reader may take nothing.
    pub stall_timeout: Duration,
    /// All streams, where this one is removed at its end.
    pub subscribers: Arc<Subscribers>,
    /// Counts of this stream.
    pub subscriber: Arc<Subscriber>,
    /// Permits to read from the disk.
    pub disk: Arc<Semaphore>,
    /// Account that pays for the bytes of its frames; `None` inside the process.
    pub byte_account: Option<ByteAccount>,
    /// Memory per frame byte at the reader's end, the byte included.
    pub memory_per_frame_byte: usize,
}

/// What is sent before the first event.
pub struct StreamPrelude {
    /// The first frame's content.
    pub started: v1::Started,
    /// Ids of the StackerDBs whose chunks are sent; `None` = no snapshot.
    pub snapshot: Option<Vec<String>>,
}

/// A running stream.
pub struct StreamTask {
    builder: FrameBuilder,
    parts: StreamResources,
    out: mpsc::Sender<Frame>,
    shared: Arc<Shared>,
    last_frame: Instant,
    /// Cursor of the last frame that was queued.
    queued: Bytes,
    /// Timer for heartbeats. It is reset when it ends, not with each frame: most frames come much earlier.
    silence: Pin<Box<Sleep>>,
    stop: Pin<Box<WaitForCancellationFutureOwned>>,
}

struct Shared {
    /// The queue; `None` once a stalled stream was cut.
    frames: Mutex<Option<mpsc::Receiver<Frame>>>,
    end: OnceLock<StreamEnd>,
    subscriber: Arc<Subscriber>,
}

/// The reader's end of a stream: frames, then at most one reason for the end.
pub struct FrameStream {
    shared: Arc<Shared>,
    finished: bool,
}

impl StreamEnd {
    /// Code of the reason for operators, in upper snake case.
    #[must_use]
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Gone => "CLIENT_GONE",
            Self::Cut => "BYTES_UNREAD",
            Self::Shutdown { .. } => "SERVER_SHUTDOWN",
            Self::Stalled { .. } => "CONSUMER_STALLED",
            Self::Pruned { .. } => "CURSOR_PRUNED",
            Self::Broken(_) => "INTERNAL",
        }
    }
}

impl StreamTask {
    /// Makes a stream and its reader's end. Nothing happens before [`Self::run`]. Call it in the context of a runtime.
    #[must_use]
    pub fn new(builder: FrameBuilder, parts: StreamResources) -> (Self, FrameStream) {
        let (out, frames) = mpsc::channel(QUEUE_FRAMES);
        let subscriber = Arc::clone(&parts.subscriber);
        let shared = Arc::new(Shared { frames: Mutex::new(Some(frames)), end: OnceLock::new(), subscriber });
        let stream = FrameStream { shared: Arc::clone(&shared), finished: false };
        let (now, queued) = (Instant::now(), builder.cursor());
        let stop = Box::pin(parts.shutdown.clone().cancelled_owned());
        let silence = Box::pin(tokio::time::sleep_until(now + parts.heartbeat));
        (Self { builder, parts, out, shared, last_frame: now, queued, silence, stop }, stream)
    }

    /// Runs until the stream ends.
    pub async fn run(mut self, opening: StreamPrelude) {
        let mut end = self.move_frames(opening).await;
        if matches!(end, StreamEnd::Gone) && self.parts.byte_account.as_ref().is_some_and(ByteAccount::is_cut) {
            end = StreamEnd::Cut;
        }
        tracing::debug!(%end, next_sequence = self.builder.next_sequence(), "event stream ended");
        // Held until the reason is set: a reader that finds no queue looks for it.
        let mut frames = self.shared.frames.lock().unwrap_or_else(PoisonError::into_inner);
        if let StreamEnd::Stalled { cursor, .. } = &mut end {
            // Nobody takes the frames in the queue, and the reason has the cursor to resume without them.
            *frames = None;
            *cursor = self.parts.subscriber.taken_cursor();
        }
        self.parts.subscribers.close(&self.parts.subscriber, end.reason());
        let _ = self.shared.end.set(end); // Only this task sets it, and once.
        drop(frames);
        drop(self.out); // Wakes the reader, which then reads the reason.
    }

    async fn move_frames(&mut self, opening: StreamPrelude) -> StreamEnd {
        match self.send_frames_until_end(opening).await {
            Ok(never) => match never {},
            Err(end) => end,
        }
    }

    /// Sends frames until there is a reason to end.
    async fn send_frames_until_end(&mut self, opening: StreamPrelude) -> Result<std::convert::Infallible, StreamEnd> {
        let started = self.builder.frame(Body::Started(opening.started));
        self.send(started).await?;
        if let Some(contracts) = opening.snapshot {
            self.send_snapshot(contracts).await?;
        }
        let mut is_replaying = true;
        loop {
            if self.parts.shutdown.is_cancelled() {
                return Err(self.shutdown());
            }
            self.parts.newest.borrow_and_update();
            let bounds = self.parts.journal.bounds();
            if self.builder.next_sequence() < bounds.oldest {
                return Err(StreamEnd::Pruned { oldest: bounds.oldest, cursor: self.queued.clone() });
            }
            if let Some(frame) = self.builder.on_newest(&bounds) {
                self.send(frame).await?;
            }
            if self.builder.next_sequence() <= bounds.newest {
                for frame in self.read().await? {
                    self.send(frame).await?;
                }
                self.parts.subscriber.on_read(&self.builder);
            }
            let is_at_end = self.builder.next_sequence() > bounds.newest;
            // A replay whose last events do not match would end without a word.
            let ends_in_silence = is_replaying && is_at_end && self.queued != self.builder.cursor();
            is_replaying &= !is_at_end;
            if ends_in_silence || self.last_frame.elapsed() >= self.parts.heartbeat {
                self.send_heartbeat().await?;
            }
            if is_at_end {
                self.wait().await?;
            } else {
                // Many events in a row that do not match must not hold up the other streams of this thread.
                tokio::task::yield_now().await;
            }
        }
    }

    /// Reads the next events and makes their frames.
    async fn read(&mut self) -> Result<Vec<Frame>, StreamEnd> {
        let from = self.builder.next_sequence();
        if let Some(entries) = self.parts.journal.read_memory(from, READ_STEP) {
            let frames = self.builder.on_entries(&entries);
            let lease = self.room_of_frames(length(&frames)).await?;
            return Ok(frames.into_iter().map(|frame| frame.in_flight(lease.clone())).collect());
        }
        let permit = self.permit().await?;
        let room = self.room(READ_STEP.bytes).await?;
        let journal = Arc::clone(&self.parts.journal);
        let entries: Vec<JournalEvent> = self.blocking(move || journal.read_disk(from, READ_STEP)).await?;
        let frames = match entries.first().map(|first| first.sequence) {
            Some(first) if first == from => self.builder.on_entries(&entries),
            // Events were removed after the look at the bounds; the next look finds that.
            Some(_) | None => Vec::new(),
        };
        // Events that do not match need no room, and a single event may need more than a read's room.
        drop((entries, room));
        let lease = self.room_of_frames(length(&frames)).await?;
        drop(permit);
        Ok(frames.into_iter().map(|frame| frame.in_flight(lease.clone())).collect())
    }

    /// Waits for a permit to read from the disk.
    async fn permit(&mut self) -> Result<OwnedSemaphorePermit, StreamEnd> {
        let disk = Arc::clone(&self.parts.disk);
        let cursor = self.queued.clone();
        tokio::select! {
            permit = disk.acquire_owned() => permit.map_err(|_closed| StreamEnd::Shutdown { cursor }),
            end = self.ended() => Err(end),
        }
    }

    /// Waits for room for the frames' memory at the reader's end.
    async fn room_of_frames(&mut self, bytes: usize) -> Result<Option<Arc<ByteLease>>, StreamEnd> {
        self.room(bytes.saturating_mul(self.parts.memory_per_frame_byte)).await
    }

    /// Waits for room in the budget; small sizes need none.
    async fn room(&mut self, bytes: usize) -> Result<Option<Arc<ByteLease>>, StreamEnd> {
        let Some(byte_account) = self.parts.byte_account.clone().filter(|_| bytes > UNCOUNTED_BYTES) else {
            return Ok(None);
        };
        tokio::select! {
            lease = byte_account.wait(bytes) => Ok(Some(Arc::new(lease))),
            end = self.ended() => Err(end),
        }
    }

    /// Waits until the reader is gone or the node stops.
    async fn ended(&mut self) -> StreamEnd {
        tokio::select! {
            () = self.stop.as_mut() => StreamEnd::Shutdown { cursor: self.queued.clone() },
            () = self.out.closed() => StreamEnd::Gone,
        }
    }

    /// Runs `work` on a thread that may block.
    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, ApiError> + Send + 'static,
    ) -> Result<T, StreamEnd> {
        let class = self.parts.byte_account.as_ref().map_or(CallerClass::Actor, ByteAccount::class);
        match background::spawn(class, work).await {
            Ok(answer) => answer.map_err(|error| StreamEnd::Broken(Arc::new(error))),
            Err(panic) => Err(StreamEnd::Broken(Arc::new(ApiError::internal(panic)))),
        }
    }

    /// Waits until there is more to read, a heartbeat is due, or the stream ends.
    async fn wait(&mut self) -> Result<(), StreamEnd> {
        loop {
            tokio::select! {
                () = self.stop.as_mut() => return Err(self.shutdown()),
                () = self.out.closed() => return Err(StreamEnd::Gone),
                changed = self.parts.newest.changed() => return changed.map_err(|_| self.shutdown()),
                () = self.silence.as_mut() => {
                    let due = self.last_frame + self.parts.heartbeat;
                    if due <= Instant::now() {
                        return Ok(());
                    }
                    self.silence.as_mut().reset(due);
                }
            }
        }
    }

    fn heartbeat(&mut self) -> Frame {
        let bounds = self.parts.journal.bounds();
        let behind = self.builder.behind(&bounds);
        self.builder.frame(Body::Heartbeat(v1::Heartbeat {
            newest_sequence: bounds.newest,
            tip: Some(self.parts.context.tip()),
            server_time: Some(SystemTime::now().into()),
            events_behind: behind.events,
            bytes_behind: behind.bytes,
        }))
    }

    async fn send_heartbeat(&mut self) -> Result<(), StreamEnd> {
        let frame = self.heartbeat();
        self.send(frame).await?;
        self.silence.as_mut().reset(self.last_frame + self.parts.heartbeat);
        Ok(())
    }

    /// Sends one frame for each chunk, so that memory holds only one.
    async fn send_snapshot(&mut self, contracts: Vec<String>) -> Result<(), StreamEnd> {
        // Taken before the slots are read, so the slots include at least everything up to it.
        let sequence = self.parts.journal.bounds().newest;
        for contract_id in contracts {
            let (source, name) = (Arc::clone(&self.parts.context), contract_id.clone());
            for slot_id in self.blocking(move || source.written_slots(&name)).await? {
                let permit = self.permit().await?;
                let (source, name) = (Arc::clone(&self.parts.context), contract_id.clone());
                let found = self.blocking(move || match source.chunk(&name, slot_id) {
                    // The slot's owner has changed and the slot is empty now: the snapshot is right without it.
                    Err(ApiError::NotFound { .. }) => Ok(None),
                    found => found.map(Some),
                });
                let Some(chunk) = found.await? else { continue };
                let chunks = v1::StackerDbChunks { contract_id: contract_id.clone(), chunks: vec![chunk] };
                if let Some(frame) = self.builder.on_chunks(chunks) {
                    let lease = self.room_of_frames(frame.encoded_len()).await?;
                    drop(permit);
                    self.send(frame.in_flight(lease)).await?;
                }
            }
        }
        let frame = self.builder.frame(Body::SnapshotComplete(v1::SnapshotComplete { sequence }));
        self.send(frame).await
    }

    async fn send(&mut self, frame: Frame) -> Result<(), StreamEnd> {
        let cursor = frame.cursor().clone();
        let frame = match self.out.try_send(frame) {
            Ok(()) => None,
            Err(mpsc::error::TrySendError::Closed(_)) => return Err(StreamEnd::Gone),
            Err(mpsc::error::TrySendError::Full(frame)) => Some(frame),
        };
        if let Some(frame) = frame {
            self.parts.subscriber.set_blocked(true);
            let stall_timeout = self.parts.stall_timeout;
            let room = tokio::select! {
                biased;
                room = self.out.reserve() => Some(room),
                // No last frame: this one was not sent, and the cursor must not pass it.
                () = self.stop.as_mut() => return Err(StreamEnd::Shutdown { cursor: self.queued.clone() }),
                () = tokio::time::sleep(stall_timeout) => None,
            };
            match room {
                Some(Ok(room)) => room.send(frame),
                Some(Err(_)) => return Err(StreamEnd::Gone),
                None => return Err(StreamEnd::Stalled { cursor: self.queued.clone(), waited: stall_timeout }),
            }
            self.parts.subscriber.set_blocked(false);
        }
        self.parts.subscriber.on_queued();
        self.queued = cursor;
        self.last_frame = Instant::now();
        Ok(())
    }

    /// Sends a last frame if there is room for it, and returns the end.
    fn shutdown(&mut self) -> StreamEnd {
        let frame = self.heartbeat();
        if self.out.try_send(frame).is_ok() {
            self.parts.subscriber.on_queued();
            self.queued = self.builder.cursor();
        }
        StreamEnd::Shutdown { cursor: self.queued.clone() }
    }
}

impl FrameStream {
    /// The next frame, as `futures::Stream` has it; after the last one why the stream ended.
    pub fn poll_frame(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame, StreamEnd>>> {
        if self.finished {
            return Poll::Ready(None);
        }
        let mut frames = self.shared.frames.lock().unwrap_or_else(PoisonError::into_inner);
        let frame = match frames.as_mut() {
            Some(frames) => std::task::ready!(frames.poll_recv(cx)),
            None => None,
        };
        if let Some(frame) = frame {
            // The lock is still held, so a stream that is cut now counts this frame as taken.
            self.shared.subscriber.on_taken(&frame);
            return Poll::Ready(Some(Ok(frame)));
        }
        drop(frames);
        self.finished = true;
        // A task that did not get to say why it ended was dropped with its runtime: the node stops.
        let dropped = || StreamEnd::Shutdown { cursor: self.shared.subscriber.taken_cursor() };
        Poll::Ready(Some(Err(self.shared.end.get().cloned().unwrap_or_else(dropped))))
    }
}

impl Drop for FrameStream {
    /// Removes the queue, which tells the task that the reader is gone: task and reader both hold the shared state.
    fn drop(&mut self) {
        *self.shared.frames.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

fn length(frames: &[Frame]) -> usize {
    frames.iter().map(Frame::encoded_len).sum()
}
