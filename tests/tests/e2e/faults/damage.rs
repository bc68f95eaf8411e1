//! Files that are damaged while they are closed: the start fails, and names the file.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use tests::processes::{NodeAlone, binary, run};

use super::{check_refused, check_started, copy, ended, node};

#[derive(Debug, Clone, Copy)]
enum Damage {
    /// Flips one bit, at this byte from the start.
    Flip(usize),
    /// Cuts this many bytes off the end.
    Cut(usize),
    /// Cuts off all bytes.
    Empty,
}

fn apply(path: &Path, damage: Damage) {
    let mut bytes = std::fs::read(path).expect("a file");
    match damage {
        Damage::Flip(byte) => bytes[byte] ^= 4,
        Damage::Cut(count) => bytes.truncate(bytes.len() - count),
        Damage::Empty => bytes.clear(),
    }
    std::fs::write(path, bytes).expect("written");
}

/// Flips a bit in the first page of the write-ahead log: SQLite would drop the log from there on.
const IN_THE_LOG: Damage = Damage::Flip(32 + 24 + 100);

/// A node that has processed some blocks and was stopped.
fn stopped_node() -> NodeAlone {
    let mut alone = NodeAlone::start("");
    run(async {
        let client = alone.client();
        let mut watch = client.watch(0).await;
        for block in alone.script(3, 5).await {
            alone.push(&client, &block).await;
        }
        for _ in 0..4 {
            watch.block().await;
        }
    });
    assert!(alone.node.terminate().success());
    alone
}

#[test]
fn a_start_on_damaged_files_fails_and_names_the_file() {
    let alone = stopped_node();
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (logged, moved) = (folder.path().join("logged"), folder.path().join("moved"));
    copy(&alone.data_folder(), &logged);
    copy(&logged, &moved);
    for database in ["chainstate.sqlite", "burn.sqlite", "staging.sqlite"] {
        // Moves everything into the database file, so that the log is empty.
        let conn = rusqlite::Connection::open(moved.join(database)).expect("a database");
        let busy: u32 = conn.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0)).expect("a checkpoint");
        assert_eq!(busy, 0, "{database}");
    }
    let mut cases: Vec<(&Path, String, Damage)> = Vec::new();
    for database in ["chainstate.sqlite", "burn.sqlite", "staging.sqlite"] {
        let length = usize::try_from(moved.join(database).metadata().expect("a file").len()).expect("a small file");
        cases.push((&moved, database.to_owned(), Damage::Flip(length / 2)));
        cases.push((&moved, database.to_owned(), Damage::Cut(4096)));
        cases.push((&moved, database.to_owned(), Damage::Empty));
        cases.push((&logged, format!("{database}-wal"), IN_THE_LOG));
        cases.push((&moved, format!("{database}-sums"), Damage::Flip(8)));
    }
    let length = usize::try_from(moved.join("state.marf").metadata().expect("a file").len()).expect("a small file");
    for damage in [Damage::Flip(3), Damage::Flip(length / 2), Damage::Flip(length - 1), Damage::Cut(1), Damage::Empty] {
        cases.push((&moved, "state.marf".to_owned(), damage));
    }
    let work = folder.path().join("work");
    let start = || ended(node(&work, &alone.genesis_file()));
    for whole in [&logged, &moved] {
        copy(whole, &work);
        check_started("the whole folder", &start());
        std::fs::remove_dir_all(&work).expect("removed");
    }
    for (from, file, damage) in cases {
        copy(from, &work);
        apply(&work.join(&file), damage);
        let what = format!("{file} {damage:?}");
        let database = file.trim_end_matches("-wal").trim_end_matches("-sums");
        check_refused(&what, &start(), &[&work.display().to_string(), database, "is damaged"]);
        std::fs::remove_dir_all(&work).expect("removed");
    }
}

#[test]
fn a_devnet_on_damaged_files_fails_and_names_the_file() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let devnet = |data: &Path| {
        let mut command = Command::new(binary("mockamoto"));
        command.args(["--port", "0", "--data-dir"]).arg(data);
        command
    };
    let whole = folder.path().join("whole");
    let mut first = devnet(&whole).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("it starts");
    let lines = BufReader::new(first.stdout.take().expect("a pipe")).lines();
    assert!(lines.map_while(Result::ok).any(|line| line.contains("first block processed")), "no block");
    let status = Command::new("kill").args(["-INT", &first.id().to_string()]).status();
    assert!(status.expect("kill runs").success() && first.wait().expect("it ends").success());

    for (file, damage) in [("chainstate.sqlite-wal", IN_THE_LOG), ("state.marf", Damage::Cut(1))] {
        let work = folder.path().join("work");
        let status = Command::new("cp").arg("-r").args([&whole, &work]).status();
        assert!(status.expect("cp runs").success());
        apply(&work.join("node").join(file), damage);
        check_refused(file, &ended(devnet(&work)), &[file.trim_end_matches("-wal"), "is damaged"]);
        std::fs::remove_dir_all(&work).expect("removed");
    }
}
