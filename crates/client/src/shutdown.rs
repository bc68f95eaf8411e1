//! When to stop: SIGINT, SIGTERM, SIGHUP, or the end of standard input.
//!
//! SIGHUP comes when the terminal is closed. A program started with `nohup` ignores SIGHUP, and so does this one then.
//!
//! A parent that holds the other end of a child's standard input stops the child by closing it, and the system closes
//! it when the parent is killed. So no child outlives its parent, and no child has to poll whether its parent lives.

use std::io::Read;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::oneshot;

/// Number of the signal SIGXFSZ, which is the same on Linux and macOS.
const SIGXFSZ: i32 = 25;

/// A write beyond the limit on file sizes (`ulimit -f`) raises a signal that ends the process. With a handler the write
/// fails instead, as on a full disk. Needs a running tokio runtime; [`Shutdown::listen`] calls it.
///
/// # Errors
/// The system's error when signals cannot be caught.
pub fn fail_writes_beyond_the_limit() -> std::io::Result<()> {
    // The handler stays installed when the listener is dropped.
    signal(SignalKind::from_raw(SIGXFSZ)).map(drop)
}

/// Waits until the program should stop.
#[derive(Debug)]
pub struct Shutdown {
    interrupt: Signal,
    terminate: Signal,
    hangup: Option<Signal>,
    end_of_input: Option<oneshot::Receiver<()>>,
}

impl Shutdown {
    /// Starts listening. Needs a running tokio runtime. With `stop_on_stdin_eof` a thread reads standard input.
    ///
    /// # Errors
    /// The system's error when signals cannot be caught or the thread cannot be started.
    pub fn listen(stop_on_stdin_eof: bool) -> std::io::Result<Self> {
        fail_writes_beyond_the_limit()?;
        let end_of_input = if stop_on_stdin_eof { Some(watch_stdin()?) } else { None };
        let hangup = if is_hangup_ignored() { None } else { Some(signal(SignalKind::hangup())?) };
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hangup,
            end_of_input,
        })
    }

    /// Resolves when it is time to stop, with the reason for the log. Cancel safe.
    pub async fn requested(&mut self) -> &'static str {
        let end_of_input = async {
            match &mut self.end_of_input {
                // An error means that the thread has ended, which happens only after the input has ended.
                Some(receiver) => drop(receiver.await),
                None => std::future::pending().await,
            }
        };
        let hangup = async {
            match &mut self.hangup {
                Some(signal) => drop(signal.recv().await),
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = self.interrupt.recv() => "SIGINT",
            _ = self.terminate.recv() => "SIGTERM",
            () = hangup => "SIGHUP",
            () = end_of_input => "end of standard input",
        }
    }
}

/// Whether this process was started with SIGHUP ignored. `true` if the system does not say: the program then leaves the
/// signal as it was.
fn is_hangup_ignored() -> bool {
    std::fs::read_to_string("/proc/self/status").map_or(true, |status| has_hangup_ignored(&status))
}

/// Whether the mask of ignored signals in `/proc/<pid>/status` has SIGHUP, which is number 1.
fn has_hangup_ignored(status: &str) -> bool {
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.is_none_or(|mask| mask & 1 == 1)
}

/// Reads standard input to its end in a separate thread: a blocking read cannot be cancelled, and must not delay the
/// runtime's shutdown.
fn watch_stdin() -> std::io::Result<oneshot::Receiver<()>> {
    let (sender, receiver) = oneshot::channel();
    std::thread::Builder::new().name("stdin-watch".to_owned()).spawn(move || {
        let mut buffer = [0_u8; 256];
        let mut input = std::io::stdin().lock();
        loop {
            match input.read(&mut buffer) {
                Ok(0) => break,
                Ok(_) => {}
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(_) => break,
            }
        }
        // If there is no receiver, the program is stopping already.
        let _ = sender.send(());
    })?;
    Ok(receiver)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mask_of_ignored_signals_is_read() {
        assert!(has_hangup_ignored("Name:\tx\nSigIgn:\t0000000000001001\nSigCgt:\t0000000000000000\n"));
        assert!(!has_hangup_ignored("Name:\tx\nSigIgn:\t0000000000001000\nSigCgt:\t0000000000000001\n"));
        assert!(has_hangup_ignored("Name:\tx\n") && has_hangup_ignored("SigIgn:\tzz\n"));
    }
}
