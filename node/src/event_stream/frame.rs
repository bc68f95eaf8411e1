//! Frames as they are on the wire. Streams do not encode events again: they send the bytes of the journal, and add only
//! the frame's number and cursor.

use std::sync::Arc;

use bytes::{BufMut, Bytes};
use nakamoto_proto::v1;
use prost::Message as _;
use prost::encoding::{WireType, encode_key, encode_varint, encoded_len_varint, key_len};
use v1::subscribe_response::Body;

use crate::runtime::budget::ByteLease;

/// Field numbers of `SubscribeResponse` and `EventBatch`. A test compares them with the generated code.
const FRAME: u32 = 1;
const CURSOR: u32 = 2;
const EVENTS: u32 = 4;
const BATCH_EVENTS: u32 = 1;
const BATCH_LABELS: u32 = 2;

/// An encoded `SubscribeResponse`.
#[derive(Debug, Clone)]
pub struct Frame {
    cursor: Bytes,
    /// Bytes before the events.
    head: Vec<u8>,
    /// Encoded events, each with its field header.
    events: Vec<Bytes>,
    /// Bytes after the events.
    tail: Vec<u8>,
    length: usize,
    /// The budget's lease for its bytes; `None` when they are not counted.
    lease: Option<Arc<ByteLease>>,
}

impl Frame {
    /// Makes a frame without events.
    #[must_use]
    pub fn of(number: u64, cursor: Bytes, body: Body) -> Self {
        let message = v1::SubscribeResponse { frame: number, cursor: cursor.clone(), body: Some(body) };
        let head = message.encode_to_vec();
        Self { cursor, length: head.len(), head, events: Vec::new(), tail: Vec::new(), lease: None }
    }

    /// Makes a frame of encoded events, with labels for each or for none.
    #[must_use]
    pub fn of_events(number: u64, cursor: Bytes, events: Vec<Bytes>, labels: &[v1::EventLabels]) -> Self {
        let mut tail = Vec::new();
        for labels in labels {
            encode_field(BATCH_LABELS, &labels.encode_to_vec(), &mut tail);
        }
        let batch = events.iter().map(|event| field_length(BATCH_EVENTS, event.len())).sum::<usize>() + tail.len();
        let mut head = Vec::with_capacity(64);
        if number != 0 {
            encode_key(FRAME, WireType::Varint, &mut head);
            encode_varint(number, &mut head);
        }
        if !cursor.is_empty() {
            encode_field(CURSOR, &cursor, &mut head);
        }
        encode_key(EVENTS, WireType::LengthDelimited, &mut head);
        encode_varint(to_u64(batch), &mut head);
        Self { cursor, length: head.len() + batch, head, events, tail, lease: None }
    }

    /// Cursor to resume after this frame.
    #[must_use]
    pub fn cursor(&self) -> &Bytes {
        &self.cursor
    }

    /// Number of events in the frame.
    #[must_use]
    pub fn event_count(&self) -> usize {
        self.events.len()
    }

    /// Length of the encoded frame in bytes.
    #[must_use]
    pub fn encoded_len(&self) -> usize {
        self.length
    }

    /// The same frame with the budget's lease for its bytes.
    #[must_use]
    pub fn in_flight(mut self, lease: Option<Arc<ByteLease>>) -> Self {
        self.lease = lease;
        self
    }

    /// That lease; hold it as long as the frame's bytes are in memory.
    #[must_use]
    pub fn lease(&self) -> Option<Arc<ByteLease>> {
        self.lease.clone()
    }

    /// Its encoded events.
    #[must_use]
    pub fn into_events(self) -> Vec<Bytes> {
        self.events
    }

    /// Decodes the frame for readers in this process.
    #[must_use]
    pub fn into_body(self) -> Option<Body> {
        let mut written = Vec::with_capacity(self.length);
        self.encode(&mut written);
        // The node encoded these bytes, so they decode.
        v1::SubscribeResponse::decode(written.as_slice()).ok().and_then(|message| message.body)
    }

    /// Writes the encoded frame.
    pub fn encode(&self, out: &mut impl BufMut) {
        out.put_slice(&self.head);
        self.events.iter().for_each(|event| encode_field(BATCH_EVENTS, event, out));
        out.put_slice(&self.tail);
    }
}

fn encode_field(number: u32, bytes: &[u8], out: &mut impl BufMut) {
    encode_key(number, WireType::LengthDelimited, out);
    encode_varint(to_u64(bytes.len()), out);
    out.put_slice(bytes);
}

fn field_length(number: u32, length: usize) -> usize {
    key_len(number) + encoded_len_varint(to_u64(length)) + length
}

fn to_u64(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_frame_is_what_the_generated_code_would_write(
            number: u64,
            cursor in prop::collection::vec(any::<u8>(), 0..30),
            events in prop::collection::vec((0..u64::MAX, 1..11_i32), 1..200),
            labels in prop::option::of(prop::collection::vec("[a-z]{0,12}", 0..4)),
        ) {
            let events: Vec<_> =
                events.into_iter().map(|(sequence, kind)| v1::Event { sequence, kind, ..Default::default() }).collect();
            let labels: Vec<_> =
                labels.map_or(Vec::new(), |labels| vec![v1::EventLabels { labels }; events.len()]);
            let encoded = events.iter().map(|event| event.encode_to_vec().into()).collect();
            let frame = Frame::of_events(number, cursor.clone().into(), encoded, &labels);
            let body = Some(Body::Events(v1::EventBatch { events, labels }));
            let expected = v1::SubscribeResponse { frame: number, cursor: cursor.into(), body };
            let mut written = Vec::new();
            frame.encode(&mut written);
            prop_assert_eq!(&written, &expected.encode_to_vec());
            prop_assert_eq!(frame.encoded_len(), written.len());
        }
    }
}
