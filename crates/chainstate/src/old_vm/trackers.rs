//! Keeps cost trackers: making one takes milliseconds, copying it a fraction of one.
//!
//! # Invariants
//! - A tracker is a function of its key: its figures are those of the build (see `meter`), and no proposal can change
//!   them (see `costs`).
//!
//! # Not here
//! Making: `meter`. Counting: the VM. Resetting after a transaction that is not kept: `session`.

use std::sync::{Mutex, PoisonError};

use ::clarity::vm::costs::{ExecutionCost, LimitedCostTracker};

use super::meter::new_tracker;
use crate::params::ChainParams;

/// Trackers kept in a process; each takes less than a MiB. A node needs two: one a tenure limit, one for read-only calls.
const KEPT_MAX: usize = 8;

static KEPT: Mutex<Vec<(Key, LimitedCostTracker)>> = Mutex::new(Vec::new());

/// All that a tracker depends on.
#[derive(Clone, PartialEq, Eq)]
struct Key {
    mainnet: bool,
    chain_id: u32,
    limit: ExecutionCost,
}

/// A tracker at zero.
///
/// # Errors
/// The text of what is wrong with the figures.
pub(super) fn make_tracker(params: &ChainParams, limit: ExecutionCost) -> Result<LimitedCostTracker, String> {
    let ChainParams { mainnet, chain_id, .. } = *params;
    let key = Key { mainnet, chain_id, limit };
    if let Some(tracker) = kept(&key) {
        return Ok(tracker);
    }
    let tracker = new_tracker(mainnet, chain_id, key.limit.clone())?;
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
