//! Journal to subscribers: every subscriber reads the journal at its own speed.
//!
//! Read in this order: [`journal`] (what is read), [`cursor`], [`filter`] (which events), [`payload`] (how much of
//! them), [`position`] (where to begin), [`frame`] (bytes on the wire), [`feed`] (frames of one stream: pure), [`pump`]
//! (moves one stream), [`subscribers`] (who reads), [`hub`] (all of them, on threads of their own).
//!
//! # Invariants
//! - No event travels from writer to reader but through the journal; a bell only says that there is more.
//! - A subscriber that does not read holds its own queue and nothing else: no writer and no other subscriber waits.
//! - An event is encoded once, whoever reads it; streams share the bytes.
//! - Inside one stream sequences strictly rise, and no event that matches the filter is left out.

pub mod cursor;
pub mod feed;
pub mod filter;
pub mod frame;
pub mod hub;
pub mod journal;
pub mod page;
pub mod payload;
pub mod position;
pub mod pump;
pub mod subscribers;
pub mod surroundings;

#[cfg(test)]
mod tests;
