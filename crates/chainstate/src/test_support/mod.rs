//! Fixtures and doubles for tests of this crate and others: accounts with keys, their transactions, the parameters of a
//! chain; a state in a folder, and a header table with rows that the test sets. Feature `test-support`; never part of a
//! node.
//!
//! # Not here
//! Whole chains: tests open a [`crate::chain::NakamotoChainState`] with parameters of their own.

mod accounts;
mod chain_params;
mod headers;
mod receipts;
mod signatures;
mod stack;
mod state;
mod transactions;

pub use accounts::{address, key, user, vrf_key, vrf_seed};
pub use chain_params::{FIRST_TIME_S, OPENING_USTX, USERS, params};
pub use headers::{FixedHeaders, HeaderFacts};
pub use signatures::with_other_s;
pub use stack::on_a_large_stack;
pub use state::{BurnHash, ScratchState};
pub use transactions::{call_payload, deploy, deploy_payload, signed, transfer, transfer_payload};
