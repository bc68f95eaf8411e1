//! The two ways to die: at a named point, and at any moment.

use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use sqlite::Durability;

use super::check::{Outcome, check, outcome};
use super::log::{Acknowledged, Log};
use super::script;
use crate::support::TestChain;
use chainstate::test_support::on_a_large_stack;

const FOLDER: &str = "CRASH_TEST_FOLDER";
const PRUNE: &str = "CRASH_TEST_PRUNE";
const UNSYNCED: &str = "CRASH_TEST_UNSYNCED";
/// SIGABRT and SIGKILL.
const ABORTED: i32 = 6;
const KILLED: i32 = 9;
/// Kills at random moments.
const KILLS: u64 = 8;

/// The child half of the tests below: without a folder there is nothing to do.
#[test]
#[ignore = "started by the other tests of this file"]
fn child() {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    on_a_large_stack(move || {
        let folder = Path::new(&folder);
        let durability = Durability::from_setting(std::env::var_os(UNSYNCED).is_none());
        script::run(&folder.join("data"), &folder.join("log"), std::env::var_os(PRUNE).is_some(), durability);
    });
}

/// In memory where there is such a folder: the death of a process does not need the disk, and hundreds of syncs take
/// long.
fn scratch() -> tempfile::TempDir {
    let folder = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir());
    folder.expect("a temporary folder")
}

fn start(folder: &Path, crash_at: &str, prune: bool, durability: Durability) -> Child {
    let mut command = Command::new(std::env::current_exe().expect("a test has a path"));
    command.args(["--exact", "crash::points::child", "--ignored", "--nocapture"]);
    command.env(FOLDER, folder).env("MOCKAMOTO_CRASH_AT", crash_at);
    if prune {
        command.env(PRUNE, "1");
    }
    if durability == Durability::Unsynced {
        command.env(UNSYNCED, "1");
    }
    let output = std::fs::File::create(folder.join("output")).expect("a file");
    command.stdout(output.try_clone().expect("a handle")).stderr(output).stdin(Stdio::null());
    command.spawn().expect("the test binary starts")
}

fn run(folder: &Path, crash_at: &str, prune: bool, durability: Durability) -> ExitStatus {
    let status = start(folder, crash_at, prune, durability).wait().expect("it ends");
    let output = || std::fs::read_to_string(folder.join("output")).unwrap_or_default();
    let known = status.success() || status.signal() == Some(ABORTED);
    assert!(known, "{crash_at}: the child ended with {status}:\n{}", output());
    status
}

/// The outcome of a run that is not killed, and the time that it took.
fn whole() -> (Outcome, Duration) {
    let folder = scratch();
    let started = Instant::now();
    assert!(run(folder.path(), "", false, Durability::Synced).success());
    let took = started.elapsed();
    assert_eq!(Log::read(&folder.path().join("log")).last(), Some(&Acknowledged::Done));
    let test = TestChain::at(&folder.path().join("data"), Durability::Unsynced);
    assert_eq!(test.tip().chain_length, script::BLOCKS);
    (outcome(&test), took)
}

#[test]
fn a_process_that_dies_at_any_named_point_leaves_the_old_state_or_the_new_one() {
    on_a_large_stack(|| {
        let (whole, _) = whole();
        let todo = Mutex::new(sqlite::CRASH_POINTS.iter());
        let work = || {
            loop {
                let Some(name) = todo.lock().expect("no panic").next() else { return };
                // The first time, and later ones if the point is reached so often. Unsynced runs do too: a killed
                // process loses nothing that it wrote.
                let (synced, unsynced) = (Durability::Synced, Durability::Unsynced);
                for (count, durability) in [(1, synced), (1, unsynced), (2, synced), (5, unsynced), (14, synced)] {
                    let crash_at = format!("{name}:{count}");
                    let folder = scratch();
                    // These points are reached only when much is written.
                    let prune = name.starts_with("prune") || name.ends_with("_checkpoint");
                    if run(folder.path(), &crash_at, prune, durability).success() {
                        assert!(count > 1, "{name} was never reached");
                        break;
                    }
                    let what = format!("{crash_at}, {durability:?}");
                    check(&what, &folder.path().join("data"), &folder.path().join("log"), &whole);
                }
            }
        };
        std::thread::scope(|scope| {
            let work = &work;
            let threads: Vec<_> = (0..2)
                .map(|_| {
                    let builder = std::thread::Builder::new().stack_size(chainstate::execution::STACK_BYTES);
                    builder.spawn_scoped(scope, work).expect("a thread")
                })
                .collect();
            for thread in threads {
                thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            }
        });
    });
}

#[test]
fn a_process_that_is_killed_at_any_moment_leaves_the_old_state_or_the_new_one() {
    use std::hash::{BuildHasher as _, RandomState};
    let seed: u64 = match std::env::var("CRASH_TEST_SEED") {
        Ok(seed) => seed.parse().expect("CRASH_TEST_SEED is a number"),
        Err(_) => RandomState::new().hash_one(0),
    };
    println!("CRASH_TEST_SEED={seed}");
    on_a_large_stack(move || {
        let (whole, took) = whole();
        let mut state = seed;
        for round in 0..KILLS {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let after = took.mul_f64(f64::from(u32::try_from(state >> 32).expect("32 bits")) / f64::from(u32::MAX));
            let folder = scratch();
            let durability = Durability::from_setting(round % 2 == 0);
            let mut child = start(folder.path(), "", false, durability);
            let end = Instant::now() + after;
            while Instant::now() < end && child.try_wait().expect("it can be asked").is_none() {
                std::thread::park_timeout(Duration::from_micros(200));
            }
            child.kill().expect("it can be killed");
            let status = child.wait().expect("it ends");
            assert!(status.success() || status.signal() == Some(KILLED), "{status}");
            let what = format!("seed {seed}, round {round}, {durability:?}, killed after {after:?}");
            check(&what, &folder.path().join("data"), &folder.path().join("log"), &whole);
        }
    });
}
