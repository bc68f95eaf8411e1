//! The frames of one stream: a pure state machine.
//!
//! ```text
//!            started()            within the live window
//!   (open) ────────────▶ REPLAY ────────────────────────▶ LIVE
//!                          ▲      "caught up"              │
//!                          └───────────────────────────────┘
//!                             "lagging": the reader is slower than the journal grows
//! ```
//!
//! # Invariants
//! - Frames are numbered from 1 without a hole.
//! - The cursor of a frame is the last sequence that was read from the journal for it, matched or not; cursors never
//!   fall.
//! - Every matching event from the start position on is in exactly one frame.

use nakamoto_proto::v1;
use v1::subscribe_response::Body;

use super::cursor::Cursor;
use super::filter::Filter;
use super::journal::Entry;
use super::payload::Payload;

/// A reader this close to the newest event counts as live. The transport hides about 2 MiB beside it.
pub const LIVE_WINDOW_EVENTS: u64 = 256;
/// A frame is closed when it holds this much, so that a few large events do not make one message too large.
pub const MAX_FRAME_BYTES: usize = 1 << 20;

/// What a subscriber asked for.
#[derive(Debug, Clone)]
pub struct FeedOptions {
    /// Which events.
    pub filter: Filter,
    /// How much of them.
    pub payload: Payload,
    /// Most events a frame.
    pub max_batch: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    Replay,
    Live,
}

/// One stream.
#[derive(Debug)]
pub struct Feed {
    options: FeedOptions,
    journal_id: [u8; 16],
    next_sequence: u64,
    frame: u64,
    mode: Mode,
}

impl Feed {
    /// A stream whose first event is at `start_sequence` or later.
    #[must_use]
    pub fn new(options: FeedOptions, journal_id: [u8; 16], start_sequence: u64, newest: u64) -> Self {
        let mode = if is_near(start_sequence, newest) { Mode::Live } else { Mode::Replay };
        Self { options, journal_id, next_sequence: start_sequence, frame: 0, mode }
    }

    /// The first sequence that was not read yet.
    #[must_use]
    pub fn next_sequence(&self) -> u64 {
        self.next_sequence
    }

    /// Where to resume after all frames so far.
    #[must_use]
    pub fn cursor(&self) -> Vec<u8> {
        self.cursor_at(self.next_sequence.saturating_sub(1))
    }

    fn cursor_at(&self, sequence: u64) -> Vec<u8> {
        Cursor { journal_id: self.journal_id, sequence }.encode()
    }

    /// A frame that moves no further: started, heartbeat, snapshot.
    #[must_use]
    pub fn frame(&mut self, body: Body) -> v1::SubscribeResponse {
        let cursor = self.cursor();
        self.numbered(cursor, body)
    }

    fn numbered(&mut self, cursor: Vec<u8>, body: Body) -> v1::SubscribeResponse {
        self.frame += 1;
        v1::SubscribeResponse { frame: self.frame, cursor: cursor.into(), body: Some(body) }
    }

    /// Tells the reader when it fell behind or caught up, seen from the newest sequence.
    #[must_use]
    pub fn on_newest(&mut self, newest: u64) -> Option<v1::SubscribeResponse> {
        let near = is_near(self.next_sequence, newest);
        let body = match (self.mode, near) {
            (Mode::Live, true) | (Mode::Replay, false) => return None,
            (Mode::Live, false) => {
                self.mode = Mode::Replay;
                Body::Lagging(v1::Lagging { from_sequence: self.next_sequence, newest_sequence: newest })
            }
            (Mode::Replay, true) => {
                self.mode = Mode::Live;
                Body::CaughtUp(v1::CaughtUp { sequence: self.next_sequence.saturating_sub(1) })
            }
        };
        Some(self.frame(body))
    }

    /// Frames for events read from the journal at [`Self::next_sequence`], in order.
    #[must_use]
    pub fn on_entries(&mut self, entries: &[Entry]) -> Vec<v1::SubscribeResponse> {
        let mut frames = Vec::new();
        let mut batch = Batch::default();
        for entry in entries {
            debug_assert_eq!(entry.sequence, self.next_sequence, "the journal has no gaps");
            if self.options.filter.matches(&entry.event) {
                let (event, length) = self.options.payload.shape(entry);
                if batch.is_full(length, self.options.max_batch) {
                    let cursor = self.cursor();
                    frames.push(self.numbered(cursor, std::mem::take(&mut batch).into_body()));
                }
                batch.push(event, length);
            }
            self.next_sequence = entry.sequence.saturating_add(1);
        }
        if !batch.events.is_empty() {
            let cursor = self.cursor();
            frames.push(self.numbered(cursor, batch.into_body()));
        }
        frames
    }
}

#[derive(Debug, Default)]
struct Batch {
    events: Vec<v1::Event>,
    bytes: usize,
}

impl Batch {
    fn is_full(&self, next_length: usize, max_batch: usize) -> bool {
        let too_many = self.events.len() >= max_batch;
        let too_large = self.bytes.saturating_add(next_length) > MAX_FRAME_BYTES;
        !self.events.is_empty() && (too_many || too_large)
    }

    fn push(&mut self, event: v1::Event, length: usize) {
        self.events.push(event);
        self.bytes = self.bytes.saturating_add(length);
    }

    fn into_body(self) -> Body {
        Body::Events(v1::EventBatch { events: self.events })
    }
}

fn is_near(next_sequence: u64, newest: u64) -> bool {
    newest.saturating_add(1).saturating_sub(next_sequence) <= LIVE_WINDOW_EVENTS
}
