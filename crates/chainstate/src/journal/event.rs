//! An event with its place in the journal.

use std::sync::{Arc, OnceLock};

use nakamoto_proto::v1;
use prost::Message as _;
use prost::bytes::Bytes;

use super::header_only::header_only;
use super::restore_transactions;
use super::subjects::EventSubjects;
use crate::db::StoreError;
use crate::staging::StagingReader;

/// An event, decoded and encoded once, shared by all readers. Cheap to clone.
#[derive(Debug, Clone)]
pub struct JournalEvent {
    /// Place in the journal, from 1.
    pub sequence: u64,
    /// Kind of the event.
    pub kind: v1::EventKind,
    /// The decoded event, with its sequence and time.
    pub event: Arc<v1::Event>,
    /// The event, encoded.
    pub encoded: Bytes,
    /// Bytes of all encoded events that were ever written, up to and including this one: the difference of two offsets
    /// is how many bytes lie between.
    pub end_offset: u64,
    derived: Arc<Derived>,
}

/// Data that only some readers need; computed for the first that asks.
#[derive(Debug, Default)]
struct Derived {
    header_only: OnceLock<Bytes>,
    subjects: OnceLock<EventSubjects>,
}

impl JournalEvent {
    pub(crate) fn new(
        sequence: u64,
        time_ms: u64,
        kind: v1::EventKind,
        body: v1::event::Body,
        start_offset: u64,
    ) -> Self {
        let event = v1::Event { sequence, kind: kind.into(), observe_time: Some(timestamp(time_ms)), body: Some(body) };
        Self::from_event(event, start_offset)
    }

    /// Puts an event in its place; `start_offset` is the end offset of the event before.
    #[must_use]
    pub fn from_event(event: v1::Event, start_offset: u64) -> Self {
        let encoded = Bytes::from(event.encode_to_vec());
        let end_offset = start_offset.saturating_add(encoded.len().try_into().unwrap_or(u64::MAX));
        Self::assemble(event, encoded, end_offset)
    }

    /// Decodes a stored event.
    pub(crate) fn from_stored(stored: Vec<u8>, end_offset: u64, staging: &StagingReader) -> Result<Self, StoreError> {
        let mut encoded = Bytes::from(stored);
        // `bytes` fields share this buffer.
        let event = v1::Event::decode(encoded.clone());
        let mut event = event.map_err(|error| StoreError::Corrupt(format!("journal: {error}")))?;
        if restore_transactions(&mut event, staging)? {
            encoded = event.encode_to_vec().into();
        }
        Ok(Self::assemble(event, encoded, end_offset))
    }

    fn assemble(event: v1::Event, encoded: Bytes, end_offset: u64) -> Self {
        let (sequence, kind) = (event.sequence, event.kind());
        Self { sequence, kind, event: Arc::new(event), encoded, end_offset, derived: Arc::default() }
    }

    /// The encoded [`header_only`].
    #[must_use]
    pub fn encoded_header_only(&self) -> &Bytes {
        self.derived.header_only.get_or_init(|| header_only(&self.event).encode_to_vec().into())
    }

    /// The transactions, contracts, assets and principals that the event touches.
    #[must_use]
    pub fn subjects(&self) -> &EventSubjects {
        self.derived.subjects.get_or_init(|| EventSubjects::from_event(&self.event))
    }
}

/// Milliseconds since 1970 as a protobuf timestamp.
fn timestamp(time_ms: u64) -> prost_types::Timestamp {
    let seconds = i64::try_from(time_ms / 1000).unwrap_or(i64::MAX);
    let nanos = i32::try_from(time_ms % 1000).unwrap_or(0) * 1_000_000;
    prost_types::Timestamp { seconds, nanos }
}
