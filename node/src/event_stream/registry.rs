//! All streams, on threads of their own: sending events does not compete with answering requests.
//!
//! A commit notifies one task, `wake_streams`, which wakes the streams. So a commit costs its writer the same whatever
//! the number of streams, and commits that come while streams are being woken share one round.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use chainstate::journal::JournalBounds;
use nakamoto_proto::v1;
use tokio::runtime::Handle;
use tokio::sync::{Semaphore, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::context::StreamContext;
use super::frame_builder::{FrameBuilder, LIVE_WINDOW_EVENTS, StreamOptions};
use super::journal::{Journal, time_in_memory};
use super::shared_messages::SharedMessages;
use super::subscribers::{StreamLimits, SubscriberInfo, Subscribers, TooManySubscriptions};
use super::task::{FrameStream, QUEUE_FRAMES, StreamPrelude, StreamResources, StreamTask};
use crate::limits::{MAX_ACTOR_STREAMS, MAX_STREAM_READS};
use crate::runtime::budget::ByteAccount;
use crate::runtime::class::CallerClass;

/// Limits of all streams.
#[derive(Debug, Clone, Copy)]
pub struct StreamRegistryLimits {
    /// How many streams may be open.
    pub streams: StreamLimits,
    /// Time after which a stream whose reader takes nothing is cut.
    pub stall_timeout: Duration,
}

impl Default for StreamRegistryLimits {
    /// 1024 streams are more than any devnet has; each costs a task and a queue of 8 frames. 60 s is much longer than a
    /// slow reader's pause, and shorter than an operator would wait. A remote peer may have a quarter of the streams.
    fn default() -> Self {
        let streams =
            StreamLimits { total: 1024, actors: MAX_ACTOR_STREAMS, per_peer: 256, per_loopback_peer: usize::MAX };
        Self { streams, stall_timeout: Duration::from_secs(60) }
    }
}

/// A stream to open, after all checks.
pub struct OpenStream {
    /// Filter, payload, and size of frames.
    pub options: StreamOptions,
    /// Sequence of the first event.
    pub start_sequence: u64,
    /// Longest time without a frame.
    pub heartbeat: Duration,
    /// Ids of the StackerDBs whose chunks are sent first; `None` = no snapshot.
    pub snapshot: Option<Vec<String>>,
    /// Name that the client gave itself, for operators.
    pub client_name: String,
    /// Address of the reader; `None` inside the process.
    pub peer: Option<std::net::SocketAddr>,
    /// Account that pays for the bytes of its frames; `None` inside the process.
    pub byte_account: Option<ByteAccount>,
    /// Memory per frame byte at the reader's end, the byte included; 1 when frames are sent as they are.
    pub memory_per_frame_byte: usize,
}

/// Opens streams. Cheap to clone.
#[derive(Clone)]
pub struct StreamRegistry {
    journal: Arc<dyn Journal>,
    context: Arc<dyn StreamContext>,
    newest: watch::Receiver<u64>,
    subscribers: Arc<Subscribers>,
    limits: StreamRegistryLimits,
    /// Permits to read from the disk: first those of the public, then those of producers and signers.
    disk: [Arc<Semaphore>; 2],
    /// Messages of streams that send events in another form than the journal's.
    messages: Arc<SharedMessages>,
    runtime: Handle,
    tasks: TaskTracker,
    shutdown: CancellationToken,
}

impl StreamRegistry {
    /// Makes a registry whose streams run on `runtime` until `shutdown`.
    #[must_use]
    pub fn new(
        journal: Arc<dyn Journal>,
        context: Arc<dyn StreamContext>,
        limits: StreamRegistryLimits,
        runtime: Handle,
        shutdown: CancellationToken,
    ) -> Self {
        let (committed_tx, committed) = watch::channel(journal.bounds().newest);
        journal.listen(Box::new(move |sequence| {
            committed_tx.send_replace(sequence);
        }));
        let (wake, newest) = watch::channel(journal.bounds().newest);
        runtime.spawn(wake_streams(committed, wake));
        let subscribers = Arc::new(Subscribers::new(limits.streams));
        let disk = [(); 2].map(|()| Arc::new(Semaphore::new(MAX_STREAM_READS)));
        let (messages, tasks) = (Arc::default(), TaskTracker::new());
        Self { journal, context, newest, subscribers, limits, disk, messages, runtime, tasks, shutdown }
    }

    /// The journal that the streams read.
    #[must_use]
    pub fn journal(&self) -> &Arc<dyn Journal> {
        &self.journal
    }

    /// The open streams and their counts.
    #[must_use]
    pub fn subscribers(&self) -> &Arc<Subscribers> {
        &self.subscribers
    }

    /// Messages that all streams share.
    #[must_use]
    pub fn messages(&self) -> &Arc<SharedMessages> {
        &self.messages
    }

    /// The limits that the registry was made with.
    #[must_use]
    pub fn limits(&self) -> StreamRegistryLimits {
        self.limits
    }

    /// Opens a stream and starts its task.
    ///
    /// # Errors
    /// [`TooManySubscriptions`] when a limit is reached.
    pub fn open(&self, open: OpenStream) -> Result<FrameStream, TooManySubscriptions> {
        let (bounds, journal_id) = (self.journal.bounds(), self.journal.id());
        let started = self.started(&open, &bounds);
        let who = SubscriberInfo {
            client_name: open.client_name,
            peer: open.peer,
            filter: Arc::clone(&open.options.filter),
            payload: open.options.payload,
        };
        let read_time_ms = time_in_memory(self.journal.as_ref(), open.start_sequence.saturating_sub(1));
        let builder = FrameBuilder::new(open.options, journal_id, open.start_sequence, read_time_ms, &bounds);
        let class = open.byte_account.as_ref().map_or(CallerClass::Anyone, |byte_account| byte_account.class());
        let subscriber = self.subscribers.admit(who, class, &builder)?;
        let [everybodys, actors] = &self.disk;
        let disk = if class == CallerClass::Actor { actors } else { everybodys };
        let parts = StreamResources {
            journal: Arc::clone(&self.journal),
            context: Arc::clone(&self.context),
            newest: self.newest.clone(),
            shutdown: self.shutdown.clone(),
            heartbeat: open.heartbeat,
            stall_timeout: self.limits.stall_timeout,
            subscribers: Arc::clone(&self.subscribers),
            subscriber,
            disk: Arc::clone(disk),
            byte_account: open.byte_account,
            memory_per_frame_byte: open.memory_per_frame_byte,
        };
        let _context = self.runtime.enter();
        let (task, stream) = StreamTask::new(builder, parts);
        self.tasks.spawn_on(task.run(StreamPrelude { started, snapshot: open.snapshot }), &self.runtime);
        Ok(stream)
    }

    /// The stream's first frame: where it starts, and what was agreed.
    fn started(&self, open: &OpenStream, bounds: &JournalBounds) -> v1::Started {
        v1::Started {
            start_sequence: open.start_sequence,
            oldest_sequence: if bounds.oldest > bounds.newest { 0 } else { bounds.oldest },
            newest_sequence: bounds.newest,
            journal_id: self.journal.id().to_vec().into(),
            tip: Some(self.context.tip()),
            heartbeat_interval: prost_types::Duration::try_from(open.heartbeat).ok(),
            max_batch: u32::try_from(open.options.max_batch).unwrap_or(u32::MAX),
            filter: Some(open.options.filter.wire().clone()),
            payload_mode: open.options.payload.encode().into(),
            live_window_events: u32::try_from(LIVE_WINDOW_EVENTS).unwrap_or(u32::MAX),
            queue_frames: u32::try_from(QUEUE_FRAMES).unwrap_or(u32::MAX),
            stall_timeout: prost_types::Duration::try_from(self.limits.stall_timeout).ok(),
            server_time: Some(SystemTime::now().into()),
        }
    }

    /// Waits, once the node stops, until each stream has said why it ends.
    pub async fn ended(&self) {
        self.tasks.close();
        self.tasks.wait().await;
    }
}

/// Wakes all streams after each commit, until the journal is gone.
async fn wake_streams(mut committed: watch::Receiver<u64>, wake: watch::Sender<u64>) {
    while committed.changed().await.is_ok() {
        let newest = *committed.borrow_and_update();
        wake.send_replace(newest);
    }
}
