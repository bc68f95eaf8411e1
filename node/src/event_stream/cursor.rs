//! Cursors: opaque to clients. They name an event by journal id and sequence, and say when it was written.
//!
//! The journal id tells chains apart. The time tells apart two continuations of one chain: a data folder that was put back from a
//! copy writes other events under the sequences that its first life used. The canonical tip at a place follows from the events
//! before it, so a copy of it in the cursor could only be wrong.

use nakamoto_proto::v1;

/// First byte of a cursor without a time: 1 version, 16 journal id, 8 sequence.
const WITHOUT_TIME: u8 = 1;
/// First byte of a cursor with a time, which takes 8 bytes more.
const WITH_TIME: u8 = 2;
/// Bytes of the longest cursor.
const LENGTH_MAX: usize = 33;

/// A place in a journal: everything up to `sequence` was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor {
    /// 16 random bytes, new with each chain: a cursor of another chain is refused.
    pub journal_id: [u8; 16],
    /// Sequence of the last event read; 0 before the first.
    pub sequence: u64,
    /// When that event was written, in milliseconds since 1970; `None` if its reader has not seen it.
    pub time_ms: Option<u64>,
}

/// The bytes are not a cursor of any node.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a cursor: {length} bytes")]
pub struct CursorError {
    /// Number of bytes that were given.
    pub length: usize,
}

impl Cursor {
    /// After an event.
    #[must_use]
    pub fn after(journal_id: [u8; 16], event: &v1::Event) -> Self {
        Self { journal_id, sequence: event.sequence, time_ms: Some(time_ms(event)) }
    }

    /// Encodes to 25 bytes, or 33 with a time: version, journal id, sequence, time (numbers big endian).
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(LENGTH_MAX);
        bytes.push(if self.time_ms.is_some() { WITH_TIME } else { WITHOUT_TIME });
        bytes.extend_from_slice(&self.journal_id);
        bytes.extend_from_slice(&self.sequence.to_be_bytes());
        bytes.extend(self.time_ms.iter().flat_map(|time_ms| time_ms.to_be_bytes()));
        bytes
    }

    /// Decodes what [`Self::encode`] makes.
    ///
    /// # Errors
    /// [`CursorError`] for any other bytes.
    pub fn decode(bytes: &[u8]) -> Result<Self, CursorError> {
        Self::parse(bytes).ok_or(CursorError { length: bytes.len() })
    }

    fn parse(bytes: &[u8]) -> Option<Self> {
        let (version, rest) = bytes.split_first()?;
        let (journal_id, rest) = rest.split_first_chunk()?;
        let (sequence, rest) = rest.split_first_chunk()?;
        let time_ms = match *version {
            WITHOUT_TIME if rest.is_empty() => None,
            WITH_TIME => Some(u64::from_be_bytes(rest.try_into().ok()?)),
            _ => return None,
        };
        Some(Self { journal_id: *journal_id, sequence: u64::from_be_bytes(*sequence), time_ms })
    }
}

/// When an event was written, in milliseconds since 1970.
#[must_use]
pub fn time_ms(event: &v1::Event) -> u64 {
    let time = event.observe_time.unwrap_or_default();
    let millis = i128::from(time.seconds) * 1_000 + i128::from(time.nanos) / 1_000_000;
    u64::try_from(millis).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_was_encoded_decodes(journal_id: [u8; 16], sequence: u64, time_ms: Option<u64>) {
            let cursor = Cursor { journal_id, sequence, time_ms };
            prop_assert_eq!(Cursor::decode(&cursor.encode()), Ok(cursor));
        }

        #[test]
        fn other_bytes_are_refused_or_mean_the_same(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
            match Cursor::decode(&bytes) {
                Ok(cursor) => prop_assert_eq!(cursor.encode(), bytes),
                Err(error) => prop_assert_eq!(error.length, bytes.len()),
            }
        }
    }
}
