use proptest::prelude::*;

use super::leaf::{self, INLINE_BYTES_MAX, LEAF_BYTES_MAX, NewValue, StoredValue, TextPlace};
use super::*;
use crate::hash::hash;

/// A file of blocks that have 1,000 bytes each.
fn block_at(at: u64) -> Option<u32> {
    u32::try_from(at / 1_000).ok()
}

/// Place of a record at byte 7,500, in block 7.
const PLACE: Place = Place { at: 7_500, segment_start: 7_000, block: 7 };

fn kind() -> impl Strategy<Value = Kind> {
    prop::sample::select(vec![Kind::Node4, Kind::Node16, Kind::Node48, Kind::Node256])
}

/// A node as it is before encoding: local slots hold offsets in the segment.
fn inner() -> impl Strategy<Value = Inner> {
    let child = (prop::sample::select(vec![1_u8, 2, 3, 4, 5]), any::<bool>(), 0..7_000_u64);
    let children = prop::collection::btree_map(any::<u8>(), child, 0..257);
    (kind(), prop::collection::vec(any::<u8>(), 0..32), children).prop_map(|(kind, path, children)| {
        let mut inner = Inner::new(kind, Path::new(&path).unwrap());
        for (chr, (id, local, at)) in children.into_iter().take(kind.capacity()) {
            let (at, block) = if local { (at % 500, 7) } else { (at, block_at(at).unwrap()) };
            inner.add(Slot { at, block, kind: Kind::from_id(id).unwrap(), chr, patched: false });
        }
        inner
    })
}

fn is_local(slot: &Slot) -> bool {
    slot.block == PLACE.block
}

/// The node that decoding gives back: local offsets count from the file's start.
fn as_read(inner: &Inner) -> Inner {
    let mut inner = inner.clone();
    for slot in inner.slots.iter_mut().flatten().filter(|slot| is_local(slot)) {
        slot.at += PLACE.segment_start;
    }
    inner
}

proptest! {
    #[test]
    fn full_records_read_back(inner in inner(), hashes in prop::collection::vec(any::<[u8; 32]>(), 0..4)) {
        let mut segment = vec![0xee; 3];
        let start = encode(&mut segment, &inner, &hashes, is_local);
        prop_assert_eq!(start, 3);
        let Ok(Decoded::Full { inner: read, length }) = decode(&segment[start..], &PLACE, &block_at) else {
            panic!("not a full record");
        };
        prop_assert!(length <= inner_bytes_max(inner.kind));
        let base = Some(Base { at: PLACE.at, generation: 0 });
        prop_assert_eq!(read, Inner { base, ..as_read(&inner) });
        if !hashes.is_empty() {
            prop_assert_eq!(decode_hashes(&segment[start + length..], hashes.len()), Ok(hashes));
        }
    }

    #[test]
    fn patches_read_back(inner in inner(), changes in prop::collection::vec(any::<u8>(), 1..4)) {
        let base = Base { at: 1_234, generation: 0 };
        let base_inner = Inner { base: Some(base), ..inner };
        let mut patched = base_inner.clone();
        for chr in changes {
            let slot = Slot { at: 3, block: PLACE.block, kind: Kind::Leaf, chr, patched: true };
            match patched.find(chr) {
                Some(index) => patched.slots[index] = Some(slot),
                None if patched.slots.len() < patched.kind.capacity() || patched.kind == Kind::Node256 => patched.add(slot),
                None => {}
            }
        }
        let mut segment = Vec::new();
        encode(&mut segment, &patched, &[], is_local);
        match decode(&segment, &PLACE, &block_at) {
            Ok(Decoded::Patch { kind, base, entries, length }) => {
                prop_assert!(length == segment.len() && length <= inner_bytes_max(kind));
                prop_assert_eq!(base, Base { at: 1_234, generation: 1 });
                let read = apply_patch(&base_inner, base, &entries).unwrap();
                prop_assert_eq!(read, Inner { base: Some(base), ..as_read_patched(&patched) });
            }
            Ok(Decoded::Full { inner, .. }) => prop_assert_eq!(inner.kind, patched.kind),
            Err(damage) => panic!("{damage}"),
        }
    }

    #[test]
    fn any_bytes_are_refused_or_read(bytes in prop::collection::vec(any::<u8>(), 0..300), sealed in any::<bool>()) {
        let mut bytes = bytes;
        if sealed {
            seal_record(&mut bytes, 0); // So that some bytes pass the checksum.
        }
        let _ = decode(&bytes, &PLACE, &block_at).map(|_| ());
        let _ = leaf::decode(&bytes, PLACE.at).map(|_| ());
        let _ = decode_hashes(&bytes, 2);
    }

    #[test]
    fn a_flipped_bit_is_seen(inner in inner(), at in any::<prop::sample::Index>(), bit in 0..8_u32) {
        let mut segment = Vec::new();
        encode(&mut segment, &inner, &[], is_local);
        let at = at.index(segment.len());
        segment[at] ^= 1_u8 << bit;
        prop_assert!(decode(&segment, &PLACE, &block_at).is_err());
    }

    #[test]
    fn leaves_read_back(path in prop::collection::vec(any::<u8>(), 0..33), text in prop::collection::vec(any::<u8>(), 0..400), raw in any::<[u8; 32]>()) {
        let path = Path::new(&path).unwrap();
        let place = TextPlace { hash: raw, length: 77, at: 123_456 };
        let mut leaf = [0; 40];
        leaf[..32].copy_from_slice(&raw);
        for value in [NewValue::Raw(leaf), NewValue::Raw([0; 40]), NewValue::Text(text.clone().into()), NewValue::Elsewhere(place)] {
            let mut segment = vec![0xee; 3];
            let start = leaf::encode(&mut segment, &path, &value);
            let read = leaf::decode(&segment[start..], start as u64).unwrap();
            prop_assert_eq!(read.path, path);
            prop_assert_eq!(read.value.leaf(), value.leaf());
            match (read.value, value) {
                (StoredValue::Raw(read), NewValue::Raw(written)) => prop_assert_eq!(read, written),
                (StoredValue::Inline { text: read, at }, NewValue::Text(_)) => {
                    prop_assert!(text.len() <= INLINE_BYTES_MAX && segment.len() - start <= LEAF_BYTES_MAX);
                    prop_assert_eq!(&read, &text);
                    let at = usize::try_from(at).unwrap();
                    prop_assert_eq!(&segment[at..at + text.len()], text.as_slice());
                }
                (StoredValue::Elsewhere(read), NewValue::Text(_)) => {
                    let at = usize::try_from(read.at).unwrap();
                    prop_assert_eq!(&segment[at..], text.as_slice());
                    prop_assert_eq!(read.hash, hash(&text));
                }
                (StoredValue::Elsewhere(read), NewValue::Elsewhere(written)) => prop_assert_eq!(read, written),
                _ => panic!("a value of another form"),
            }
        }
    }
}

/// As `as_read`, for slots that a patch names.
fn as_read_patched(inner: &Inner) -> Inner {
    let mut inner = inner.clone();
    for slot in inner.slots.iter_mut().flatten().filter(|slot| slot.patched) {
        slot.at += PLACE.segment_start;
    }
    inner
}

/// A pointer to a later byte could make a walk endless. A checksum does not rule it out: it covers whatever was written.
#[test]
fn pointers_to_later_bytes_are_refused() {
    let mut inner = Inner::new(Kind::Node4, Path::EMPTY);
    inner.add(Slot { at: 500, block: 7, kind: Kind::Leaf, chr: 1, patched: false });
    let mut segment = Vec::new();
    encode(&mut segment, &inner, &[], is_local);
    assert_eq!(decode(&segment, &PLACE, &block_at).err(), Some("a pointer to a later byte"));
    inner.slots[0] = Some(Slot { at: 7_000, block: 3, kind: Kind::Leaf, chr: 1, patched: false });
    segment.clear();
    encode(&mut segment, &inner, &[], is_local);
    assert_eq!(decode(&segment, &PLACE, &block_at).err(), Some("a pointer to a later byte"));
}
