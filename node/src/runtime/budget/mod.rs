//! One budget for bytes in flight: requests that are not answered yet, and answers and frames that are not read yet.
//!
//! Such bytes are a [`ByteLease`] of a pool, which is returned with the memory: a request's lease when its answer is made,
//! an answer's when its last byte is written. If a pool is empty, a request is refused (a stream waits), and
//! connections that have held a lease of that pool for [`BYTES_GRACE`] are cut: memory is for those who read.
//! # Invariants
//! - No pool gives out more than it has. A lease larger than its pool counts as the whole pool.
//! - Small leases, large leases, streams, and producers with signers have a pool each, and do not take each other's
//!   room.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::class::CallerClass;
use crate::limits::{
    ACTOR_BYTES_IN_FLIGHT, BYTES_GRACE, LARGE_BYTES_IN_FLIGHT, SMALL_BYTES, SMALL_BYTES_IN_FLIGHT,
    STREAM_BYTES_IN_FLIGHT, SWEEP_INTERVAL,
};
use crate::metrics;

/// The pools. Cheap to clone.
#[derive(Clone)]
pub struct Budget {
    small: Arc<Pool>,
    large: Arc<Pool>,
    streams: Arc<Pool>,
    actors: Arc<Pool>,
    /// A pool without leases has given one.
    first_lease: Arc<Notify>,
}

/// An account that takes bytes from the pools of its class. A connection is cut when it holds a lease longer than
/// `longest`, or longer than [`BYTES_GRACE`] while others wait. Cheap to clone: every request has one.
#[derive(Clone)]
pub struct ByteAccount {
    class: CallerClass,
    longest: Duration,
    owner: Arc<Owner>,
}

/// Shared by all accounts of one connection.
struct Owner {
    budget: Budget,
    connection: CancellationToken,
}

struct Pool {
    bytes: usize,
    room: Arc<Semaphore>,
    /// A lease was refused since the last sweep.
    is_short: AtomicBool,
    /// Number of streams that wait for room.
    waiting: AtomicUsize,
    next_id: AtomicU64,
    /// Leases that are held, oldest first.
    holders: Mutex<BTreeMap<u64, Holder>>,
    /// Told of a lease when there was none.
    first_lease: Arc<Notify>,
}

struct Holder {
    since: Instant,
    longest: Duration,
    bytes: usize,
    owner: Arc<Owner>,
}

/// Bytes taken from a pool, which are returned when this is dropped.
pub struct ByteLease {
    pool: Arc<Pool>,
    id: u64,
    bytes: usize,
    permit: OwnedSemaphorePermit,
}

/// The pool has too little room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("more than {max} bytes would be in flight")]
pub struct NoRoom {
    /// Bytes of the pool.
    pub max: usize,
}

impl Default for Budget {
    /// The pools with the sizes in `crate::limits`.
    fn default() -> Self {
        let first_lease = Arc::new(Notify::new());
        let pool = |bytes| Pool::new(bytes, Arc::clone(&first_lease));
        Self {
            small: pool(SMALL_BYTES_IN_FLIGHT),
            large: pool(LARGE_BYTES_IN_FLIGHT),
            streams: pool(STREAM_BYTES_IN_FLIGHT),
            actors: pool(ACTOR_BYTES_IN_FLIGHT),
            first_lease,
        }
    }
}

impl Budget {
    /// An account for a connection; `connection` is cancelled when one of its leases is held for too long.
    #[must_use]
    pub fn byte_account(&self, class: CallerClass, connection: &CancellationToken) -> ByteAccount {
        let owner = Owner { budget: self.clone(), connection: connection.clone() };
        ByteAccount { class, longest: Duration::MAX, owner: Arc::new(owner) }
    }

    /// Sweeps every [`SWEEP_INTERVAL`] while leases are held; sleeps while there are none. One task is enough for a node.
    pub async fn keep_swept(&self) {
        loop {
            self.first_lease.notified().await;
            while self.is_leased() {
                tokio::time::sleep(SWEEP_INTERVAL).await;
                self.sweep(Instant::now());
            }
        }
    }

    /// Cuts connections that hold a lease for longer than it may be held, and, where a pool was found empty,
    /// connections that hold its oldest leases.
    pub fn sweep(&self, now: Instant) {
        self.pools().into_iter().for_each(|pool| pool.sweep(now));
    }

    fn is_leased(&self) -> bool {
        self.pools().into_iter().any(|pool| !pool.holders().is_empty())
    }

    fn pools(&self) -> [&Arc<Pool>; 4] {
        [&self.small, &self.large, &self.streams, &self.actors]
    }
}

#[cfg(test)]
impl Budget {
    /// Bytes in flight, of all pools.
    #[must_use]
    pub(crate) fn used(&self) -> usize {
        self.pools().map(|pool| pool.bytes.saturating_sub(pool.room.available_permits())).iter().sum()
    }

    /// Waits until nothing is in flight.
    pub(crate) async fn is_empty(&self) {
        for pool in self.pools() {
            let all = pool.room.acquire_many(pool.permits(pool.bytes)).await;
            drop(all.expect("it is never closed"));
        }
    }
}

impl ByteAccount {
    /// The same account with another longest time for holding a lease.
    #[must_use]
    pub fn within(self, longest: Duration) -> Self {
        Self { longest, ..self }
    }

    /// The same account for the pools of another class.
    #[must_use]
    pub fn of(self, class: CallerClass) -> Self {
        Self { class, ..self }
    }

    /// Takes a lease of `bytes`.
    ///
    /// # Errors
    /// [`NoRoom`] at once; this never waits.
    pub fn take(&self, bytes: usize) -> Result<ByteLease, NoRoom> {
        self.pool(bytes).take(bytes, self)
    }

    /// Makes a lease `more` bytes larger.
    ///
    /// # Errors
    /// [`NoRoom`]; the lease is unchanged.
    pub fn grow(&self, lease: &mut ByteLease, more: usize) -> Result<(), NoRoom> {
        let bytes = lease.bytes.saturating_add(more);
        let pool = self.pool(bytes);
        if Arc::ptr_eq(pool, &lease.pool) { lease.grow(more) } else { self.take(bytes).map(|larger| *lease = larger) }
    }

    /// Whether the connection was cut because leases of it were held for too long.
    #[must_use]
    pub fn is_cut(&self) -> bool {
        self.owner.connection.is_cancelled()
    }

    /// The class whose pools it takes from.
    #[must_use]
    pub fn class(&self) -> CallerClass {
        self.class
    }

    /// Waits for room in the streams' pool of its class, and takes a lease of `bytes`.
    pub async fn wait(&self, bytes: usize) -> ByteLease {
        let budget = &self.owner.budget;
        let pool = if self.class == CallerClass::Actor { &budget.actors } else { &budget.streams };
        pool.wait(bytes, self).await
    }

    fn pool(&self, bytes: usize) -> &Arc<Pool> {
        let budget = &self.owner.budget;
        match self.class {
            CallerClass::Actor => &budget.actors,
            CallerClass::Anyone if bytes <= SMALL_BYTES => &budget.small,
            CallerClass::Anyone => &budget.large,
        }
    }
}

impl Pool {
    fn new(bytes: usize, first_lease: Arc<Notify>) -> Arc<Self> {
        Arc::new(Self {
            bytes,
            room: Arc::new(Semaphore::new(bytes)),
            is_short: AtomicBool::new(false),
            waiting: AtomicUsize::new(0),
            next_id: AtomicU64::new(0),
            holders: Mutex::default(),
            first_lease,
        })
    }

    fn permits(&self, bytes: usize) -> u32 {
        u32::try_from(bytes.min(self.bytes)).unwrap_or(u32::MAX)
    }

    fn take(self: &Arc<Self>, bytes: usize, byte_account: &ByteAccount) -> Result<ByteLease, NoRoom> {
        match Arc::clone(&self.room).try_acquire_many_owned(self.permits(bytes)) {
            Ok(permit) => Ok(self.lease(bytes, permit, byte_account)),
            Err(_) => Err(self.refuse()),
        }
    }

    async fn wait(self: &Arc<Self>, bytes: usize, byte_account: &ByteAccount) -> ByteLease {
        if let Ok(lease) = self.take(bytes, byte_account) {
            return lease;
        }
        let waiting = Waiting::begin(&self.waiting);
        let permit = Arc::clone(&self.room).acquire_many_owned(self.permits(bytes)).await;
        drop(waiting);
        match permit {
            Ok(permit) => self.lease(bytes, permit, byte_account),
            // The semaphore is never closed.
            Err(_) => std::future::pending().await,
        }
    }

    fn lease(self: &Arc<Self>, bytes: usize, permit: OwnedSemaphorePermit, byte_account: &ByteAccount) -> ByteLease {
        let id = self.next_id.fetch_add(1, Ordering::Relaxed);
        let (longest, owner) = (byte_account.longest, Arc::clone(&byte_account.owner));
        let holder = Holder { since: Instant::now(), longest, bytes, owner };
        let mut holders = self.holders();
        let is_first = holders.is_empty();
        holders.insert(id, holder);
        drop(holders);
        if is_first {
            self.first_lease.notify_one(); // Kept for a task that is at work.
        }
        ByteLease { pool: Arc::clone(self), id, bytes, permit }
    }

    fn refuse(&self) -> NoRoom {
        self.is_short.store(true, Ordering::Relaxed);
        NoRoom { max: self.bytes }
    }

    fn sweep(&self, now: Instant) {
        let is_short = self.is_short.swap(false, Ordering::Relaxed) || self.waiting.load(Ordering::Relaxed) > 0;
        let mut freed = 0_usize;
        for holder in self.holders().values() {
            let age = now.saturating_duration_since(holder.since);
            // At most about a quarter of the pool per sweep: that makes room for others, and a reader that is slow for
            // a moment may keep its lease.
            let is_in_the_way = is_short && age >= BYTES_GRACE && freed < self.bytes / 4;
            if (is_in_the_way || age >= holder.longest) && !holder.owner.connection.is_cancelled() {
                freed = freed.saturating_add(holder.bytes);
                holder.owner.connection.cancel();
                metrics::get().cut_connection("unread");
            }
        }
    }

    fn holders(&self) -> MutexGuard<'_, BTreeMap<u64, Holder>> {
        self.holders.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ByteLease {
    fn grow(&mut self, more: usize) -> Result<(), NoRoom> {
        let needed = self.pool.permits(self.bytes.saturating_add(more)).saturating_sub(self.pool.permits(self.bytes));
        match Arc::clone(&self.pool.room).try_acquire_many_owned(needed) {
            Ok(permit) => self.permit.merge(permit),
            Err(_) => return Err(self.pool.refuse()),
        }
        self.bytes = self.bytes.saturating_add(more);
        if let Some(holder) = self.pool.holders().get_mut(&self.id) {
            holder.bytes = self.bytes;
        }
        Ok(())
    }
}

/// The same bytes, which keep `lease` (one or more) until their last copy is dropped.
#[must_use]
pub fn hold(bytes: Bytes, lease: impl Send + 'static) -> Bytes {
    Bytes::from_owner(Held { bytes, _share: lease })
}

impl Drop for ByteLease {
    fn drop(&mut self) {
        self.pool.holders().remove(&self.id);
    }
}

impl std::fmt::Debug for ByteLease {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("ByteLease").field(&self.bytes).finish()
    }
}

/// Counts a waiting stream until this is dropped.
struct Waiting<'a>(&'a AtomicUsize);

impl<'a> Waiting<'a> {
    fn begin(count: &'a AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(count)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

struct Held<T> {
    bytes: Bytes,
    _share: T,
}

impl<T> AsRef<[u8]> for Held<T> {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

#[cfg(test)]
mod tests;
