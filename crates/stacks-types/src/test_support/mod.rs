//! Helpers for the tests of all crates: keys from seeds, signatures of sponsors and of several keys, encodings of parts.
//! Feature `test-support`; never part of a node.

mod codec;
mod keys;
mod sign;

pub use sign::KeyUse;
