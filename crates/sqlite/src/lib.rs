//! Storage that node, producer and signer share: all their databases are opened and migrated here.
//!
//! [`open`]: opens a SQLite file and compares every page with what was last committed. [`inspect`]: compares before
//! anything is written. [`open_reader`]: another connection to the file. [`open_unchecked`]: opens a file whose pages are
//! not compared. [`Durability`]: whether a commit waits for the disk. [`Schema`]: the tables, as steps that are applied
//! once. [`OpenError`]: why a file cannot be opened. [`owner`]: which program a folder belongs to. [`checksum64`]: the
//! checksum of pages and of the node file. [`AtomicFile`]: a file that exists complete or not at all. [`crash_point`]:
//! where a test may kill the process.

mod access;
mod atomic_file;
mod check;
mod checksum;
mod crash;
mod durability;
mod error;
mod file;
pub mod owner;
mod page_checksums;
mod paths;
mod schema;
mod wal;

pub use atomic_file::{AtomicFile, Visibility};
pub use check::{START_CHECK_BYTES, Unchecked};
pub use checksum::checksum64;
pub use crash::{CLAIM_POINTS, CRASH_POINTS, crash_point};
pub use durability::Durability;
pub use error::{OpenError, is_refused_write};
pub use file::{BUSY_TIMEOUT, Inspected, inspect, open, open_reader, open_unchecked};
pub use schema::{Migration, Schema};
