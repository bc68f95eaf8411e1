//! This program's file, from which the devnet's processes are started: the same file as long as the devnet runs, even
//! if the program is rebuilt meanwhile.

use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use tokio::process::Command;

/// On Linux, the file of the running program, even if another file took its name or it was removed.
const RUNNING: &str = "/proc/self/exe";

/// The program that runs.
#[derive(Debug)]
pub(crate) struct Program {
    /// Its path at the start.
    path: PathBuf,
    /// Another path to it; leads nowhere if the system has none.
    running: PathBuf,
}

impl Program {
    /// The program that runs now. Call it once, at the start: later the name may belong to another program.
    ///
    /// # Errors
    /// When the system does not tell its path.
    pub(crate) fn current() -> anyhow::Result<Self> {
        let path = std::env::current_exe().context("this program's own file is not known")?;
        Ok(Self { path, running: RUNNING.into() })
    }

    /// A command that starts it again. Its first argument is its name, whichever path is used.
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(self.file());
        command.arg0(&self.path);
        command
    }

    /// The original path while that still leads to it, since process lists show the path by which a process was
    /// started; else the other one.
    fn file(&self) -> &Path {
        let file = |path: &Path| std::fs::metadata(path).ok().map(|found| (found.dev(), found.ino()));
        match file(&self.running) {
            Some(running) if file(&self.path) != Some(running) => &self.running,
            _ => &self.path,
        }
    }

    /// A program at this path, which need not exist.
    #[cfg(test)]
    pub(crate) fn at(path: &Path) -> Self {
        Self { path: path.to_owned(), running: PathBuf::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_whose_name_another_has_or_none_is_still_found() {
        let folder = tempfile::tempdir().unwrap();
        let [running, path] = ["running", "program"].map(|name| folder.path().join(name));
        std::fs::write(&running, "this program").unwrap();
        std::fs::hard_link(&running, &path).unwrap();
        let program = Program { path: path.clone(), running: running.clone() };
        assert_eq!(program.file(), path);
        std::fs::remove_file(&path).unwrap();
        assert_eq!(program.file(), running);
        std::fs::write(&path, "another program").unwrap();
        assert_eq!(program.file(), running);
        // A system without the other path.
        std::fs::remove_file(&running).unwrap();
        assert_eq!(program.file(), path);
    }

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn a_program_that_was_removed_starts() {
        let gone = Program { path: "/nowhere/mockamoto".into(), running: RUNNING.into() };
        // The program here is the test's own.
        let output = gone.command().arg("--list").output().await.unwrap();
        assert!(output.status.success());
        assert!(String::from_utf8_lossy(&output.stdout).contains("a_program_that_was_removed_starts"));
    }
}
