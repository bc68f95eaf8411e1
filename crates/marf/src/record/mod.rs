//! How inner nodes are stored in the node file.
//!
//! A *full* record names every child. A *patch* names a full record of an ancestor's trie (its base) and all children
//! that changed since the base: so a node takes at most two reads, and the base is mostly in the cache.
//!
//! ```text
//! full    tag  path length, path  count, { byte, pointer }*      (Node256: 32 bytes of bits, pointer*)   checksum  hashes
//! patch   tag  generation  base (5)  count, { byte, pointer }*                                           checksum  hashes
//! tag     kind in bits 0-2, patch in bit 3
//! pointer 5 bytes, little endian: kind in bits 0-2, local in bit 3, place in bits 4-39 (local: from the segment's start)
//! hashes  of the children that are inner nodes of the same trie, in slot order, 32 bytes each, and a checksum if any.
//!         Only proofs read them; leaves are hashed again from their records.
//! ```
//! # Invariants
//! - Every pointer leads to an earlier byte of the file, so a walk ends, whatever the bytes are.
//!
//! # Not here
//! Leaves: `record::leaf`.

pub(crate) mod leaf;
#[cfg(test)]
mod tests;

use crate::checksum::checksum32;
use crate::node::{Base, Inner, Kind, Path, Slot};

/// One more than the highest offset in a node file: 36 bits, 64 GiB, about 200 million keys.
pub(crate) const FILE_BYTES_MAX: u64 = 1 << 36;

/// Bytes of a record's checksum.
pub(crate) const CHECKSUM_BYTES: usize = 4;
/// Bytes of a segment before its records.
pub(crate) const SEGMENT_HEAD_BYTES: usize = 32 + CHECKSUM_BYTES;

/// Bytes of the longest inner record without its hashes: a full Node256 with a full path.
pub(crate) const INNER_BYTES_MAX: usize = 2 + 32 + 32 + 256 * POINTER_BYTES + CHECKSUM_BYTES;

const POINTER_BYTES: usize = 5;
const ENTRY_BYTES: usize = 1 + POINTER_BYTES;
const PATCH: u8 = 0x08;
const LOCAL_BIT: u64 = 0x08;

/// Why bytes are not a record that was written, in a few words.
pub(crate) type Damage = &'static str;

/// An upper bound of the bytes of an inner record of `kind`, without its hashes.
pub(crate) const fn inner_bytes_max(kind: Kind) -> usize {
    match kind {
        Kind::Node256 => INNER_BYTES_MAX,
        other => 2 + 32 + 1 + other.capacity() * ENTRY_BYTES + CHECKSUM_BYTES,
    }
}

/// The place of a record, which decoding needs.
pub(crate) struct Place {
    /// Offset of the record in the file.
    pub(crate) at: u64,
    /// Offset of the segment that holds it.
    pub(crate) segment_start: u64,
    /// Number of the block of that segment.
    pub(crate) block: u32,
}

/// A decoded inner record. `length` is in bytes, without the hashes.
pub(crate) enum Decoded {
    Full { inner: Inner, length: usize },
    Patch { kind: Kind, base: Base, entries: Vec<Slot>, length: usize },
}

/// Decodes the inner record at the start of `bytes`. `block_at` returns the number of the block whose segment holds an
/// offset.
pub(crate) fn decode(bytes: &[u8], place: &Place, block_at: &dyn Fn(u64) -> Option<u32>) -> Result<Decoded, Damage> {
    let mut reader = Reader { bytes, at: 0 };
    let tag = reader.byte()?;
    let kind = Kind::from_id(tag & 0x07).filter(|kind| *kind != Kind::Leaf).ok_or("not an inner node")?;
    if tag & !(0x07 | PATCH) != 0 {
        return Err("unknown bits in a node's tag");
    }
    let pointers = Pointers { place, block_at };
    if tag & PATCH != 0 {
        return decode_patch(reader, kind, &pointers);
    }
    let path_length = usize::from(reader.byte()?);
    let path = Path::new(reader.take(path_length)?).ok_or("path longer than 32 bytes")?;
    let mut inner = Inner::new(kind, path);
    if kind == Kind::Node256 {
        let bits: [u8; 32] = reader.array()?;
        for chr in (0..=u8::MAX).filter(|chr| has_bit(&bits, *chr)) {
            inner.slots[usize::from(chr)] = Some(pointers.decode(chr, reader.array()?)?);
        }
    } else {
        let count = usize::from(reader.byte()?);
        if count > kind.capacity() {
            return Err("more children than fit");
        }
        for _ in 0..count {
            let chr = reader.byte()?;
            inner.slots.push(Some(pointers.decode(chr, reader.array()?)?));
        }
    }
    let length = reader.end_checked()?;
    inner.base = Some(Base { at: place.at, generation: 0 });
    Ok(Decoded::Full { inner, length })
}

fn decode_patch(mut reader: Reader<'_>, kind: Kind, pointers: &Pointers<'_>) -> Result<Decoded, Damage> {
    let generation = reader.byte()?;
    let at = u40(reader.array()?);
    if at >= pointers.place.segment_start {
        return Err("the base of a patch is not an ancestor's");
    }
    let count = usize::from(reader.byte()?);
    let mut entries = Vec::with_capacity(count);
    for _ in 0..count {
        let chr = reader.byte()?;
        let mut slot = pointers.decode(chr, reader.array()?)?;
        slot.patched = true;
        entries.push(slot);
    }
    let length = reader.end_checked()?;
    Ok(Decoded::Patch { kind, base: Base { at, generation }, entries, length })
}

/// The node that a patch with `entries` makes of the full node `base_inner`.
pub(crate) fn apply_patch(base_inner: &Inner, base: Base, entries: &[Slot]) -> Result<Inner, Damage> {
    let mut inner = base_inner.clone();
    for entry in entries {
        match inner.find(entry.chr) {
            Some(index) => inner.slots[index] = Some(*entry),
            None if inner.kind != Kind::Node256 && inner.slots.len() == inner.kind.capacity() => {
                return Err("a patch overfills its base");
            }
            None => inner.add(*entry),
        }
    }
    inner.base = Some(base);
    Ok(inner)
}

/// Appends the record of `inner` to `segment`, which begins at the segment's start, and returns the record's offset in it.
///
/// Local slots must hold offsets in the segment, and `hashes` the hashes of the local inner children.
pub(crate) fn encode(
    segment: &mut Vec<u8>,
    inner: &Inner,
    hashes: &[[u8; 32]],
    is_local: impl Fn(&Slot) -> bool,
) -> usize {
    let start = segment.len();
    match patch_of(inner) {
        Some(base) => {
            segment.extend([inner.kind.id() | PATCH, base.generation]);
            segment.extend(&base.at.to_le_bytes()[..POINTER_BYTES]);
            let count = inner.slots.iter().flatten().filter(|slot| slot.patched).count();
            segment.push(u8::try_from(count).unwrap_or(u8::MAX));
            for slot in inner.slots.iter().flatten().filter(|slot| slot.patched) {
                segment.push(slot.chr);
                segment.extend(encode_pointer(slot, is_local(slot)));
            }
        }
        None => encode_full(segment, inner, is_local),
    }
    seal_record(segment, start);
    let hashes_start = segment.len();
    if !hashes.is_empty() {
        segment.extend(hashes.as_flattened());
        seal_record(segment, hashes_start);
    }
    start
}

fn encode_full(segment: &mut Vec<u8>, inner: &Inner, is_local: impl Fn(&Slot) -> bool) {
    segment.extend([inner.kind.id(), inner.path.length_byte()]);
    segment.extend(inner.path.as_slice());
    if inner.kind == Kind::Node256 {
        let mut bits = [0_u8; 32];
        for slot in inner.slots.iter().flatten() {
            bits[usize::from(slot.chr / 8)] |= 1 << (slot.chr % 8);
        }
        segment.extend(bits);
    } else {
        segment.push(u8::try_from(inner.slots.len()).unwrap_or(u8::MAX));
    }
    for slot in inner.slots.iter().flatten() {
        if inner.kind != Kind::Node256 {
            segment.push(slot.chr);
        }
        segment.extend(encode_pointer(slot, is_local(slot)));
    }
}

/// The base to patch, or `None` if a full record is better.
///
/// A patch grows with each generation. A full record is due when the patches since the last one have together as many
/// bytes as it would: even the best choice of moments costs at least half as much. The sum of the patches is estimated
/// from this one, as if they had grown evenly.
fn patch_of(inner: &Inner) -> Option<Base> {
    let base = inner.base?;
    let generation = base.generation.checked_add(1)?;
    let children = inner.slots.iter().flatten().count();
    let patched = inner.slots.iter().flatten().filter(|slot| slot.patched).count();
    let full_bytes = match inner.kind {
        Kind::Node256 => 34 + children * POINTER_BYTES,
        _ => 3 + inner.path.len() + children * ENTRY_BYTES,
    };
    let patch_bytes = 8 + patched * ENTRY_BYTES;
    let patches_bytes = patch_bytes * usize::from(generation) / 2;
    let fits = patched <= usize::from(u8::MAX) && patch_bytes < full_bytes && patches_bytes <= full_bytes;
    fits.then_some(Base { at: base.at, generation })
}

/// Appends the checksum of the bytes of `segment` from `start` on.
pub(crate) fn seal_record(segment: &mut Vec<u8>, start: usize) {
    let sum = checksum32(&segment[start..]);
    segment.extend(sum);
}

fn encode_pointer(slot: &Slot, is_local: bool) -> [u8; POINTER_BYTES] {
    let local_bit = if is_local { LOCAL_BIT } else { 0 };
    let packed = slot.at << 4 | local_bit | u64::from(slot.kind.id());
    let mut bytes = [0; POINTER_BYTES];
    bytes.copy_from_slice(&packed.to_le_bytes()[..POINTER_BYTES]);
    bytes
}

struct Pointers<'a> {
    place: &'a Place,
    block_at: &'a dyn Fn(u64) -> Option<u32>,
}

impl Pointers<'_> {
    fn decode(&self, chr: u8, bytes: [u8; POINTER_BYTES]) -> Result<Slot, Damage> {
        let packed = u40(bytes);
        let kind = u8::try_from(packed & 0x07).ok().and_then(Kind::from_id).ok_or("a pointer to an unknown kind")?;
        let place = packed >> 4;
        if packed & LOCAL_BIT != 0 {
            let at = self.place.segment_start + place;
            if at >= self.place.at {
                return Err("a pointer to a later byte");
            }
            return Ok(Slot { at, block: self.place.block, kind, chr, patched: false });
        }
        if place >= self.place.segment_start {
            return Err("a pointer to a later byte");
        }
        let block = (self.block_at)(place).ok_or("a pointer to no block")?;
        Ok(Slot { at: place, block, kind, chr, patched: false })
    }
}

/// A little-endian number of five bytes.
fn u40(bytes: [u8; POINTER_BYTES]) -> u64 {
    let [a, b, c, d, e] = bytes;
    u64::from_le_bytes([a, b, c, d, e, 0, 0, 0])
}

fn has_bit(bits: &[u8; 32], chr: u8) -> bool {
    bits[usize::from(chr / 8)] & (1 << (chr % 8)) != 0
}

/// Reads a record from its start. Any bytes give a value or an error.
pub(crate) struct Reader<'a> {
    pub(crate) bytes: &'a [u8],
    pub(crate) at: usize,
}

impl<'a> Reader<'a> {
    pub(crate) fn take(&mut self, length: usize) -> Result<&'a [u8], Damage> {
        let taken =
            self.bytes.get(self.at..).and_then(|rest| rest.get(..length)).ok_or("a record that does not end")?;
        self.at += length;
        Ok(taken)
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], Damage> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N)?);
        Ok(array)
    }

    pub(crate) fn byte(&mut self) -> Result<u8, Damage> {
        Ok(self.array::<1>()?[0])
    }

    /// Checks the checksum at this position, and returns the record's length with it.
    pub(crate) fn end_checked(mut self) -> Result<usize, Damage> {
        let expected = checksum32(&self.bytes[..self.at]);
        if self.array::<CHECKSUM_BYTES>()? != expected {
            return Err("a record whose checksum is wrong");
        }
        Ok(self.at)
    }
}

/// Decodes `count` hashes and the checksum after them.
pub(crate) fn decode_hashes(bytes: &[u8], count: usize) -> Result<Vec<[u8; 32]>, Damage> {
    let mut reader = Reader { bytes, at: 0 };
    let hashes = reader.take(count * 32)?.as_chunks::<32>().0.to_vec();
    reader.end_checked()?;
    Ok(hashes)
}
