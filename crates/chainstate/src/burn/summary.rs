//! What the burn database says of itself and of the other files, read before anything is written.

use rusqlite::{Connection, OptionalExtension as _};

use super::error::BurnOpenError;
use super::rows;
use super::rules::{first_difference, select_rules};
use super::schema::SCHEMA;
use crate::db::{StoreError, get_u64, select_identity};
use crate::params::BurnParams;
use stacks_types::ids::BurnBlockHash;

/// All fields are zero or `None` for a file without commits.
#[derive(Debug, Default)]
pub(crate) struct BurnSummary {
    /// The chain that the file belongs to, if the file says so.
    pub(crate) identity: Option<[u8; 16]>,
    /// Number of its blocks.
    pub(crate) newest_row: u64,
    /// The newest event at the time its newest block was mined.
    pub(crate) known_event: u64,
    /// The newest row of staging at that time.
    pub(crate) known_staging_row: u64,
    /// Whether it has the block that was asked for.
    pub(crate) has_view: bool,
}

/// Reads the summary of a file of this version or an earlier one.
///
/// # Errors
/// The file is of another kind, of a newer version, or of a chain with other rules.
pub(crate) fn read_summary(
    conn: &Connection,
    rules: &BurnParams,
    view: Option<&BurnBlockHash>,
) -> Result<BurnSummary, BurnOpenError> {
    if !SCHEMA.is_made(conn)? {
        return Ok(BurnSummary::default());
    }
    if let Some(stored) = stored_rules(conn)?
        && let Some(what) = first_difference(&stored, rules)
    {
        return Err(BurnOpenError::OtherRules { what });
    }
    let (known_event, known_staging_row) = known(conn)?;
    Ok(BurnSummary {
        identity: select_identity(conn)?,
        newest_row: rows::select_newest_seen(conn)?,
        known_event,
        known_staging_row,
        has_view: view.map_or(Ok(true), |view| rows::select_by_hash(conn, view).map(|block| block.is_some()))?,
    })
}

/// The rules in a file of this version or an earlier one; none in a file without commits.
///
/// # Errors
/// The file is of another kind or of a newer version, or cannot be read.
pub(crate) fn stored_rules(conn: &Connection) -> Result<Option<BurnParams>, BurnOpenError> {
    // Earlier files have sets of another form; the rules are compared after the migration.
    if !SCHEMA.is_made(conn)? || !conn.column_exists(None, "producers", "cycle")? {
        return Ok(None);
    }
    Ok(select_rules(conn)?)
}

fn known(conn: &Connection) -> Result<(u64, u64), StoreError> {
    if !conn.column_exists(None, "burn_blocks", "known_event")? {
        return Ok((0, 0));
    }
    let sql = "SELECT known_event, known_staging_row FROM burn_blocks ORDER BY seen DESC LIMIT 1";
    let row = conn.query_row(sql, [], |row| Ok((get_u64(row, "known_event")?, get_u64(row, "known_staging_row")?)));
    Ok(row.optional()?.unwrap_or_default())
}
