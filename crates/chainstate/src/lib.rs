//! The chain's rules and their storage: no network, no async, no wall clock.
//!
//! Read in this order: [`params`] (what differs between chains), [`burn`] (mocked bitcoin), [`staging`] and [`headers`]
//! (blocks before and after they are processed), [`transactions`] (rules for one transaction), [`execution`] (the
//! engine over the state index), [`blocks`] (when a block is valid), [`mempool`] and [`assembly`] (how new blocks are
//! made), [`stackerdb`], [`journal`] (events), [`store`] (their writer), [`chain`] (all of it as one handle), and
//! [`read`] (questions about it). [`db`] is below all of them: what their databases have in common.
//!
//! # Invariants
//! - One thread writes each database; readers have connections of their own and see the last commit.
//! - Blocks are executed outside the write transaction, which only stores the result.
//! - The time of day is passed in. Only limits on work read a clock (`Instant`).

pub mod db;
pub mod params;
mod rejection;

pub mod burn;
pub mod headers;
pub mod staging;

pub mod execution;
pub mod transactions;

pub mod blocks;

pub mod assembly;
pub mod mempool;
pub mod stackerdb;

pub mod journal;

pub mod chain;
pub(crate) mod store;

pub mod read;
pub mod wire;

#[cfg(any(test, feature = "test-support"))]
pub mod test_support;
