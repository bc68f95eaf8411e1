//! Questions about the chain: one file for each subject, one function for each question, each on a [`Snapshot`].
//!
//! ```text
//! chain.read(|snapshot| read::block::get(snapshot, BlockAt::Tip))
//! ```
//!
//! # Invariants
//! - Nothing is changed, and the whole answer of a function is of one snapshot.
//! - Answers are the chain's own types; the caller turns them into messages or JSON. Only receipts are messages,
//!   because they are stored as the event in the journal.
//!
//! # Not here
//! Questions that are one look-up in one table, or one method of a database's reader: callers use those directly.
//! Threads, limits of time and size, texts that name fields of a request: the node.

pub mod account;
pub mod block;
pub mod burn_block;
pub mod call;
pub mod contract;
pub mod contract_data;
mod error;
pub mod estimate;
pub mod fee;
pub mod fork;
pub mod mempool;
pub mod producer_view;
pub mod set;
pub mod simulate;
pub mod sortition;
pub mod stackerdb;
pub mod stacking;
pub mod tenure;
pub mod tip;
pub mod transaction;

pub use error::{LookupError, Unknown};

use stacks_types::ids::StacksBlockId;

use crate::chain::Snapshot;
use crate::execution::read_only::StateReader;
use crate::headers::ProcessedHeader;

/// Runs `read` on the state after a processed block; `None` means the canonical tip.
fn at_state<T>(
    snapshot: &Snapshot<'_>,
    at: Option<&StacksBlockId>,
    read: impl FnOnce(&StateReader<'_>) -> Result<T, LookupError>,
) -> Result<T, LookupError> {
    snapshot.state_at(at, |state| Ok(read(state)))?
}

/// The header of a block to which a processed block refers.
fn known_header(snapshot: &Snapshot<'_>, id: &StacksBlockId) -> Result<ProcessedHeader, LookupError> {
    snapshot.header(id)?.ok_or_else(|| LookupError::corrupt(format!("processed block {id} has no header")))
}
