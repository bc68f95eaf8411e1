//! Tries whose node file was changed by somebody who can compute the checksums: each read, proof or new trie gives a
//! value or an error, and nothing false is proven.

use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::ops::Range;
use std::os::unix::fs::FileExt as _;

use marf::{BlockId, MAX_VALUE_BYTES, Marf, SENTINEL, TrieHash, leaf_of_text};
use rusqlite::Connection;
use sqlite::{Durability, checksum64};
use tests::random::Rng;

use crate::harness::fuzz;

/// Bytes of a record's checksum.
const CHECKSUM_BYTES: usize = 4;
/// Bytes of the longest record: a full node of 256 children, or as many hashes.
const RECORD_BYTES_MAX: usize = 256 * 32 + CHECKSUM_BYTES;
/// More bytes than a leaf with a short text has.
const LARGE_BYTES: usize = 100;
/// Bytes of a pointer: kind in bits 0-2, local in bit 3, then the position.
const POINTER_BYTES: usize = 5;

/// A small chain of tries with nodes of all kinds, whole and patched, and its content.
struct Tries {
    folder: tempfile::TempDir,
    conn: Connection,
    bytes: Vec<u8>,
    /// Ranges of the node file with a checksum, which they include.
    records: Vec<Range<usize>>,
    /// Records that many reads pass: nodes of many children, and their hashes.
    large: Vec<Range<usize>>,
    blocks: Vec<(BlockId, TrieHash, BTreeMap<TrieHash, String>)>,
}

fn id(number: u8) -> BlockId {
    BlockId([number + 1; 32])
}

/// Paths that make nodes of 4, 16, 48 and 256 children, with and without a path of their own.
fn paths() -> Vec<TrieHash> {
    let path = |prefix: &[u8], number: u8| {
        let mut path = [number.wrapping_mul(31); 32];
        path[..prefix.len()].copy_from_slice(prefix);
        path[prefix.len()] = number;
        TrieHash(path)
    };
    let groups: [(&[u8], u8); 5] = [(&[], 120), (&[200], 3), (&[201, 7, 7], 12), (&[202], 40), (&[203, 1], 90)];
    groups.iter().flat_map(|(prefix, count)| (0..*count).map(move |number| path(prefix, number))).collect()
}

impl Tries {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut conn = Connection::open_in_memory().unwrap();
        let marf = Marf::open(&folder.path().join("nodes"), &conn, Durability::Unsynced).unwrap();
        let (paths, mut blocks) = (paths(), Vec::<(BlockId, TrieHash, BTreeMap<_, _>)>::new());
        for number in 0..8_u8 {
            // The last block is a fork.
            let parent = if number == 7 { Some(3) } else { usize::from(number).checked_sub(1) };
            let parent = parent.map(|parent| &blocks[parent]);
            let mut held = parent.map(|parent| parent.2.clone()).unwrap_or_default();
            let mut trie = marf.begin(parent.map_or(SENTINEL, |parent| parent.0), id(number)).unwrap();
            let step = if number == 0 { 1 } else { 29 + usize::from(number) };
            for (index, path) in paths.iter().enumerate().skip(usize::from(number)).step_by(step) {
                let length = if index % 97 == 1 { 150 } else { index % 40 };
                let value = format!("{number}-{index}-{}", "v".repeat(length));
                trie.insert_path(path, &value).unwrap();
                held.insert(*path, value);
            }
            let sealed = trie.seal().unwrap();
            let tx = conn.transaction().unwrap();
            let pending = marf.commit(&tx, &sealed, id(number)).unwrap();
            tx.commit().unwrap();
            marf.publish(pending);
            blocks.push((id(number), sealed.root(), held));
        }
        drop(marf);
        let bytes = std::fs::read(folder.path().join("nodes")).unwrap();
        let records = records(&bytes);
        let large = records.iter().filter(|place| place.len() > LARGE_BYTES).cloned().collect();
        Self { folder, conn, bytes, records, large, blocks }
    }

    /// Opens the original node file, then changes records in it before the handle has read any.
    fn changed(&self, rng: &mut Rng) -> Marf {
        let path = self.folder.path().join("nodes");
        std::fs::write(&path, &self.bytes).unwrap();
        let marf = Marf::open(&path, &self.conn, Durability::Unsynced).unwrap();
        let file = OpenOptions::new().write(true).open(&path).unwrap();
        for _ in 0..8 {
            let place = if rng.one_in(3) { rng.pick(&self.records) } else { rng.pick(&self.large) }.clone();
            let mut record = self.bytes[place.clone()].to_vec();
            let length = record.len() - CHECKSUM_BYTES;
            for _ in 0..=rng.below(3) {
                self.change(rng, &mut record[..length]);
            }
            let sum = checksum(&record[..length]);
            record[length..].copy_from_slice(&sum);
            file.write_all_at(&record, place.start as u64).unwrap();
        }
        marf
    }

    fn change(&self, rng: &mut Rng, record: &mut [u8]) {
        let at = rng.below(record.len());
        match rng.below(6) {
            0 => record[at] = rng.byte(),
            1 => record[at] = *rng.pick(&[0, 1, 4, 16, 32, 33, 48, 0x7f, 0x80, 0xff]),
            // Tag, path length and count, on which everything else depends.
            2 => record[rng.below(3)] = rng.byte(),
            3 => record[rng.below(3)] ^= 1 << rng.below(8),
            // A pointer to another record, of any kind.
            _ => {
                let target = rng.pick(&self.records).start as u64;
                let pointer = (target << 4 | rng.bits() & 0x0f).to_le_bytes();
                let room = (record.len() - at).min(POINTER_BYTES);
                record[at..at + room].copy_from_slice(&pointer[..room]);
            }
        }
    }

    fn root_of(&self, root: &TrieHash) -> Option<BlockId> {
        self.blocks.iter().find(|(_, known, _)| known == root).map(|(block, ..)| *block)
    }
}

/// The checksum of a record: both halves of the 64-bit checksum combined.
fn checksum(bytes: &[u8]) -> [u8; CHECKSUM_BYTES] {
    let sum = checksum64(bytes).to_le_bytes();
    std::array::from_fn(|index| sum[index] ^ sum[index + CHECKSUM_BYTES])
}

/// All ranges of the file that a checksum follows, found by trial.
fn records(bytes: &[u8]) -> Vec<Range<usize>> {
    let (mut at, mut found) = (0, Vec::new());
    while at < bytes.len() {
        let most = (bytes.len() - at).min(RECORD_BYTES_MAX);
        let ends = |length: &usize| {
            let (data, rest) = bytes[at..].split_at(*length);
            rest.get(..CHECKSUM_BYTES) == Some(&checksum(data)[..])
        };
        // A text after its leaf has no checksum, only a hash.
        let Some(length) = (3..most).find(ends) else {
            at += 1;
            continue;
        };
        found.push(at..at + length + CHECKSUM_BYTES);
        at += length + CHECKSUM_BYTES;
    }
    found
}

#[test]
fn marf_nodes() {
    let tries = Tries::new();
    let found = (tries.records.len(), tries.large.len());
    assert!(found.0 > 300 && found.1 > 10, "the records are found: {found:?}");
    let paths = paths();
    let (mut read, mut refused) = (0_u64, 0_u64);
    fuzz("marf nodes", |rng| {
        let marf = tries.changed(rng);
        let (block, root, held) = rng.pick(&tries.blocks);
        for start in [rng.below(paths.len()), rng.below(paths.len())] {
            for path in paths.iter().cycle().skip(start).take(20) {
                match marf.get_by_path(block, path) {
                    Ok(value) => {
                        assert!(value.is_none_or(|value| value.len() <= MAX_VALUE_BYTES));
                        read += 1;
                    }
                    Err(_) => refused += 1,
                }
                let _ = marf.get_leaf(block, path);
                let Ok(Some((value, proof))) = marf.get_by_path_with_proof(block, path) else { continue };
                let text = String::from_utf8_lossy(&value);
                let known = |root: &TrieHash| tries.root_of(root);
                if proof.verify(path, &leaf_of_text(&text), root, &known).is_ok() {
                    assert_eq!(Some(text.as_ref()), held.get(path).map(String::as_str), "a false value is proven");
                }
            }
        }
        let Ok(mut trie) = marf.begin(rng.pick(&tries.blocks).0, id(77)) else { return };
        let start = rng.below(paths.len());
        for path in paths.iter().cycle().skip(start).take(20) {
            let _ = trie.get_by_path(path);
            if trie.insert_path(path, "new").is_err() {
                return;
            }
        }
        let _ = trie.seal();
    });
    // A single execution may have only one of them.
    assert!(read + refused > 0);
    println!("marf nodes: {read} reads, {refused} refused");
}
