//! A file of the folder is missing, an older copy, of another chain, or cut: the start names it, and changes nothing.

use std::collections::BTreeMap;
use std::path::Path;

use chainstate::chain::NakamotoChainState;
use chainstate::db::OpenError;
use sqlite::Durability;

use crate::support::{TestChain, clock};
use chainstate::test_support::{on_a_large_stack, params};

const CHAIN: &str = "chainstate.sqlite";
const BURN: &str = "burn.sqlite";
const STAGING: &str = "staging.sqlite";
const NODES: &str = "state.marf";
const FILES: [&str; 4] = [CHAIN, BURN, STAGING, NODES];
/// Endings of the files that make up a database.
const ENDINGS: [&str; 3] = ["", "-wal", "-sums"];

/// Harm done to a file.
#[derive(Debug, Clone, Copy)]
enum Harm {
    /// It is deleted, with its side files.
    Missing,
    /// An empty file replaces it.
    Empty,
    /// It is from an earlier copy of the folder.
    Older,
    /// It is from another chain with the same genesis.
    Other,
    /// Its second half is cut off.
    Cut,
}

const HARMS: [Harm; 5] = [Harm::Missing, Harm::Empty, Harm::Older, Harm::Other, Harm::Cut];

/// Copies of a folder: as it is now, as it was before, and of another chain.
struct Copies {
    root: tempfile::TempDir,
}

impl Copies {
    fn make() -> Self {
        let root = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).expect("a temporary folder");
        let mut test = TestChain::new();
        let keep = |test: TestChain, name: &str| {
            let test = test.reopen(); // The previous chain is closed, with its writer.
            copy(test.folder.path(), &root.path().join(name));
            test
        };
        grow(&mut test, 1);
        test = keep(test, "before");
        grow(&mut test, 3);
        keep(test, "now");
        let mut other = TestChain::new();
        grow(&mut other, 6);
        keep(other, "other");
        Self { root }
    }

    fn folder(&self, name: &str) -> std::path::PathBuf {
        self.root.path().join(name)
    }

    /// A copy of the present folder, to be harmed.
    fn work(&self) -> std::path::PathBuf {
        let work = self.folder("work");
        let _ = std::fs::remove_dir_all(&work); // The first time it does not exist.
        copy(&self.folder("now"), &work);
        work
    }

    fn harm(&self, work: &Path, file: &str, harm: Harm) {
        let path = work.join(file);
        if let Harm::Cut = harm {
            let bytes = std::fs::read(&path).expect("a file");
            return std::fs::write(&path, &bytes[..bytes.len() / 2]).expect("written");
        }
        for ending in ENDINGS {
            let name = format!("{file}{ending}");
            let _ = std::fs::remove_file(work.join(&name)); // One of the two has no log.
            match harm {
                Harm::Older => put(&self.folder("before"), work, &name),
                Harm::Other => put(&self.folder("other"), work, &name),
                Harm::Empty if ending.is_empty() => std::fs::write(work.join(&name), "").expect("written"),
                Harm::Missing | Harm::Empty | Harm::Cut => {}
            }
        }
    }
}

/// Mines tenures of one block each.
fn grow(test: &mut TestChain, tenures: u64) {
    for _ in 0..tenures {
        test.mine(None);
        test.grow();
    }
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder");
    for entry in std::fs::read_dir(from).expect("a folder").map(|entry| entry.expect("an entry")) {
        // SQLite makes a log's index anew at each start.
        let name = entry.file_name().into_string().expect("a name");
        if entry.file_type().expect("a type").is_file() && !name.ends_with("-shm") {
            put(from, to, &name);
        }
    }
}

fn put(from: &Path, to: &Path, name: &str) {
    if from.join(name).exists() {
        std::fs::copy(from.join(name), to.join(name)).expect("a copy");
    }
}

fn content(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let files = std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry"));
    let read =
        |entry: std::fs::DirEntry| (entry.file_name().into_string().expect("a name"), std::fs::read(entry.path()));
    files.map(read).map(|(name, bytes)| (name, bytes.expect("a file"))).collect()
}

/// Checks that the start is refused, names the files, and changes nothing.
fn refused(what: &str, work: &Path, files: &[&str]) {
    let before = content(work);
    let error = NakamotoChainState::open(work, params(1, 3), Durability::Unsynced, clock)
        .err()
        .unwrap_or_else(|| panic!("{what}: went unseen"));
    let text = error.to_string();
    assert!(files.iter().all(|file| text.contains(file)), "{what}: {text}");
    let after = content(work);
    let names = |content: &BTreeMap<String, Vec<u8>>| content.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&after), names(&before), "{what}: files came or went");
    let changed: Vec<_> =
        before.iter().filter(|(name, bytes)| after.get(*name) != Some(bytes)).map(|(name, _)| name).collect();
    assert!(changed.is_empty(), "{what}: {changed:?} changed, after {text}");
}

fn opens(what: &str, work: &Path) {
    let opened = NakamotoChainState::open(work, params(1, 3), Durability::Unsynced, clock);
    assert!(opened.is_ok(), "{what}: {:?}", opened.err());
}

/// Removes from the files what earlier builds did not write.
fn make_unbound(folder: &Path) {
    let run = |file: &str, sql: &str| {
        let conn = sqlite::open(&folder.join(file), Durability::Unsynced).expect("it opens");
        conn.execute_batch(sql).expect("it runs");
    };
    run(CHAIN, "UPDATE meta SET bound = 0");
    run(
        BURN,
        "DROP TABLE identity; ALTER TABLE burn_blocks DROP COLUMN known_event;
         ALTER TABLE burn_blocks DROP COLUMN known_staging_row; PRAGMA user_version = 2",
    );
    run(
        STAGING,
        "DROP TABLE identity; ALTER TABLE staging_blocks DROP COLUMN known_event;
         ALTER TABLE staging_blocks DROP COLUMN known_burn_row; PRAGMA user_version = 1",
    );
}

#[test]
fn a_file_that_does_not_belong_to_the_others_is_named_and_nothing_is_written() {
    on_a_large_stack(|| {
        let copies = Copies::make();
        opens("untouched", &copies.work());
        for file in FILES {
            for harm in HARMS {
                let work = copies.work();
                copies.harm(&work, file, harm);
                refused(&format!("{file}, {harm:?}"), &work, &[file]);
            }
        }
        // Several at once, even if the others agree.
        for (older, named) in [
            (&[CHAIN, STAGING][..], &[CHAIN, NODES][..]),
            (&[CHAIN, BURN], &[CHAIN, NODES]),
            (&[CHAIN, BURN, STAGING], &[CHAIN, NODES]),
            (&[CHAIN, NODES], &[CHAIN]),
            (&[BURN, STAGING], &[BURN, STAGING]),
        ] {
            let work = copies.work();
            older.iter().for_each(|file| copies.harm(&work, file, Harm::Older));
            refused(&format!("older {older:?}"), &work, named);
        }
        let work = copies.work();
        [CHAIN, STAGING, BURN].iter().for_each(|file| copies.harm(&work, file, Harm::Missing));
        refused("all but the nodes missing", &work, &[CHAIN, BURN, STAGING]);
        let work = copies.work();
        FILES.iter().for_each(|file| copies.harm(&work, file, Harm::Older));
        opens("a whole copy of before", &work);
    });
}

#[test]
fn a_folder_of_before_is_compared_as_far_as_it_goes_and_opens() {
    on_a_large_stack(|| {
        let copies = Copies::make();
        for name in ["now", "before", "other"] {
            make_unbound(&copies.folder(name));
        }
        for file in FILES {
            // Burn blocks of the same genesis and times are equal, whoever mines them.
            let told_apart = |harm: &Harm| !(file == BURN && matches!(harm, Harm::Other));
            for harm in HARMS.into_iter().filter(told_apart) {
                let work = copies.work();
                copies.harm(&work, file, harm);
                refused(&format!("{file}, {harm:?}"), &work, &[file]);
            }
        }
        let work = copies.work();
        opens("untouched", &work);
        // From now on each file says which chain it belongs to.
        copies.harm(&work, BURN, Harm::Missing);
        put(&copies.folder("now"), &work, BURN);
        put(&copies.folder("now"), &work, &format!("{BURN}-wal"));
        put(&copies.folder("now"), &work, &format!("{BURN}-sums"));
        refused("one that does not say so", &work, &[BURN]);
    });
}

#[test]
fn a_folder_of_another_program_is_not_begun_in() {
    for file in ["devnet.json", "producer.sqlite", "signer.sqlite"] {
        let folder = tempfile::tempdir().expect("a temporary folder");
        std::fs::write(folder.path().join(file), "").expect("written");
        let opened = NakamotoChainState::open(folder.path(), params(1, 3), Durability::Unsynced, clock);
        assert!(matches!(opened, Err(OpenError::Foreign { .. })), "{file}");
        assert_eq!(content(folder.path()).len(), 1, "{file}");
    }
}
