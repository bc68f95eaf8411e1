//! What the databases of a folder have in common: opening, errors, formats of values. Also the tables of
//! `chainstate.sqlite`.
//!
//! State that raises events (headers, receipts, StackerDB, mempool) is in that one file with the journal, so that an
//! event commits with its state. Staging and the burn database are separate files.

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

/// Inspects a file of a folder that this process has locked. If the file is in use, the writer of a chain that this
/// process just closed still has it; that ends after its last job.
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
