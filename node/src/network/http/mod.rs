//! The HTTP shim: the milestone's own paths, and the reference's for what they read, by COMPAT 5.
//!
//! # Invariants
//! - Error bodies have the reference's shapes: text, but JSON for refused transactions.
//! - An unknown path answers 404 at once, also under `/extended`, which stacks.js asks first.
//!
//! # Not here
//! Tenures, sortitions, PoX, fee estimation, StackerDB paths: not served yet, so 404.

mod accounts;
mod blocks;
mod contracts;
mod headers;
mod info;
mod input;
mod jobs;
mod respond;
mod router;
mod transactions;

#[cfg(test)]
mod tests;

pub use router::router;
