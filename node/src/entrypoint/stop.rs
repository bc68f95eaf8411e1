//! The end of a node: in the order in which data flows, and in bounded time.

use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::anyhow;

use super::Node;
use super::threads::Exit;
use crate::chain::OpenedChain;

/// Time from the signal to the end of the process.
pub(crate) const STOP_DEADLINE: Duration = Duration::from_millis(1900);
/// Time for the rest of the stop, after the threads' deadline.
const STOP_MARGIN: Duration = Duration::from_millis(100);

impl Node {
    /// Stops along the flow of data: no new work, then streams and requests end, then threads finish what they do.
    pub(super) fn stop(mut self, exit: Exit, chain: OpenedChain) -> anyhow::Result<()> {
        let deadline = Instant::now() + STOP_DEADLINE;
        // Dropped last, as dropping the others, such as databases, may take time.
        let _bound = force_exit_after(STOP_DEADLINE, i32::from(!matches!(exit, Exit::Asked(_))));
        let chain = chain;
        let mut result = match exit {
            Exit::Asked(why) => {
                tracing::info!(why, "stopping");
                Ok(())
            }
            Exit::Thread { name, result } => {
                self.running.retain(|running| *running != name);
                Err(ended(name, result))
            }
        };
        self.shutdown.cancel();
        self.clock.stop();
        self.templates.stop();
        self.validations.stop();
        self.wake.stop();
        chain.api.chainstate().interrupt();
        self.stacker_dbs.stop();
        while !self.running.is_empty() {
            match self.exits.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(Exit::Asked(_)) => {}
                Ok(Exit::Thread { name, result: thread_result }) => {
                    self.running.retain(|running| *running != name);
                    if let (Ok(()), Err(error)) = (&result, thread_result) {
                        result = Err(ended(name, Err(error)));
                    }
                }
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
                    // Their work is rolled back: no commit is half done.
                    tracing::warn!(threads = ?self.running, "threads that did not end in time are left behind");
                    return result;
                }
            }
        }
        let OpenedChain { api, context, journal, history, writer, .. } = chain;
        drop((api, context, journal, history, self.templates, self.validations));
        wait_for_writer(writer, deadline);
        tracing::info!("stopped");
        result
    }
}

/// Ends the process with this exit status after this time, unless the result is dropped first. Uncommitted work is rolled
/// back at the next start, as after any other end.
fn force_exit_after(time: Duration, status: i32) -> Sender<()> {
    let (stopped, bound) = channel();
    let body = move || {
        if bound.recv_timeout(time + STOP_MARGIN) == Err(RecvTimeoutError::Timeout) {
            tracing::warn!("the stop took too long and is cut short");
            std::process::exit(status);
        }
    };
    // Without this thread the stop has no bound.
    let _ = std::thread::Builder::new().name("stop-bound".to_owned()).spawn(body);
    stopped
}

/// A thread that ends before it was asked to has failed, even with `Ok`.
fn ended(name: &'static str, result: anyhow::Result<()>) -> anyhow::Error {
    match result {
        Ok(()) => anyhow!("thread {name} ended"),
        Err(error) => error.context(format!("thread {name} failed")),
    }
}

/// The writer syncs what it holds and ends; it does not report its end on our channel.
fn wait_for_writer(writer: JoinHandle<()>, deadline: Instant) {
    let (done, ended) = channel();
    let body = move || {
        let _ = done.send(writer.join().is_ok()); // Nobody listens after the deadline.
    };
    let waiter = std::thread::Builder::new().name("writer-wait".to_owned()).spawn(body);
    if waiter.is_err() {
        return; // Committed data is already on the disk; the process ends now.
    }
    if ended.recv_timeout(deadline.saturating_duration_since(Instant::now())).is_err() {
        tracing::warn!("the database writer did not end in time and is left behind");
    }
}
