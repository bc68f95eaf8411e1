//! Delivery from a journal in memory to real HTTP servers: whatever goes wrong on the way, each observer gets exactly
//! the right posts in order.

mod chain;
mod delivery;
mod failures;
mod recorder;

pub(super) use recorder::WAIT;
