//! What the storage of node, producer and signer shares.
//!
//! [`crash_point`]: where a test may kill the process.

mod crash;

pub use crash::{CRASH_POINTS, crash_point};
