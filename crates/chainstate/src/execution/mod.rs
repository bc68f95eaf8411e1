//! Executes blocks over the state index.
//!
//! Read in this order: [`facts`] (what contracts see of the chain), [`world`] (the state as the engine reads it),
//! [`contract_store`] and [`contract_cache`] (contracts of committed blocks), [`session`] (one block), [`mod@process`],
//! [`payload`], [`deployment`], [`post_conditions`], [`outcome`], [`failure`] (one transaction), [`genesis`] and
//! [`boot_contracts`] (block 0), [`read_only`] (reads), [`interrupt`] (what ends an execution), [`locking`] (what a
//! chain with mocked stacking cannot do).

mod boot_contracts;
mod contract_cache;
mod deployment;
mod env;
mod failure;
mod interrupt;
mod locking;
mod outcome;
mod payload;
mod post_conditions;
mod process;
#[cfg(any(test, feature = "test-support"))]
mod recorded;
mod world;

pub mod contract_store;
pub mod facts;
pub mod genesis;
pub mod read_only;
pub mod session;

pub use contract_cache::ContractCache;
pub use env::BlockEnv;
pub use facts::{BurnView, ChainFacts, Fact};
pub(crate) use interrupt::Expired;
pub use interrupt::{ExecutionLimits, Supervision};
pub use session::{BlockContext, BlockSession, ExecutedBlock, STACK_BYTES, SessionError};

#[cfg(test)]
mod tests;
