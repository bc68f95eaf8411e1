//! `GET /metrics`: the counts, and values that are looked up when a scraper asks. Look-ups run one at a time on threads
//! that may block: requests that come during one share the next and its bytes.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use bytes::Bytes;
use chainstate::chain::Snapshot;
use chainstate::read::{self, LookupError};
use prometheus_client::encoding::text::{encode_eof, encode_registry};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;
use tokio::sync::Mutex;

use crate::metrics::warning_limiter::WarningLimiter;
use crate::metrics::{self, Reason, Work};
use crate::rpc::grpc::Services;

/// Content type that Prometheus expects.
const TEXT_FORMAT: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
/// Depth of the data folder's subfolders in which databases are looked for; there are none deeper.
const DEEPEST_FOLDER: usize = 3;
/// Most files that are listed; a data folder has about ten.
const MAX_FILES: usize = 256;

/// Most streams whose lag is listed.
const MAX_LISTED: usize = 4096;

/// What a scrape reads.
#[derive(Clone)]
struct Scrape {
    services: Services,
    data_dir: PathBuf,
    latest: Arc<Latest>,
}

/// The newest look-up.
#[derive(Default)]
struct Latest {
    /// Number of the newest look-up, from 1.
    begun: AtomicU64,
    /// A finished look-up.
    answer: Mutex<(u64, Option<Bytes>)>,
}

/// GET /metrics, for scrapers.
pub fn routes(services: &Services, data_dir: &Path) -> Router {
    let state = Scrape { services: Arc::clone(services), data_dir: data_dir.to_owned(), latest: Arc::default() };
    Router::new().route("/metrics", get(metrics)).with_state(state)
}

async fn metrics(State(scrape): State<Scrape>) -> Response {
    // A look-up that began before this request may miss something that its sender knows.
    let asked = scrape.latest.begun.load(Ordering::SeqCst);
    let mut answer = scrape.latest.answer.lock().await;
    if answer.0 <= asked {
        let number = scrape.latest.begun.fetch_add(1, Ordering::SeqCst) + 1;
        *answer = (number, scrape.look().await.map(Bytes::from));
    }
    match answer.1.clone() {
        Some(text) => ([(CONTENT_TYPE, TEXT_FORMAT)], text).into_response(),
        None => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

impl Scrape {
    async fn look(&self) -> Option<String> {
        static UNREADABLE: WarningLimiter = WarningLimiter::new();
        let data_dir = self.data_dir.clone();
        let looked_up = self.services.pool.read(move |snapshot| look_up(snapshot, &data_dir)).await;
        let mut registry = Registry::with_prefix("mockamoto");
        now(&self.services, &mut registry);
        match &looked_up {
            Ok(found) => found.register(&mut registry),
            // The counts are useful even when the chain cannot be read; the missing values show the failure.
            Err(error) => {
                if let Some(times) = UNREADABLE.count() {
                    tracing::warn!(%error, times, "a scrape of the metrics could not read the chain");
                }
            }
        }
        let mut text = String::new();
        let encoded = encode_registry(&mut text, metrics::get().registry())
            .and_then(|()| encode_registry(&mut text, &registry))
            .and_then(|()| encode_eof(&mut text));
        encoded.ok().map(|()| text)
    }
}

/// Registers values that are in memory.
fn now(services: &Services, registry: &mut Registry) {
    let waiting = Family::<Work, Gauge>::default();
    let refused = Family::<Work, Counter>::default();
    for (work, stats) in [("template", services.templates.stats()), ("validation", services.validations.stats())] {
        waiting.get_or_create(&Work { work }).set(signed(stats.waiting));
        refused.get_or_create(&Work { work }).inc_by(stats.refused_total);
    }
    registry.register("jobs_refused", "Requests for jobs that found the queue full", refused);
    registry.register("jobs_waiting", "Jobs that wait for the worker", waiting);
    let bounds = services.streams.journal().bounds();
    let streams = services.streams.subscribers().stats();
    gauge(registry, "subscribers", "Open event streams", signed(streams.open));
    let ended = Family::<Reason, Counter>::default();
    for (reason, count) in streams.ends {
        ended.get_or_create(&Reason { reason }).inc_by(count);
    }
    let page = services.streams.subscribers().page(0, MAX_LISTED, &bounds);
    let behind = page.subscribers.iter().map(|subscriber| subscriber.events_behind).max().unwrap_or(0);
    gauge(registry, "subscriber_events_behind_max", "Events that the slowest stream has not read", signed(behind));
    registry.register("streams_ended", "Event streams that ended, by reason", ended);
    gauge(registry, "journal_oldest_sequence", "Oldest event kept", signed(bounds.oldest));
    gauge(registry, "journal_newest_sequence", "Newest event", signed(bounds.newest));
    gauge(registry, "journal_bytes", "Bytes of the events kept, as they are sent", signed(bounds.bytes()));
    gauge(registry, "journal_bytes_max", "Bytes of events that are kept at most", signed(services.retention.bytes));
}

fn gauge(registry: &mut Registry, name: &str, help: &str, value: i64) {
    let gauge = Gauge::<i64>::default();
    gauge.set(value);
    registry.register(name, help, gauge);
}

fn signed(value: impl TryInto<i64>) -> i64 {
    value.try_into().unwrap_or(i64::MAX)
}

/// Values read from the disk.
struct LookedUp {
    tip_height: u64,
    burn_height: u64,
    burn_view_height: u64,
    burn_tip_age: Duration,
    pending: u64,
    files: Vec<(String, u64)>,
}

fn look_up(snapshot: &Snapshot<'_>, data_dir: &Path) -> Result<LookedUp, LookupError> {
    let tips = read::tip::get(snapshot)?;
    let mut files = Vec::new();
    sizes(data_dir, "", 0, &mut files);
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    Ok(LookedUp {
        tip_height: tips.tip.chain_length,
        burn_height: tips.burn_tip.block.height,
        burn_view_height: tips.burn_view.block.height,
        burn_tip_age: now.saturating_sub(Duration::from_secs(tips.burn_tip.block.time_s)),
        pending: read::mempool::pending(snapshot, None, 0).total,
        files,
    })
}

/// Sizes of the files in a folder and its subfolders, with paths relative to the data folder.
fn sizes(folder: &Path, prefix: &str, depth: usize, files: &mut Vec<(String, u64)>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let (Ok(metadata), Some(name)) = (entry.metadata(), entry.file_name().to_str().map(str::to_owned)) else {
            continue;
        };
        let name = if prefix.is_empty() { name } else { format!("{prefix}/{name}") };
        if metadata.is_dir() && depth < DEEPEST_FOLDER {
            sizes(&entry.path(), &name, depth + 1, files);
        } else if metadata.is_file() && files.len() < MAX_FILES {
            files.push((name, metadata.len()));
        }
    }
}

impl LookedUp {
    fn register(&self, registry: &mut Registry) {
        gauge(registry, "tip_height", "chain_length of the canonical tip", signed(self.tip_height));
        gauge(registry, "burn_height", "Height of the canonical burn block", signed(self.burn_height));
        let lag = self.burn_height.saturating_sub(self.burn_view_height);
        gauge(registry, "burn_lag_blocks", "Burn blocks that no processed block has witnessed", signed(lag));
        let age = signed(self.burn_tip_age.as_secs());
        gauge(registry, "burn_tip_age_seconds", "Time since the canonical burn block", age);
        gauge(registry, "mempool_transactions", "Transactions that wait", signed(self.pending));
        let sizes = Family::<[(&'static str, String); 1], Gauge>::default();
        for (file, bytes) in &self.files {
            sizes.get_or_create(&[("file", file.clone())]).set(signed(*bytes));
        }
        registry.register("database_bytes", "Size of a file of the data folder", sizes);
    }
}
