//! All observers, on a thread of their own.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, bail};
use sqlite::Durability;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::delivery::{Delivery, DeliveryResources, Interrupts, Rewind};
use super::payload::PayloadCache;
use super::post::Poster;
use super::registration::Registration;
use super::source::Source;
use super::status::{Counts, Report, SharedReport, State};
use super::store::{Progress, Store};
use crate::config::ObserverConfig;
use crate::error::ApiError;

/// The services' handle to the observers. Cheap to clone. The default has none.
#[derive(Clone, Default)]
pub struct Dispatcher {
    observers: Arc<BTreeMap<String, Handle>>,
}

struct Handle {
    report: SharedReport,
    rewinds: mpsc::Sender<Rewind>,
    source: Source,
}

/// The deliveries, ready to run.
pub struct DispatcherRunner {
    deliveries: Vec<(Delivery, mpsc::Receiver<Rewind>)>,
}

/// Why a replay to an observer is refused.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// No observer has this endpoint.
    #[error("no observer is registered as {0}")]
    UnknownObserver(String),
    /// The canonical chain has no block at this height.
    #[error("the chain has no block at height {0}")]
    UnknownHeight(u64),
    /// The observer has not received this block yet, and will receive it anyway.
    #[error("the observer did not get the block at height {0} yet")]
    NotDeliveredYet(u64),
    /// The history cannot be read, or the node stops.
    #[error(transparent)]
    Api(#[from] ApiError),
}

impl Dispatcher {
    /// Registers the observers of a node, with the checkpoints in `folder`. Nothing is posted until [`DispatcherRunner::run`].
    ///
    /// # Errors
    /// When two observers have one endpoint, or the file of checkpoints cannot be used.
    pub fn register(
        configs: &[ObserverConfig],
        source: Source,
        folder: &Path,
        durability: Durability,
    ) -> anyhow::Result<(Self, DispatcherRunner)> {
        let (mut observers, mut deliveries) = (BTreeMap::new(), Vec::new());
        if !configs.is_empty() {
            let (sender, newest) = watch::channel(source.journal.bounds().newest);
            source.journal.listen(Box::new(move |sequence| {
                sender.send_replace(sequence);
            }));
            let (store, cache, poster) =
                (Store::open(folder, durability)?, Arc::<PayloadCache>::default(), Poster::new());
            for registration in configs.iter().map(Registration::from) {
                let endpoint = registration.endpoint.clone();
                let progress = resume(&store, &source, &endpoint)?;
                let report = SharedReport::new(first_report(&registration, &progress));
                // One request at a time: the operator waits for the answer.
                let (sender, rewinds) = mpsc::channel(1);
                let parts = DeliveryResources {
                    registration,
                    source: source.clone(),
                    store: store.clone(),
                    cache: Arc::clone(&cache),
                    poster: poster.clone(),
                    report: report.clone(),
                    newest: newest.clone(),
                };
                deliveries.push((Delivery::new(parts, progress), rewinds));
                if observers
                    .insert(endpoint.clone(), Handle { report, rewinds: sender, source: source.clone() })
                    .is_some()
                {
                    bail!("observer {endpoint} is registered twice");
                }
            }
        }
        Ok((Self { observers: Arc::new(observers) }, DispatcherRunner { deliveries }))
    }

    /// State of each observer, by endpoint. Does not block.
    #[must_use]
    pub fn reports(&self) -> Vec<Report> {
        self.observers.values().map(|handle| handle.report.read(handle.source.journal.bounds().newest)).collect()
    }

    /// Sends an observer back to the canonical block at `height`. It gets the burn block that the block cites and the
    /// burn blocks up to the block, then all burn blocks and blocks up to where it was, then goes on as before. Returns
    /// the block's sequence.
    ///
    /// # Errors
    /// [`ReplayError`]: there is no such observer or block, or the observer has not come that far yet.
    pub async fn replay(&self, endpoint: &str, height: u64) -> Result<u64, ReplayError> {
        let handle = self.observers.get(endpoint);
        let handle = handle.ok_or_else(|| ReplayError::UnknownObserver(endpoint.to_owned()))?;
        let history = Arc::clone(&handle.source.history);
        let start = tokio::task::spawn_blocking(move || history.replay_start(height)).await;
        let start = start.map_err(ApiError::internal)??.ok_or(ReplayError::UnknownHeight(height))?;
        let (done, answer) = oneshot::channel();
        let rewind = Rewind { start, done };
        handle.rewinds.send(rewind).await.map_err(|_| ApiError::ShuttingDown)?;
        if answer.await.map_err(|_| ApiError::ShuttingDown)? {
            Ok(start.block)
        } else {
            Err(ReplayError::NotDeliveredYet(height))
        }
    }
}

#[cfg(test)]
impl Dispatcher {
    /// Waits until the reports of all observers meet a condition.
    pub(super) async fn until_all(&self, holds: impl Fn(&Report) -> bool) {
        for handle in self.observers.values() {
            let reached = tokio::time::timeout(super::tests::WAIT, handle.report.until(&holds)).await;
            assert!(reached.is_ok(), "not in time: {:?}", self.reports());
        }
    }
}

impl DispatcherRunner {
    /// Whether there are no observers.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.deliveries.is_empty()
    }

    /// Delivers to all observers until `shutdown`.
    ///
    /// # Errors
    /// When a delivery panicked.
    pub async fn run(self, shutdown: CancellationToken) -> anyhow::Result<()> {
        let mut tasks = JoinSet::new();
        for (engine, rewinds) in self.deliveries {
            tasks.spawn(engine.run(Interrupts { shutdown: shutdown.clone(), rewinds }));
        }
        while let Some(ended) = tasks.join_next().await {
            ended.context("the delivery to an observer ended")?;
        }
        Ok(())
    }
}

/// Progress from which an observer goes on. A checkpoint of another journal, or beyond this journal's end, is ignored:
/// the observer starts over.
fn resume(store: &Store, source: &Source, endpoint: &str) -> anyhow::Result<Progress> {
    let (id, newest) = (source.journal.id(), source.journal.bounds().newest);
    let context = || format!("the checkpoint of observer {endpoint}");
    if let Some(progress) = store.progress(endpoint).with_context(context)? {
        if progress.journal_id == id && progress.next_sequence <= newest.saturating_add(1) {
            return Ok(progress);
        }
        tracing::warn!(
            observer = endpoint,
            "the observer got events of another chain: it gets those of this one from the start"
        );
    }
    let progress = Progress::new(id, newest);
    store.checkpoint(endpoint, &progress).with_context(context)?;
    Ok(progress)
}

fn first_report(registration: &Registration, progress: &Progress) -> Report {
    Report {
        endpoint: registration.endpoint.clone(),
        keys: registration.keys.clone(),
        state: State::Delivering,
        next_sequence: progress.next_sequence,
        events_behind: 0,
        delivered_height: progress.delivered_height,
        history_end: progress.history_end,
        gap: progress.gap,
        counts: Counts::default(),
        failed_attempts: 0,
        last_error: None,
        last_success: None,
    }
}
