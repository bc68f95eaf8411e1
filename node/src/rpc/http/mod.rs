//! The HTTP shim: the milestone's own paths, and the reference's for what they read, by docs/COMPATIBILITY.md#http.
//!
//! # Invariants
//! - Error bodies have the reference's shapes: text, but JSON for refused transactions, fee estimates, proposals and
//!   stacker sets.
//! - An unknown path answers 404 at once, also under `/extended`, which stacks.js asks first.
//! - Every path is in the table of [`mod@router`]. What differs from the reference stands in the module of the path.

mod accounts;
mod auth;
mod blocks;
mod contracts;
mod event_json;
mod events;
mod extended;
mod fees;
mod headers;
mod info;
mod input;
mod jobs;
mod lookup;
mod openapi;
mod overview;
mod page;
mod proposal;
mod query;
mod respond;
mod router;
mod signers;
mod sortitions;
mod stackerdb;
mod stacking;
mod state;
mod tenures;
mod transactions;
mod unsupported;

#[cfg(test)]
mod tests;

pub use router::{Route, router, routes};
