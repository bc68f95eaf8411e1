//! Large values of a row, compressed.
//!
//! A block's transactions are stored several times: in the proposal's chunk, in the block, in its receipts. Together
//! they are most of a chain's size on disk; compression halves it.
//!
//! # Invariants
//! - A stored value that begins with the magic number of zstd (RFC 8878) is one zstd frame, which states the length of
//!   its content; any other is the value itself. A plain value that begins with that number is compressed whatever its
//!   length.

use std::borrow::Cow;

use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSqlOutput, ValueRef};
use rusqlite::{ToSql, types::Value};

/// Shorter values stay as they are: they are mostly hashes and signatures, which do not shrink.
const PACK_FROM_BYTES: usize = 4 << 10;
/// A value of this length or more is neither written nor read; SQLite's own limit for a blob is close to it.
const PLAIN_BYTES_MAX: u64 = 1 << 30;
/// Level 3 makes blocks of transfers no smaller.
const LEVEL: i32 = 1;
/// The first bytes of a zstd frame.
const MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

/// A value on its way into a row or out of it, not compressed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Compressed<'a>(pub(crate) Cow<'a, [u8]>);

impl<'a> Compressed<'a> {
    pub(crate) const fn new(plain: &'a [u8]) -> Self {
        Self(Cow::Borrowed(plain))
    }
}

impl ToSql for Compressed<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        if self.0.len() < PACK_FROM_BYTES && !self.0.starts_with(&MAGIC) {
            return Ok(ToSqlOutput::Borrowed(ValueRef::Blob(&self.0)));
        }
        if u64::try_from(self.0.len()).is_ok_and(|length| length >= PLAIN_BYTES_MAX) {
            return Err(rusqlite::Error::ToSqlConversionFailure("the value is too long to be stored".into()));
        }
        let frame = zstd::bulk::compress(&self.0, LEVEL);
        let frame = frame.map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))?;
        Ok(ToSqlOutput::Owned(Value::Blob(frame)))
    }
}

impl FromSql for Compressed<'static> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let stored = value.as_blob()?;
        if !stored.starts_with(&MAGIC) {
            return Ok(Self(Cow::Owned(stored.to_vec())));
        }
        let damaged = |error: &str| FromSqlError::Other(format!("compressed value is damaged: {error}").into());
        let length = zstd::zstd_safe::get_frame_content_size(stored).map_err(|_| damaged("no frame"))?;
        let length = length.filter(|length| *length < PLAIN_BYTES_MAX).ok_or_else(|| damaged("its length"))?;
        let length = usize::try_from(length).map_err(|_| damaged("its length"))?;
        let plain = zstd::bulk::decompress(stored, length).map_err(|error| damaged(&error.to_string()))?;
        Ok(Self(Cow::Owned(plain)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn stored(plain: &[u8]) -> Vec<u8> {
        match Compressed::new(plain).to_sql().unwrap() {
            ToSqlOutput::Owned(Value::Blob(bytes)) => bytes,
            ToSqlOutput::Borrowed(ValueRef::Blob(bytes)) => bytes.to_vec(),
            other => panic!("{other:?}"),
        }
    }

    fn read(stored: &[u8]) -> FromSqlResult<Vec<u8>> {
        Compressed::column_result(ValueRef::Blob(stored)).map(|packed| packed.0.into_owned())
    }

    #[test]
    fn short_values_stay_and_long_ones_shrink() {
        let long = b"a transfer of one micro-STX".repeat(1_000);
        assert_eq!(stored(&long[..PACK_FROM_BYTES - 1]), &long[..PACK_FROM_BYTES - 1]);
        assert!(stored(&long).len() < long.len() / 10);
        assert_eq!(read(&stored(&long)).unwrap(), long);
    }

    #[test]
    fn what_could_not_be_read_again_is_not_written() {
        // Zeroed memory takes no pages until it is touched.
        let long = vec![0; usize::try_from(PLAIN_BYTES_MAX).unwrap()];
        assert!(Compressed::new(&long).to_sql().unwrap_err().to_string().contains("too long"));
    }

    #[test]
    fn a_value_that_looks_like_a_frame_comes_back_as_it_was() {
        for plain in [MAGIC.to_vec(), [&MAGIC[..], b"no frame"].concat(), stored(&[7; 9_000])] {
            assert_ne!(stored(&plain), plain);
            assert_eq!(read(&stored(&plain)).unwrap(), plain);
        }
    }

    #[test]
    fn a_frame_that_lies_about_its_length_is_refused() {
        let mut frame = stored(&[7; 9_000]);
        assert_eq!(frame[4] & 0xe0, 0x60, "one segment, length in two bytes");
        frame[5] ^= 1;
        assert!(read(&frame).is_err());
        // A length in eight bytes, one above the limit: no memory may be allocated for it.
        let huge = [&MAGIC[..], &[0xe0], &PLAIN_BYTES_MAX.to_le_bytes(), &[0; 16]].concat();
        assert!(read(&huge).unwrap_err().to_string().ends_with("its length"));
    }

    proptest! {
        #[test]
        fn any_value_comes_back(seed in proptest::collection::vec(any::<u8>(), 0..200), times in 0_usize..100) {
            let plain = seed.repeat(times);
            prop_assert_eq!(read(&stored(&plain)).unwrap(), plain);
        }

        #[test]
        fn any_stored_bytes_give_a_value_or_an_error(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = read(&bytes);
            let _ = read(&[&MAGIC[..], &bytes].concat());
        }
    }
}
