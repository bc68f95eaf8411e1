//! Numbers in a database, whose integers have 63 bits and a sign.

use rusqlite::Row;

use super::StoreError;

/// A number as a database integer.
///
/// # Errors [`StoreError::Corrupt`] for a larger number: no number that is read or counted is that large.
pub(crate) fn to_integer(what: &'static str, value: u64) -> Result<i64, StoreError> {
    i64::try_from(value).map_err(|_| StoreError::Corrupt(format!("{what} {value} does not fit a database integer")))
}

/// Reads a column that holds a number from 0 up.
pub(crate) fn get_u64(row: &Row<'_>, column: &'static str) -> rusqlite::Result<u64> {
    let value: i64 = row.get(column)?;
    u64::try_from(value).map_err(|_| rusqlite::Error::IntegralValueOutOfRange(0, value))
}
