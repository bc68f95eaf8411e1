//! Decodes proofs, for tests that check one.
//!
//! # Invariants
//! - `encode(decode(bytes)) == bytes`: parts that a decoded proof does not keep have only one valid form.

use super::encode::{LEAF, SHUNT};
use super::{Entry, Proof};
use crate::node::{Kind, PATH_BYTES, Path};
use crate::node_hash::SLOT_BYTES;

/// Above the size of real proofs. A path has at most 32 back pointers, and seldom more than four: then a proof has
/// about 105 kB. The longest possible one, with 33 nodes of 256 children, has 560 kB for each trie that it leads
/// through.
pub const MAX_PROOF_BYTES: usize = 4 << 20;

/// Upper bound of a shunt's index: one of the at most 33 hashes of a block's root, or one past them.
const SHUNT_INDEX_MAX: u64 = 64;

/// Most hashes in a block's root: that of its root node and those of 32 ancestors, because heights are u32.
const SHUNT_HASHES_MAX: usize = 33;

const NODE_KINDS: [Kind; 4] = [Kind::Node4, Kind::Node16, Kind::Node48, Kind::Node256];

/// Why bytes are not a proof. Final: the same bytes fail again.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// There are more bytes than any proof has.
    #[error("proof of {got} bytes, at most {max} are allowed")]
    TooLong {
        /// Number of bytes given.
        got: usize,
        /// Largest number of bytes that is read.
        max: usize,
    },
    /// The bytes end within an entry.
    #[error("proof ends at byte {at}, within an entry")]
    Truncated {
        /// Offset of the field that is not complete.
        at: usize,
    },
    /// Bytes follow the last entry; their number.
    #[error("{0} bytes follow the proof")]
    TrailingBytes(usize),
    /// The type byte of an entry is unknown.
    #[error("entry {entry} has the unknown type {got}")]
    UnknownType {
        /// Index of the entry, from 0.
        entry: usize,
        /// The type byte that it has.
        got: u8,
    },
    /// A length or number in an entry is out of bounds.
    #[error("entry {entry}: {field} is {got}, out of bounds")]
    OutOfBounds {
        /// Index of the entry, from 0.
        entry: usize,
        /// Name of the field.
        field: &'static str,
        /// Value of the field.
        got: u64,
    },
}

impl Proof {
    /// Decodes a proof. Any bytes give a proof or an error, with memory proportional to their number.
    ///
    /// # Errors
    /// [`DecodeError`], which names the malformed entry.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        Ok(Self { entries: decode(bytes)? })
    }
}

fn decode(bytes: &[u8]) -> Result<Vec<Entry>, DecodeError> {
    if bytes.len() > MAX_PROOF_BYTES {
        return Err(DecodeError::TooLong { got: bytes.len(), max: MAX_PROOF_BYTES });
    }
    let mut decoder = Decoder { bytes, at: 0, entry: 0 };
    let count = u32::from_be_bytes(decoder.array()?);
    // No memory is reserved for a claimed number.
    let mut entries = Vec::new();
    for entry in 0..usize::try_from(count).unwrap_or(usize::MAX) {
        decoder.entry = entry;
        entries.push(decoder.entry()?);
    }
    match bytes.len() - decoder.at {
        0 => Ok(entries),
        left => Err(DecodeError::TrailingBytes(left)),
    }
}

struct Decoder<'a> {
    bytes: &'a [u8],
    at: usize,
    entry: usize,
}

impl<'a> Decoder<'a> {
    fn entry(&mut self) -> Result<Entry, DecodeError> {
        match self.array::<1>()?[0] {
            LEAF => {
                let chr = self.array::<1>()?[0];
                Ok(Entry::Leaf { chr, path: self.path()?, value: self.array()? })
            }
            SHUNT => {
                let index = i64::from_be_bytes(self.array()?);
                let index = u64::try_from(index).unwrap_or(u64::MAX);
                let fits = u32::try_from(index).ok().filter(|_| index <= SHUNT_INDEX_MAX);
                let index = fits.ok_or_else(|| self.out_of_bounds("index", index))?;
                let count = self.count("number of hashes", SHUNT_HASHES_MAX)?;
                Ok(Entry::Shunt { index, hashes: self.arrays(count)? })
            }
            got => {
                let kind = NODE_KINDS.get(usize::from(got)).copied();
                self.node(kind.ok_or(DecodeError::UnknownType { entry: self.entry, got })?)
            }
        }
    }

    fn node(&mut self, kind: Kind) -> Result<Entry, DecodeError> {
        let [chr, id] = self.array()?;
        if id != kind.id() {
            return Err(self.out_of_bounds("node id", id.into()));
        }
        let path = self.path()?;
        let count = self.count("number of pointers", kind.capacity())?;
        if count != kind.capacity() {
            return Err(self.out_of_bounds("number of pointers", count as u64));
        }
        Ok(Entry::Node { kind, chr, path, slots: self.arrays::<SLOT_BYTES>(count)?, siblings: self.arrays(count - 1)? })
    }

    fn path(&mut self) -> Result<Path, DecodeError> {
        let length = self.count("path length", PATH_BYTES)?;
        Path::new(self.take(length)?).ok_or_else(|| self.out_of_bounds("path length", length as u64))
    }

    fn count(&mut self, field: &'static str, max: usize) -> Result<usize, DecodeError> {
        let got = u32::from_be_bytes(self.array()?);
        usize::try_from(got).ok().filter(|count| *count <= max).ok_or_else(|| self.out_of_bounds(field, got.into()))
    }

    fn arrays<const N: usize>(&mut self, count: usize) -> Result<Vec<[u8; N]>, DecodeError> {
        Ok(self.take(count * N)?.as_chunks::<N>().0.to_vec())
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], DecodeError> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N)?);
        Ok(array)
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], DecodeError> {
        let rest = self.bytes.get(self.at..).and_then(|rest| rest.get(..length));
        let taken = rest.ok_or(DecodeError::Truncated { at: self.at })?;
        self.at += length;
        Ok(taken)
    }

    fn out_of_bounds(&self, field: &'static str, got: u64) -> DecodeError {
        DecodeError::OutOfBounds { entry: self.entry, field, got }
    }
}
