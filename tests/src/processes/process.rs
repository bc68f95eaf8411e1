//! A child process that ends with its test at the latest.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::WAIT;

/// A running binary. Its log goes to a file that is shown when the test fails.
pub struct Process {
    name: String,
    child: Child,
    log: PathBuf,
}

impl Process {
    /// Starts a command; its log is `<name>.log` in `folder`, appended to.
    ///
    /// # Panics
    /// When it does not start.
    #[must_use]
    pub fn start(name: &str, mut command: Command, folder: &Path) -> Self {
        let log = folder.join(format!("{name}.log"));
        let file = std::fs::OpenOptions::new().create(true).append(true).open(&log).expect("a log file");
        let output = file.try_clone().expect("a second handle");
        command.stdin(Stdio::null()).stdout(output).stderr(file);
        let child = command.spawn().unwrap_or_else(|error| panic!("{name} does not start: {error}"));
        Self { name: name.to_owned(), child, log }
    }

    /// Ends it by kill -9 and waits until it has ended.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Waits until it ends by itself.
    ///
    /// # Panics
    /// When it does not end in time.
    pub fn wait(&mut self) -> std::process::ExitStatus {
        let end = Instant::now() + WAIT;
        loop {
            if let Some(status) = self.child.try_wait().expect("a child") {
                return status;
            }
            assert!(Instant::now() < end, "{} does not end", self.name);
            std::thread::park_timeout(Duration::from_millis(5));
        }
    }

    /// Ends it by SIGTERM and waits; returns its exit status.
    ///
    /// # Panics
    /// When it cannot be signalled.
    pub fn terminate(&mut self) -> std::process::ExitStatus {
        self.signal("TERM");
        self.child.wait().expect("it ends")
    }

    /// Sends it a signal, by its name without SIG.
    ///
    /// # Panics
    /// When it cannot be signalled.
    pub fn signal(&self, name: &str) {
        let status = Command::new("kill").arg(format!("-{name}")).arg(self.child.id().to_string()).status();
        assert!(status.expect("kill runs").success());
    }

    /// Stops it with SIGSTOP, as on an overloaded machine.
    ///
    /// # Panics
    /// When no signal can be sent.
    pub fn freeze(&self) {
        self.signal("STOP");
    }

    /// Lets it run again after [`Self::freeze`].
    ///
    /// # Panics
    /// When no signal can be sent.
    pub fn thaw(&self) {
        self.signal("CONT");
    }

    /// Name given by the test.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Process id of the child.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Waits until its log contains `text`.
    ///
    /// # Panics
    /// When it does not in time.
    pub fn wait_for_log(&self, text: &str) {
        self.wait_until(text, |log| log.contains(text));
    }

    /// Waits until its log meets a condition.
    ///
    /// # Panics
    /// When it does not in time.
    pub fn wait_until(&self, what: &str, is_so: impl Fn(&str) -> bool) {
        let end = Instant::now() + WAIT;
        while !is_so(&self.log()) {
            assert!(Instant::now() < end, "the log of {} does not say in time: {what}", self.name);
            // Polls, as a file causes no event.
            std::thread::park_timeout(Duration::from_millis(5));
        }
    }

    /// The whole log so far.
    #[must_use]
    pub fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
        if std::thread::panicking() {
            let log = self.log();
            let tail: Vec<_> = log.lines().rev().take(40).collect();
            eprintln!("--- end of the log of {}", self.name);
            for line in tail.iter().rev() {
                eprintln!("{line}");
            }
        }
    }
}
