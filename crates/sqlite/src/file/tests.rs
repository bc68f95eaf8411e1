//! Files that were changed, cut, or incompletely written.

use super::*;

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn db(&self) -> PathBuf {
        self.0.path().join("a.sqlite")
    }

    fn file(&self, ending: &str) -> PathBuf {
        beside(&self.db(), ending)
    }

    fn open(&self) -> Connection {
        open(&self.db(), Durability::Synced).unwrap_or_else(|error| panic!("{error}"))
    }

    fn refused(&self) -> String {
        open(&self.db(), Durability::Synced).expect_err("it is damaged").to_string()
    }

    /// Copies the files to another folder, as a kill leaves them.
    fn copy(&self) -> Self {
        let other = Self::new();
        for entry in std::fs::read_dir(self.0.path()).unwrap().map(Result::unwrap) {
            std::fs::copy(entry.path(), other.0.path().join(entry.file_name())).unwrap();
        }
        std::fs::remove_file(other.file("-shm")).ok();
        other
    }
}

fn change(path: &Path, change: impl FnOnce(&mut Vec<u8>)) {
    let mut bytes = std::fs::read(path).unwrap();
    change(&mut bytes);
    std::fs::write(path, bytes).unwrap();
}

/// Writes `rows` rows of 1,000 bytes, one transaction each.
fn write(conn: &Connection, rows: u32) {
    conn.execute_batch("CREATE TABLE IF NOT EXISTS t (n INTEGER PRIMARY KEY, text TEXT NOT NULL)").unwrap();
    for _ in 0..rows {
        conn.execute("INSERT INTO t (text) VALUES (printf('%01000d', (SELECT count(*) FROM t)))", []).unwrap();
    }
}

fn rows(conn: &Connection) -> u32 {
    conn.query_row("SELECT count(*) FROM t", [], |row| row.get(0)).unwrap()
}

/// So few rows that all stay in the log, and so many that some move to the file after 1,000 frames.
const SIZES: [u32; 2] = [20, 700];

#[test]
fn what_was_committed_is_there_after_a_kill() {
    for size in SIZES {
        let folder = Folder::new();
        let conn = folder.open();
        write(&conn, size);
        let killed = folder.copy();
        let again = killed.open();
        assert_eq!(rows(&again), size);
        write(&again, 5);
        drop(again);
        assert_eq!(rows(&killed.open()), size + 5);
    }
}

/// The kill comes between a commit and its record, and the commit set a page back to an older content.
#[test]
fn a_page_that_went_back_to_an_older_content_is_no_damage() {
    let folder = Folder::new();
    let conn = folder.open();
    conn.execute_batch("CREATE TABLE t (n INTEGER); INSERT INTO t VALUES (0)").unwrap();
    conn.execute_batch("UPDATE t SET n = 1").unwrap();
    let noted = std::fs::read(folder.file("-sums")).unwrap();
    conn.execute_batch("UPDATE t SET n = 0").unwrap();
    let killed = folder.copy();
    std::fs::write(killed.file("-sums"), noted).unwrap();
    let again = killed.open();
    assert_eq!(again.query_row("SELECT n FROM t", [], |row| row.get::<_, u32>(0)), Ok(0));
    again.execute_batch("UPDATE t SET n = 2").unwrap();
    drop(again);
    drop(killed.open());
}

/// As before, but the log has begun again in between, so the noted version is only in the file.
#[test]
fn a_page_that_went_back_in_a_log_that_began_again_is_no_damage() {
    let folder = Folder::new();
    let conn = folder.open();
    conn.execute_batch("CREATE TABLE n (n INTEGER); INSERT INTO n VALUES (0)").unwrap();
    conn.execute_batch("UPDATE n SET n = 1").unwrap();
    let header = || std::fs::read(folder.file("-wal")).unwrap()[..32].to_vec();
    write(&conn, 700);
    let before = header();
    (0..1_000).find(|_| {
        write(&conn, 1);
        header() != before
    });
    let noted = std::fs::read(folder.file("-sums")).unwrap();
    conn.execute_batch("UPDATE n SET n = 0").unwrap();
    assert_ne!(header(), before, "the log began again");
    let killed = folder.copy();
    std::fs::write(killed.file("-sums"), noted).unwrap();
    let again = killed.open();
    assert_eq!(again.query_row("SELECT n FROM n", [], |row| row.get::<_, u32>(0)), Ok(0));
}

#[test]
fn a_flipped_bit_is_named_or_does_not_matter() {
    for size in SIZES {
        let folder = Folder::new();
        let conn = folder.open();
        write(&conn, size);
        let (mut named, mut unimportant) = (0, 0);
        for ending in ["", "-wal", "-sums"] {
            let length = folder.file(ending).metadata().unwrap().len();
            let length = usize::try_from(length).unwrap();
            for step in 0..60 {
                let at = (length * step / 60 + step * 37) % length;
                let flipped = folder.copy();
                change(&flipped.file(ending), |bytes| bytes[at] ^= 1 << (step % 8));
                match open(&flipped.db(), Durability::Synced) {
                    Ok(conn) => {
                        assert_eq!(rows(&conn), size, "byte {at} of {ending}: rows are missing");
                        let text: u32 = conn.query_row("SELECT sum(text + 1) FROM t", [], |row| row.get(0)).unwrap();
                        assert_eq!(text, size * (size + 1) / 2, "byte {at} of {ending}: a row is another one");
                        unimportant += 1;
                    }
                    Err(error) => {
                        assert!(error.to_string().contains("a.sqlite"), "{error}");
                        named += 1;
                    }
                }
            }
        }
        // No effect: on a page of the file for which the log has a newer version, and on frames in the log from before
        // it began again.
        assert!(named > unimportant / 2, "{named} named, {unimportant} without effect");
    }
}

#[test]
fn a_cut_file_is_named() {
    for size in SIZES {
        let folder = Folder::new();
        let conn = folder.open();
        write(&conn, size);
        for ending in ["", "-wal"] {
            for part in [0, 1, 2, 3] {
                let cut = folder.copy();
                change(&cut.file(ending), |bytes| bytes.truncate(bytes.len() * part / 4));
                match open(&cut.db(), Durability::Synced) {
                    // The cut may hit only old frames after the log's end; and the file may have all pages.
                    Ok(conn) => assert_eq!(rows(&conn), size, "{ending} cut to {part}/4"),
                    Err(error) => assert!(error.to_string().contains("a.sqlite"), "{error}"),
                }
            }
        }
        let gone = folder.copy();
        std::fs::remove_file(gone.file("-sums")).unwrap();
        assert!(gone.refused().contains("a.sqlite-sums is damaged: it is missing"));
        let gone = folder.copy();
        std::fs::remove_file(gone.db()).unwrap();
        assert!(gone.refused().contains("a.sqlite"), "{}", gone.refused());
    }
}

#[test]
fn a_log_that_lost_its_last_transaction_is_named() {
    let folder = Folder::new();
    let conn = folder.open();
    write(&conn, 20);
    change(&folder.copy().file("-wal"), |_| {});
    let damaged = folder.copy();
    change(&damaged.file("-wal"), |bytes| {
        let last = bytes.len() - 1;
        bytes[last] ^= 1;
    });
    let error = damaged.refused();
    assert!(error.contains("a.sqlite-wal is damaged") && error.contains("missing"), "{error}");
}

/// The record of checksums is not synced with each transaction; the log is.
#[test]
fn a_record_that_lost_its_end_to_a_power_cut_is_no_damage() {
    let folder = Folder::new();
    let conn = folder.open();
    write(&conn, 20);
    let length = folder.file("-sums").metadata().unwrap().len();
    for lost in [1, 10, 100, 500] {
        let cut = folder.copy();
        change(&cut.file("-sums"), |bytes| bytes.truncate(usize::try_from(length - lost).unwrap()));
        assert_eq!(rows(&cut.open()), 20, "{lost} bytes lost");
        assert_eq!(rows(&cut.open()), 20, "and it is whole again");
        let zeros = folder.copy();
        change(&zeros.file("-sums"), |bytes| {
            let end = bytes.len();
            bytes[end - usize::try_from(lost).unwrap()..].fill(0);
        });
        assert_eq!(rows(&zeros.open()), 20, "{lost} bytes of zeros");
    }
}

/// Records after a damaged one are dropped, and must not come back when new records are written in their place.
#[test]
fn records_behind_a_damaged_one_are_gone_for_good() {
    let folder = Folder::new();
    let conn = folder.open();
    write(&conn, 20);
    // Records of one page have the same length: one that is written over another ends where the next begins.
    let update = |conn: &Connection, n: u32| {
        conn.execute("UPDATE t SET text = printf('%01000d', ?1) WHERE n = 1", [n]).unwrap();
    };
    (0..20).for_each(|n| update(&conn, n));
    let length = usize::try_from(folder.file("-sums").metadata().unwrap().len()).unwrap();
    for at in length - 400..length {
        let flipped = folder.copy();
        change(&flipped.file("-sums"), |bytes| bytes[at] ^= 1);
        let Ok(conn) = open(&flipped.db(), Durability::Synced) else { continue };
        update(&conn, 1_000);
        drop(conn);
        let n: u32 = flipped.open().query_row("SELECT text + 0 FROM t WHERE n = 1", [], |row| row.get(0)).unwrap();
        assert_eq!(n, 1_000, "byte {at}");
    }
}

#[test]
fn another_program_may_look_into_the_file_of_a_killed_process() {
    let folder = Folder::new();
    let conn = folder.open();
    write(&conn, 20);
    let killed = folder.copy();
    // Like SQLite's shell, this connection moves the log's pages to the file when it is closed.
    let shell = Connection::open(killed.db()).unwrap();
    assert_eq!(rows(&shell), 20);
    drop(shell);
    assert!(!killed.file("-wal").exists());
    assert_eq!(rows(&killed.open()), 20);
}

#[test]
fn a_file_that_somebody_else_wrote_to_is_named() {
    let folder = Folder::new();
    let conn = folder.open();
    write(&conn, 20);
    let meddled = folder.copy();
    let shell = Connection::open(meddled.db()).unwrap();
    shell.execute("DELETE FROM t WHERE n = 7", []).unwrap();
    drop(shell);
    assert!(meddled.refused().contains("a.sqlite is damaged"), "{}", meddled.refused());
}

#[test]
fn a_path_that_looks_like_a_uri_is_a_path() {
    let current = std::env::current_dir().unwrap();
    let folder = tempfile::Builder::new().prefix("file:").tempdir_in(&current).unwrap();
    let path = folder.path().strip_prefix(&current).unwrap().join("a?mode=memory");
    drop(open(&path, Durability::Synced).unwrap());
    assert!(path.exists());
    open_reader(&path).unwrap();
}

/// Nothing that is written may depend on the room and the rights of another folder.
#[test]
fn no_connection_makes_temporary_files() {
    const MEMORY: u8 = 2;
    let folder = Folder::new();
    let conn = folder.open();
    write(&conn, 1);
    for conn in [conn, open_reader(&folder.db()).unwrap(), open_unchecked(&folder.file("-other")).unwrap()] {
        assert_eq!(conn.query_row("PRAGMA temp_store", [], |row| row.get::<_, u8>(0)).unwrap(), MEMORY);
    }
}

#[test]
fn what_the_writer_before_commits_at_its_end_is_no_damage() {
    for _ in 0..10 {
        let folder = Folder::new();
        let (opened, is_open) = std::sync::mpsc::channel();
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let conn = folder.open();
                write(&conn, 5);
                opened.send(()).unwrap();
                let begun = std::time::Instant::now();
                while begun.elapsed() < Duration::from_millis(20) {
                    write(&conn, 1);
                }
            });
            is_open.recv().unwrap();
            let next = loop {
                match open(&folder.db(), Durability::Synced) {
                    Ok(conn) => break conn,
                    Err(OpenError::InUse { .. }) => {}
                    Err(error) => panic!("{error}"),
                }
            };
            assert!(rows(&next) > 5);
        });
    }
}

#[test]
fn a_file_has_one_writer() {
    let folder = Folder::new();
    let conn = folder.open();
    write(&conn, 1);
    assert!(matches!(open(&folder.db(), Durability::Synced), Err(OpenError::InUse { .. })));
    drop(conn);
    assert_eq!(rows(&folder.open()), 1);
}

#[test]
fn the_record_is_written_anew_when_it_is_long() {
    let folder = Folder::new();
    let conn = folder.open();
    write(&conn, 1);
    // Changes the same page each time: records of 36 bytes, together more than a megabyte.
    conn.execute_batch("CREATE TABLE n (n INTEGER)").unwrap();
    conn.pragma_update(None, "synchronous", "OFF").unwrap();
    let longest = (0..60_000).fold(0, |longest, n| {
        conn.execute("INSERT OR REPLACE INTO n (rowid, n) VALUES (1, ?1)", [n]).unwrap();
        longest.max(folder.file("-sums").metadata().unwrap().len())
    });
    assert!(longest > SLACK && longest < 2 * SLACK, "{longest}");
    assert!(folder.file("-sums").metadata().unwrap().len() < SLACK, "it was written anew");
    assert_eq!(rows(&folder.copy().open()), 1);
}

const SLACK: u64 = 1 << 20;

/// Compares the first 64 KiB only, then opens.
fn open_in_part(folder: &Folder) -> (Connection, Unchecked) {
    let mut inspected = inspect_first(&folder.db(), 64 << 10).unwrap();
    let left = inspected.take_unchecked().expect("it is longer");
    (inspected.open(Durability::Synced).unwrap(), left)
}

/// Compares the rest and returns how many calls it took.
fn check_rest(mut left: Unchecked) -> Result<u32, OpenError> {
    let mut rounds = 1;
    while left.check_some()? {
        rounds += 1;
    }
    Ok(rounds)
}

/// Moves all pages of the log to the file, and empties the log.
fn checkpoint(conn: &Connection) {
    conn.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
}

#[test]
fn the_rest_of_a_large_file_is_compared_while_it_is_used() {
    let folder = Folder::new();
    let conn = folder.open();
    write(&conn, 2_000);
    checkpoint(&conn);
    let length = folder.db().metadata().unwrap().len();
    assert!(length > 2_000_000, "{length}");

    let killed = folder.copy();
    let (conn, left) = open_in_part(&killed);
    assert_eq!((rows(&conn), check_rest(left).unwrap()), (2_000, 8));

    for at in [100 << 10, 1 << 20, usize::try_from(length).unwrap() - 1] {
        let flipped = folder.copy();
        change(&flipped.db(), |bytes| bytes[at] ^= 1);
        assert!(flipped.refused().contains("is not the one that was written"), "all of it is compared");
        let (_conn, left) = open_in_part(&flipped);
        let error = check_rest(left).expect_err("it is damaged").to_string();
        assert!(error.ends_with(&format!("page {} is not the one that was written", at / PAGE_BYTES + 1)), "{error}");
    }

    let flipped = folder.copy();
    change(&flipped.db(), |bytes| bytes[9_000] ^= 1);
    assert!(inspect_first(&flipped.db(), 64 << 10).is_err(), "the first part is compared at once");
    let cut = folder.copy();
    change(&cut.db(), |bytes| bytes.truncate(bytes.len() / 2));
    assert!(inspect_first(&cut.db(), 64 << 10).is_err(), "missing pages are found at once");
}

#[test]
fn pages_that_are_newer_in_the_log_are_no_damage() {
    let folder = Folder::new();
    let conn = folder.open();
    write(&conn, 2_000);
    checkpoint(&conn);
    // Each round changes a third of the rows: every third group of 20, which is some pages.
    let update = |conn: &Connection, round: u32, rest: u32| {
        let sql = "UPDATE t SET text = printf('%01000d', ?1 + n) WHERE (n / 20) % 3 = ?2";
        conn.execute(sql, [round, rest]).unwrap();
    };
    // Pages change before the start and while the rest is compared: some stay in the log, some move to the file.
    update(&conn, 1, 0);
    let killed = folder.copy();
    let (conn, mut left) = open_in_part(&killed);
    let mut rounds = 0;
    while left.check_some().unwrap() {
        rounds += 1;
        if rounds > 2 {
            update(&conn, rounds, 1);
        }
        if rounds % 4 == 0 {
            checkpoint(&conn);
        }
    }
    assert_eq!(rounds, 7);
}

#[test]
fn nothing_is_compared_of_a_file_that_was_closed() {
    let folder = Folder::new();
    let conn = folder.open();
    write(&conn, 2_000);
    checkpoint(&conn);
    let killed = folder.copy();
    let (conn, mut left) = open_in_part(&killed);
    drop(conn);
    assert!(!left.check_some().unwrap());
}

/// Reads again and again until told to stop, each time so long that several such threads leave no moment without a
/// reader.
fn read_on(path: &Path, stop: &std::sync::atomic::AtomicBool) {
    let conn = open_reader(path).unwrap();
    while !stop.load(std::sync::atomic::Ordering::Relaxed) {
        let tx = conn.unchecked_transaction().unwrap();
        let before = rows(&tx);
        std::thread::park_timeout(Duration::from_millis(20));
        assert_eq!(rows(&tx), before, "a reader sees one commit");
    }
}

#[test]
fn readers_that_overlap_do_not_keep_the_log_from_beginning_again() {
    let folder = Folder::new();
    let conn = open(&folder.db(), Durability::Unsynced).unwrap();
    write(&conn, 1);
    let stop = std::sync::atomic::AtomicBool::new(false);
    let log_bytes = || std::fs::metadata(folder.file("-wal")).unwrap().len();
    let mut longest = 0;
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| read_on(&folder.db(), &stop));
            std::thread::park_timeout(Duration::from_millis(5));
        }
        let megabyte = "INSERT INTO t (text) VALUES (printf('%01000000d', 1))";
        for _ in 0..3 * LOG_FRAMES * PAGE_BYTES as u64 / 1_000_000 {
            conn.execute(megabyte, []).unwrap();
            longest = longest.max(log_bytes());
        }
        stop.store(true, std::sync::atomic::Ordering::Relaxed);
    });
    let most = (LOG_FRAMES + 2 * RETRY_FRAMES) * PAGE_BYTES as u64;
    assert!(longest > most / 2, "{longest}: the readers were in nobody's way");
    assert!(longest <= most, "{longest}");
    // Once the log has begun again it is short.
    write(&conn, 4_000);
    assert!(log_bytes() <= 2 * LOG_BYTES_KEPT, "{}", log_bytes());
    drop(conn);
    assert_eq!(rows(&folder.open()), 4_001 + 402);
}
