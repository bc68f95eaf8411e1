//! `StackerDBs`: slots of signed, versioned data, owned by signers (docs/COMPATIBILITY.md#stackerdb).
//!
//! The tables are part of `chainstate.sqlite`, so that a chunk commits together with its event. Functions that write take
//! the caller's transaction and return what changed; the caller makes the event.
//!
//! # Invariants
//! - An instance's slots are numbered from 0 without a gap, and each has exactly one owner.
//! - A slot keeps its newest chunk only. Version 0 means "never written", and has no data.
//! - A slot whose owner changes is empty again.
//! - The data of a chunk is stored once: in its event as long as the journal has that, then with the slot.
//!
//! # Not here
//! What is in the chunks: `stacks_types::proposal`. Which contracts are instances, and when: the chain.

mod chunk;
mod configure;
mod contract;
mod contracts;
mod instance;
mod put;
mod rows;

pub use chunk::{AuthenticatedChunk, SlotMetadata, check_signature};
pub use configure::{ConfigureError, Configured, configure};
pub use contract::{CONFIG_FUNCTION, ConfigRefusal, SLOTS_FUNCTION, is_stackerdb, read_config, read_signers};
pub use contracts::{
    MAX_CONTRACTS, StackerDbContract, delete_contract, insert_contract, list_contracts, select_followed,
    update_followed, update_refusal,
};
pub use instance::{
    InstanceConfig, MAX_INSTANCES, MAX_SLOTS, PRODUCERS_CHUNK_BYTES, PRODUCERS_CONFIG, SIGNERS_CHUNK_BYTES,
    SIGNERS_CONFIG, producers_contract, signers_contract,
};
pub use put::{PutOutcome, PutRefusal, put_chunk};
pub use rows::{get_chunk, get_config, keep_chunks_of_events, list_instances, list_metadata};

#[cfg(test)]
mod tests;
