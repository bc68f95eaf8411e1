//! What a start finds after a crash, and after damage.
//!
//! # Not here
//! Power loss under a real file system: these tests write the bytes that a power loss can leave.

use std::collections::BTreeMap;

use marf::{BlockId, MarfError, OpenError, SENTINEL, TrieHash};

use crate::support::{Home, id};

const KEYS: [&str; 6] = ["a", "b", "c", "d", "e", "f"];
const BLOCKS: usize = 6;

/// Distance of the bytes that are tried; trying all (1), which passes too, takes minutes.
const STRIDE: usize = 11;

/// Six blocks with some keys each, and values short and long.
fn filled() -> (Home, Vec<BTreeMap<&'static str, String>>) {
    let mut home = Home::new();
    let mut maps: Vec<BTreeMap<&str, String>> = Vec::new();
    for number in 0..BLOCKS {
        let mut map = maps.last().cloned().unwrap_or_default();
        for key in &KEYS[number / 2..] {
            map.insert(*key, format!("{key} {number} ").repeat(1 + 40 * (number % 2)));
        }
        let writes: Vec<_> = map.iter().skip(number / 2).map(|(key, value)| (*key, value.as_str())).collect();
        home.append(number.checked_sub(1).map_or(SENTINEL, id), id(number), &writes);
        maps.push(map);
    }
    (home, maps)
}

/// Reads and proves everything. Reported damage is an `Err`; a wrong answer panics.
fn read_all(home: &Home, maps: &[BTreeMap<&str, String>]) -> Result<(), MarfError> {
    let roots: BTreeMap<TrieHash, BlockId> =
        (0..maps.len()).map(|number| (home.marf.root_of(&id(number)).unwrap(), id(number))).collect();
    let mut result = Ok(());
    for (number, map) in maps.iter().enumerate() {
        let block = id(number);
        for (key, value) in map {
            match home.marf.get(&block, key) {
                Ok(got) => assert_eq!(got.as_deref(), Some(value.as_bytes())),
                Err(error) => result = Err(error),
            }
        }
        let ancestors = (0..=number).flat_map(|other| {
            let height = u32::try_from(other).unwrap();
            [marf::id_at_height_key(height), marf::height_of_id_key(&id(other))]
        });
        let keys = map.keys().map(ToString::to_string).chain(ancestors).chain([marf::HEIGHT_SELF_KEY.to_string()]);
        for key in keys {
            let path = TrieHash::of_key(&key);
            let (leaf, proof) = match (home.marf.get_leaf(&block, &path), home.marf.get_with_proof(&block, &key)) {
                (Ok(leaf), Ok(proof)) => (leaf.unwrap(), proof.unwrap().1),
                (Err(error), _) | (_, Err(error)) => {
                    result = Err(error);
                    continue;
                }
            };
            let root = home.marf.root_of(&block).unwrap();
            assert_eq!(proof.verify(&path, &leaf, &root, &|root| roots.get(root).copied()), Ok(()));
        }
    }
    result
}

#[test]
fn bytes_after_the_last_block_are_dropped() {
    let (home, maps) = filled();
    let end = home.nodes_bytes();
    let mut home = home.reopen_after(|bytes| bytes.extend([0x5a; 1000])).unwrap();
    assert_eq!(home.nodes_bytes(), end);
    read_all(&home, &maps).unwrap();
    home.append(id(BLOCKS - 1), id(BLOCKS), &[("a", "after")]);
    assert_eq!(home.reopen().marf.get(&id(BLOCKS), "a").unwrap().as_deref(), Some(b"after".as_slice()));
}

#[test]
fn a_block_whose_row_was_not_committed_is_gone() {
    let (mut home, maps) = filled();
    let end = home.nodes_bytes();
    let mut trie = home.marf.begin(id(BLOCKS - 1), id(BLOCKS)).unwrap();
    trie.insert("a", "lost").unwrap();
    home.store_and_roll_back(&trie.seal().unwrap(), id(BLOCKS));
    assert!(home.nodes_bytes() > end);
    let mut home = home.reopen();
    assert_eq!(home.nodes_bytes(), end);
    assert!(!home.marf.contains(&id(BLOCKS)));
    read_all(&home, &maps).unwrap();
    home.append(id(BLOCKS - 1), id(BLOCKS), &[("a", "kept")]);
    read_all(&home, &maps).unwrap();
}

#[test]
fn a_shorter_block_over_a_rolled_back_longer_one_is_whole() {
    let (mut home, maps) = filled();
    let mut trie = home.marf.begin(id(BLOCKS - 1), id(BLOCKS)).unwrap();
    for number in 0..100 {
        trie.insert(&format!("key {number}"), "lost").unwrap();
    }
    home.store_and_roll_back(&trie.seal().unwrap(), id(BLOCKS));
    home.append(id(BLOCKS - 1), id(BLOCKS), &[("a", "kept")]);
    let home = home.reopen();
    read_all(&home, &maps).unwrap();
    assert_eq!(home.marf.get(&id(BLOCKS), "a").unwrap().as_deref(), Some(b"kept".as_slice()));
    assert_eq!(home.marf.get(&id(BLOCKS), "key 7").unwrap(), None);
}

#[test]
fn a_file_that_lacks_committed_bytes_is_named() {
    let (home, _) = filled();
    let nodes = home.nodes();
    let error = home.reopen_after(|bytes| bytes.truncate(bytes.len() - 1)).err().unwrap();
    assert!(matches!(&error, OpenError::Damaged { path, .. } if *path == nodes), "{error}");
    assert!(error.to_string().contains("shorter than its committed blocks"), "{error}");
    let (home, _) = filled();
    let error = home.reopen_after(Vec::clear).err().unwrap();
    assert!(matches!(error, OpenError::Damaged { .. }), "{error}");
}

#[test]
fn another_file_is_refused() {
    let (home, _) = filled();
    let error = home.reopen_after(|bytes| bytes[0] ^= 1).err().unwrap();
    assert!(error.to_string().contains("not a node file"), "{error}");
}

/// One bit is flipped in each of many bytes all over the file: the start reports it, also where only proofs read.
#[test]
fn a_flipped_bit_is_reported_wherever_it_is() {
    let (mut home, maps) = filled();
    let length = usize::try_from(home.nodes_bytes()).unwrap();
    assert!(length > 3_000);
    let nodes = home.nodes();
    for at in (0..length).step_by(STRIDE) {
        let bit = 1 << (at % 8);
        let Err((error, closed)) = home.try_reopen_after(|bytes| bytes[at] ^= bit) else {
            panic!("byte {at}: a flipped bit went unseen");
        };
        assert!(matches!(&error, OpenError::Damaged { path, .. } if *path == nodes), "byte {at}: {error}");
        home = closed.open_after(|bytes| bytes[at] ^= bit).unwrap();
    }
    read_all(&home, &maps).unwrap();
}

/// A bit that flips while the file is open is found by the read that meets it.
#[test]
fn a_bit_that_flips_later_is_reported_by_the_reads_that_meet_it() {
    use std::os::unix::fs::FileExt as _;
    let (home, maps) = filled();
    let length = home.nodes_bytes();
    let file = std::fs::File::options().read(true).write(true).open(home.nodes()).unwrap();
    let flip = |at: u64| {
        let mut byte = [0];
        file.read_exact_at(&mut byte, at).unwrap();
        file.write_all_at(&[byte[0] ^ 1], at).unwrap();
    };
    let mut reported = 0;
    for at in (16..length).step_by(STRIDE) {
        flip(at);
        match read_all(&home, &maps) {
            Ok(()) => {} // The bit was in a cached node, or where only some proofs read.
            Err(MarfError::Damaged { path, .. }) => {
                assert_eq!(path, home.nodes());
                reported += 1;
            }
            Err(error) => panic!("byte {at}: {error}"),
        }
        flip(at);
    }
    assert!(reported > 10, "{reported}");
    read_all(&home, &maps).unwrap();
}

/// If the disk lies about syncing, a crash may leave the last block's bytes unwritten although its row is stored.
#[test]
fn a_last_block_of_zeros_is_reported() {
    let (home, _) = filled();
    let error = home
        .reopen_after(|bytes| {
            let length = bytes.len();
            bytes[length - 200..].fill(0);
        })
        .err()
        .unwrap();
    assert!(error.to_string().contains("a block is not what was committed"), "{error}");
}

#[test]
fn more_than_one_block_without_a_row_is_never_cut() {
    for lost in 1..=3 {
        let (home, maps) = filled();
        let kept = BLOCKS - lost;
        home.conn.execute("DELETE FROM marf_blocks WHERE number >= ?1", [kept]).unwrap();
        let length = home.nodes_bytes();
        match home.try_reopen_after(|_| ()) {
            Ok(home) => {
                assert_eq!(lost, 1);
                assert!(home.nodes_bytes() < length);
                read_all(&home, &maps[..kept]).unwrap();
            }
            Err((error, _)) => assert!(lost > 1 && matches!(error, OpenError::Ahead { .. }), "{lost}: {error}"),
        }
    }
}

#[test]
fn an_attempt_that_failed_leaves_nothing_behind_a_shorter_block() {
    let (mut home, _) = filled();
    let seal = |home: &Home, values: usize| {
        let mut trie = home.marf.begin(id(BLOCKS - 1), id(BLOCKS)).unwrap();
        (0..values).for_each(|number| trie.insert(&format!("k{number}"), "value").unwrap());
        trie.seal().unwrap()
    };
    let (long, short) = (seal(&home, 400), seal(&home, 1));
    home.store_and_roll_back(&long, id(BLOCKS));
    home.store(&short, id(BLOCKS));
    drop((long, short));
    let length = home.nodes_bytes();
    assert_eq!(home.reopen().nodes_bytes(), length);
}
