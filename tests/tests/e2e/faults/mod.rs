//! Faults of the system: the disk is full, read-only, or returns other bytes than were written; too few files may be
//! open.

mod damage;
mod files;
mod full_disk;
mod read_only;

use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::mpsc;

use tests::processes::{WAIT, binary};

/// Command for `mockamoto-node` on this folder. The node stops right after its start, as its standard input has ended.
fn node(data: &Path, genesis: &Path) -> Command {
    let mut command = Command::new(binary("mockamoto-node"));
    command.arg("--data-dir").arg(data).arg("--genesis").arg(genesis);
    command.args(["--bind", "127.0.0.1:0", "--burn-block-interval", "0", "--stop-on-stdin-eof"]);
    command
}

/// Runs a command that must end by itself; returns its output.
fn ended(mut command: Command) -> Output {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = command.spawn().expect("it starts");
    let id = child.id().to_string();
    let (done, output) = mpsc::channel();
    std::thread::spawn(move || done.send(child.wait_with_output()));
    output.recv_timeout(WAIT).map(|output| output.expect("its output")).unwrap_or_else(|_| {
        let _ = Command::new("kill").args(["-9", &id]).status();
        panic!("it goes on for ever: {command:?}")
    })
}

/// Checks that the start failed without a panic and printed all of these words; returns its output.
fn check_refused(what: &str, output: &Output, words: &[&str]) -> String {
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{what}: {said}");
    assert!(!said.contains("panicked"), "{what}: {said}");
    for word in words {
        assert!(said.contains(word), "{what}: `{word}` is not in: {said}");
    }
    said
}

/// Checks that the node started and stopped without an error.
fn check_started(what: &str, output: &Output) {
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success() && said.contains("serving") && !said.contains("ERROR"), "{what}: {said}");
}

/// Copies a folder with its files.
fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder");
    for entry in std::fs::read_dir(from).expect("a folder").map(|entry| entry.expect("an entry")) {
        std::fs::copy(entry.path(), to.join(entry.file_name())).expect("a copy");
    }
}
