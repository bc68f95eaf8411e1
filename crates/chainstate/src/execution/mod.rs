//! Execution over the state index: what runs blocks.
//!
//! Read in this order: [`facts`] (what contracts see of the chain), [`world`] (the state as the engine asks for it),
//! [`contract_store`] and [`contract_cache`] (contracts of committed blocks), [`session`] (one block), [`mod@process`],
//! [`payload`], [`deployment`], [`post_conditions`] (one transaction), [`genesis`] (block 0), [`read_only`] (reads), [`convert`] (the types of
//! receipts).

mod contract_cache;
mod convert;
mod deployment;
mod payload;
mod post_conditions;
mod process;
mod world;

pub mod contract_store;
pub mod facts;
pub mod genesis;
pub mod read_only;
pub mod session;

pub use contract_cache::ContractCache;
pub use facts::{BurnView, ChainFacts};
pub use post_conditions::{PostConditionFailure, check_post_conditions};
pub use session::{BlockContext, BlockEnv, BlockSession, ExecutedBlock, MAX_RECEIPTS_BYTES, STACK_BYTES, SessionError};
pub use world::StateWrite;
