//! Stored blocks that wait to be processed, and those that were (table `staging_blocks`;
//! docs/CONSENSUS.md#chain-state).
//!
//! A SQLite file of its own with one writer, so that storing an arriving block never waits for block processing.
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
//! - What [`StagingWriter::store`] answered `Stored` to survives what the folder's `Durability` says. A block that nobody can check yet may be forgotten
//!   for newer ones of its like.
//! - No state is ever left but `stored`. A processed block keeps its bytes.
//! - Blocks that wait for something unknown are bounded in number and bytes.
//!
//! # Not here
//! Whether a block is valid: `blocks`. Chain state is the truth about what is processed.

mod block;
mod error;
mod look;
mod reader;
mod rows;
mod writer;

pub(crate) use block::NewBlock;
pub use block::{StagedBlock, StagingState};
pub(crate) use error::MarkError;
pub(crate) use look::{StagingLook, look};
pub use reader::StagingReader;
pub(crate) use writer::{StageOutcome, StagingWriter};

#[cfg(test)]
mod tests;
