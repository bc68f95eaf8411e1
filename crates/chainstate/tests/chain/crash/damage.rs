//! Bits flip and files are cut while nobody has them open: either the start names the file, or the chain is unchanged.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use chainstate::chain::NakamotoChainState;
use sqlite::Durability;

use super::check::outcome;
use super::log::event_hashes;
use super::script;
use crate::support::{TestChain, clock};
use chainstate::test_support::{on_a_large_stack, params};

/// Flipped bits and cuts of each file.
const FLIPS: u64 = 30;
const CUTS: u64 = 5;

/// Damage to a file.
#[derive(Debug, Clone, Copy)]
enum Damage {
    Flip { byte: usize, bit: u8 },
    Cut { length: usize },
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder");
    for entry in std::fs::read_dir(from).expect("a folder").map(|entry| entry.expect("an entry")) {
        if entry.file_type().expect("a type").is_file() {
            std::fs::copy(entry.path(), to.join(entry.file_name())).expect("a copy");
        }
    }
}

fn apply(path: &Path, damage: Damage) {
    let mut bytes = std::fs::read(path).expect("a file");
    match damage {
        Damage::Flip { byte, bit } => bytes[byte] ^= 1 << bit,
        Damage::Cut { length } => bytes.truncate(length),
    }
    std::fs::write(path, bytes).expect("written");
}

/// A folder whose databases have content both in their files and in their logs.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).expect("a temporary folder");
    script::run(&folder.path().join("data"), &folder.path().join("log"), true, Durability::Unsynced);
    folder
}

#[test]
fn damage_is_named_at_start_wherever_it_is() {
    use std::hash::{BuildHasher as _, RandomState};
    let seed: u64 = match std::env::var("CRASH_TEST_SEED") {
        Ok(seed) => seed.parse().expect("CRASH_TEST_SEED is a number"),
        Err(_) => RandomState::new().hash_one(0),
    };
    println!("CRASH_TEST_SEED={seed}");
    on_a_large_stack(move || {
        let original = folder();
        let data = original.path().join("data");
        let (whole, events) = {
            let test = TestChain::at(&data, Durability::Unsynced);
            (outcome(&test), event_hashes(&test, 1))
        };
        let mut state = seed;
        let mut random = |below: usize| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            usize::try_from(state >> 33).expect("31 bits") % below.max(1)
        };
        for database in ["chainstate.sqlite", "burn.sqlite", "staging.sqlite", "state.marf"] {
            for ending in ["", "-wal", "-sums"] {
                let name = format!("{database}{ending}");
                let Ok(metadata) = data.join(&name).metadata() else { continue };
                let length = usize::try_from(metadata.len()).expect("a small file");
                let flips = (0..FLIPS).map(|_| (random(length), random(8)));
                let flips: Vec<_> = flips.map(|(byte, bit)| (byte, u8::try_from(bit).expect("below 8"))).collect();
                let flips = flips.into_iter().map(|(byte, bit)| Damage::Flip { byte, bit });
                let cuts: Vec<_> = (0..CUTS).map(|_| Damage::Cut { length: random(length) }).collect();
                for damage in flips.chain(cuts) {
                    let what = format!("seed {seed}, {name}, {damage:?}");
                    let work = original.path().join("work");
                    copy(&data, &work);
                    apply(&work.join(&name), damage);
                    let opened = catch_unwind(AssertUnwindSafe(|| {
                        NakamotoChainState::open(&work, params(1, 3), Durability::Unsynced, clock)
                    }));
                    match opened.unwrap_or_else(|_| panic!("{what}: a panic")) {
                        Err(error) => assert!(error.to_string().contains(database), "{what}: {error}"),
                        Ok((chain, _)) => {
                            // The damage is in a page that the log replaces, or in a part of the log that is no longer
                            // used.
                            assert!(database != "state.marf", "{what}: went unseen");
                            drop(chain);
                            let test = TestChain::at(&work, Durability::Unsynced);
                            assert_eq!(outcome(&test), whole, "{what}: went unseen");
                            assert_eq!(event_hashes(&test, 1), events, "{what}: went unseen");
                        }
                    }
                    std::fs::remove_dir_all(&work).expect("removed");
                }
            }
        }
    });
}
