//! StackerDB slots and their chunks.

use stacks_types::stackerdb::StackerDbChunk;

use super::{LookupError, Unknown};
use crate::chain::Snapshot;
use crate::stackerdb::{SlotMetadata, get_chunk, list_metadata};

/// A chunk: the newest, or only that version.
///
/// # Errors
/// As [`find_chunk`], and [`Unknown::Chunk`] when the slot is empty.
pub fn chunk(
    snapshot: &Snapshot<'_>,
    contract_id: &str,
    slot_id: u32,
    version: Option<u32>,
) -> Result<StackerDbChunk, LookupError> {
    let empty = || LookupError::NotFound { what: Unknown::Chunk, id: format!("{contract_id}/{slot_id}: it is empty") };
    find_chunk(snapshot, contract_id, slot_id, version)?.ok_or_else(empty)
}

/// A chunk: the newest, or only that version; `None` when the slot is empty, which is version 0.
///
/// # Errors
/// [`Unknown::StackerDb`], [`Unknown::Slot`], and [`Unknown::Chunk`] when the slot has another version.
pub fn find_chunk(
    snapshot: &Snapshot<'_>,
    contract_id: &str,
    slot_id: u32,
    version: Option<u32>,
) -> Result<Option<StackerDbChunk>, LookupError> {
    if let Some(chunk) = get_chunk(snapshot.conn(), contract_id, slot_id, version)? {
        return Ok(Some(chunk));
    }
    let slots = slots(snapshot, contract_id)?;
    let Some(slot) = slots.iter().find(|slot| slot.slot_id == slot_id) else {
        return Err(LookupError::NotFound { what: Unknown::Slot, id: format!("{contract_id}/{slot_id}") });
    };
    let stored = slot.slot_version;
    match version {
        Some(asked) if asked != stored => {
            let id = format!("{contract_id}/{slot_id}/{asked}: version {stored} is there");
            Err(LookupError::NotFound { what: Unknown::Chunk, id })
        }
        _ => Ok(None),
    }
}

/// Metadata of all slots, in their order.
///
/// # Errors
/// [`Unknown::StackerDb`].
pub fn slots(snapshot: &Snapshot<'_>, contract_id: &str) -> Result<Vec<SlotMetadata>, LookupError> {
    let slots = list_metadata(snapshot.conn(), contract_id)?;
    slots.ok_or_else(|| LookupError::NotFound { what: Unknown::StackerDb, id: contract_id.to_owned() })
}
