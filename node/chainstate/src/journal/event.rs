//! An event with its place in the journal.

use std::sync::Arc;

use nakamoto_proto::v1;
use prost::Message as _;

/// An event, decoded and encoded once, shared by all readers.
#[derive(Debug, Clone)]
pub struct JournalEvent {
    /// Place in the journal, from 1.
    pub sequence: u64,
    /// What kind of event.
    pub kind: v1::EventKind,
    /// The event.
    pub event: Arc<v1::Event>,
    /// The event, encoded.
    pub encoded: Arc<[u8]>,
}

impl JournalEvent {
    pub(crate) fn new(sequence: u64, time_ms: u64, kind: v1::EventKind, body: v1::event::Body) -> Self {
        let event = v1::Event { sequence, kind: kind.into(), observe_time: Some(timestamp(time_ms)), body: Some(body) };
        let encoded = event.encode_to_vec().into();
        Self { sequence, kind, event: Arc::new(event), encoded }
    }

    /// Reads back what was stored.
    pub(crate) fn from_encoded(encoded: Vec<u8>) -> Result<Self, prost::DecodeError> {
        let event = v1::Event::decode(encoded.as_slice())?;
        Ok(Self { sequence: event.sequence, kind: event.kind(), event: Arc::new(event), encoded: encoded.into() })
    }
}

/// Milliseconds since 1970 as protobuf has it.
fn timestamp(time_ms: u64) -> prost_types::Timestamp {
    let seconds = i64::try_from(time_ms / 1000).unwrap_or(i64::MAX);
    let nanos = i32::try_from(time_ms % 1000).unwrap_or(0) * 1_000_000;
    prost_types::Timestamp { seconds, nanos }
}
