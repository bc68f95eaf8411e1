//! HTTP event observers with real processes: what they get, and that they miss nothing when the node is killed.
//!
//! `samples/` holds posts that a reference node made in its mockamoto mode (stacks-core 83ac3276dc, March 2024).

mod kills;
mod order;
mod payloads;
mod recorder;
mod reorgs_and_kills;
mod schema;
