//! The delivery engine against a journal in memory and real HTTP servers: each observer ends with exactly the ordered
//! posts, whatever goes wrong on the way.

mod chain;
mod delivery;
mod failures;
mod recorder;

pub(super) use recorder::WAIT;
