//! Transactions that wait to be mined (docs/COMPATIBILITY.md#admission).
//!
//! The tables are part of `chainstate.sqlite`, so that an admission or a drop commits together with its event.
//! Admission has two halves: [`fn@check`] reads and verifies signatures, and may take long; [`fn@insert`] is short and
//! part of the caller's write transaction. Transactions in the table have verified signatures, which are never verified
//! again.
//!
//! Read in this order: [`fn@check`] and its [`Refusal`]s, [`fn@insert`] and the other writes, which all return
//! [`Changes`], then [`MempoolIndex`], the index in memory that [`Candidates`] walks.
//!
//! # Invariants
//! - An account's nonce is used by at most one pending transaction, as origin or as sponsor.
//! - Number and bytes of pending transactions are bounded. When a bound is reached, transactions that cannot be mined
//!   yet are evicted, then those that pay less.
//! - For every account with pending transactions the next nonce at the canonical tip is stored.
//! - Nothing here reads a clock: time is passed in, in seconds since 1970.
//!
//! # Not here
//! Executing candidates: assembly. Events: the caller that commits the changes.

mod advice;
mod candidates;
mod changes;
mod check;
mod eviction;
mod index;
mod insert;
mod pending;
mod pending_status;
mod refusal;
mod remove;
mod rows;
mod view;
mod waiting;

pub use candidates::Candidates;
pub use changes::{Changes, DropReason, Dropped};
pub(crate) use check::{CheckOutcome, CheckedTransaction, check};
pub(crate) use eviction::Need;
pub use index::MempoolIndex;
pub(crate) use insert::{InsertOutcome, insert, restore};
pub use pending::{FeeRate, PendingTransaction};
pub use pending_status::PendingStatus;
pub use refusal::Refusal;
#[cfg(test)]
pub(crate) use remove::MAX_AGE_S;
pub(crate) use remove::{garbage_collect, on_block, remove};
pub use rows::{Totals, get_raw};
pub(crate) use view::{AccountView, AdmissionView};

#[cfg(test)]
mod tests;
