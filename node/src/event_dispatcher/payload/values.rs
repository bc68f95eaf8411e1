//! Single values in the JSON of observers (docs/COMPATIBILITY.md#observers).

use std::fmt;

use nakamoto_proto::v1;
use serde::{Serialize, Serializer};

/// Bytes as lower-case hex after "0x".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Hex0x<'a>(pub(super) &'a [u8]);

/// Bytes as lower-case hex without prefix: memos, stackers' signatures, chunks, hashes of proposals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Hex<'a>(pub(super) &'a [u8]);

/// An amount of 16 bytes, big endian, as decimal text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Amount<'a>(pub(super) &'a [u8]);

impl fmt::Display for Hex<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Written in steps through a small buffer, as chunks can have megabytes.
        let mut buffer = [0; 512];
        for part in self.0.chunks(256) {
            let Some(text) = buffer.get_mut(..2 * part.len()) else { return Err(fmt::Error) };
            hex::encode_to_slice(part, text).map_err(|_| fmt::Error)?;
            f.write_str(std::str::from_utf8(text).map_err(|_| fmt::Error)?)?;
        }
        Ok(())
    }
}

impl fmt::Display for Hex0x<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "0x{}", Hex(self.0))
    }
}

impl fmt::Display for Amount<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = <[u8; 16]>::try_from(self.0).map_err(|_| fmt::Error)?;
        write!(f, "{}", u128::from_be_bytes(bytes))
    }
}

impl Serialize for Hex<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl Serialize for Hex0x<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl Serialize for Amount<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0.len() != 16 {
            return Err(serde::ser::Error::custom("an amount does not have 16 bytes"));
        }
        serializer.collect_str(self)
    }
}

/// The five dimensions of a cost, as numbers.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Cost {
    read_count: u64,
    read_length: u64,
    runtime: u64,
    write_count: u64,
    write_length: u64,
}

impl Cost {
    /// The cost in a message; all zeros without one.
    pub(crate) fn of(cost: Option<&v1::ExecutionCost>) -> Self {
        cost.map_or_else(Self::default, |cost| Self {
            read_count: cost.read_count,
            read_length: cost.read_length,
            runtime: cost.runtime,
            write_count: cost.write_count,
            write_length: cost.write_length,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_and_amounts_are_written_whole() {
        let long: Vec<u8> = (0..=255).cycle().take(1000).collect();
        assert_eq!(Hex(&long).to_string(), hex::encode(&long));
        assert_eq!(Hex0x(&[0xab, 1]).to_string(), "0xab01");
        assert_eq!(Hex0x(&[]).to_string(), "0x");
        assert_eq!(serde_json::to_string(&Amount(&u128::MAX.to_be_bytes())).unwrap(), format!("\"{}\"", u128::MAX));
        assert!(serde_json::to_string(&Amount(&[1])).is_err());
    }
}
