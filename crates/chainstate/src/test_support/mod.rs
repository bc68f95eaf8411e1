//! Doubles for tests of this crate and of others: a state in a folder, and a header table that says what a test wrote
//! down. Feature `test-support`; never part of a node.
//!
//! # Not here
//! Whole chains: tests open a [`crate::chain::Chain`] with parameters of their own.

mod headers;
mod signatures;
mod stack;
mod state;

pub use headers::{FixedHeaders, HeaderFacts};
pub use signatures::with_other_s;
pub use stack::on_a_large_stack;
pub use state::{BurnHash, ScratchState};
