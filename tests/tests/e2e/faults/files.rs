//! Too low a limit of open files, and a standard error that accepts no bytes.

use std::process::Command;

use tests::processes::binary;

use super::{check_refused, check_started, ended, node};

const GENESIS: &str = mockamoto_node::config::SAMPLE_GENESIS;

#[test]
fn a_limit_of_files_is_raised_or_refused_with_its_number_before_the_folder_is_made() {
    let folder = tempfile::tempdir().expect("a folder");
    let (data, genesis) = (folder.path().join("data"), folder.path().join("genesis.toml"));
    std::fs::write(&genesis, GENESIS).expect("a file");
    let limited = |limit: &str| {
        let node = node(&data, &genesis);
        let mut command = Command::new("prlimit");
        command.arg(format!("--nofile={limit}")).arg(node.get_program()).args(node.get_args());
        ended(command)
    };
    check_refused("128 files", &limited("128:128"), &["at most 128 files", "ulimit -n"]);
    assert!(!data.exists(), "a refused start leaves nothing behind");
    check_started("128 files that may become more", &limited("128:1024"));
}

#[test]
fn a_devnet_with_too_few_files_makes_no_folder() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    let mut command = Command::new("prlimit");
    command.arg("--nofile=128:128").arg(binary("mockamoto")).arg("--data-dir").arg(&data);
    check_refused("128 files", &ended(command), &["at most 128 files", "ulimit -n"]);
    assert!(!data.exists(), "a refused start leaves nothing behind");
}

#[test]
fn last_words_that_find_no_room_are_no_panic() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut command = node(&folder.path().join("data"), &folder.path().join("no-such-file"));
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").expect("a device that is full");
    let status = command.stdin(std::process::Stdio::null()).stderr(full).status().expect("it starts");
    // A panic has another exit code.
    assert_eq!(status.code(), Some(1));
}
