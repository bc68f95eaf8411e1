//! Makes the frames of one stream: a pure state machine.
//!
//! ```text
//!            started()            within the live window
//!   (open) ────────────▶ REPLAY ────────────────────────▶ LIVE
//!                                 "caught up"             │ ▲
//!         "lagging": the reader is slower than the journal│ │ "caught up"
//!                                                         ▼ │
//!                                                       LAGGING
//! ```
//!
//! # Invariants
//! - Frames are numbered from 1 without gaps.
//! - The cursor of a frame is the last sequence that was read from the journal for it, whether that event matched or
//!   not; cursors never decrease.
//! - Every matching event from the start position on is in exactly one frame.

use std::sync::Arc;

use bytes::Bytes;
use chainstate::journal::{JournalBounds, JournalEvent, without_data};
use nakamoto_proto::v1;
use v1::subscribe_response::Body;

use super::cursor::{Cursor, time_ms};
use super::filter::Filter;
use super::frame::Frame;
use super::payload::Payload;

/// A reader this close to the newest event counts as live. The transport buffers another 2 MiB or so.
pub const LIVE_WINDOW_EVENTS: u64 = 256;
/// Size at which a frame is closed, so that a few large events do not make a message too large.
pub const MAX_FRAME_BYTES: usize = 1 << 20;

/// What the subscriber asked for.
#[derive(Debug, Clone)]
pub struct StreamOptions {
    /// Which events to send.
    pub filter: Arc<Filter>,
    /// How much of each event to send.
    pub payload: Payload,
    /// Most events in a frame.
    pub max_batch: usize,
}

/// What a stream has not read yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Behind {
    /// Number of events, including those that do not match.
    pub events: u64,
    /// Bytes of these events in the journal.
    pub bytes: u64,
}

/// State of the frames of one stream.
#[derive(Debug)]
pub struct FrameBuilder {
    options: StreamOptions,
    journal_id: [u8; 16],
    next_sequence: u64,
    frame: u64,
    mode: v1::SubscriberMode,
    /// Journal offset after the last event that was read; `None` before the first.
    read_offset: Option<u64>,
    /// When the event before the next one was written; `None` if that is not known.
    read_time_ms: Option<u64>,
}

impl Behind {
    /// For a reader whose next event is `next_sequence`.
    #[must_use]
    pub fn of(next_sequence: u64, read_offset: Option<u64>, bounds: &JournalBounds) -> Self {
        let events = bounds.newest.saturating_add(1).saturating_sub(next_sequence);
        // Before the first read, the reader's byte offset is not known.
        let bytes = read_offset.map_or(0, |offset| bounds.end_offset.saturating_sub(offset));
        Self { events, bytes: if events == 0 { 0 } else { bytes } }
    }
}

impl FrameBuilder {
    /// A stream whose first event is at `start_sequence` or later. `read_time_ms` is when the event before it was written.
    #[must_use]
    pub fn new(
        options: StreamOptions,
        journal_id: [u8; 16],
        start_sequence: u64,
        read_time_ms: Option<u64>,
        bounds: &JournalBounds,
    ) -> Self {
        let is_live = is_near(start_sequence, bounds.newest);
        let mode = if is_live { v1::SubscriberMode::Live } else { v1::SubscriberMode::Replay };
        let read_offset = (start_sequence > bounds.newest).then_some(bounds.end_offset);
        Self { options, journal_id, next_sequence: start_sequence, frame: 0, mode, read_offset, read_time_ms }
    }

    /// Sequence of the first event that was not read yet.
    #[must_use]
    pub fn next_sequence(&self) -> u64 {
        self.next_sequence
    }

    /// Cursor to resume after all frames so far.
    #[must_use]
    pub fn cursor(&self) -> Bytes {
        let sequence = self.next_sequence.saturating_sub(1);
        Cursor { journal_id: self.journal_id, sequence, time_ms: self.read_time_ms }.encode().into()
    }

    /// A frame that does not move the cursor: started, heartbeat, snapshot.
    #[must_use]
    pub fn frame(&mut self, body: Body) -> Frame {
        self.frame += 1;
        Frame::of(self.frame, self.cursor(), body)
    }

    /// A snapshot frame with these chunks, in the stream's payload mode; `None` if the filter would not select them as
    /// an event.
    #[must_use]
    pub fn on_chunks(&mut self, chunks: v1::StackerDbChunks) -> Option<Frame> {
        let body = Some(v1::event::Body::StackerdbChunks(chunks.clone()));
        let kind = v1::EventKind::StackerdbChunks.into();
        let event = v1::Event { sequence: 0, kind, observe_time: None, body };
        if !self.options.filter.matches(&JournalEvent::from_event(event, 0)) {
            return None;
        }
        let chunks = if self.options.payload == Payload::Header { without_data(&chunks) } else { chunks };
        Some(self.frame(Body::Snapshot(chunks)))
    }

    /// Whether the stream replays, is live or lags.
    #[must_use]
    pub fn mode(&self) -> v1::SubscriberMode {
        self.mode
    }

    /// Journal offset after the last event that was read; `None` before the first.
    #[must_use]
    pub fn read_offset(&self) -> Option<u64> {
        self.read_offset
    }

    /// What is still to be read.
    #[must_use]
    pub fn behind(&self, bounds: &JournalBounds) -> Behind {
        Behind::of(self.next_sequence, self.read_offset, bounds)
    }

    /// A notice for the reader when it has fallen behind or caught up.
    #[must_use]
    pub fn on_newest(&mut self, bounds: &JournalBounds) -> Option<Frame> {
        let is_live = self.mode == v1::SubscriberMode::Live;
        let body = match (is_live, is_near(self.next_sequence, bounds.newest)) {
            (true, true) | (false, false) => return None,
            (true, false) => {
                self.mode = v1::SubscriberMode::Lagging;
                Body::Lagging(v1::Lagging {
                    from_sequence: self.next_sequence,
                    newest_sequence: bounds.newest,
                    bytes_behind: self.behind(bounds).bytes,
                })
            }
            (false, true) => {
                self.mode = v1::SubscriberMode::Live;
                Body::CaughtUp(v1::CaughtUp { sequence: self.next_sequence.saturating_sub(1) })
            }
        };
        Some(self.frame(body))
    }

    /// Frames for the events that were read from the journal at [`Self::next_sequence`], in order.
    #[must_use]
    pub fn on_entries(&mut self, entries: &[JournalEvent]) -> Vec<Frame> {
        let mut frames = Vec::new();
        let mut batch = Batch::default();
        for entry in entries {
            debug_assert_eq!(entry.sequence, self.next_sequence, "the journal has no gaps");
            if let Some(labels) = self.options.filter.labels(entry) {
                let event = self.options.payload.shape(entry);
                if batch.is_full(event.len(), self.options.max_batch) {
                    frames.push(self.close(&mut batch));
                }
                batch.push(event, labels);
            }
            self.next_sequence = entry.sequence.saturating_add(1);
            self.read_offset = Some(entry.end_offset);
            self.read_time_ms = Some(time_ms(&entry.event));
        }
        if !batch.events.is_empty() {
            frames.push(self.close(&mut batch));
        }
        frames
    }

    fn close(&mut self, batch: &mut Batch) -> Frame {
        let Batch { events, labels, .. } = std::mem::take(batch);
        let labels = if self.options.filter.has_labels() { labels } else { Vec::new() };
        self.frame += 1;
        Frame::of_events(self.frame, self.cursor(), events, &labels)
    }
}

#[derive(Debug, Default)]
struct Batch {
    events: Vec<Bytes>,
    labels: Vec<v1::EventLabels>,
    bytes: usize,
}

impl Batch {
    fn is_full(&self, next_length: usize, max_batch: usize) -> bool {
        let too_many = self.events.len() >= max_batch;
        let too_large = self.bytes.saturating_add(next_length) > MAX_FRAME_BYTES;
        !self.events.is_empty() && (too_many || too_large)
    }

    fn push(&mut self, event: Bytes, labels: v1::EventLabels) {
        self.bytes = self.bytes.saturating_add(event.len());
        self.events.push(event);
        self.labels.push(labels);
    }
}

fn is_near(next_sequence: u64, newest: u64) -> bool {
    newest.saturating_add(1).saturating_sub(next_sequence) <= LIVE_WINDOW_EVENTS
}
