//! The mocked bitcoin: burn blocks, who is elected at them, and who stacks (`ProcessedBurnDb`;
//! docs/CONSENSUS.md#burn-chain).
//!
//! A SQLite file with one writer. Any known block can be mined on, nothing is ever removed or changed, and height
//! decides the canonical tip. So two reads on one connection need no common transaction: only
//! [`ProcessedBurnDb::get_canonical_burn_block`] can answer differently later.
//!
//! # Invariants
//! - Every block's parent is stored, except the first block's.
//! - `seen` numbers the blocks from 1 in the order in which they were mined; a parent's number is smaller.
//! - The rules of the chain ([`crate::params::BurnParams`]) are stored with it; a file opened with others is refused.
//!
//! # Not here
//! The clock that decides when to mine, and the events about it: the node.

mod block;
mod error;
mod producers;
mod reader;
mod rows;
mod rules;
mod schema;
mod stackers;
mod summary;
mod writer;

pub use block::{BurnBlock, BurnBlockInfo};
pub(crate) use error::BurnOpenError;
pub use error::{BurnLookupError, SetMembersError};
pub use reader::ProcessedBurnDb;
pub use stackers::StackerSet;
pub(crate) use summary::{BurnSummary, read_summary, stored_rules};
pub(crate) use writer::BurnDbWriter;

#[cfg(test)]
mod tests;
