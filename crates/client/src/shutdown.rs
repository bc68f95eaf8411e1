//! When to stop: SIGINT, SIGTERM, or the end of standard input.
//!
//! A parent that holds the other end of a child's standard input stops the child by closing it, and the system closes it when the
//! parent is killed. So no child outlives its parent, and nobody has to poll whether it lives.

use std::io::Read;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::oneshot;

/// Waits until the program should stop.
#[derive(Debug)]
pub struct Shutdown {
    interrupt: Signal,
    terminate: Signal,
    end_of_input: Option<oneshot::Receiver<()>>,
}

impl Shutdown {
    /// Starts to listen. Needs a running tokio runtime. With `stop_on_stdin_eof` a thread reads standard input.
    ///
    /// # Errors
    /// The system's error when signals cannot be caught or the thread cannot be started.
    pub fn listen(stop_on_stdin_eof: bool) -> std::io::Result<Self> {
        let end_of_input = if stop_on_stdin_eof { Some(watch_stdin()?) } else { None };
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            end_of_input,
        })
    }

    /// Resolves when it is time to stop, with the reason for the log. Cancel safe.
    pub async fn requested(&mut self) -> &'static str {
        let end_of_input = async {
            match &mut self.end_of_input {
                // An error means that the thread has ended, which it does only after the input has.
                Some(receiver) => drop(receiver.await),
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = self.interrupt.recv() => "SIGINT",
            _ = self.terminate.recv() => "SIGTERM",
            () = end_of_input => "end of standard input",
        }
    }
}

/// Reads standard input to its end in a thread of its own: a blocking read cannot be cancelled, and must not hold up the runtime's
/// shutdown.
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
        // Without a receiver the program is stopping already.
        let _ = sender.send(());
    })?;
    Ok(receiver)
}
