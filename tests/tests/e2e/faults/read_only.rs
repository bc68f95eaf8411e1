//! A read-only data folder: the start fails, and says which folder and why.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

use tests::processes::{NodeAlone, binary, wrapped};

use super::{check_refused, copy, ended, node};

/// Makes a command that cannot write to `folder`.
type Shield = fn(&Path, &Command) -> Command;

/// By permissions of the folder and its files. They also bind root if it drops the capability to ignore them.
fn by_permissions(folder: &Path, command: &Command) -> Command {
    for entry in std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry")) {
        set_mode(&entry.path(), if entry.path().is_dir() { 0o555 } else { 0o444 });
    }
    set_mode(folder, 0o555);
    as_anybody(command)
}

/// Runs the command as a user to whom permissions apply.
fn as_anybody(command: &Command) -> Command {
    let root = Command::new("id").arg("-u").output().expect("id runs").stdout == b"0\n";
    match root {
        true => wrapped(&["setpriv", "--bounding-set", "-dac_override"], command),
        false => wrapped(&["env"], command),
    }
}

/// By a read-only mount of the folder that no other process sees.
fn by_mount(folder: &Path, command: &Command) -> Command {
    let script = "mount --bind \"$1\" \"$1\" && mount -o remount,bind,ro \"$1\" && shift && exec \"$@\"";
    let folder = folder.to_str().expect("UTF-8");
    wrapped(&["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", script, "sh", folder], command)
}

fn set_mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).expect("its owner may");
}

/// Whether the shield really prevents writes; otherwise the test proves nothing.
fn holds(shield: Shield) -> bool {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let attempt = |program: &str| {
        let mut command = Command::new(program);
        command.arg(folder.path().join("file"));
        shield(folder.path(), &command).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
    };
    // Other commands must still run behind the shield.
    let runs = shield(folder.path(), &Command::new("true")).stderr(Stdio::null()).status();
    let holds = runs.is_ok_and(|status| status.success()) && !attempt("touch");
    set_mode(folder.path(), 0o755);
    holds
}

#[test]
fn a_start_on_a_folder_that_cannot_be_written_fails_and_names_it_with_the_cause() {
    let mut alone = NodeAlone::start("");
    assert!(alone.node.terminate().success());
    let shields: [(Shield, &str); 2] = [(by_permissions, "Permission denied"), (by_mount, "Read-only file system")];
    let shields = shields.into_iter().filter(|(shield, cause)| {
        let holds = holds(*shield);
        if !holds {
            println!("NOT TESTED: this user cannot bring about \"{cause}\" (needs setpriv, or a user namespace)");
        }
        holds
    });
    let shields: Vec<_> = shields.collect();
    assert!(!shields.is_empty(), "no folder can be made read-only here: as root, install util-linux (setpriv)");
    for (shield, cause) in shields {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let (parent, used) = (folder.path().join("parent"), folder.path().join("used"));
        std::fs::create_dir(&parent).expect("a folder");
        copy(&alone.data_folder(), &used);
        let named = used.display().to_string();
        let output = ended(shield(&used, &node(&used, &alone.genesis_file())));
        check_refused("a chain's folder", &output, &[&named, cause]);
        let new = parent.join("new");
        let output = ended(shield(&parent, &node(&new, &alone.genesis_file())));
        check_refused("a new folder in it", &output, &[&new.display().to_string(), cause]);
        let mut devnet = Command::new(binary("mockamoto"));
        let home = folder.path().join("home");
        std::fs::create_dir(&home).expect("a folder");
        devnet.args(["--port", "0", "--data-dir"]).arg(&home);
        check_refused("a devnet", &ended(shield(&home, &devnet)), &[&home.display().to_string(), cause]);
        set_mode(&used, 0o755);
        set_mode(&home, 0o755);
        set_mode(&parent, 0o755);
    }
}

/// SQLite must create files beside a database, but its error does not say so.
#[test]
fn a_folder_that_takes_no_new_files_is_named_although_its_files_can_be_written() {
    let mut alone = NodeAlone::start("");
    assert!(alone.node.terminate().success());
    assert!(holds(by_permissions), "permissions bind nobody here: as root, install util-linux (setpriv)");
    let data = alone.data_folder();
    for database in ["chainstate.sqlite", "burn.sqlite", "staging.sqlite"] {
        std::fs::remove_file(data.join(format!("{database}-shm"))).expect("it is only an index");
    }
    set_mode(&data, 0o555);
    let output = ended(as_anybody(&node(&data, &alone.genesis_file())));
    set_mode(&data, 0o755);
    check_refused("no new files", &output, &[&data.display().to_string(), "Permission denied"]);
}
