//! How handlers reach the chain: on threads that may block, as many as the limits allow.

use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use chainstate::chain::{Decision, Offered, Snapshot, StoreOutcome};
use chainstate::db::StoreError;
use stacks_types::address::StacksAddress;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::admission::Admissions;
use super::fair_queue::{FairQueue, FairQueueLimits};
use crate::chain::NodeChain;
use crate::error::ApiError;
use crate::limits::{
    MAX_CONCURRENT_ACTOR_CALLS, MAX_CONCURRENT_CONVERSIONS, MAX_CONCURRENT_EVALUATIONS, MAX_CONCURRENT_LONG_ADMISSIONS,
    MAX_CONCURRENT_PAGES, MAX_CONCURRENT_READS, MAX_CONCURRENT_SIMULATIONS, MAX_CONCURRENT_WRITES,
    MAX_EVALUATIONS_OF_PEER, MAX_EVALUATIONS_WAITING_OF_PEER, MAX_LONG_ADMISSIONS_OF_ORIGIN, MAX_SIMULATIONS_OF_PEER,
    MAX_SIMULATIONS_WAITING_OF_PEER, MAX_WAITING, MAX_WAITING_OF_ORIGIN, PERMIT_TIMEOUT, RETRY_AFTER,
};
use crate::runtime::background;
use crate::runtime::caller::Caller;
use crate::runtime::class::CallerClass;
use crate::runtime::wake_signal::WakeSignal;

/// Runs work on the chain within the limits. Cheap to clone.
#[derive(Clone)]
pub struct BlockingPool {
    chain: Arc<NodeChain>,
    reads: Arc<ConcurrencyLimit>,
    evaluations: Arc<FairQueue<IpAddr>>,
    simulations: Arc<FairQueue<IpAddr>>,
    writes: Arc<ConcurrencyLimit>,
    pages: Arc<ConcurrencyLimit>,
    conversions: Arc<ConcurrencyLimit>,
    /// Reads and writes of producers and signers.
    actors: [Arc<ConcurrencyLimit>; 2],
    admissions: Arc<Admissions>,
    /// Transactions whose check may take long, by their signer.
    long_admissions: Arc<FairQueue<StacksAddress>>,
    remembered: Arc<Mutex<Option<(u64, Bytes)>>>,
}

const EVALUATION_SHARES: FairQueueLimits = FairQueueLimits {
    permits: MAX_CONCURRENT_EVALUATIONS,
    of_one: MAX_EVALUATIONS_OF_PEER,
    waiting_of_one: MAX_EVALUATIONS_WAITING_OF_PEER,
    timeout: PERMIT_TIMEOUT,
    full: "EVALUATION_QUEUE_FULL",
};

const SIMULATION_SHARES: FairQueueLimits = FairQueueLimits {
    permits: MAX_CONCURRENT_SIMULATIONS,
    of_one: MAX_SIMULATIONS_OF_PEER,
    waiting_of_one: MAX_SIMULATIONS_WAITING_OF_PEER,
    timeout: PERMIT_TIMEOUT,
    full: "SIMULATION_QUEUE_FULL",
};

const LONG_ADMISSION_SHARES: FairQueueLimits = FairQueueLimits {
    permits: MAX_CONCURRENT_LONG_ADMISSIONS,
    of_one: MAX_LONG_ADMISSIONS_OF_ORIGIN,
    waiting_of_one: MAX_WAITING_OF_ORIGIN,
    timeout: PERMIT_TIMEOUT,
    full: "ADMISSION_QUEUE_FULL",
};

struct ConcurrencyLimit {
    permits: Arc<Semaphore>,
    waiting: AtomicUsize,
    timeout: Duration,
    full: &'static str,
}

impl BlockingPool {
    /// A pool with the limits of [`crate::limits`].
    #[must_use]
    pub fn new(chain: Arc<NodeChain>) -> Self {
        let limit = |permits, full| Arc::new(ConcurrencyLimit::new(permits, PERMIT_TIMEOUT, full));
        let reads = limit(MAX_CONCURRENT_READS, "READ_QUEUE_FULL");
        let evaluations = FairQueue::new(EVALUATION_SHARES);
        let simulations = FairQueue::new(SIMULATION_SHARES);
        let writes = limit(MAX_CONCURRENT_WRITES, "ADMISSION_QUEUE_FULL");
        let pages = limit(MAX_CONCURRENT_PAGES, "PAGE_QUEUE_FULL");
        let conversions = limit(MAX_CONCURRENT_CONVERSIONS, "CONVERSION_QUEUE_FULL");
        let actors = ["READ_QUEUE_FULL", "ADMISSION_QUEUE_FULL"].map(|full| limit(MAX_CONCURRENT_ACTOR_CALLS, full));
        let admissions = Arc::new(Admissions::new({
            let chain = Arc::clone(&chain);
            move |raw| chain.offer_transactions(raw)
        }));
        let long_admissions = FairQueue::new(LONG_ADMISSION_SHARES);
        Self {
            chain,
            reads,
            evaluations,
            simulations,
            writes,
            pages,
            conversions,
            actors,
            admissions,
            long_admissions,
            remembered: Arc::default(),
        }
    }

    /// The chain, for the calls that do not block.
    #[must_use]
    pub fn chain(&self) -> &NodeChain {
        self.chain.as_ref()
    }

    /// Runs a read on one snapshot.
    ///
    /// # Errors
    /// Those of `work`, [`ApiError::Busy`] when no permit came in time, [`ApiError::Internal`] when `work` panicked.
    pub async fn read<T: Send + 'static, E: From<StoreError>>(
        &self,
        work: impl FnOnce(&Snapshot<'_>) -> Result<T, E> + Send + 'static,
    ) -> Result<T, ApiError>
    where
        ApiError: From<E>,
    {
        self.read_for(Caller::current_class(), work).await
    }

    /// As [`Self::read`], within the limit of `class`, for any caller.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub(super) async fn read_for<T: Send + 'static, E: From<StoreError>>(
        &self,
        class: CallerClass,
        work: impl FnOnce(&Snapshot<'_>) -> Result<T, E> + Send + 'static,
    ) -> Result<T, ApiError>
    where
        ApiError: From<E>,
    {
        self.run(self.reads_of(class), class, move |chain| Ok(chain.chainstate().read(work)?)).await
    }

    /// Runs work that takes a reader's permit and needs no snapshot: it computes, or reads the journal.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub async fn compute<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, ApiError> + Send + 'static,
    ) -> Result<T, ApiError> {
        let class = Caller::current_class();
        self.run(self.reads_of(class), class, move |_| work()).await
    }

    /// Runs the conversion of a large message to or from JSON, which takes much more memory than the message.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub(super) async fn convert<T: Send + 'static>(
        &self,
        conversion: impl FnOnce() -> Result<T, ApiError> + Send + 'static,
    ) -> Result<T, ApiError> {
        let class = Caller::current_class();
        let limit = if class == CallerClass::Actor { self.reads_of(class) } else { &self.conversions };
        self.run(limit, class, move |_| conversion()).await
    }

    /// As [`Self::convert`], however long it has to wait.
    ///
    /// # Errors
    /// Those of the conversion, and [`ApiError::ShuttingDown`].
    pub(super) async fn convert_in_turn<T: Send + 'static>(
        &self,
        conversion: impl FnOnce() -> Result<T, ApiError> + Send + 'static,
    ) -> Result<T, ApiError> {
        let permit = self.conversions.permit_in_turn().await?;
        self.on_thread(permit, CallerClass::Anyone, move |_| conversion()).await
    }

    /// A permit to read and send a page of events, each of which may take many bytes.
    ///
    /// # Errors
    /// [`ApiError::Busy`] when none was free in time.
    pub async fn page_permit(&self) -> Result<impl Send + use<>, ApiError> {
        self.pages.permit().await
    }

    fn reads_of(&self, class: CallerClass) -> &ConcurrencyLimit {
        let [reads, _] = &self.actors;
        if class == CallerClass::Actor { reads } else { &self.reads }
    }

    /// Runs a read that may take seconds, on one snapshot: it evaluates what the caller chose, within its own limits.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub async fn evaluate<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Snapshot<'_>) -> Result<T, ApiError> + Send + 'static,
    ) -> Result<T, ApiError> {
        let permit = self.evaluations.permit(Caller::current_peer()).await?;
        self.on_thread(permit, CallerClass::Anyone, move |chain| chain.chainstate().read(work)).await
    }

    /// Runs a dry run of a transaction on one snapshot. The flag is set when the caller goes away.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub async fn simulate<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Snapshot<'_>, &AtomicBool) -> Result<T, ApiError> + Send + 'static,
    ) -> Result<T, ApiError> {
        let permit = self.simulations.permit(Caller::current_peer()).await?;
        let wanted = SetWhenDropped::default();
        let gone = Arc::clone(&wanted.0);
        let run = move |chain: &NodeChain| chain.chainstate().read(|snapshot| work(snapshot, &gone));
        self.on_thread(permit, CallerClass::Anyone, run).await
    }

    /// Runs a read that many callers ask for, and keeps its answer until the next commit. For one kind of read only.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub async fn read_unless_known(
        &self,
        work: impl FnOnce(&Snapshot<'_>) -> Result<Bytes, ApiError> + Send + 'static,
    ) -> Result<Bytes, ApiError> {
        // Counted before the read: a commit in between makes the kept answer old, not wrong.
        let commits = self.chain.chainstate().commits();
        let known = self.remembered.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some((at, answer)) = known
            && at == commits
        {
            return Ok(answer);
        }
        let answer = self.read(work).await?;
        *self.remembered.lock().unwrap_or_else(PoisonError::into_inner) = Some((commits, answer.clone()));
        Ok(answer)
    }

    /// Offers a transaction to the mempool.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub async fn submit(&self, raw: Bytes) -> Result<Decision, ApiError> {
        match self.admissions.submit(raw.clone()).await? {
            Offered::Decided(decision) => Ok(decision),
            Offered::Left { origin } => {
                let permit = self.long_admissions.permit(origin).await?;
                self.on_thread(permit, CallerClass::Anyone, move |chain| chain.submit_transaction(&raw)).await
            }
        }
    }

    /// Stores a pushed block and wakes the coordinator, even when the caller is gone by then. A block that is
    /// pushed again is answered as known.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub async fn push_block(&self, wake: &WakeSignal, block: Bytes) -> Result<StoreOutcome, ApiError> {
        let wake = wake.clone();
        let push = move |chain: &NodeChain| {
            let outcome = chain.push_block(&block)?;
            if matches!(outcome, StoreOutcome::Stored(_)) {
                wake.notify();
            }
            Ok(outcome)
        };
        self.write(push).await
    }

    /// Runs a write. Follow-up work belongs into `work`: after the caller goes away, nothing else runs.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&NodeChain) -> Result<T, ApiError> + Send + 'static,
    ) -> Result<T, ApiError> {
        // Actors' threads for every caller: a write holds a thread until its commit, and computes little.
        self.run(self.writes_of(Caller::current_class()), CallerClass::Actor, work).await
    }

    /// As [`Self::write`], however long it has to wait: for what must not be left undone.
    ///
    /// # Errors
    /// Those of `work`, and [`ApiError::ShuttingDown`].
    pub(super) async fn write_in_turn<T: Send + 'static>(
        &self,
        work: impl FnOnce(&NodeChain) -> Result<T, ApiError> + Send + 'static,
    ) -> Result<T, ApiError> {
        let permit = self.writes_of(Caller::current_class()).permit_in_turn().await?;
        self.on_thread(permit, CallerClass::Actor, work).await
    }

    fn writes_of(&self, class: CallerClass) -> &ConcurrencyLimit {
        let [_, writes] = &self.actors;
        if class == CallerClass::Actor { writes } else { &self.writes }
    }

    async fn run<T: Send + 'static>(
        &self,
        limit: &ConcurrencyLimit,
        threads: CallerClass,
        work: impl FnOnce(&NodeChain) -> Result<T, ApiError> + Send + 'static,
    ) -> Result<T, ApiError> {
        let permit = limit.permit().await?;
        self.on_thread(permit, threads, work).await
    }

    async fn on_thread<T: Send + 'static>(
        &self,
        permit: impl Send + 'static,
        threads: CallerClass,
        work: impl FnOnce(&NodeChain) -> Result<T, ApiError> + Send + 'static,
    ) -> Result<T, ApiError> {
        let chain = Arc::clone(&self.chain);
        // The request's bytes are counted until the work ends, even when the sender is gone by then.
        let caller = Caller::current();
        let task = background::spawn(threads, move || {
            let answer = work(chain.as_ref());
            drop((permit, caller));
            answer
        });
        task.await.map_err(ApiError::internal)?
    }
}

/// Tells a thread that nobody waits for its result any more.
#[derive(Default)]
struct SetWhenDropped(Arc<AtomicBool>);

impl Drop for SetWhenDropped {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl ConcurrencyLimit {
    fn new(permits: usize, timeout: Duration, full: &'static str) -> Self {
        Self { permits: Arc::new(Semaphore::new(permits)), waiting: AtomicUsize::new(0), timeout, full }
    }

    /// A permit, however long it takes. The caller limits how many wait.
    async fn permit_in_turn(&self) -> Result<OwnedSemaphorePermit, ApiError> {
        Arc::clone(&self.permits).acquire_owned().await.map_err(|_closed| ApiError::ShuttingDown)
    }

    async fn permit(&self) -> Result<OwnedSemaphorePermit, ApiError> {
        let busy = || ApiError::Busy { reason: self.full, retry_after: RETRY_AFTER };
        if let Ok(permit) = Arc::clone(&self.permits).try_acquire_owned() {
            return Ok(permit);
        }
        let _slot = QueueSlot::take(&self.waiting).ok_or_else(busy)?;
        match tokio::time::timeout(self.timeout, Arc::clone(&self.permits).acquire_owned()).await {
            Ok(Ok(permit)) => Ok(permit),
            Ok(Err(_closed)) => Err(ApiError::ShuttingDown),
            Err(_late) => Err(busy()),
        }
    }
}

/// A place among those waiting for a permit; returned even when the request is cancelled.
struct QueueSlot<'a>(&'a AtomicUsize);

impl<'a> QueueSlot<'a> {
    fn take(waiting: &'a AtomicUsize) -> Option<Self> {
        if waiting.fetch_add(1, Ordering::Relaxed) >= MAX_WAITING {
            waiting.fetch_sub(1, Ordering::Relaxed);
            return None;
        }
        Some(Self(waiting))
    }
}

impl Drop for QueueSlot<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests;
