//! Writing a slot: the checks of docs/COMPATIBILITY.md#writing-a-slot in their order, then the write.

use super::chunk::{AuthenticatedChunk, SlotMetadata};
use super::rows::{self, Instance};
use crate::db::StoreError;
use rusqlite::Transaction;
use stacks_types::address::StacksAddress;
use stacks_types::ids::Hash160;

/// The result of writing a chunk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PutOutcome {
    /// It is now the slot's chunk.
    Accepted(SlotMetadata),
    /// It broke a rule; the slot is unchanged.
    Refused {
        /// The rule.
        refusal: PutRefusal,
        /// The slot as it is; none when there is no such slot.
        stored: Option<SlotMetadata>,
    },
    /// There is no such instance.
    NoSuchDb,
}

/// The rule that a chunk broke.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PutRefusal {
    /// The slot has this version or a newer one.
    #[error("slot version {given} is not above the stored {stored}")]
    DataAlreadyExists {
        /// The slot's version.
        stored: u32,
        /// The chunk's version.
        given: u32,
    },
    /// The instance has no such slot.
    #[error("slot {slot_id} does not exist, there are {slots}")]
    NoSuchSlot {
        /// The chunk's slot.
        slot_id: u32,
        /// Number of slots that the instance has.
        slots: u32,
    },
    /// The signer is not the slot's owner, or there is none.
    #[error("the slot is {owner}'s, {}", signed_by(*signer))]
    BadSigner {
        /// The slot's owner.
        owner: StacksAddress,
        /// Who signed; none when no key can be recovered from the signature.
        signer: Option<StacksAddress>,
    },
    /// The data is longer than the instance allows.
    #[error("chunk of {size_bytes} bytes is larger than {limit_bytes}")]
    ChunkTooBig {
        /// The chunk's length.
        size_bytes: usize,
        /// The instance's limit.
        limit_bytes: u32,
    },
    /// The version is above the instance's highest.
    #[error("slot version {given} is above the highest, {limit}")]
    TooManySlotWrites {
        /// The chunk's version.
        given: u32,
        /// The instance's limit.
        limit: u32,
    },
}

impl PutRefusal {
    /// The code on the HTTP wire (docs/COMPATIBILITY.md#stackerdb-over-http).
    #[must_use]
    pub const fn code(&self) -> u32 {
        match self {
            Self::DataAlreadyExists { .. } => 0,
            Self::NoSuchSlot { .. } => 1,
            Self::BadSigner { .. } => 2,
            Self::ChunkTooBig { .. } => 3,
            Self::TooManySlotWrites { .. } => 4,
        }
    }
}

fn signed_by(signer: Option<StacksAddress>) -> String {
    signer.map_or_else(|| "and the signature is nobody's".to_owned(), |signer| format!("and {signer} signed"))
}

/// Writes a slot of `contract`, or returns the rule that forbids it. After `Accepted` the caller must emit the event
/// with that sequence. It holds the data, so it must have this chunk alone.
///
/// # Errors
/// When the database fails.
pub(crate) fn put_chunk(
    tx: &Transaction<'_>,
    contract: &str,
    chunk: &AuthenticatedChunk,
    event_sequence: u64,
    mainnet: bool,
) -> Result<PutOutcome, StoreError> {
    let Some(instance) = rows::select_instance(tx, contract)? else {
        return Ok(PutOutcome::NoSuchDb);
    };
    let slot = rows::select_slot(tx, instance.id, chunk.chunk().slot_id)?;
    if let Err(refusal) = check_chunk(tx, &instance, slot.as_ref(), chunk, mainnet)? {
        return Ok(PutOutcome::Refused { refusal, stored: slot });
    }
    let new = chunk.chunk();
    let owner = slot.map(|slot| slot.owner).unwrap_or_default();
    let metadata = SlotMetadata {
        slot_id: new.slot_id,
        slot_version: new.slot_version,
        data_hash: *chunk.data_hash(),
        signature: new.signature,
        owner,
    };
    rows::update_slot(tx, instance.id, &metadata, event_sequence)?;
    Ok(PutOutcome::Accepted(metadata))
}

/// The rules, in the reference's order: size, slot, signer, version, ceiling.
fn check_chunk(
    tx: &Transaction<'_>,
    instance: &Instance,
    slot: Option<&SlotMetadata>,
    chunk: &AuthenticatedChunk,
    mainnet: bool,
) -> Result<Result<(), PutRefusal>, StoreError> {
    let (config, given) = (&instance.config, chunk.chunk().slot_version);
    let size_bytes = chunk.chunk().data.len();
    let too_big = u32::try_from(size_bytes).map_or(true, |size| size > config.chunk_size_bytes);
    if too_big {
        return Ok(Err(PutRefusal::ChunkTooBig { size_bytes, limit_bytes: config.chunk_size_bytes }));
    }
    let Some(slot) = slot else {
        let slots = rows::select_slot_count(tx, instance.id)?;
        return Ok(Err(PutRefusal::NoSuchSlot { slot_id: chunk.chunk().slot_id, slots }));
    };
    if chunk.signer() != Some(&slot.owner) {
        let address = |hash: Hash160| StacksAddress::of_key_hash(hash, mainnet);
        let (owner, signer) = (address(slot.owner), chunk.signer().copied().map(address));
        return Ok(Err(PutRefusal::BadSigner { owner, signer }));
    }
    if given <= slot.slot_version {
        return Ok(Err(PutRefusal::DataAlreadyExists { stored: slot.slot_version, given }));
    }
    if given > config.max_writes {
        return Ok(Err(PutRefusal::TooManySlotWrites { given, limit: config.max_writes }));
    }
    Ok(Ok(()))
}
