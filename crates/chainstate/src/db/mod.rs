//! What the databases of a folder have in common: opening, errors, forms of values. And the tables of `chainstate.sqlite`.
//!
//! What raises events (headers, receipts, StackerDB, mempool) lives in that one file beside the journal, so that an
//! event commits with its state. Staging and the burn database are files of their own.

mod compressed;
mod error;
mod identity;
mod integers;
mod positions;
mod schema;

pub(crate) use compressed::Compressed;
pub use error::{OpenError, StoreError};
pub(crate) use identity::{insert_identity, select_identity};
pub(crate) use integers::{get_u64, to_integer};
pub(crate) use positions::Positions;
#[cfg(test)]
pub(crate) use schema::tables_in_memory;
pub(crate) use schema::{SCHEMA, check_schema};

use std::path::Path;
use std::time::{Duration, Instant};

use sqlite::{BUSY_TIMEOUT, Inspected};

/// The folder is ours: what may still have the file is the writer of a chain that this process has just closed. It ends
/// after its last job.
pub(crate) fn inspect_when_free(path: &Path) -> Result<Inspected, OpenError> {
    let end = Instant::now() + BUSY_TIMEOUT;
    loop {
        match sqlite::inspect(path) {
            Err(sqlite::OpenError::InUse { .. }) if Instant::now() < end => {
                std::thread::park_timeout(Duration::from_millis(1));
            }
            inspected => return Ok(inspected?),
        }
    }
}
