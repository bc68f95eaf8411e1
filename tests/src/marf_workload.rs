//! The deterministic loads of `tests/vectors/marf_workload.md`: keys, values and block ids, and the roots of the last
//! blocks.

use marf::BlockId;

const KEY_SEED: u64 = 0x004B_4559;
const VALUE_SEED: u64 = 0x0056_414C;
const BLOCK_SEED: u64 = 0x0042_4C4B;
const GET_SEED: u64 = 0x0047_4554;

/// The id of consensus hash 20*01 and block hash 32*01 (docs/CONSENSUS.md#hashes-and-ids), under which all blocks of
/// the loads are opened.
pub const PLACEHOLDER: BlockId = BlockId([
    0xb4, 0x0f, 0xfa, 0x12, 0xcd, 0x6c, 0xde, 0xc1, 0x7a, 0x0c, 0xf0, 0x23, 0x1b, 0xff, 0xb4, 0x0d, 0x92, 0x71, 0xc3,
    0x19, 0xa5, 0x11, 0x3e, 0x88, 0x79, 0x2a, 0x34, 0x88, 0x76, 0x5e, 0x6c, 0x6b,
]);

/// Number of blocks of load a, each with [`A_KEYS`] keys.
pub const A_BLOCKS: u64 = 1_000;
/// Number of keys in a block of load a.
pub const A_KEYS: u64 = 10;
/// Root of load a's last block.
pub const A_ROOT: &str = "e7f86fc2b932e5fb045b4163567df84a34032505912c4c148adbd149a33d1907";
/// Number of blocks of load b, each with [`B_KEYS`] keys.
pub const B_BLOCKS: u64 = 500;
/// Number of keys in a block of load b.
pub const B_KEYS: u64 = 1_000;
/// Root of load b's last block.
pub const B_ROOT: &str = "8fa059ec92904212ab2140ecb73efbf4316b990cea75e7321145bead300aa985";
/// Number of keys in the block of load c, which follows load b.
pub const C_KEYS: u64 = 100_000;
/// Root of the block of load c.
pub const C_ROOT: &str = "ed33403dc38f30252e5d037799e7f6a9c61f142d5bf7114fa74b2b30346393d3";

/// The `index`-th output of splitmix64 started at `seed`.
fn splitmix(seed: u64, index: u64) -> u64 {
    let mut state = seed.wrapping_add((index + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15));
    state = (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    state = (state ^ (state >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    state ^ (state >> 31)
}

/// The key with this number.
#[must_use]
pub fn key(index: u64) -> String {
    format!("vm-account::ST{:039}::19", splitmix(KEY_SEED, index))
}

/// The value of the key with this number.
#[must_use]
pub fn value(index: u64) -> String {
    (0..5).map(|part| format!("{:016x}", splitmix(VALUE_SEED, 5 * index + part))).collect()
}

/// The id of the block with this number.
#[must_use]
pub fn block_id(index: u64) -> BlockId {
    let mut id = [0; 32];
    for (part, bytes) in (0..4).zip(id.chunks_exact_mut(8)) {
        bytes.copy_from_slice(&splitmix(BLOCK_SEED, 4 * index + part).to_be_bytes());
    }
    BlockId(id)
}

/// Number, below `keys`, of the key that the `read`-th get reads.
#[must_use]
pub fn key_of_get(read: u64, keys: u64) -> u64 {
    splitmix(GET_SEED, read) % keys
}
