//! The event stream, reopened whenever it ends.
//!
//! ```text
//!            ┌────────── back-off ◀──────────────┐
//!            ▼                                   │ stream ends, frame missing, silence
//!   closed ──▶ opening ──▶ Opened ──▶ frames ────┘
//!            (after the last cursor, or at the end with a snapshot)
//! ```
//!
//! # Invariants
//! - With `resume`, a stream is reopened after the last cursor received: no event is missed. A cursor that the node no longer
//!   knows (pruned, another journal) is dropped, and [`FeedItem::Opened`] says `resumed: false`.
//! - Without `resume`, every opening is a new start at the end of the journal: the reader rebuilds its state.
//! - [`Feed::next`] may be dropped at any time without losing an item.
//!
//! # Not here
//! What events mean.

use std::collections::VecDeque;
use std::time::Duration;

use bytes::Bytes;
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tonic::{Code, Response, Status, Streaming};

use super::backoff::Backoff;
use super::node::{Node, UNARY_TIMEOUT};
use super::status::{is_cursor_refusal, retry_delay};
use nakamoto_proto::v1::start_position::Position;
use nakamoto_proto::v1::subscribe_response::Body;
use nakamoto_proto::v1::{
    Event, EventFilter, PayloadMode, StackerDbChunks, StartPosition, Started, SubscribeRequest, SubscribeResponse,
};

/// How often the node sends a frame when no event matches: several times within [`SILENCE_MAX`]. Each wakes both sides, so an
/// idle chain has few.
const HEARTBEAT: Duration = Duration::from_secs(5);

/// A stream without a frame for this long counts as lost: three heartbeats.
const SILENCE_MAX: Duration = Duration::from_secs(15);

/// What to subscribe to, and how.
#[derive(Debug, Clone)]
pub struct FeedRequest {
    /// Which events to read. Without terms, `all` must be set, else the node refuses the stream.
    pub filter: EventFilter,
    /// How much of each event to send.
    pub payload_mode: PayloadMode,
    /// Whether a stream that does not resume begins with the current chunks of the filter's StackerDB contracts.
    pub include_snapshot: bool,
    /// Whether a lost stream continues after its last cursor.
    pub resume: bool,
    /// Cursor of an earlier run to resume after; `None` for a new start.
    pub cursor: Option<Bytes>,
    /// Name in the node's list of subscribers, at most 64 bytes.
    pub client_name: String,
}

/// An item that [`Feed::next`] returns.
#[derive(Debug)]
pub enum FeedItem {
    /// The stream was opened, for the first time or again.
    Opened {
        /// Whether the stream continues after the last cursor; otherwise it is a new start.
        resumed: bool,
        /// The node's first frame: chain, journal and newest sequence.
        started: Box<Started>,
    },
    /// Current chunks of a StackerDB, from the snapshot.
    Snapshot(StackerDbChunks),
    /// The snapshot holds the effect of all events up to `sequence`.
    SnapshotComplete {
        /// Sequence in the journal.
        sequence: u64,
    },
    /// An event of the journal.
    Event {
        /// The event as the node sent it.
        event: Box<Event>,
        /// Cursor to resume after this event; `None` inside a batch.
        cursor: Option<Bytes>,
    },
    /// All events that were in the journal at the opening have been returned.
    Live,
    /// The stream was lost. The feed opens it again by itself.
    Lost {
        /// Cause for the log.
        cause: String,
    },
}

/// Why the feed cannot continue.
#[derive(Debug, thiserror::Error)]
pub enum FeedError {
    /// The node refuses this request or this client permanently.
    #[error("the node refuses the event stream: {0}")]
    Refused(#[source] Box<Status>),
}

/// A call of Subscribe without an answer yet.
type Opening = JoinHandle<Result<Response<Streaming<SubscribeResponse>>, Status>>;

/// The stream. See the module documentation.
#[derive(Debug)]
pub struct Feed {
    node: Node,
    request: FeedRequest,
    opening: Option<Opening>,
    open: Option<OpenStream>,
    backoff: Backoff,
    retry_at: Option<Instant>,
    items: VecDeque<FeedItem>,
}

#[derive(Debug)]
struct OpenStream {
    frames: Streaming<SubscribeResponse>,
    next_frame: u64,
    /// Kept here, not in a future, because [`Feed::next`] may be dropped and called again at any time.
    silent_since: Instant,
    resumed: bool,
    /// Newest sequence when the stream was opened; `None` once this sequence was reached.
    catching_up_to: Option<u64>,
}

impl Feed {
    /// Makes a feed. Its stream is opened by the first [`Feed::next`].
    #[must_use]
    pub fn new(node: Node, request: FeedRequest) -> Self {
        Self {
            node,
            request,
            opening: None,
            open: None,
            backoff: Backoff::for_connections(),
            retry_at: None,
            items: VecDeque::new(),
        }
    }

    /// Waits for the next item, also while the node is down. Cancel safe.
    ///
    /// # Errors
    /// [`FeedError::Refused`] when trying again cannot help.
    pub async fn next(&mut self) -> Result<FeedItem, FeedError> {
        loop {
            if let Some(item) = self.items.pop_front() {
                return Ok(item);
            }
            if self.open.is_none() {
                self.open_stream().await?;
                continue;
            }
            self.read_frame().await;
        }
    }

    /// Drops the stream, the pending items and the cursor. The next call makes a new start, after a pause.
    pub fn start_anew(&mut self) {
        self.open = None;
        self.opening = None;
        self.request.cursor = None;
        self.items.clear();
        self.retry_at = Some(Instant::now() + self.backoff.next_delay());
    }

    async fn open_stream(&mut self) -> Result<(), FeedError> {
        if let Some(at) = self.retry_at {
            tokio::time::sleep_until(at).await;
            self.retry_at = None;
        }
        let resumed = self.request.cursor.is_some();
        if self.opening.is_none() {
            self.opening = Some(self.spawn_opening());
        }
        let Some(opening) = &mut self.opening else { return Ok(()) };
        let answer = opening.await.unwrap_or_else(|_| Err(Status::cancelled("the call was dropped")));
        self.opening = None;
        match answer {
            Ok(response) => {
                let frames = response.into_inner();
                let silent_since = Instant::now();
                self.open = Some(OpenStream { frames, next_frame: 1, silent_since, resumed, catching_up_to: None });
                Ok(())
            }
            Err(status) => self.on_status(&status),
        }
    }

    /// Runs the call in its own task, so that dropping [`Feed::next`] does not restart it.
    fn spawn_opening(&self) -> Opening {
        let request = self.subscribe_request();
        let mut client = self.node.events();
        tokio::spawn(async move {
            match tokio::time::timeout(UNARY_TIMEOUT, client.subscribe(request)).await {
                Ok(answer) => answer,
                Err(_) => Err(Status::deadline_exceeded("no stream in time")),
            }
        })
    }

    fn subscribe_request(&self) -> SubscribeRequest {
        let position = match &self.request.cursor {
            Some(cursor) => Position::AfterCursor(cursor.clone()),
            None => Position::Latest(true),
        };
        SubscribeRequest {
            filter: Some(self.request.filter.clone()),
            start: Some(StartPosition { position: Some(position) }),
            include_snapshot: self.request.include_snapshot && self.request.cursor.is_none(),
            heartbeat_interval: Some(prost_types::Duration {
                seconds: i64::try_from(HEARTBEAT.as_secs()).unwrap_or(1),
                nanos: 0,
            }),
            payload_mode: self.request.payload_mode.into(),
            client_name: self.request.client_name.clone(),
            ..SubscribeRequest::default()
        }
    }

    async fn read_frame(&mut self) {
        let Some(open) = &mut self.open else { return };
        let frame = match tokio::time::timeout_at(open.silent_since + SILENCE_MAX, open.frames.message()).await {
            Ok(Ok(Some(frame))) => frame,
            Ok(Ok(None)) => return self.lose("the node ended the stream".to_owned(), None),
            Ok(Err(status)) => {
                if let Err(FeedError::Refused(status)) = self.on_status(&status) {
                    // A refusal comes only before the first frame. A later status just ends the stream; the next
                    // opening meets any refusal.
                    self.lose(status.to_string(), None);
                }
                return;
            }
            Err(_) => return self.lose(format!("no frame for {} s", SILENCE_MAX.as_secs()), None),
        };
        if frame.frame != open.next_frame {
            let cause = format!("frame {} came, {} was next", frame.frame, open.next_frame);
            return self.lose(cause, None);
        }
        open.next_frame = open.next_frame.saturating_add(1);
        open.silent_since = Instant::now();
        self.on_frame(frame);
    }

    fn on_frame(&mut self, frame: SubscribeResponse) {
        let Some(open) = &mut self.open else { return };
        // No cursor is kept before the end of a snapshot: a stream that resumed there would miss the rest of the
        // snapshot.
        let mut keep_cursor = true;
        match frame.body {
            Some(Body::Started(started)) => {
                keep_cursor = open.resumed || !self.request.include_snapshot;
                if started.start_sequence <= started.newest_sequence {
                    open.catching_up_to = Some(started.newest_sequence);
                }
                let live = open.catching_up_to.is_none();
                self.items.push_back(FeedItem::Opened { resumed: open.resumed, started: Box::new(started) });
                if live {
                    self.items.push_back(FeedItem::Live);
                }
            }
            Some(Body::Snapshot(chunks)) => {
                keep_cursor = false;
                self.items.push_back(FeedItem::Snapshot(chunks));
            }
            Some(Body::SnapshotComplete(complete)) => {
                self.items.push_back(FeedItem::SnapshotComplete { sequence: complete.sequence });
            }
            Some(Body::Events(batch)) => {
                self.backoff.reset();
                let last = batch.events.len().saturating_sub(1);
                for (i, event) in batch.events.into_iter().enumerate() {
                    let sequence = event.sequence;
                    let cursor = (i == last).then(|| frame.cursor.clone());
                    self.items.push_back(FeedItem::Event { event: Box::new(event), cursor });
                    Self::reached(open, sequence, &mut self.items);
                }
            }
            Some(Body::Heartbeat(_)) => {
                self.backoff.reset();
                Self::reached(open, u64::MAX, &mut self.items);
            }
            Some(Body::CaughtUp(caught_up)) => Self::reached(open, caught_up.sequence, &mut self.items),
            // A notice that needs no action, or a frame of a newer node.
            Some(Body::Lagging(_)) | None => {}
        }
        if keep_cursor && self.request.resume && !frame.cursor.is_empty() {
            self.request.cursor = Some(frame.cursor);
        }
    }

    /// Adds `Live` once, when all events that were in the journal at the opening have come.
    fn reached(open: &mut OpenStream, sequence: u64, items: &mut VecDeque<FeedItem>) {
        if open.catching_up_to.is_some_and(|target| sequence >= target) {
            open.catching_up_to = None;
            items.push_back(FeedItem::Live);
        }
    }

    fn on_status(&mut self, status: &Status) -> Result<(), FeedError> {
        if is_cursor_refusal(status) && self.request.cursor.is_some() {
            tracing::warn!(%status, "the node no longer knows the place in the event stream; starting at its end");
            self.request.cursor = None;
            self.lose(status.message().to_owned(), Some(Duration::ZERO));
            return Ok(());
        }
        match status.code() {
            Code::InvalidArgument | Code::Unauthenticated | Code::PermissionDenied | Code::Unimplemented => {
                Err(FeedError::Refused(Box::new(status.clone())))
            }
            _ => {
                self.lose(status.message().to_owned(), retry_delay(status));
                Ok(())
            }
        }
    }

    fn lose(&mut self, cause: String, advice: Option<Duration>) {
        let delay = match advice {
            Some(delay) if delay.is_zero() => delay,
            advice => self.backoff.next_delay().max(advice.unwrap_or_default()),
        };
        self.retry_at = Some(Instant::now() + delay);
        if self.open.take().is_some() {
            self.items.push_back(FeedItem::Lost { cause });
        } else {
            tracing::debug!(cause, "the event stream could not be opened");
        }
    }
}

#[cfg(test)]
mod tests;
