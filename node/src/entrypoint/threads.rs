//! The node's threads: each has a name, and the end of any of them ends the node.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::Sender;

use anyhow::{Context as _, anyhow};

use crate::limits::THREAD_STACK_BYTES;

/// What ends the node.
pub(crate) enum Exit {
    /// A stop was asked for, in this way.
    Asked(&'static str),
    /// A thread ended.
    Thread { name: &'static str, result: anyhow::Result<()> },
}

/// The node's threads.
pub(crate) struct Threads {
    /// Where a thread reports its end.
    pub(crate) exits: Sender<Exit>,
    /// Names of the started threads.
    pub(crate) running: Vec<&'static str>,
}

impl Threads {
    /// Starts a thread with a stack that Clarity can recurse on.
    pub(crate) fn spawn(
        &mut self,
        name: &'static str,
        work: impl FnOnce() -> anyhow::Result<()> + Send + 'static,
    ) -> anyhow::Result<()> {
        let exits = self.exits.clone();
        let body = move || {
            let result = catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| Err(anyhow!("it panicked")));
            // Nobody listens when the process is about to end.
            let _ = exits.send(Exit::Thread { name, result });
        };
        let builder = std::thread::Builder::new().name(name.to_owned()).stack_size(THREAD_STACK_BYTES);
        builder.spawn(body).with_context(|| format!("cannot start thread {name}"))?;
        self.running.push(name);
        Ok(())
    }
}
