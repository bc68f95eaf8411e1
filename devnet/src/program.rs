//! This program's own file, from which the devnet's processes are started: the same one as long as the devnet runs, also when it
//! was built anew meanwhile.

use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use tokio::process::Command;

/// Where Linux has the file of the program that asks: also after another took its name, or it lost its name.
const RUNNING: &str = "/proc/self/exe";

/// The program that runs.
#[derive(Debug)]
pub(crate) struct Program {
    /// Where it was at the start.
    path: PathBuf,
    /// Another way to it; leads nowhere where the system has none.
    running: PathBuf,
}

impl Program {
    /// The program that runs now. To be asked once, at the start: afterwards its name may be another program's.
    ///
    /// # Errors
    /// When the system does not say where it is.
    pub(crate) fn current() -> anyhow::Result<Self> {
        let path = std::env::current_exe().context("this program's own file is not known")?;
        Ok(Self { path, running: RUNNING.into() })
    }

    /// A command that starts it again. Its first argument is its name, by whichever way it is reached.
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(self.file());
        command.arg0(&self.path);
        command
    }

    /// Its name while that still leads to it, since the system's lists show processes by the name that they were started by.
    fn file(&self) -> &Path {
        let file = |path: &Path| std::fs::metadata(path).ok().map(|found| (found.dev(), found.ino()));
        match file(&self.running) {
            Some(running) if file(&self.path) != Some(running) => &self.running,
            _ => &self.path,
        }
    }

    /// A program at this path, which may be none.
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
        // A system without that other way.
        std::fs::remove_file(&running).unwrap();
        assert_eq!(program.file(), path);
    }

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn a_program_that_was_removed_starts() {
        let gone = Program { path: "/nowhere/mockamoto".into(), running: RUNNING.into() };
        // The program is this test's.
        let output = gone.command().arg("--list").output().await.unwrap();
        assert!(output.status.success());
        assert!(String::from_utf8_lossy(&output.stdout).contains("a_program_that_was_removed_starts"));
    }
}
