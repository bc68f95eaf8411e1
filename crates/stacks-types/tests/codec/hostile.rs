//! No bytes make a decoder panic, loop, or reserve much more memory than their length; and encoding a decoded value
//! normalizes it.

use clarity::value::MAX_DEPTH_UNTYPED;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::strategy::ValueTree;
use stacks_types::block::NakamotoStacksBlock;
use stacks_types::limits::MAX_VALUE_BYTES;
use stacks_types::value::decode_value;

use crate::generators::{DECODERS, block, header, slot_message, transaction, value};

/// One change to some bytes.
#[derive(Debug, Clone)]
enum Change {
    Set(Index, u8),
    Flip(Index, u8),
    Cut(Index),
    Insert(Index, u8),
    Remove(Index),
    /// Overwrites four bytes, which may be a count or length.
    SetWord(Index, u32),
}

fn change() -> impl Strategy<Value = Change> {
    let word = prop_oneof![Just(u32::MAX), Just(1 << 20), Just((1 << 20) + 1), Just(262_158), any::<u32>(), 0u32..70];
    prop_oneof![
        (any::<Index>(), any::<u8>()).prop_map(|(at, byte)| Change::Set(at, byte)),
        (any::<Index>(), 0u8..8).prop_map(|(at, bit)| Change::Flip(at, bit)),
        any::<Index>().prop_map(Change::Cut),
        (any::<Index>(), any::<u8>()).prop_map(|(at, byte)| Change::Insert(at, byte)),
        any::<Index>().prop_map(Change::Remove),
        (any::<Index>(), word).prop_map(|(at, word)| Change::SetWord(at, word)),
    ]
}

fn apply(bytes: &mut Vec<u8>, change: &Change) {
    if bytes.is_empty() {
        return;
    }
    let length = bytes.len();
    match change {
        Change::Set(at, byte) => bytes[at.index(length)] = *byte,
        Change::Flip(at, bit) => bytes[at.index(length)] ^= 1 << bit,
        Change::Cut(at) => bytes.truncate(at.index(length)),
        Change::Insert(at, byte) => bytes.insert(at.index(length), *byte),
        Change::Remove(at) => {
            bytes.remove(at.index(length));
        }
        Change::SetWord(at, word) => {
            let start = at.index(length);
            for (offset, byte) in word.to_be_bytes().into_iter().enumerate() {
                if let Some(place) = bytes.get_mut(start + offset) {
                    *place = byte;
                }
            }
        }
    }
}

/// Gives the bytes to every decoder.
fn feed(bytes: &[u8]) {
    for (what, decode) in DECODERS {
        let Some(encoded) = decode(bytes) else { continue };
        assert!(encoded.len() <= bytes.len(), "{what}: encoding makes it longer");
        assert_eq!(decode(&encoded), Some(encoded), "{what}: encoding it once does not normalize it");
    }
}

/// The encoding of some value of any type.
fn encoded() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        value().prop_map(|value| value.encode()),
        transaction().prop_map(|transaction| transaction.encode()),
        header().prop_map(|header| header.encode()),
        block().prop_map(|block| block.encode()),
        slot_message().prop_map(|message| message.encode()),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn random_bytes(bytes in vec(any::<u8>(), 0..600)) {
        feed(&bytes);
    }

    #[test]
    fn random_bytes_that_look_like_values(bytes in vec(0u8..16, 0..300)) {
        feed(&bytes);
    }

    #[test]
    fn changed_encodings(mut bytes in encoded(), changes in vec(change(), 1..4)) {
        changes.iter().for_each(|change| apply(&mut bytes, change));
        feed(&bytes);
    }
}

#[test]
fn every_shorter_form_of_a_block_is_refused() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    for _ in 0..8 {
        let block = block().new_tree(&mut runner).expect("a block").current();
        let bytes = block.encode();
        for length in 0..bytes.len() {
            assert!(NakamotoStacksBlock::decode(&bytes[..length]).is_err(), "{length} of {} bytes", bytes.len());
        }
    }
}

#[test]
fn nesting_ends_at_the_limit() {
    let levels = usize::from(MAX_DEPTH_UNTYPED);
    for (wrapper, what) in [(vec![0x0a], "some"), (vec![0x07], "ok"), (vec![0x0b, 0, 0, 0, 1], "list")] {
        let nested = |wrappers: usize| [wrapper.repeat(wrappers), vec![0x03]].concat();
        assert!(decode_value(&nested(levels - 1)).is_ok(), "{what}");
        assert!(decode_value(&nested(levels)).is_err(), "{what}");
        // Deep enough to overflow the stack if the limit were checked too late.
        assert!(decode_value(&nested(MAX_VALUE_BYTES / wrapper.len() - 1)).is_err(), "{what}");
    }
}

/// A list whose first element has a large type and whose others are cheap to send but must take that type: the work of
/// finding a common type would be (number of elements) times (size of the type).
#[test]
fn a_list_with_an_expensive_common_type_is_refused_early() {
    let mut tuple = vec![0x0c];
    let fields = 20_000u32;
    tuple.extend(fields.to_be_bytes());
    for index in 0..fields {
        let key = format!("k{index:05}");
        tuple.push(6);
        tuple.extend(key.as_bytes());
        tuple.push(0x03);
    }
    let nones = 1_000_000u32;
    let mut list = vec![0x0b];
    list.extend((nones + 1).to_be_bytes());
    list.push(0x0a);
    list.extend(tuple);
    list.extend(vec![0x09; 1_000_000]);
    let started = std::time::Instant::now();
    assert!(decode_value(&list).is_err());
    // Without the limit this takes hours, also on a fast machine.
    assert!(started.elapsed() < std::time::Duration::from_secs(30));
}

/// Peak address space of this process in KiB; `None` where the system does not say.
fn peak_kib() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmPeak:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

/// Every four bytes, which could be a count or length, are set to large numbers. Memory that is only reserved shows in
/// the peak. (Other tests of this binary run at the same time, so the bound is far above their need, and far below what
/// one trusted count of 4 * 10^9 items would reserve.)
#[test]
fn counts_are_not_trusted_with_memory() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let before = peak_kib();
    for _ in 0..4 {
        let bytes = encoded().new_tree(&mut runner).expect("bytes").current();
        for start in 0..bytes.len().saturating_sub(3) {
            for word in [u32::MAX, 0x00ff_ffff, 0x0010_0000, 0x0003_ffff] {
                let mut changed = bytes.clone();
                changed[start..start + 4].copy_from_slice(&word.to_be_bytes());
                feed(&changed);
            }
        }
    }
    if let (Some(before), Some(after)) = (before, peak_kib()) {
        assert!(after - before < 1024 * 1024, "the peak grew from {before} to {after} KiB");
    }
}
