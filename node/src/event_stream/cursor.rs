//! Cursors: opaque to clients; they hold version, journal id and sequence.
//!
//! The canonical tip at a place follows from the tip-changed events before it. Journals with different content have different ids,
//! so journal id and sequence determine the tip, and a copy of it in the cursor could only be wrong.

/// First byte of a cursor. Another layout gets another number.
const VERSION: u8 = 1;
/// Bytes of a cursor: 1 version, 16 journal id, 8 sequence.
const LENGTH: usize = 25;

/// A place in a journal: everything up to `sequence` was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor {
    /// 16 random bytes, new with each chain: a cursor of another chain is refused.
    pub journal_id: [u8; 16],
    /// Sequence of the last event read; 0 before the first.
    pub sequence: u64,
}

/// The bytes are not a cursor that a node has made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a cursor: {length} bytes")]
pub struct CursorError {
    /// Number of bytes that were given.
    pub length: usize,
}

impl Cursor {
    /// Encodes to 25 bytes: version, journal id, sequence (big endian).
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(LENGTH);
        bytes.push(VERSION);
        bytes.extend_from_slice(&self.journal_id);
        bytes.extend_from_slice(&self.sequence.to_be_bytes());
        bytes
    }

    /// Decodes what [`Self::encode`] makes.
    ///
    /// # Errors
    /// [`CursorError`] for any other bytes.
    pub fn decode(bytes: &[u8]) -> Result<Self, CursorError> {
        let error = CursorError { length: bytes.len() };
        let Some((&VERSION, rest)) = bytes.split_first() else { return Err(error) };
        let Some((journal_id, sequence)) = rest.split_at_checked(16) else { return Err(error) };
        let journal_id = journal_id.try_into().map_err(|_| error.clone())?;
        let sequence = sequence.try_into().map_err(|_| error)?;
        Ok(Self { journal_id, sequence: u64::from_be_bytes(sequence) })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_was_encoded_decodes(journal_id: [u8; 16], sequence: u64) {
            let cursor = Cursor { journal_id, sequence };
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
