//! Stored blocks, waiting and processed (table `staging_blocks`; docs/CONSENSUS.md#chain-state).
//!
//! A SQLite file with one writer, so that storing an arriving block never waits for block processing.
//!
//! ```text
//!             store ──▶ stored ──mark_processed──▶ processed
//!                          ├─────mark_orphaned───▶ orphaned (reason kept; takes its descendants along)
//!                          └─────forget──────────▶ gone     (as if it had never come)
//! ```
//!
//! A stored block can be processed once both flags are set: `burn_attachable` (its burn view is known) and
//! `stacks_attachable` (its parent is processed).
//!
//! # Invariants
//! - A block for which [`StagingWriter::store`] answered `Stored` survives what the folder's `Durability` promises. One
//!   that nobody can check yet may be deleted to make room for newer ones of its kind.
//! - `stored` is the only state that a block can leave. A processed block keeps its bytes.
//! - Blocks that wait for something unknown are bounded in number and bytes.
//!
//! # Not here
//! Whether a block is valid: `blocks`. Which blocks are processed is decided by chain state.

mod block;
mod error;
mod reader;
mod rows;
mod schema;
mod summary;
mod writer;

pub(crate) use block::NewBlock;
pub use block::{StagedBlock, StagingState};
pub(crate) use error::MarkError;
pub use reader::StagingReader;
pub(crate) use summary::{StagingSummary, read_summary};
pub(crate) use writer::{StageOutcome, StagingWriter};

#[cfg(test)]
mod tests;
