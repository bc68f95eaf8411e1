//! The loads of `marf_workload.md`: last roots, and reads of what was written.
//!
//! # Not here
//! Their speed: the benchmarks.

use marf::{BlockId, SENTINEL};

use super::marf::Index;

const KEY_SEED: u64 = 0x004B_4559;
const VALUE_SEED: u64 = 0x0056_414C;
const BLOCK_SEED: u64 = 0x0042_4C4B;
const GET_SEED: u64 = 0x0047_4554;

/// The id of consensus hash 20*01 and block hash 32*01 (FACTS 1), under which all blocks of the loads are opened.
const PLACEHOLDER: &str = "b40ffa12cd6cdec17a0cf0231bffb40d9271c319a5113e88792a3488765e6c6b";

/// The `index`-th output of splitmix64 started at `seed`.
fn splitmix(seed: u64, index: u64) -> u64 {
    let mut state = seed.wrapping_add((index + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15));
    state = (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    state = (state ^ (state >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    state ^ (state >> 31)
}

fn key(index: u64) -> String {
    format!("vm-account::ST{:039}::19", splitmix(KEY_SEED, index))
}

fn value(index: u64) -> String {
    (0..5).map(|part| format!("{:016x}", splitmix(VALUE_SEED, 5 * index + part))).collect()
}

fn block_id(index: u64) -> BlockId {
    let mut id = [0; 32];
    for (part, bytes) in (0..4).zip(id.chunks_exact_mut(8)) {
        bytes.copy_from_slice(&splitmix(BLOCK_SEED, 4 * index + part).to_be_bytes());
    }
    BlockId(id)
}

/// Appends block `block`, which holds `keys`; returns its root.
fn append(index: &mut Index, block: u64, keys: std::ops::Range<u64>) -> String {
    let placeholder: [u8; 32] = hex::decode(PLACEHOLDER).unwrap().try_into().unwrap();
    let parent = block.checked_sub(1).map_or(SENTINEL, block_id);
    let inserts: Vec<_> = keys.map(|index| (key(index), value(index))).collect();
    let inserts = inserts.iter().map(|(key, value)| (key.as_str(), value.as_str()));
    index.append(parent, BlockId(placeholder), block_id(block), inserts).to_string()
}

/// Reads keys at the tip, and at the blocks just before they were written.
fn check_reads(index: &Index, blocks: u64, keys_per_block: u64, reads: u64) {
    for read in 0..reads {
        let number = splitmix(GET_SEED, read) % (blocks * keys_per_block);
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
    let roots = (0..1_000).map(|block| append(&mut index, block, block * 10..(block + 1) * 10));
    assert_eq!(roots.last().unwrap(), "e7f86fc2b932e5fb045b4163567df84a34032505912c4c148adbd149a33d1907");
    check_reads(&index, 1_000, 10, 20_000);
}

#[test]
fn loads_b_and_c_have_their_roots() {
    let mut index = Index::empty();
    let roots = (0..500).map(|block| append(&mut index, block, block * 1_000..(block + 1) * 1_000));
    assert_eq!(roots.last().unwrap(), "8fa059ec92904212ab2140ecb73efbf4316b990cea75e7321145bead300aa985");
    check_reads(&index, 500, 1_000, 20_000);
    let index = &mut index.reopen();
    let root = append(index, 500, 500_000..600_000);
    assert_eq!(root, "ed33403dc38f30252e5d037799e7f6a9c61f142d5bf7114fa74b2b30346393d3");
    check_reads(index, 500, 1_000, 2_000);
    let last = (key(599_999), value(599_999));
    assert_eq!(index.marf.get(&block_id(500), &last.0).unwrap(), Some(last.1.into_bytes()));
}
