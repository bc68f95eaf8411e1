//! Counts and times for operators, in the text format of Prometheus at `GET /metrics`.
//!
//! Read in this order: [`Metrics`], counted where things happen; `rpc::scrape`, looked up at a scrape; [`requests`],
//! the layer that counts requests; `repeats`, warnings that come in crowds.
//!
//! # Invariants
//! - Counting is an atomic addition, at most after a map look-up; it never waits for a disk.
//! - Labels have values from fixed lists, so no client can make the output grow.

pub(crate) mod requests;
pub(crate) mod warning_limiter;

use std::sync::LazyLock;
use std::time::{Duration, Instant};

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;

use self::requests::{Code, PathLabel};

/// One set for the process: threads of all kinds count in it.
static METRICS: LazyLock<Metrics> = LazyLock::new(Metrics::new);

/// The counters of this process.
#[must_use]
pub(crate) fn get() -> &'static Metrics {
    &METRICS
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct Reason {
    pub(crate) reason: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct Work {
    pub(crate) work: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct PathLabels {
    path: PathLabel,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    path: PathLabel,
    code: Code,
}

/// The counters that are raised where something happens.
#[derive(Debug)]
pub(crate) struct Metrics {
    registry: Registry,
    requests: Family<RequestLabels, Counter>,
    request_seconds: Family<PathLabels, Histogram, fn() -> Histogram>,
    requests_refused: Family<Reason, Counter>,
    connections: Counter,
    connections_open: Gauge,
    connections_refused: Family<Reason, Counter>,
    connections_cut: Family<Reason, Counter>,
    work_seconds: Family<Work, Histogram, fn() -> Histogram>,
    blocks: Family<Reason, Counter>,
}

/// Buckets from half a millisecond to sixteen seconds, each twice the one before.
fn seconds() -> Histogram {
    Histogram::new(exponential_buckets(0.0005, 2.0, 16))
}

impl Metrics {
    /// The registry that a scrape encodes.
    pub(crate) fn registry(&self) -> &Registry {
        &self.registry
    }

    fn new() -> Self {
        let mut metrics = Self {
            registry: Registry::with_prefix("mockamoto"),
            requests: Family::default(),
            request_seconds: Family::new_with_constructor(seconds),
            requests_refused: Family::default(),
            connections: Counter::default(),
            connections_open: Gauge::default(),
            connections_refused: Family::default(),
            connections_cut: Family::default(),
            work_seconds: Family::new_with_constructor(seconds),
            blocks: Family::default(),
        };
        let all = &mut metrics.registry;
        all.register("requests", "RequestLabels HTTP requests and gRPC calls, by status", metrics.requests.clone());
        all.register("request_seconds", "Time to the head of the answer", metrics.request_seconds.clone());
        all.register("requests_refused", "Requests above a limit", metrics.requests_refused.clone());
        all.register("connections", "Connections that were served", metrics.connections.clone());
        all.register("connections_open", "Connections that are served now", metrics.connections_open.clone());
        all.register("connections_refused", "Connections above a limit", metrics.connections_refused.clone());
        let cut = "Connections that the node ended, by reason";
        all.register("connections_cut", cut, metrics.connections_cut.clone());
        let work = "Time of the work on blocks: template, validation, push, processing";
        all.register("work_seconds", work, metrics.work_seconds.clone());
        all.register("blocks", "Blocks that were judged, by outcome", metrics.blocks.clone());
        metrics
    }

    /// Counts an answered request and its time.
    fn answered(&self, path: PathLabel, code: Code, took: Duration) {
        let asked = PathLabels { path };
        self.request_seconds.get_or_create(&asked).observe(took.as_secs_f64());
        self.requests.get_or_create(&RequestLabels { path: asked.path, code }).inc();
    }

    /// Counts a request that a limit refused.
    pub(crate) fn refused_request(&self, reason: &'static str) {
        self.requests_refused.get_or_create(&Reason { reason }).inc();
    }

    /// Counts a connection, as open until the result is dropped.
    pub(crate) fn open_connection(&self) -> OpenConnection {
        self.connections.inc();
        self.connections_open.inc();
        OpenConnection(self.connections_open.clone())
    }

    /// Counts a connection that a limit refused.
    pub(crate) fn refused_connection(&self, reason: &'static str) {
        self.connections_refused.get_or_create(&Reason { reason }).inc();
    }

    /// Counts a connection that the node cut.
    pub(crate) fn cut_connection(&self, reason: &'static str) {
        self.connections_cut.get_or_create(&Reason { reason }).inc();
    }

    /// Times a piece of work, until the result is dropped.
    pub(crate) fn time(&self, work: &'static str) -> Timer {
        Timer { seconds: Some(self.work_seconds.get_or_create(&Work { work }).clone()), begun: Instant::now() }
    }

    /// Counts a block by its outcome: processed, rejected, or reconciled (checked before a crash, of which only staging
    /// did not know).
    pub(crate) fn count_block(&self, outcome: &'static str) {
        self.blocks.get_or_create(&Reason { reason: outcome }).inc();
    }

    /// Number of connections that were ended for this reason.
    #[cfg(test)]
    pub(crate) fn cuts(&self, reason: &'static str) -> u64 {
        self.connections_cut.get_or_create(&Reason { reason }).get()
    }
}

/// An open connection; dropping it lowers the gauge.
#[derive(Debug)]
pub(crate) struct OpenConnection(Gauge);

impl Drop for OpenConnection {
    fn drop(&mut self) {
        self.0.dec();
    }
}

/// A running measurement; dropping it records the time since it was made.
#[derive(Debug)]
pub(crate) struct Timer {
    seconds: Option<Histogram>,
    begun: Instant,
}

impl Timer {
    /// Records nothing, for a measurement that found no work.
    pub(crate) fn discard(mut self) {
        self.seconds = None;
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        if let Some(seconds) = &self.seconds {
            seconds.observe(self.begun.elapsed().as_secs_f64());
        }
    }
}
