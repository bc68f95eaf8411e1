//! The Clarity VM over the state index: what executes blocks and answers reads at processed ones.
//!
//! Read in this order: [`store`] (storage as the VM sees it), [`side_store`] (contract bodies), `kept_contracts` (those
//! that were called), [`burn_view`] (what contracts see of bitcoin), [`scope`] (one transaction's writes), [`session`]
//! (one block), [`genesis`] (block 0), [`costs`] (the figures), `meter` and `trackers` (who counts), [`read_only`] (reads),
//! `loadable` (what admission refuses), [`interrupt`] (what ends an evaluation).

#![expect(clippy::result_large_err, reason = "the VM's error types are large, and only pass through here")]

mod burn_view;
mod interrupt;
mod kept_contracts;
mod loadable;
mod meter;
mod scope;
mod store;
mod trackers;

pub mod costs;
pub mod genesis;
pub mod read_only;
pub mod session;
pub mod side_store;

pub use burn_view::BurnView;
pub use interrupt::{ExecutionLimits, Expired, Supervision};
pub use kept_contracts::ContractCache;
pub(crate) use loadable::is_in_doubt;
pub(crate) use scope::Scope;
pub use session::{BlockContext, BlockEnv, BlockSession, ExecutedBlock, MAX_RECEIPTS_BYTES, STACK_BYTES, SessionError};
pub use store::StateWrite;

#[cfg(test)]
mod tests;
