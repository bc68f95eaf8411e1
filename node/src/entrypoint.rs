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
//! - A stop takes at most [`STOP_DEADLINE`]. Work in flight is finished, or rolled back by the database.

use std::io::{ErrorKind, Write as _};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::{Context as _, anyhow, bail};
use chainstate::read;
use client::{Shutdown, fail_writes_beyond_the_limit};
use nakamoto_proto::v1;
use sqlite::{Draft, Durability, Readable};
use tokio::net::TcpListener;
use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;

use crate::chain::NodeChain;
use crate::chain::OpenedChain;
use crate::clock::{ClockControl, MockClock};
use crate::config::Settings;
use crate::coordinator::{NakamotoCoordinator, StackerDbFollower};
use crate::event_dispatcher::dispatcher::{Dispatcher, DispatcherRunner};
use crate::event_dispatcher::source::Source;
use crate::event_stream::journal::{Journal, listen_for};
use crate::event_stream::registry::{StreamRegistry, StreamRegistryLimits};
use crate::event_stream::subscribers::StreamLimits;
use crate::jobs::{TemplateJobs, TemplateWorker, ValidationJobs, ValidationWorker, restore_results};
use crate::limits::{MAX_BLOCKING_THREADS, THREAD_STACK_BYTES};
use crate::rpc::auth::Guard;
use crate::rpc::blocking_pool::BlockingPool;
use crate::rpc::grpc::ServiceState;
use crate::rpc::port::Port;
use crate::rpc::server::files::make_room;
use crate::runtime::background;
use crate::runtime::wake_signal::WakeSignal;
use crate::threads::{Exit, Threads};

/// Threads that move event streams: two, so that one large frame or one long filter does not hold up all of them.
const EVENT_STREAM_THREADS: usize = 2;
/// Number of new events after which the coordinator prunes the journal.
const RETENTION_EVENTS: u64 = 1_024;
/// Bytes of new events after which it prunes.
const RETENTION_BYTES: u64 = 16 << 20;

/// For event streams to say why they end. Short: the connections that carry it have [`SHUTDOWN_GRACE`](crate::limits::SHUTDOWN_GRACE).
const STREAMS_GRACE: Duration = Duration::from_millis(300);

/// Time from the signal to the end of the process.
pub(crate) const STOP_DEADLINE: Duration = Duration::from_millis(1900);
/// Time for the rest of the stop, after the threads' deadline.
const STOP_MARGIN: Duration = Duration::from_millis(100);

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
    let connections = make_room(settings.max_connections)?;
    // Listen first: a second node with the same ports should not open the folder.
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
    let addresses = listeners.iter().map(TcpListener::local_addr).collect::<Result<Vec<_>, _>>();
    let addresses = addresses.context("a port has no address")?;
    let chain = on_large_stack(open)?;
    let node = Node::start(settings, &chain, rpc, (listeners, connections))?;
    announce_ready(settings, &addresses)?;
    tracing::info!(?addresses, data_dir = %settings.data_dir.display(), "serving");
    let exit = node.exits.recv().unwrap_or(Exit::Asked("lost channel"));
    node.stop(exit, chain)
}

/// Opening the chain evaluates the boot block's contracts, and evaluation recurses.
fn on_large_stack(open: impl FnOnce() -> anyhow::Result<OpenedChain> + Send) -> anyhow::Result<OpenedChain> {
    std::thread::scope(|scope| {
        let builder = std::thread::Builder::new().name("opener".to_owned()).stack_size(THREAD_STACK_BYTES);
        let opener = builder.spawn_scoped(scope, open).context("cannot start thread opener")?;
        opener.join().unwrap_or_else(|_| Err(anyhow!("the chain could not be opened: it panicked")))
    })
}

/// The mocked bitcoin's clock. It follows the tip only if it mines after transactions.
fn start_clock(
    threads: &mut Threads,
    settings: &Settings,
    chain: &OpenedChain,
    wake: &WakeSignal,
    control: &ClockControl,
) -> anyhow::Result<()> {
    let clock = MockClock {
        chain: Arc::clone(&chain.api),
        wake: wake.clone(),
        mine_at_start: is_new(chain.api.as_ref())?,
        control: control.clone(),
        settle: settings.burn_block_after_transactions,
    };
    if !clock.settle.is_zero() {
        let control = control.clone();
        chain.api.listen_tip(Box::new(move || control.notify_moved()));
    }
    threads.spawn("clock", move || clock.run().context("no burn block could be mined"))
}

/// The threads that assemble templates and validate proposals.
fn start_workers(
    threads: &mut Threads,
    chain: &OpenedChain,
    templates: &Arc<TemplateJobs>,
    validations: &Arc<ValidationJobs>,
) -> anyhow::Result<()> {
    let worker = TemplateWorker { jobs: Arc::clone(templates), chain: Arc::clone(&chain.api) };
    threads.spawn("worker-templates", move || {
        worker.run();
        Ok(())
    })?;
    let worker = ValidationWorker { jobs: Arc::clone(validations), chain: Arc::clone(&chain.api) };
    threads.spawn("worker-validations", move || {
        worker.run();
        Ok(())
    })
}

/// Checks the part of a large folder that the start left out, at low priority. Damage ends the node.
fn start_page_check(
    threads: &mut Threads,
    chain: &OpenedChain,
    runtime: &Handle,
    shutdown: &CancellationToken,
) -> anyhow::Result<()> {
    let Some(files) = chain.api.chainstate().take_unchecked() else { return Ok(()) };
    let (runtime, stopped) = (runtime.clone(), shutdown.clone());
    threads.spawn("page-check", move || {
        background::lower_priority();
        files.check(&|| stopped.is_cancelled()).context("the data folder cannot be used any longer")?;
        tracing::info!("the rest of the data folder is as it was written");
        // Wait: the end of a thread would end the node.
        runtime.block_on(stopped.cancelled());
        Ok(())
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

impl Node {
    fn start(
        settings: &Settings,
        chain: &OpenedChain,
        rpc: tokio::runtime::Runtime,
        (listeners, connections): (Vec<TcpListener>, usize),
    ) -> anyhow::Result<Self> {
        let (exits, receiver) = channel();
        let mut threads = Threads { exits, running: Vec::new() };
        let (shutdown, wake) = (CancellationToken::new(), WakeSignal::default());
        let clock = ClockControl::new(settings.burn_block_interval);
        let burn_tip = chain.api.chainstate().read(|reader| reader.burn_tip()).context("cannot read the burn tip")?;
        clock.advance_to(burn_tip.time_s);
        let start_number = chain.api.chainstate().start_number();
        let templates = Arc::new(TemplateJobs::for_templates(start_number));
        let validations = Arc::new(ValidationJobs::for_validations(start_number));
        restore_results(&templates, &validations, chain.api.as_ref()).context("cannot read the results of jobs")?;

        let event_stream = runtime("event-stream")?;
        let limits = stream_limits(settings);
        let (journal, context) = (Arc::clone(&chain.journal), Arc::clone(&chain.context));
        let streams = StreamRegistry::new(journal, context, limits, event_stream.handle().clone(), shutdown.clone());
        let (observers, runner) = observers(settings, chain)?;
        let services = Arc::new(ServiceState {
            pool: BlockingPool::new(Arc::clone(&chain.api)),
            wake: wake.clone(),
            streams: streams.clone(),
            templates: Arc::clone(&templates),
            validations: Arc::clone(&validations),
            observers,
            guard: Guard::new(settings.auth_token.as_deref()),
            retention: chain.retention,
            clock: clock.clone(),
            serves_admin: settings.admin,
        });

        notify_for_retention(&chain.journal, &wake);
        ValidationWorker::watch(Arc::clone(&validations), &chain.journal);
        let port = Port::new(settings, &services, connections)?;

        let coordinator = NakamotoCoordinator { chain: Arc::clone(&chain.api), wake: wake.clone() };
        threads.spawn("coordinator", move || coordinator.run().context("blocks cannot be processed"))?;
        let follower = StackerDbFollower { chain: Arc::clone(&chain.api), wake: WakeSignal::default() };
        let stacker_dbs = follower.wake.clone();
        let moved = stacker_dbs.clone();
        listen_for(&chain.journal, &[v1::EventKind::TipChanged], move || moved.notify());
        threads.spawn("stackerdbs", move || follower.run().context("StackerDBs cannot follow the tip"))?;
        start_workers(&mut threads, chain, &templates, &validations)?;
        start_clock(&mut threads, settings, chain, &wake, &clock)?;
        start_page_check(&mut threads, chain, rpc.handle(), &shutdown)?;
        let stopped = shutdown.clone();
        threads.spawn("event-stream", move || {
            event_stream.block_on(async {
                stopped.cancelled().await;
                // One that is late is dropped, and its reader is told all the same.
                let _ = tokio::time::timeout(STREAMS_GRACE, streams.ended()).await;
            });
            event_stream.shutdown_background();
            Ok(())
        })?;
        if !runner.is_empty() {
            let stopped = shutdown.clone();
            threads.spawn("event-dispatcher", move || dispatch_events(runner, stopped))?;
        }
        let stopped = shutdown.clone();
        threads.spawn("rpc", move || port.serve(rpc, listeners, services, stopped))?;
        watch_signals(&threads, settings.stop_on_stdin_eof)?;

        let running = threads.running;
        Ok(Self { exits: receiver, running, shutdown, wake, stacker_dbs, clock, templates, validations })
    }

    /// Stops along the flow of data: no new work, then streams and requests end, then threads finish what they do.
    fn stop(mut self, exit: Exit, chain: OpenedChain) -> anyhow::Result<()> {
        let deadline = Instant::now() + STOP_DEADLINE;
        // Dropped last, as dropping the others, such as databases, may take time.
        let _bound = end_after(STOP_DEADLINE, matches!(exit, Exit::Asked(_)));
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

/// Ends the process after this time unless the result is dropped first. Uncommitted work is rolled back at the next
/// start, as after any other end.
fn end_after(time: Duration, is_wanted: bool) -> Sender<()> {
    let (stopped, bound) = channel();
    let body = move || {
        if bound.recv_timeout(time + STOP_MARGIN) == Err(RecvTimeoutError::Timeout) {
            tracing::warn!("the stop took too long and is cut short");
            std::process::exit(i32::from(!is_wanted));
        }
    };
    // Without this thread the stop has no bound.
    let _ = std::thread::Builder::new().name("stop-bound".to_owned()).spawn(body);
    stopped
}

/// The observers that the settings name.
fn observers(settings: &Settings, chain: &OpenedChain) -> anyhow::Result<(Dispatcher, DispatcherRunner)> {
    let source = Source { journal: Arc::clone(&chain.journal), history: Arc::clone(&chain.history) };
    Dispatcher::register(&settings.observers, source, &settings.data_dir, settings.durability)
}

/// The dispatcher has its own runtime: posts to observers and streams never wait for each other.
fn dispatch_events(runner: DispatcherRunner, shutdown: CancellationToken) -> anyhow::Result<()> {
    let runtime = runtime("event-dispatcher")?;
    let result = runtime.block_on(runner.run(shutdown));
    runtime.shutdown_background();
    result
}

/// A thread that ends before it is told to has failed, even with `Ok`.
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

fn runtime(name: &'static str) -> anyhow::Result<tokio::runtime::Runtime> {
    let mut builder = match name {
        // One thread is enough: deliveries mostly wait for observers.
        "event-dispatcher" => tokio::runtime::Builder::new_current_thread(),
        // These threads only fan out; blocking threads read from disk.
        "event-stream" => {
            let mut builder = tokio::runtime::Builder::new_multi_thread();
            builder.worker_threads(EVENT_STREAM_THREADS);
            builder
        }
        _ => tokio::runtime::Builder::new_multi_thread(),
    };
    builder
        .thread_name(name)
        .thread_stack_size(THREAD_STACK_BYTES)
        .max_blocking_threads(MAX_BLOCKING_THREADS)
        .enable_all()
        .build()
        .with_context(|| format!("cannot start the {name} runtime"))
}

/// A thread of its own that is never joined: it ends with the process.
fn watch_signals(threads: &Threads, stop_on_stdin_eof: bool) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut signals = {
        let _context = runtime.enter();
        Shutdown::listen(stop_on_stdin_eof).context("signals cannot be caught")?
    };
    let exits = threads.exits.clone();
    let body = move || {
        let why = runtime.block_on(signals.requested());
        let _ = exits.send(Exit::Asked(why)); // Nobody listens when the node is stopping already.
    };
    std::thread::Builder::new().name("signals".to_owned()).spawn(body).context("cannot start thread signals")?;
    Ok(())
}

fn stream_limits(settings: &Settings) -> StreamRegistryLimits {
    let default = StreamRegistryLimits::default().streams;
    let peer = settings.max_subscriptions_per_peer;
    let streams = StreamLimits {
        total: settings.max_subscriptions,
        actors: default.actors,
        per_peer: peer.unwrap_or(default.per_peer),
        per_loopback_peer: peer.unwrap_or(default.per_loopback_peer),
    };
    StreamRegistryLimits { streams, stall_timeout: settings.stall_timeout }
}

/// The coordinator also prunes the journal. Most events come without a block, and some are large, so it is woken after
/// so many events or bytes.
fn notify_for_retention(journal: &Arc<dyn Journal>, wake: &WakeSignal) {
    let bounds = journal.bounds();
    let (events, bytes) = (AtomicU64::new(bounds.newest), AtomicU64::new(bounds.end_offset));
    let (wake, weak) = (wake.clone(), Arc::downgrade(journal));
    journal.listen(Box::new(move |newest| {
        let Some(journal) = weak.upgrade() else { return };
        let end = journal.bounds().end_offset;
        let many = newest >= events.load(Ordering::Relaxed) + RETENTION_EVENTS;
        if many || end >= bytes.load(Ordering::Relaxed) + RETENTION_BYTES {
            events.store(newest, Ordering::Relaxed);
            bytes.store(end, Ordering::Relaxed);
            wake.notify();
        }
    }));
}

/// Whether there is only the boot block, in the first burn block.
fn is_new(chain: &NodeChain) -> anyhow::Result<bool> {
    let tips = chain.chainstate().read(read::tip::get).context("the chain has no tip")?;
    Ok(tips.tip.chain_length == 0 && tips.burn_view.block.height == tips.burn_tip.block.height)
}

/// Writes one line of JSON for the program that started the node.
fn announce_ready(settings: &Settings, addresses: &[SocketAddr]) -> anyhow::Result<()> {
    let address = addresses.first().context("no port is served")?;
    let scheme = if settings.tls.is_some() { "https" } else { "http" };
    let url = |address: &SocketAddr| format!("{scheme}://{address}");
    let line = serde_json::json!({
        "address": address.to_string(),
        "grpc": url(address),
        "http": url(address),
        "http_extra": addresses.get(1).map(url),
        "pid": std::process::id(),
    });
    let line = format!("{line}\n");
    if let Some(path) = &settings.ready_file {
        let written = Draft::create(path, Readable::ByAll).and_then(|draft| {
            draft.file().write_all(line.as_bytes())?;
            draft.publish(Durability::Unsynced)
        });
        written.with_context(|| format!("cannot write {}", path.display()))?;
    }
    if settings.ready_stdout {
        let mut out = std::io::stdout().lock();
        if out.write_all(line.as_bytes()).and_then(|()| out.flush()).is_err() {
            bail!("cannot write to standard output");
        }
    }
    Ok(())
}
