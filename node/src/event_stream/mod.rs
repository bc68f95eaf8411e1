//! Journal to subscribers: every subscriber reads the journal at its own speed.
//!
//! Read in this order: [`journal`] (what is read), [`cursor`], [`filter`] (which events), [`payload`] (how much of
//! them), [`position`] (where to begin), [`frame`] (bytes on the wire), [`frame_builder`] (frames of one stream: pure), [`task`]
//! (moves one stream), [`subscribers`] (who reads), [`registry`] (all of them, on threads of their own).
//!
//! # Invariants
//! - No event travels from writer to reader but through the journal; a wake only says that there is more.
//! - A subscriber that does not read holds its own queue and nothing else: no writer and no other subscriber waits.
//! - An event is encoded once, whoever reads it; streams share the bytes.
//! - Inside one stream sequences strictly rise, and no event that matches the filter is left out.

pub mod context;
pub mod cursor;
pub mod filter;
pub mod frame;
pub mod frame_builder;
pub mod journal;
pub mod page;
pub mod payload;
pub mod position;
pub mod registry;
pub mod subscribers;
pub mod task;

#[cfg(test)]
mod tests;
