//! From the journal to subscribers, each of which reads at its own speed.
//!
//! Read in this order: [`journal`], what is read; [`cursor`]; [`filter`], which events; [`payload`], how much of them;
//! [`position`], where to begin; [`frame`], bytes on the wire; [`frame_builder`], frames of one stream (pure); [`task`], which runs
//! one stream; [`subscribers`], who reads; [`registry`], all of them, in threads of their own;
//! [`shared_messages`], what is made of events for those that want another form.
//!
//! # Invariants
//! - Events reach readers only through the journal; a wake-up only says that there is more.
//! - A subscriber that does not read holds its own queue and nothing else: no writer and no other subscriber waits for it.
//! - An event is encoded once, whoever reads it; streams share the bytes.
//! - In a stream, sequences strictly rise, and no event that matches the filter is left out.

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
pub mod shared_messages;
pub mod subscribers;
pub mod task;

#[cfg(test)]
mod tests;
