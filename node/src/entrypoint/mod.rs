//! Names, starts and stops all threads and channels of the node.
//!
//! ```text
//!               ┌───────────── wake ─────────────┐
//!   rpc ────────┤ chunks, blocks, transactions   ├──▶ coordinator ──▶ chain ──▶ journal
//!     ▲  │      └───────────── clock ────────────┘                                 │
//!     │  └─ queues ──▶ worker-templates, worker-validations ──▶ chain ─────────────┤
//!     └──────────────────── event-stream ◀─────────────────────────────────────────┤
//!   HTTP observers ◀────── event-dispatcher ◀──────────────────────────────────────┘
//! ```
//!
//! # Invariants
//! - Every thread has a name, and the end of any thread ends the node: cleanly after a signal, else with an error that
//!   names the thread.
//! - A stop takes at most [`stop::STOP_DEADLINE`]. Work in flight is finished, or rolled back by the database.

mod ready_line;
mod start;
mod stop;
mod threads;

use std::io::ErrorKind;
use std::sync::Arc;
use std::sync::mpsc::Receiver;

use anyhow::{Context as _, anyhow};
use client::fail_writes_beyond_the_limit;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio_util::sync::CancellationToken;

use self::start::runtime;
use self::threads::Exit;
use crate::chain::OpenedChain;
use crate::clock::ClockControl;
use crate::config::Settings;
use crate::jobs::{TemplateJobs, ValidationJobs};
use crate::limits::THREAD_STACK_BYTES;
use crate::runtime::file_limit::raise_file_limit;
use crate::runtime::wake_signal::WakeSignal;

/// Runs a node until it is asked to stop or one of its threads ends.
///
/// # Errors
/// When the node cannot be started, or a thread failed.
pub(crate) fn run(
    settings: &Settings,
    open: impl FnOnce() -> anyhow::Result<OpenedChain> + Send,
) -> anyhow::Result<()> {
    let rpc = runtime("rpc")?;
    {
        let _context = rpc.enter();
        fail_writes_beyond_the_limit().context("signals cannot be caught")?;
    }
    let connections = raise_file_limit(settings.max_connections)?;
    // Listen first: a second node with the same ports should not open the folder.
    let listeners = listen(settings, &rpc)?;
    let addresses = listeners.iter().map(TcpListener::local_addr).collect::<Result<Vec<_>, _>>();
    let addresses = addresses.context("a port has no address")?;
    let chain = on_large_stack(open)?;
    let node = Node::start(settings, &chain, rpc, (listeners, connections))?;
    ready_line::write(settings, &addresses)?;
    tracing::info!(?addresses, data_dir = %settings.data_dir.display(), "serving");
    let exit = node.exits.recv().unwrap_or(Exit::Asked("lost channel"));
    node.stop(exit, chain)
}

/// The ports of the settings.
fn listen(settings: &Settings, rpc: &Runtime) -> anyhow::Result<Vec<TcpListener>> {
    let mut listeners = Vec::new();
    for bind in [Some(settings.bind), settings.http_extra_bind].into_iter().flatten() {
        let listener = match rpc.block_on(TcpListener::bind(bind)) {
            Err(error)
                if error.kind() == ErrorKind::AddrInUse && settings.http_extra_if_free && !listeners.is_empty() =>
            {
                tracing::info!(%bind, "another program has the second address; going on without it");
                continue;
            }
            listener => listener.with_context(|| format!("cannot listen on {bind}"))?,
        };
        listeners.push(listener);
    }
    Ok(listeners)
}

/// Opening the chain evaluates the boot block's contracts, and evaluation recurses.
fn on_large_stack(open: impl FnOnce() -> anyhow::Result<OpenedChain> + Send) -> anyhow::Result<OpenedChain> {
    std::thread::scope(|scope| {
        let builder = std::thread::Builder::new().name("opener".to_owned()).stack_size(THREAD_STACK_BYTES);
        let opener = builder.spawn_scoped(scope, open).context("cannot start thread opener")?;
        opener.join().unwrap_or_else(|_| Err(anyhow!("the chain could not be opened: it panicked")))
    })
}

/// A running node.
struct Node {
    exits: Receiver<Exit>,
    running: Vec<&'static str>,
    shutdown: CancellationToken,
    wake: WakeSignal,
    stacker_dbs: WakeSignal,
    clock: ClockControl,
    templates: Arc<TemplateJobs>,
    validations: Arc<ValidationJobs>,
}
