//! Makes an instance, and follows its signer list.

use super::instance::{InstanceConfig, MAX_INSTANCES, MAX_SLOTS};
use super::rows;
use crate::db::StoreError;
use rusqlite::Transaction;
use stacks_types::address::StacksAddress;
use stacks_types::ids::Hash160;
use stacks_types::limits::MAX_CHUNK_BYTES;

/// Changes that [`configure`] made.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Configured {
    /// The instance is new.
    pub created: bool,
    /// Slots that got another owner and lost their data, in order. Slots of a new instance are not listed.
    pub reset: Vec<u32>,
    /// Slots that were added at the end.
    pub added: u32,
    /// Slots that were removed from the end, with their data.
    pub removed: u32,
}

/// Why the configuration is refused. Nothing is changed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConfigureError {
    /// More slots than an instance has.
    #[error("{slots} slots are more than {MAX_SLOTS}")]
    TooManySlots {
        /// Slots wanted.
        slots: u64,
    },
    /// More slots than all instances have together, and more than the instance has now.
    #[error("all StackerDBs together would have {slots} slots, more than {most}")]
    TooManySlotsInAll {
        /// Slots that there would be.
        slots: usize,
        /// The limit.
        most: usize,
    },
    /// Chunks longer than a message can carry.
    #[error("chunk size {chunk_size_bytes} is above {MAX_CHUNK_BYTES}")]
    ChunkSize {
        /// Size wanted.
        chunk_size_bytes: u32,
    },
    /// The node has the most instances that it may have.
    #[error("there are {MAX_INSTANCES} instances already")]
    TooManyInstances,
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Makes the instance `contract` or updates it: slots are numbered in list order, as many for each signer as the list
/// says. A slot whose owner changes is emptied, the others keep their data. The same configuration again changes
/// nothing. The instance gets more slots only while all instances together have no more than `most_in_all`.
///
/// # Errors
/// When the configuration breaks a limit, or the database fails.
pub(crate) fn configure(
    tx: &Transaction<'_>,
    contract: &str,
    signers: &[(StacksAddress, u32)],
    config: &InstanceConfig,
    most_in_all: usize,
) -> Result<Configured, ConfigureError> {
    let owners = owners(signers)?;
    let chunk_size_bytes = config.chunk_size_bytes;
    if usize::try_from(chunk_size_bytes).map_or(true, |size| size > MAX_CHUNK_BYTES) {
        return Err(ConfigureError::ChunkSize { chunk_size_bytes });
    }
    let known = rows::select_instance(tx, contract)?;
    let stored = known.map_or(Ok(Vec::new()), |instance| rows::select_owners(tx, instance.id))?;
    if owners.len() > stored.len() {
        let slots = (rows::select_slot_count_in_all(tx)? - stored.len()).saturating_add(owners.len());
        if slots > most_in_all {
            return Err(ConfigureError::TooManySlotsInAll { slots, most: most_in_all });
        }
    }
    let (instance, created) = match known {
        Some(instance) => {
            if instance.config != *config {
                rows::update_config(tx, instance.id, config)?;
            }
            (instance.id, false)
        }
        None if rows::list_instances(tx)?.len() >= MAX_INSTANCES => return Err(ConfigureError::TooManyInstances),
        None => (rows::insert_instance(tx, contract, config)?, true),
    };
    let mut configured = Configured { created, ..Configured::default() };
    let mut stored = stored.into_iter();
    for (slot_id, owner) in (0_u32..).zip(&owners) {
        match stored.next() {
            Some(stored) if stored == *owner => {}
            Some(_) => {
                rows::reset_slot(tx, instance, slot_id, owner)?;
                configured.reset.push(slot_id);
            }
            None => {
                rows::insert_slot(tx, instance, slot_id, owner)?;
                configured.added += 1;
            }
        }
    }
    configured.removed = rows::delete_slots_from(tx, instance, owners.len())?;
    Ok(configured)
}

/// The owner of each slot. The sum is checked before any memory is taken for it.
fn owners(signers: &[(StacksAddress, u32)]) -> Result<Vec<Hash160>, ConfigureError> {
    let slots = signers.iter().fold(0_u64, |sum, (_, slots)| sum.saturating_add(u64::from(*slots)));
    if usize::try_from(slots).map_or(true, |slots| slots > MAX_SLOTS) {
        return Err(ConfigureError::TooManySlots { slots });
    }
    let owned = |(address, slots): &(StacksAddress, u32)| std::iter::repeat_n(address.hash160(), *slots as usize);
    Ok(signers.iter().flat_map(owned).collect())
}
