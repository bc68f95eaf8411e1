//! A small disk that can be filled, and commands that run inside other commands.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// A command, with its environment, as the last arguments of another one.
#[must_use]
pub fn wrapped(prefix: &[&str], command: &Command) -> Command {
    let (program, arguments) = prefix.split_first().map_or(("env", prefix), |(program, rest)| (*program, rest));
    let mut whole = Command::new(program);
    whole.args(arguments).arg(command.get_program()).args(command.get_args());
    whole.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    whole
}

/// A file system in memory that only processes started on it can see. It is gone when this is dropped.
pub struct SmallDisk {
    folder: PathBuf,
    holder: Child,
}

impl SmallDisk {
    /// Mounts a disk of `bytes` bytes at a folder.
    ///
    /// # Errors
    /// Why this user cannot mount it.
    ///
    /// # Panics
    /// When `sh` does not do what it must.
    pub fn mount(folder: &Path, bytes: u64) -> Result<Self, String> {
        let script = "mount -t tmpfs -o \"size=$1\" tmpfs \"$2\" && echo mounted && exec cat";
        let mut command = Command::new("unshare");
        command.args(["--user", "--map-root-user", "--mount", "sh", "-c", script, "sh", &bytes.to_string()]);
        // Nothing is written to the holder's standard input. The holder ends when that is closed, at the latest at the
        // end of this process.
        let holder = command.arg(folder).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
        let mut holder = holder.map_err(|error| format!("no unshare (util-linux) here: {error}"))?;
        let mut line = String::new();
        let said = holder.stdout.take().expect("a pipe");
        BufReader::new(said).read_line(&mut line).expect("a line or its end");
        let disk = Self { folder: folder.to_owned(), holder };
        match line.trim() {
            "mounted" => Ok(disk),
            _ => Err("this user may not mount a small disk of its own".to_owned()),
        }
    }

    /// The command, wrapped so that it runs where the disk is mounted. The process keeps its id.
    #[must_use]
    pub fn on_it(&self, command: &Command) -> Command {
        let holder = self.holder.id().to_string();
        wrapped(&["nsenter", "--user", "--mount", "--preserve-credentials", "--target", &holder], command)
    }

    /// Path under which this process reaches the disk.
    ///
    /// # Panics
    /// When its folder is not an absolute path.
    #[must_use]
    pub fn folder(&self) -> PathBuf {
        let root = PathBuf::from(format!("/proc/{}/root", self.holder.id()));
        root.join(self.folder.strip_prefix("/").expect("an absolute path"))
    }

    /// Fills the disk except for `spare` bytes.
    ///
    /// # Panics
    /// When the disk cannot be written.
    pub fn fill(&self, spare: u64) {
        use std::io::Write as _;
        let path = self.folder().join("filler");
        let mut file = std::fs::File::options().create(true).append(true).open(&path).expect("a file");
        while file.write_all(&[0; 4096]).is_ok() {}
        let length = file.metadata().expect("its length").len();
        file.set_len(length.saturating_sub(spare)).expect("shorter is always possible");
    }

    /// Removes what [`Self::fill`] wrote.
    ///
    /// # Panics
    /// When there is nothing to remove.
    pub fn make_room(&self) {
        std::fs::remove_file(self.folder().join("filler")).expect("it is there");
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = self.holder.kill();
        let _ = self.holder.wait();
    }
}
