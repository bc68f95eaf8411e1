//! From the journal to subscribers, each of which reads at its own speed.
//!
//! Read in this order: [`journal`], what is read; [`cursor`]; [`filter`], which events; [`payload`], how much of them;
//! [`position`], where to begin; [`frame`], bytes on the wire; [`frame_builder`], frames of one stream (pure);
//! [`task`], which runs one stream; [`subscribers`], who reads; [`registry`], all streams, on threads of their own;
//! [`shared_messages`], events in other forms, made once for all streams.
//!
//! # Invariants
//! - Events reach readers only through the journal; a wake-up only means that there is more.
//! - A subscriber that does not read takes the memory of its own queue and nothing else: no writer and no other
//!   subscriber waits for it.
//! - An event is encoded once for all readers; streams share the bytes.
//! - In a stream, sequences strictly increase, and no event that matches the filter is missing.

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
