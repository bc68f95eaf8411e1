//! The loads of `marf_workload.md`: last roots, and reads of the written keys.
//!
//! # Not here
//! Their speed: `benches/marf.rs`.

use marf::SENTINEL;
use tests::marf_workload::*;

use super::marf::Index;

/// Appends block `block` with `keys`; returns its root.
fn append(index: &mut Index, block: u64, keys: std::ops::Range<u64>) -> String {
    let parent = block.checked_sub(1).map_or(SENTINEL, block_id);
    let inserts: Vec<_> = keys.map(|index| (key(index), value(index))).collect();
    let inserts = inserts.iter().map(|(key, value)| (key.as_str(), value.as_str()));
    index.append(parent, PLACEHOLDER, block_id(block), inserts).to_string()
}

/// Reads keys at the tip, and at the blocks just before they were written.
fn check_reads(index: &Index, blocks: u64, keys_per_block: u64, reads: u64) {
    for read in 0..reads {
        let number = key_of_get(read, blocks * keys_per_block);
        let (key, value) = (key(number), value(number));
        let tip = block_id(blocks - 1);
        assert_eq!(index.marf.get(&tip, &key).unwrap(), Some(value.into_bytes()));
        if let Some(before) = (number / keys_per_block).checked_sub(1) {
            assert_eq!(index.marf.get(&block_id(before), &key).unwrap(), None);
        }
    }
}

#[test]
fn load_a_has_its_root() {
    let mut index = Index::empty();
    let roots = (0..A_BLOCKS).map(|block| append(&mut index, block, block * A_KEYS..(block + 1) * A_KEYS));
    assert_eq!(roots.last().unwrap(), A_ROOT);
    check_reads(&index, A_BLOCKS, A_KEYS, 20_000);
}

#[test]
fn loads_b_and_c_have_their_roots() {
    let mut index = Index::empty();
    let roots = (0..B_BLOCKS).map(|block| append(&mut index, block, block * B_KEYS..(block + 1) * B_KEYS));
    assert_eq!(roots.last().unwrap(), B_ROOT);
    check_reads(&index, B_BLOCKS, B_KEYS, 20_000);
    let index = &mut index.reopen();
    let written = B_BLOCKS * B_KEYS;
    assert_eq!(append(index, B_BLOCKS, written..written + C_KEYS), C_ROOT);
    check_reads(index, B_BLOCKS, B_KEYS, 2_000);
    let last = written + C_KEYS - 1;
    assert_eq!(index.marf.get(&block_id(B_BLOCKS), &key(last)).unwrap(), Some(value(last).into_bytes()));
}
