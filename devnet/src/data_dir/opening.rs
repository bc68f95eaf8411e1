//! Opens a devnet's folder on a separate thread: trying boot contracts can take long, and Ctrl-C must end it at once.

use std::path::{Path, PathBuf};

use anyhow::Context;
use tempfile::TempDir;
use tokio::task::{JoinHandle, spawn_blocking};

use super::DataDir;
use crate::args::Args;

/// Most tries to remove a folder in which a thread may still make files.
const REMOVALS: u32 = 3;

/// A folder that a thread opens. If this is dropped before the thread has finished, temporary folders are removed, and
/// nobody waits for the thread.
#[derive(Debug)]
pub(crate) struct Opening {
    thread: JoinHandle<anyhow::Result<DataDir>>,
    folder: Option<TemporaryFolder>,
    trial: Option<TemporaryFolder>,
}

/// A folder that is removed when this is dropped.
#[derive(Debug)]
pub(super) struct TemporaryFolder(TempDir);

/// What to open.
#[derive(Debug)]
pub(super) struct Request {
    pub args: Args,
    /// The devnet's folder.
    pub path: PathBuf,
    /// Whether it is a new folder that is not kept.
    pub is_temporary: bool,
    /// An empty folder to try the genesis in, when there are boot contracts to try.
    pub trial: Option<PathBuf>,
}

impl Opening {
    /// Begins to open the folder, or to make it; without a path a temporary one. Needs a running tokio runtime.
    ///
    /// # Errors
    /// When no temporary folder can be made.
    pub(crate) fn begin(args: &Args, path: Option<&Path>) -> anyhow::Result<Self> {
        let folder = match path {
            Some(_) => None,
            None => Some(TemporaryFolder::make("mockamoto-")?),
        };
        let trial = match args.boot_contracts {
            Some(_) => Some(TemporaryFolder::make("mockamoto-trial-")?),
            None => None,
        };
        let temporary = folder.as_ref().map(|folder| folder.0.path());
        let request = Request {
            args: args.clone(),
            path: path.or(temporary).context("no data folder")?.to_owned(),
            is_temporary: folder.is_some(),
            trial: trial.as_ref().map(|folder| folder.0.path().to_owned()),
        };
        Ok(Self { thread: spawn_blocking(move || DataDir::open_now(request)), folder, trial })
    }

    /// Waits until the folder is open.
    ///
    /// # Errors
    /// When the folder cannot be used, is in use, or was made for something else.
    pub(crate) async fn finish(self) -> anyhow::Result<DataDir> {
        let Self { thread, folder, trial } = self;
        let opened = thread.await.context("the folder could not be opened")??;
        drop(trial);
        Ok(DataDir { _temporary: folder, ..opened })
    }
}

impl TemporaryFolder {
    fn make(prefix: &str) -> anyhow::Result<Self> {
        Ok(Self(tempfile::Builder::new().prefix(prefix).tempdir().context("no temporary folder")?))
    }
}

impl Drop for TemporaryFolder {
    /// A thread that makes a file at the same moment keeps the folder from being removed, so there are several tries.
    fn drop(&mut self) {
        let _ = (0..REMOVALS).find(|_| std::fs::remove_dir_all(self.0.path()).is_ok());
    }
}

#[cfg(test)]
mod tests {
    use std::fs::OpenOptions;
    use std::io::Write as _;
    use std::process::Command;
    use std::time::Duration;

    use clap::Parser;

    use super::*;

    #[test]
    fn a_folder_that_takes_long_to_open_is_given_up_and_leaves_nothing() {
        let brought = tempfile::tempdir().unwrap();
        // A contract whose text does not arrive keeps the thread busy as long as the test needs.
        let contract = brought.path().join("slow.clar");
        assert!(Command::new("mkfifo").arg(&contract).status().unwrap().success());
        let args = Args::parse_from(["mockamoto", "--boot-contracts", brought.path().to_str().unwrap()]);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let folders = runtime.block_on(async {
            let opening = Opening::begin(&args, None).unwrap();
            let folder = opening.folder.as_ref().expect("a temporary folder").0.path().to_owned();
            let trial = opening.trial.as_ref().expect("there are boot contracts");
            let folders = [folder, trial.0.path().to_owned()];
            assert!(folders.iter().all(|folder| folder.exists()));
            tokio::time::timeout(Duration::from_millis(50), opening.finish()).await.unwrap_err();
            folders
        });
        runtime.shutdown_background();
        assert!(!folders.iter().any(|folder| folder.exists()));
        // The thread continues, but does not make them again.
        let mut text = OpenOptions::new().read(true).write(true).open(&contract).unwrap();
        text.write_all(b"(+ 1 2)").unwrap();
        drop(text);
        std::thread::park_timeout(Duration::from_millis(50));
        assert!(!folders.iter().any(|folder| folder.exists()));
    }
}
