//! What the storage of node, producer and signer shares.
//!
//! [`open`]: a SQLite file whose every page is compared, at start, with what was last committed; [`inspect`]: the same, before
//! anything is written. [`owner`]: whose folder it is. [`checksum64`]: what it and
//! the node file are compared by. [`crash_point`]: where a test may kill the process.

mod checksum;
mod crash;
mod file;
pub mod owner;
mod page_checksums;
mod wal;

pub use checksum::checksum64;
pub use crash::{CLAIM_POINTS, CRASH_POINTS, crash_point};
pub use file::{Inspected, OpenError, inspect, leave_log, open};
