use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Sender, channel};

use super::*;
use crate::journal::JournalBounds;

fn store() -> Store {
    let conn = Connection::open_in_memory().expect("a database");
    conn.execute_batch("CREATE TABLE rows (n INTEGER)").expect("a table");
    let bounds = JournalBounds { oldest: 1, newest: 0, end_offset: 0, oldest_time_ms: 0, oldest_end: 0 };
    let (store, _) = Store::spawn(conn, JournalTail::new([0; 16], bounds), || 0).expect("a writer");
    store
}

/// Keeps the writer busy until the sender is used or dropped, so that the jobs sent meanwhile are one group.
fn keep_busy(store: &Store) -> Sender<()> {
    let (go, wait) = channel();
    let work = Box::new(move |_: &mut WriteTx<'_>| {
        let _ = wait.recv();
        Outcome { keep: true, done: Box::new(|_| {}) }
    });
    store.jobs.send(Job { work, refuse: Box::new(|_| {}), alone: false }).expect("the writer runs");
    go
}

/// Sends a job without waiting for it.
fn send(store: &Store, work: impl FnOnce(&mut WriteTx<'_>) + Send + 'static) -> Receiver<Result<(), StoreError>> {
    send_job(store, false, true, work)
}

/// Sends a job that has a transaction of its own, and fails unless `keep`.
fn send_alone(
    store: &Store,
    keep: bool,
    work: impl FnOnce(&mut WriteTx<'_>) + Send + 'static,
) -> Receiver<Result<(), StoreError>> {
    send_job(store, true, keep, work)
}

fn send_job(
    store: &Store,
    alone: bool,
    keep: bool,
    work: impl FnOnce(&mut WriteTx<'_>) + Send + 'static,
) -> Receiver<Result<(), StoreError>> {
    let (reply, answer) = sync_channel(1);
    let refusal = reply.clone();
    let work = Box::new(move |tx: &mut WriteTx<'_>| {
        work(tx);
        let done = move |result| drop(reply.send(result));
        Outcome { keep, done: Box::new(done) }
    });
    let refuse = Box::new(move |error| drop(refusal.send(Err(error))));
    store.jobs.send(Job { work, refuse, alone }).expect("the writer runs");
    answer
}

/// Both runs do the same, except that in one a deferred constraint makes the commit fail.
#[test]
fn what_is_shown_with_a_commit_is_there_before_it_and_taken_back_when_it_fails() {
    for fails in [false, true] {
        let conn = Connection::open_in_memory().expect("a database");
        let sql = "PRAGMA foreign_keys = ON; CREATE TABLE parents (id INTEGER PRIMARY KEY);
                   CREATE TABLE children (parent INTEGER REFERENCES parents (id) DEFERRABLE INITIALLY DEFERRED)";
        conn.execute_batch(sql).expect("tables");
        let bounds = JournalBounds { oldest: 1, newest: 0, end_offset: 0, oldest_time_ms: 0, oldest_end: 0 };
        let (store, _) = Store::spawn(conn, JournalTail::new([0; 16], bounds), || 0).expect("a writer");
        let (steps, taken) = channel();
        let (with, undo, after) = (steps.clone(), steps.clone(), steps);
        let answer = send(&store, move |tx| {
            if fails {
                tx.sql().execute("INSERT INTO children VALUES (1)", []).expect("it is checked at the commit");
            }
            tx.with_commit(move || {
                with.send("shown").expect("the test waits");
                move || undo.send("taken back").expect("the test waits")
            });
            tx.after_commit(move || after.send("committed").expect("the test waits"));
        });
        assert_eq!(answer.recv().expect("an answer").is_err(), fails);
        let last = if fails { "taken back" } else { "committed" };
        assert_eq!(taken.iter().take(2).collect::<Vec<_>>(), ["shown", last]);
    }
}

#[test]
fn a_job_alone_has_a_transaction_of_its_own() {
    let (store, published) = (store(), Arc::new(AtomicBool::new(false)));
    let go = keep_busy(&store);
    let (see, seen) = channel();
    let note = |published: &Arc<AtomicBool>| {
        let (published, see) = (Arc::clone(published), see.clone());
        move || see.send(published.load(Ordering::SeqCst)).expect("the test waits")
    };
    // Each notes whether what follows the commit of the one before has happened.
    let publish = Arc::clone(&published);
    let before = send(&store, move |tx| tx.after_commit(move || publish.store(true, Ordering::SeqCst)));
    let (saw, hide) = (note(&published), Arc::clone(&published));
    let alone = send_alone(&store, true, move |tx| {
        saw();
        assert!(tx.sql().execute_batch("RELEASE job").is_err(), "it has no savepoint");
        tx.sql().execute("INSERT INTO rows VALUES (1)", []).expect("a row");
        tx.after_commit(move || hide.store(false, Ordering::SeqCst));
    });
    let saw = note(&published);
    let after = send(&store, move |_| saw());
    drop(go);
    for answer in [before, alone, after] {
        answer.recv().expect("an answer").expect("committed");
    }
    assert_eq!([seen.recv(), seen.recv()], [Ok(true), Ok(false)]);
}

#[test]
fn a_job_alone_that_fails_or_panics_leaves_nothing_and_harms_no_other() {
    let store = store();
    let go = keep_busy(&store);
    let insert = |tx: &mut WriteTx<'_>| {
        tx.sql().execute("INSERT INTO rows VALUES (1)", []).expect("a row");
        tx.after_commit(|| unreachable!("it was not committed"));
    };
    let before = send(&store, |tx| drop(tx.sql().execute("INSERT INTO rows VALUES (2)", [])));
    let fails = send_alone(&store, false, insert);
    let panics = send_alone(&store, true, move |tx| {
        insert(tx);
        std::panic::panic_any("on purpose");
    });
    let after = send(&store, |tx| drop(tx.sql().execute("INSERT INTO rows VALUES (3)", [])));
    drop(go);
    for answer in [before, fails, after] {
        answer.recv().expect("an answer").expect("nothing of the node failed");
    }
    let refused = panics.recv().expect("an answer").expect_err("it did nothing");
    assert!(matches!(&refused, StoreError::Database(text) if text.contains("on purpose")), "{refused:?}");
    let next = send(&store, |tx| {
        let rows: u32 = tx.sql().query_row("SELECT sum(n) FROM rows", [], |row| row.get(0)).expect("a number");
        assert_eq!(rows, 2 + 3, "those of the other two");
    });
    next.recv().expect("an answer").expect("committed");
}

#[test]
fn a_full_disk_in_the_middle_of_a_group_is_reported_to_all_of_it() {
    let store = store();
    let go = keep_busy(&store);
    let insert = |tx: &mut WriteTx<'_>| drop(tx.sql().execute("INSERT INTO rows VALUES (1)", []));
    let before = send(&store, insert);
    // SQLite does this by itself when the disk is full.
    let full = send(&store, |tx| tx.sql().execute_batch("ROLLBACK").expect("a transaction"));
    let after = send(&store, insert);
    drop(go);
    for answer in [before, full, after] {
        let answer = answer.recv().expect("nobody is left without an answer");
        assert!(matches!(answer, Err(StoreError::DiskFull)), "{answer:?}");
    }
    let next = send(&store, |tx| {
        let rows: u32 = tx.sql().query_row("SELECT count(*) FROM rows", [], |row| row.get(0)).expect("a number");
        assert_eq!(rows, 0, "nothing of the group stayed");
    });
    next.recv().expect("an answer").expect("committed");
}

#[test]
fn a_job_that_panics_says_so_and_harms_no_other_of_its_group() {
    let store = store();
    let go = keep_busy(&store);
    let insert = |tx: &mut WriteTx<'_>| {
        tx.sql().execute("INSERT INTO rows VALUES (1)", []).expect("a row");
    };
    let before = send(&store, insert);
    let broken = send(&store, move |tx| {
        insert(tx);
        std::panic::panic_any("on purpose");
    });
    let after = send(&store, insert);
    drop(go);
    before.recv().expect("an answer").expect("committed");
    let refused = broken.recv().expect("an answer").expect_err("it did nothing");
    assert!(matches!(&refused, StoreError::Database(text) if text.contains("on purpose")), "{refused:?}");
    after.recv().expect("an answer").expect("committed");
    let rows = send(&store, |tx| {
        let rows: u32 = tx.sql().query_row("SELECT count(*) FROM rows", [], |row| row.get(0)).expect("a number");
        assert_eq!(rows, 2, "those of the other two");
    });
    rows.recv().expect("an answer").expect("committed");
}

#[test]
fn all_of_a_group_hear_why_a_savepoint_failed() {
    let store = store();
    let go = keep_busy(&store);
    let before = send(&store, |_| {});
    let meddler = send(&store, |tx| tx.sql().execute_batch("RELEASE job").expect("a savepoint"));
    let after = send(&store, |_| {});
    drop(go);
    for answer in [before, meddler, after] {
        let answer = answer.recv().expect("nobody is left without an answer");
        assert!(matches!(answer, Err(StoreError::Database(_))), "{answer:?}");
    }
}

#[test]
fn a_broken_transaction_harms_no_job_of_another() {
    let store = store();
    let go = keep_busy(&store);
    let meddler = send(&store, |tx| tx.sql().execute_batch("RELEASE job").expect("a savepoint"));
    let alone = send_job(&store, true, true, |tx| tx.sql().execute_batch("ROLLBACK").expect("its own transaction"));
    let insert = |tx: &mut WriteTx<'_>| {
        tx.sql().execute("INSERT INTO rows VALUES (1)", []).expect("a row");
    };
    let (next_alone, shared) = (send_job(&store, true, true, insert), send(&store, insert));
    drop(go);
    for broken in [meddler, alone] {
        let answer = broken.recv().expect("nobody is left without an answer");
        answer.expect_err("its transaction is broken");
    }
    for other in [next_alone, shared] {
        other.recv().expect("an answer").expect("it is committed");
    }
}

#[test]
fn a_job_that_fails_leaves_nothing_and_harms_no_other_of_its_group() {
    let store = store();
    let go = keep_busy(&store);
    let insert = |tx: &mut WriteTx<'_>| {
        tx.sql().execute("INSERT INTO rows VALUES (1)", []).expect("a row");
    };
    let before = send(&store, insert);
    let refused = send_job(&store, false, false, insert);
    let after = send(&store, insert);
    drop(go);
    for answer in [before, refused, after] {
        answer.recv().expect("an answer").expect("the group is committed");
    }
    let next = send(&store, |tx| {
        let rows: u32 = tx.sql().query_row("SELECT count(*) FROM rows", [], |row| row.get(0)).expect("a number");
        assert_eq!(rows, 2, "those of the other two");
    });
    next.recv().expect("an answer").expect("committed");
}
