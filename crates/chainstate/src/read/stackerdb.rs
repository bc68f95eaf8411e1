//! StackerDB slots and their chunks.

use stacks_types::stackerdb::StackerDbChunk;

use super::{LookupError, Unknown};
use crate::chain::Snapshot;
use crate::stackerdb::{SlotMetadata, get_chunk, list_metadata};

/// A chunk: the newest, or only that version.
///
/// # Errors
/// [`Unknown::StackerDb`], [`Unknown::Slot`], and [`Unknown::Chunk`] when it was never written or has another version.
pub fn chunk(
    snapshot: &Snapshot<'_>,
    contract_id: &str,
    slot_id: u32,
    version: Option<u32>,
) -> Result<StackerDbChunk, LookupError> {
    if let Some(chunk) = get_chunk(snapshot.conn(), contract_id, slot_id, version)? {
        return Ok(chunk);
    }
    let known = slots(snapshot, contract_id)?.iter().any(|slot| slot.slot_id == slot_id);
    let what = if known { Unknown::Chunk } else { Unknown::Slot };
    Err(LookupError::NotFound { what, id: format!("{contract_id}/{slot_id}") })
}

/// Metadata of all slots, in their order.
///
/// # Errors
/// [`Unknown::StackerDb`].
pub fn slots(snapshot: &Snapshot<'_>, contract_id: &str) -> Result<Vec<SlotMetadata>, LookupError> {
    let slots = list_metadata(snapshot.conn(), contract_id)?;
    slots.ok_or_else(|| LookupError::NotFound { what: Unknown::StackerDb, id: contract_id.to_owned() })
}
