//! How leaves and their texts are stored in the node file.
//!
//! ```text
//! tag  path length, path  body  checksum          tag: kind 1 in bits 0-2, body in bits 4-5
//! body 0 raw     length, the value's bytes without its last zero bytes
//!      1 inline  length (1), text
//!      2 long    length (4), H(text)              the text follows the checksum
//!      3 far     length (4), H(text), place (5)   the text lies in an ancestor's segment
//! ```
//! A short text is stored without its hash, and the record's checksum guards it; a longer one is guarded by its hash.

use crate::hash::{Leaf, hash, leaf_of_hash};
use crate::node::{Kind, Path};
use crate::record::{CHECKSUM_BYTES, Damage, Reader, seal_record};

/// Longest text whose hash is not stored: one read returns record and text, and hashing the text is cheaper than 32
/// more bytes per key.
pub(crate) const INLINE_BYTES_MAX: usize = 128;

/// Bytes of the longest leaf record, without a text that follows it.
pub(crate) const LEAF_BYTES_MAX: usize = 2 + 32 + 1 + INLINE_BYTES_MAX + CHECKSUM_BYTES;

const RAW: u8 = 0;
const INLINE: u8 = 1;
const LONG: u8 = 2;
const FAR: u8 = 3;

/// A leaf as read from the file.
#[derive(Debug)]
pub(crate) struct StoredLeaf {
    pub(crate) path: Path,
    pub(crate) value: StoredValue,
}

/// A value as read from the file.
#[derive(Debug)]
pub(crate) enum StoredValue {
    /// The 40 bytes of a bookkeeping value.
    Raw(Leaf),
    /// A short text, and its offset in the file.
    Inline { text: Vec<u8>, at: u64 },
    /// A longer text, which is stored outside the record.
    Elsewhere(TextPlace),
}

/// Place of a text, and its hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TextPlace {
    pub(crate) hash: [u8; 32],
    pub(crate) length: u32,
    pub(crate) at: u64,
}

impl StoredValue {
    /// The 40 bytes to which the leaf commits.
    pub(crate) fn leaf(&self) -> Leaf {
        match self {
            Self::Raw(leaf) => *leaf,
            Self::Inline { text, .. } => leaf_of_hash(&hash(text)),
            Self::Elsewhere(place) => leaf_of_hash(&place.hash),
        }
    }
}

/// What a new trie writes for a leaf.
#[derive(Debug, Clone)]
pub(crate) enum NewValue {
    /// The 40 bytes of a bookkeeping value.
    Raw(Leaf),
    /// A text that is written with the leaf.
    Text(Box<[u8]>),
    /// A text that an ancestor's segment holds.
    Elsewhere(TextPlace),
}

impl NewValue {
    /// The 40 bytes to which the leaf commits.
    pub(crate) fn leaf(&self) -> Leaf {
        match self {
            Self::Raw(leaf) => *leaf,
            Self::Text(text) => leaf_of_hash(&hash(text)),
            Self::Elsewhere(place) => leaf_of_hash(&place.hash),
        }
    }
}

/// Decodes the leaf at the start of `bytes`, which begin at offset `at` of the file.
pub(crate) fn decode(bytes: &[u8], at: u64) -> Result<StoredLeaf, Damage> {
    let mut reader = Reader { bytes, at: 0 };
    let tag = reader.byte()?;
    if tag & 0x0f != Kind::Leaf.id() {
        return Err("not a leaf");
    }
    let path_length = usize::from(reader.byte()?);
    let path = Path::new(reader.take(path_length)?).ok_or("path longer than 32 bytes")?;
    let value = match tag >> 4 {
        RAW => {
            let length = usize::from(reader.byte()?);
            let mut leaf = [0; 40];
            leaf.get_mut(..length).ok_or("a leaf of more than 40 bytes")?.copy_from_slice(reader.take(length)?);
            reader.end_checked()?;
            StoredValue::Raw(leaf)
        }
        INLINE => {
            let length = usize::from(reader.byte()?);
            let text_at = at + reader.at as u64;
            let text = reader.take(length)?.to_vec();
            reader.end_checked()?;
            StoredValue::Inline { text, at: text_at }
        }
        LONG => {
            let length = u32::from_le_bytes(reader.array()?);
            let hash = reader.array()?;
            let record_length = reader.end_checked()?;
            StoredValue::Elsewhere(TextPlace { hash, length, at: at + record_length as u64 })
        }
        FAR => {
            let length = u32::from_le_bytes(reader.array()?);
            let hash = reader.array()?;
            let text_at = super::u40(reader.array()?);
            reader.end_checked()?;
            StoredValue::Elsewhere(TextPlace { hash, length, at: text_at })
        }
        _ => return Err("a leaf of an unknown body"),
    };
    Ok(StoredLeaf { path, value })
}

/// Appends the record of a leaf to `segment` and returns the record's offset in it.
pub(crate) fn encode(segment: &mut Vec<u8>, path: &Path, value: &NewValue) -> usize {
    let start = segment.len();
    let body = match value {
        NewValue::Raw(_) => RAW,
        NewValue::Text(text) if text.len() <= INLINE_BYTES_MAX => INLINE,
        NewValue::Text(_) => LONG,
        NewValue::Elsewhere(_) => FAR,
    };
    segment.extend([Kind::Leaf.id() | body << 4, path.length_byte()]);
    segment.extend(path.as_slice());
    match value {
        NewValue::Raw(leaf) => {
            let length = leaf.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
            segment.push(length_byte(length));
            segment.extend(&leaf[..length]);
        }
        NewValue::Text(text) if body == INLINE => {
            segment.push(length_byte(text.len()));
            segment.extend(&**text);
        }
        NewValue::Text(text) => {
            segment.extend(u32::try_from(text.len()).unwrap_or(u32::MAX).to_le_bytes());
            segment.extend(hash(text));
            seal_record(segment, start);
            segment.extend(&**text);
            return start;
        }
        NewValue::Elsewhere(place) => {
            segment.extend(place.length.to_le_bytes());
            segment.extend(place.hash);
            segment.extend(&place.at.to_le_bytes()[..super::POINTER_BYTES]);
        }
    }
    seal_record(segment, start);
    start
}

/// A length as one byte. It fits: it is at most [`INLINE_BYTES_MAX`].
fn length_byte(length: usize) -> u8 {
    u8::try_from(length).unwrap_or(u8::MAX)
}
