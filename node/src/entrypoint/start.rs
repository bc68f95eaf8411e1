//! Starts all threads of a node, and connects them.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::channel;
use std::time::Duration;

use anyhow::Context as _;
use chainstate::read;
use client::Shutdown;
use nakamoto_proto::v1;
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Handle, Runtime};
use tokio_util::sync::CancellationToken;

use super::Node;
use super::threads::{Exit, Threads};
use crate::chain::{NodeChain, OpenedChain};
use crate::clock::{ClockControl, MockClock};
use crate::config::Settings;
use crate::coordinator::{NakamotoCoordinator, StackerDbFollower};
use crate::event_dispatcher::dispatcher::{Dispatcher, DispatcherRunner};
use crate::event_dispatcher::source::Source;
use crate::event_stream::journal::{Journal, listen_for};
use crate::event_stream::registry::{StreamRegistry, StreamRegistryLimits};
use crate::event_stream::subscribers::StreamLimits;
use crate::jobs::{TemplateJobs, TemplateWorker, ValidationJobs, ValidationWorker, restore_results};
use crate::limits::{MAX_BLOCKING_THREADS, RUNTIME_END, THREAD_STACK_BYTES};
use crate::rpc::auth::Guard;
use crate::rpc::blocking_pool::BlockingPool;
use crate::rpc::grpc::ServiceState;
use crate::rpc::port::Port;
use crate::runtime::background;
use crate::runtime::wake_signal::WakeSignal;

/// Threads that move event streams: two, so that one large frame or one long filter does not hold up all of them.
const EVENT_STREAM_THREADS: usize = 2;
/// Number of new events after which the coordinator prunes the journal.
const RETENTION_EVENTS: u64 = 1_024;
/// Bytes of new events after which it prunes.
const RETENTION_BYTES: u64 = 16 << 20;
/// For event streams to say why they end. Short: the connections that carry it have [`SHUTDOWN_GRACE`](crate::limits::SHUTDOWN_GRACE).
const STREAMS_GRACE: Duration = Duration::from_millis(300);

impl Node {
    pub(super) fn start(
        settings: &Settings,
        chain: &OpenedChain,
        rpc: Runtime,
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
                // A stream that takes longer is dropped; its reader still learns why it ended.
                let _ = tokio::time::timeout(STREAMS_GRACE, streams.ended()).await;
            });
            event_stream.shutdown_timeout(RUNTIME_END);
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

/// Whether there is only the boot block, in the first burn block.
fn is_new(chain: &NodeChain) -> anyhow::Result<bool> {
    let tips = chain.chainstate().read(read::tip::get).context("the chain has no tip")?;
    Ok(tips.tip.chain_length == 0 && tips.burn_view.block.height == tips.burn_tip.block.height)
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

/// The observers that the settings name.
fn observers(settings: &Settings, chain: &OpenedChain) -> anyhow::Result<(Dispatcher, DispatcherRunner)> {
    let source = Source { journal: Arc::clone(&chain.journal), history: Arc::clone(&chain.history) };
    Dispatcher::register(&settings.observers, source, &settings.data_dir, settings.durability)
}

/// The dispatcher has its own runtime: posts to observers and streams never wait for each other.
fn dispatch_events(runner: DispatcherRunner, shutdown: CancellationToken) -> anyhow::Result<()> {
    let runtime = runtime("event-dispatcher")?;
    let result = runtime.block_on(runner.run(shutdown));
    runtime.shutdown_timeout(RUNTIME_END);
    result
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

/// A runtime whose threads have this name.
pub(super) fn runtime(name: &'static str) -> anyhow::Result<Runtime> {
    let mut builder = match name {
        // One thread is enough: deliveries mostly wait for observers.
        "event-dispatcher" => Builder::new_current_thread(),
        // These threads only fan out; blocking threads read from disk.
        "event-stream" => {
            let mut builder = Builder::new_multi_thread();
            builder.worker_threads(EVENT_STREAM_THREADS);
            builder
        }
        _ => Builder::new_multi_thread(),
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
        let _ = exits.send(Exit::Asked(why)); // The receiver is gone when the node is stopping already.
    };
    std::thread::Builder::new().name("signals".to_owned()).spawn(body).context("cannot start thread signals")?;
    Ok(())
}
