//! Recognizes producers and signers by their calls' headers: the bearer token, or a slot key's signature.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use axum::http::HeaderMap;
use chainstate::chain::Snapshot;
use chainstate::read::{self, LookupError};
use client::lane;
use stacks_types::ids::Hash160;
use tokio::time::Instant;

use super::auth::Guard;
use super::blocking_pool::BlockingPool;
use crate::limits::{ACTORS_AGE, MAX_CACHED_SLOT_KEYS};
use crate::runtime::class::CallerClass;

/// Recognizes producers and signers. Cheap to clone.
#[derive(Clone, Default)]
pub struct Actors(Option<Arc<Known>>);

struct Known {
    guard: Guard,
    pool: BlockingPool,
    /// Slot-key signatures seen before, with the hash of the key that made them: recovering a key takes a tenth of a
    /// millisecond.
    slot_keys: Mutex<BTreeMap<Box<[u8]>, Option<Hash160>>>,
    /// Keys of the sets at the burn tip, and when they were read.
    keys: tokio::sync::Mutex<(Option<Instant>, BTreeSet<Hash160>)>,
}

/// Reads the keys of the sets at the burn tip.
fn members(snapshot: &Snapshot<'_>) -> Result<BTreeSet<Hash160>, LookupError> {
    let producers = read::set::producers(snapshot, None)?.into_iter().map(|one| one.address);
    let stackers = read::set::stackers(snapshot, None)?.stackers.into_iter().map(|one| one.address);
    Ok(producers.chain(stackers).map(|address| address.hash160()).collect())
}

impl Actors {
    /// Recognizes the guard's token, and the chain's producers and stackers. The default recognizes no caller.
    #[must_use]
    pub fn new(guard: Guard, pool: BlockingPool) -> Self {
        Self(Some(Arc::new(Known { guard, pool, slot_keys: Mutex::default(), keys: tokio::sync::Mutex::default() })))
    }

    /// The class whose lanes a request takes.
    pub(super) async fn class(&self, headers: &HeaderMap) -> CallerClass {
        let Some(known) = &self.0 else { return CallerClass::Anyone };
        if known.guard.is_set() && known.guard.check_headers(headers).is_ok() {
            return CallerClass::Actor;
        }
        let Some(value) = headers.get(lane::HEADER) else { return CallerClass::Anyone };
        match known.signer_of(value.as_bytes()) {
            Some(key) if known.has(key).await => CallerClass::Actor,
            Some(_) | None => CallerClass::Anyone,
        }
    }
}

impl Known {
    fn signer_of(&self, value: &[u8]) -> Option<Hash160> {
        let mut slot_keys = self.slot_keys.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = slot_keys.get(value) {
            return *found;
        }
        let found = lane::signer_of(value);
        if slot_keys.len() >= MAX_CACHED_SLOT_KEYS {
            slot_keys.clear();
        }
        slot_keys.insert(value.into(), found);
        found
    }

    async fn has(&self, key: Hash160) -> bool {
        let mut keys = self.keys.lock().await;
        if keys.0.is_none_or(|read_at| read_at.elapsed() >= ACTORS_AGE) {
            let read = self.pool.read_for(CallerClass::Actor, members);
            // If the chain cannot be read now, the keys stay as they were.
            if let Ok(found) = read.await {
                *keys = (Some(Instant::now()), found);
            }
        }
        keys.1.contains(&key)
    }
}
