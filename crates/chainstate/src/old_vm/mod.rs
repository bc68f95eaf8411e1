//! The published Clarity VM over the state index: what ran blocks before the engine did. For tests that compare both; never part
//! of a node.

#![expect(clippy::result_large_err, reason = "the VM's error types are large, and only pass through here")]

mod burn_view;
mod convert;
mod interrupt;
mod kept_contracts;
mod meter;
mod payload;
mod post_conditions;
mod process;
mod scope;
mod scratch;
mod store;
mod trackers;

pub mod costs;
pub mod genesis;
pub mod session;
pub mod side_store;

use stacks_common::types::StacksEpochId;

/// The newest epoch that it has.
const EPOCH: StacksEpochId = StacksEpochId::Epoch30;

pub use burn_view::BurnView;
pub use kept_contracts::ContractCache;
pub(crate) use scope::Scope;
pub use scratch::{FixedBurn, OldState};
pub use session::{BlockContext, BlockEnv, BlockSession, ExecutedBlock, SessionError};
pub use store::StateWrite;
