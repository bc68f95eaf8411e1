//! How much of an event is sent.

use bytes::Bytes;
use chainstate::journal::{JournalEvent, header_only};
use nakamoto_proto::v1;

/// Largest event in bytes that is sent whole. An event with a StackerDB chunk (16 MiB at most) fits. The few blocks
/// whose receipts need more are sent in header form: clients take no larger message (the API asks them to take 17 MiB).
pub const MAX_EVENT_BYTES: usize = (16 << 20) + (256 << 10);

/// How much of each event is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Payload {
    /// The whole event.
    Full,
    /// The event without receipts, chunk data and raw transactions.
    Header,
}

impl Payload {
    /// Decodes the mode; an unknown value means full, the default.
    #[must_use]
    pub fn decode(mode: i32) -> Self {
        match v1::PayloadMode::try_from(mode) {
            Ok(v1::PayloadMode::Header) => Self::Header,
            Ok(v1::PayloadMode::Full | v1::PayloadMode::Unspecified) | Err(_) => Self::Full,
        }
    }

    /// The value for the wire.
    #[must_use]
    pub fn encode(self) -> v1::PayloadMode {
        match self {
            Self::Full => v1::PayloadMode::Full,
            Self::Header => v1::PayloadMode::Header,
        }
    }

    /// The event, shaped and encoded for sending. All streams with the same payload mode share the bytes.
    #[must_use]
    pub fn shape(self, entry: &JournalEvent) -> Bytes {
        if self.is_whole(entry) { entry.encoded.clone() } else { entry.encoded_header_only().clone() }
    }

    /// The event, shaped for sending, and its encoded length. Raw bytes in it are shared, not copied.
    #[must_use]
    pub fn event(self, entry: &JournalEvent) -> (v1::Event, usize) {
        if self.is_whole(entry) {
            (v1::Event::clone(&entry.event), entry.encoded.len())
        } else {
            (header_only(&entry.event), entry.encoded_header_only().len())
        }
    }

    fn is_whole(self, entry: &JournalEvent) -> bool {
        self == Self::Full && entry.encoded.len() <= MAX_EVENT_BYTES
    }
}
