//! How fast is the state index? Runs the loads of `tests/vectors/marf_workload.md` and measures the figures that the file
//! gives for the reference: time per block, keys per second with commit, bytes per key; reads, proofs and ancestors
//! after load b.
//!
//! Mirrors a block's commit: nodes appended to their file, then one row in a WAL database. Loads a and b run with the
//! reference's setting (synchronous NORMAL: only checkpoints wait for the disk), and again with the node file synced
//! before each row, as in a node. As a baseline of the same run, the same keys go into a plain SQLite table without
//! hashes or history. Roots are checked, so the work is the right one. Reads from a cold disk are not measured.
//!
//! `cargo bench -p tests --bench marf`; `-- --tiny` runs only a few blocks, to see that it still runs.

#![allow(clippy::print_stdout, reason = "a benchmark's figures go to the terminal")]

use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant};

use marf::{BlockId, Marf, SENTINEL};
use rusqlite::Connection;
use sqlite::Durability;
use tests::figures::{Samples, Table, origin};
use tests::marf_workload::*;

/// Reads of each kind.
const READS: u64 = 20_000;
/// Number of proofs: fewer than reads, as each is more work.
const PROOFS: u64 = 500;

/// How much is measured.
struct Size {
    a_blocks: u64,
    b_blocks: u64,
    c_keys: u64,
    reads: u64,
    proofs: u64,
    back: u64,
}

const WHOLE: Size =
    Size { a_blocks: A_BLOCKS, b_blocks: B_BLOCKS, c_keys: C_KEYS, reads: READS, proofs: PROOFS, back: 400 };
const TINY: Size = Size { a_blocks: 20, b_blocks: 5, c_keys: 1_000, reads: 200, proofs: 10, back: 4 };

fn main() {
    let tiny = std::env::args().any(|argument| argument == "--tiny");
    let size = if tiny { TINY } else { WHOLE };
    let mut table = Table::default();
    println!("state index: {}{}", origin(), if tiny { ", TINY" } else { "" });

    for (sync, a) in [(Durability::Unsynced, "a"), (Durability::Synced, "a, node file synced each block")] {
        let mut load = Load::new(sync);
        load.append(0..size.a_blocks, A_KEYS);
        load.report(&mut table, a, size.a_blocks * A_KEYS);
        load.check(A_ROOT, !tiny);
    }

    let mut load = Load::new(Durability::Synced);
    load.append(0..size.b_blocks, B_KEYS);
    load.report(&mut table, "b, node file synced each block", size.b_blocks * B_KEYS);
    load.check(B_ROOT, !tiny);

    let mut load = Load::new(Durability::Unsynced);
    load.append(0..size.b_blocks, B_KEYS);
    load.report(&mut table, "b", size.b_blocks * B_KEYS);
    load.check(B_ROOT, !tiny);
    load.reads(&mut table, &size);

    let written = size.b_blocks * B_KEYS;
    load.reset();
    load.block(size.b_blocks, written..written + size.c_keys);
    load.report(&mut table, "c", size.c_keys);
    load.check(C_ROOT, !tiny);

    plain_table(&mut table, "a", size.a_blocks, A_KEYS);
    plain_table(&mut table, "b", size.b_blocks, B_KEYS);
    print!("{table}");
}

/// An index that is being filled, with the times and sizes so far.
struct Load {
    marf: Marf,
    conn: Connection,
    folder: tempfile::TempDir,
    blocks: Samples,
    phases: [Samples; 4],
    file_bytes: u64,
    root: String,
}

impl Load {
    fn new(durability: Durability) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let conn = connection(folder.path());
        let marf = Marf::open(&folder.path().join("nodes"), &conn, durability).expect("an index");
        let file_bytes = bytes_of(folder.path());
        let (blocks, phases) = (Samples::default(), Default::default());
        Self { marf, conn, folder, blocks, phases, file_bytes, root: String::new() }
    }

    fn append(&mut self, blocks: std::ops::Range<u64>, keys: u64) {
        for block in blocks {
            self.block(block, block * keys..(block + 1) * keys);
        }
    }

    fn block(&mut self, block: u64, keys: std::ops::Range<u64>) {
        let inserts: Vec<_> = keys.map(|index| (key(index), value(index))).collect();
        let parent = block.checked_sub(1).map_or(SENTINEL, block_id);
        let mut clock = Clock::start();
        let mut trie = self.marf.begin(parent, PLACEHOLDER).expect("a trie");
        let begun = clock.lap();
        for (key, value) in &inserts {
            trie.insert(key, value).expect("an insert");
        }
        let inserted = clock.lap();
        let sealed = trie.seal().expect("a root");
        let sealed_in = clock.lap();
        let tx = self.conn.transaction().expect("a transaction");
        let pending = self.marf.commit(&tx, &sealed, block_id(block)).expect("a commit");
        tx.commit().expect("a commit");
        self.marf.publish(pending);
        let committed = clock.lap();
        self.root = sealed.root().to_string();
        let phases = [begun, inserted, sealed_in, committed];
        self.blocks.push_micros(phases.iter().sum());
        self.phases.iter_mut().zip(phases).for_each(|(samples, lap)| samples.push_micros(lap));
    }

    fn report(&self, table: &mut Table, load: &str, keys: u64) {
        table.samples(&format!("{load}: time of a block"), "us", &self.blocks);
        for (samples, phase) in self.phases.iter().zip(["begin", "insert", "seal", "commit"]) {
            table.samples(&format!("{load}: .. {phase}"), "us", samples);
        }
        table.figure(&format!("{load}: keys with commit"), "1/s", float(keys) / (self.blocks.sum() / 1e6));
        // Writes the WAL's pages to the database once more, and empties the WAL.
        let checkpoint = self.conn.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, i64>(0));
        assert_eq!(checkpoint, Ok(0), "a checkpoint");
        let bytes = bytes_of(self.folder.path()).saturating_sub(self.file_bytes);
        table.figure(&format!("{load}: bytes a key"), "B", float(bytes) / float(keys));
    }

    fn reset(&mut self) {
        (self.blocks, self.phases) = (Samples::default(), Default::default());
        self.file_bytes = bytes_of(self.folder.path());
    }

    fn check(&self, root: &str, whole: bool) {
        println!("last root {}", self.root);
        assert!(!whole || self.root == root, "the last root is {}, not {root}", self.root);
    }

    /// Measures reads after load b. Each figure's reads run twice; the second round counts, when everything is cached.
    fn reads(&self, table: &mut Table, size: &Size) {
        let keys = size.b_blocks * B_KEYS;
        let tip = block_id(size.b_blocks - 1);
        let old = size.b_blocks - 1 - size.back;
        let get = |block: BlockId, number: u64| {
            let (key, value) = (key(number), value(number));
            let begun = Instant::now();
            let got = self.marf.get(&block, &key).expect("a read");
            let took = begun.elapsed();
            assert_eq!(got, Some(value.into_bytes()));
            took
        };
        table.samples("get at the tip", "us", &warm(size.reads, |read| get(tip, key_of_get(read, keys))));
        let back = format!("get {} blocks back", size.back);
        let old_keys = (old + 1) * B_KEYS;
        table.samples(&back, "us", &warm(size.reads, |read| get(block_id(old), key_of_get(read, old_keys))));
        let absent = warm(size.reads, |read| {
            let key = key(1 << 40 | read);
            let begun = Instant::now();
            assert_eq!(self.marf.get(&tip, &key).expect("a read"), None);
            begun.elapsed()
        });
        table.samples("get of an absent key", "us", &absent);
        self.proofs(table, size, &tip, keys);
        let ancestors = warm(size.reads, |_| {
            let height = u32::try_from(old).expect("a height");
            let begun = Instant::now();
            let found = self.marf.ancestor_at_height(&tip, height).expect("a read");
            let took = begun.elapsed();
            assert_eq!(found, Some(block_id(old)));
            took
        });
        table.samples("ancestor at a height", "us", &ancestors);
    }

    fn proofs(&self, table: &mut Table, size: &Size, tip: &BlockId, keys: u64) {
        let (mut bytes, mut verify) = (Samples::default(), Samples::default());
        let root = self.marf.root_of(tip).expect("a root");
        let known: std::collections::BTreeMap<_, _> =
            (0..size.b_blocks).map(block_id).filter_map(|id| Some((self.marf.root_of(&id)?.0, id))).collect();
        let prove = warm(size.proofs, |read| {
            let number = key_of_get(read, keys);
            let (key, value) = (key(number), value(number));
            let begun = Instant::now();
            let (_, proof) = self.marf.get_with_proof(tip, &key).expect("a read").expect("it is there");
            let took = begun.elapsed();
            bytes.push(float(proof.encode().len() as u64));
            let begun = Instant::now();
            let verdict = proof.verify_text(&key, &value, &root, &|root| known.get(&root.0).copied());
            verify.push_micros(begun.elapsed());
            black_box(verdict).expect("it verifies");
            took
        });
        table.samples("get with proof", "us", &prove);
        table.samples("size of a proof", "B", &bytes);
        table.samples("verification of a proof", "us", &verify);
    }
}

/// Runs the reads twice; returns the times of the second round.
fn warm(count: u64, mut read: impl FnMut(u64) -> Duration) -> Samples {
    (0..count).for_each(|number| {
        black_box(read(number));
    });
    (0..count).map(|number| read(number).as_secs_f64() * 1e6).collect()
}

/// Measures the baseline: keys and values in a table, one transaction for each block.
fn plain_table(table: &mut Table, load: &str, blocks: u64, keys: u64) {
    let folder = tempfile::tempdir().expect("a folder");
    let mut conn = connection(folder.path());
    conn.execute_batch("CREATE TABLE plain (key TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID").expect("a table");
    let mut samples = Samples::default();
    for block in 0..blocks {
        let inserts: Vec<_> = (block * keys..(block + 1) * keys).map(|index| (key(index), value(index))).collect();
        let begun = Instant::now();
        let tx = conn.transaction().expect("a transaction");
        for (key, value) in &inserts {
            let mut insert = tx.prepare_cached("INSERT INTO plain VALUES (?1, ?2)").expect("SQL");
            insert.execute((key, value)).expect("a row");
        }
        tx.commit().expect("a commit");
        samples.push_micros(begun.elapsed());
    }
    table.samples(&format!("{load}: baseline, a plain table: time of a block"), "us", &samples);
    let rate = float(blocks * keys) / (samples.sum() / 1e6);
    table.figure(&format!("{load}: baseline, a plain table: keys with commit"), "1/s", rate);
}

fn connection(folder: &Path) -> Connection {
    let conn = Connection::open(folder.join("index.sqlite")).expect("a database");
    conn.pragma_update(None, "journal_mode", "WAL").expect("WAL");
    conn.pragma_update(None, "synchronous", "NORMAL").expect("synchronous");
    conn
}

fn bytes_of(folder: &Path) -> u64 {
    let files = std::fs::read_dir(folder).expect("a folder");
    files.flatten().filter_map(|file| Some(file.metadata().ok()?.len())).sum()
}

/// A count as a float, exactly: counts and bytes stay far below 2^52.
#[allow(clippy::cast_precision_loss, reason = "counts and bytes stay far below 2^52")]
fn float(count: u64) -> f64 {
    count as f64
}

/// Measures consecutive phases.
struct Clock(Instant);

impl Clock {
    fn start() -> Self {
        Self(Instant::now())
    }

    fn lap(&mut self) -> Duration {
        let now = Instant::now();
        now.duration_since(std::mem::replace(&mut self.0, now))
    }
}
