//! Makes cost trackers, and keeps those it made: decoding the boot cost contract takes milliseconds, copying a tracker a
//! fraction of one.
//!
//! # Invariants
//! - A tracker is a function of its key: the cost contract's commitment is in it, and no proposal can change the figures
//!   (see `costs`).
//!
//! # Not here
//! Counting: the VM. Resetting after a transaction that is not kept: `session`.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, PoisonError};

use ::clarity::boot_util::boot_code_id;
use ::clarity::vm::costs::{ExecutionCost, LimitedCostTracker};
use ::clarity::vm::database::clarity_store::make_contract_hash_key;
use ::clarity::vm::database::{BurnStateDB, ClarityBackingStore as _, ClarityDatabase, HeadersDB};
use stacks_common::types::StacksEpochId;

use super::costs::COSTS_CONTRACT;
use super::session::panic_text;
use super::store::StateStore;
use crate::params::ChainParams;

/// Trackers kept in a process; each takes about a MiB. A node needs two: one a tenure limit, one for read-only calls.
const KEPT_MAX: usize = 8;

static KEPT: Mutex<Vec<(Key, LimitedCostTracker)>> = Mutex::new(Vec::new());

/// All that a tracker depends on.
#[derive(Clone, PartialEq, Eq)]
struct Key {
    commitment: String,
    mainnet: bool,
    chain_id: u32,
    epoch: StacksEpochId,
    limit: ExecutionCost,
}

/// A tracker at zero, for the state that `store` shows.
///
/// # Errors
/// The text of what is wrong with the boot cost contracts.
pub(super) fn make_tracker(
    params: &ChainParams,
    limit: ExecutionCost,
    store: &mut StateStore<'_>,
    headers: &dyn HeadersDB,
    burn: &dyn BurnStateDB,
) -> Result<LimitedCostTracker, String> {
    let contract = make_contract_hash_key(&boot_code_id(COSTS_CONTRACT, params.mainnet));
    let commitment = store.get(&contract).map_err(|error| error.to_string())?;
    let commitment = commitment.ok_or("the state has no cost contract")?;
    let ChainParams { mainnet, chain_id, epoch, .. } = *params;
    let key = Key { commitment, mainnet, chain_id, epoch, limit };
    if let Some(tracker) = kept(&key) {
        return Ok(tracker);
    }
    let made = catch_unwind(AssertUnwindSafe(|| {
        let mut db = ClarityDatabase::new(store, headers, burn);
        LimitedCostTracker::new_mid_block(mainnet, chain_id, key.limit.clone(), &mut db, epoch)
    }));
    let tracker = made.map_err(|panic| panic_text(panic.as_ref()))?.map_err(|error| error.to_string())?;
    keep(key, tracker.clone());
    Ok(tracker)
}

fn kept(key: &Key) -> Option<LimitedCostTracker> {
    let kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
    kept.iter().find(|(known, _)| known == key).map(|(_, tracker)| tracker.clone())
}

fn keep(key: Key, tracker: LimitedCostTracker) {
    let mut kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
    if kept.len() >= KEPT_MAX {
        kept.remove(0);
    }
    kept.push((key, tracker));
}
