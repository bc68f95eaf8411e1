//! `StackerDBs`: slots of signed, versioned data, owned by signers (docs/COMPATIBILITY.md#stackerdb).
//!
//! The tables are part of `chainstate.sqlite`, so that a chunk commits together with its event. Functions that write
//! take the caller's transaction and return the changes; the caller emits the event.
//!
//! # Invariants
//! - An instance's slots are numbered from 0 without a gap, and each has exactly one owner.
//! - A slot keeps its newest chunk only. Version 0 means "never written", and has no data.
//! - A slot whose owner changes is empty again.
//! - A chunk's data is stored once: in its event while the journal has that, then with the slot.
//!
//! # Not here
//! Content of the chunks: `stacks_types::proposal`. Which contracts are instances, and when: the chain.

mod chunk;
mod configure;
mod contract_interface;
mod contract_rows;
mod instance;
mod put;
mod rows;

pub use chunk::SlotMetadata;
pub(crate) use chunk::{AuthenticatedChunk, check_signature};
pub(crate) use configure::{ConfigureError, configure};
pub(crate) use contract_interface::{CONFIG_FUNCTION, SLOTS_FUNCTION, is_stackerdb, read_config, read_signers};
pub use contract_rows::{MAX_CONTRACTS, StackerDbContract, list_contracts};
pub(crate) use contract_rows::{delete_contract, insert_contract, select_followed, update_followed, update_refusal};
pub use instance::{InstanceConfig, MAX_SLOTS, producers_contract, signers_contract};
pub(crate) use instance::{MAX_SLOTS_IN_ALL, PRODUCERS_CONFIG, SIGNERS_CONFIG};
pub(crate) use put::put_chunk;
pub use put::{PutOutcome, PutRefusal};
pub(crate) use rows::keep_chunks_of_events;
pub use rows::{get_chunk, list_instances, list_metadata};

#[cfg(test)]
mod tests;
