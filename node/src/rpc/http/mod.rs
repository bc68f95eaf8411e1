//! The HTTP shim: the milestone's own paths, and the reference's reads (docs/COMPATIBILITY.md#http).
//!
//! # Invariants
//! - Error bodies have the reference's shapes: text, except for refused transactions, fee estimates, proposals and
//!   stacker sets, which are JSON.
//! - An unknown path gets 404 at once, including `/extended`, which stacks.js asks first.
//! - Every path is in the table of [`mod@router`]. Each path's module lists the differences from the reference.

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
mod simulate;
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
