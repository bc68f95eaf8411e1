//! The sets of producers and stackers as of a burn block.

use stacks_types::ids::BurnBlockHash;

use super::LookupError;
use super::burn_block::newest;
use crate::burn::StackerSet;
use crate::chain::Snapshot;
use crate::params::Producer;

/// Producers as of a burn block, in the order of their slots; `None` means the canonical tip.
///
/// # Errors
/// [`super::Unknown::BurnBlock`].
pub fn producers(snapshot: &Snapshot<'_>, at: Option<BurnBlockHash>) -> Result<Vec<Producer>, LookupError> {
    Ok(snapshot.burn().get_producer_set(&or_newest(snapshot, at)?)?)
}

/// Stackers as of a burn block; `None` means the canonical tip.
///
/// # Errors
/// [`super::Unknown::BurnBlock`].
pub fn stackers(snapshot: &Snapshot<'_>, at: Option<BurnBlockHash>) -> Result<StackerSet, LookupError> {
    Ok(snapshot.burn().get_stacker_set(&or_newest(snapshot, at)?)?)
}

fn or_newest(snapshot: &Snapshot<'_>, at: Option<BurnBlockHash>) -> Result<BurnBlockHash, LookupError> {
    match at {
        Some(hash) => Ok(hash),
        None => Ok(newest(snapshot)?.hash),
    }
}
