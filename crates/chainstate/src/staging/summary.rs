//! What the staging database says of itself and of the other files, read before anything is written.

use std::path::Path;

use rusqlite::{Connection, OptionalExtension as _};

use super::block::StagingState;
use super::rows;
use super::schema::SCHEMA;
use crate::db::{OpenError, StoreError, get_u64, select_identity};
use stacks_types::ids::StacksBlockId;

/// All fields are zero or `None` for a file without commits.
#[derive(Debug, Default)]
pub(crate) struct StagingSummary {
    /// The chain that the file belongs to, if the file says so.
    pub(crate) identity: Option<[u8; 16]>,
    /// The newest number that a block got.
    pub(crate) newest_row: u64,
    /// The newest event at the time its newest block was stored.
    pub(crate) known_event: u64,
    /// The newest burn block at that time.
    pub(crate) known_burn_row: u64,
    /// Whether it has the block that was asked for, not orphaned.
    pub(crate) has_tip: bool,
    /// The processed block that arrived last.
    pub(crate) newest_processed: Option<StacksBlockId>,
}

/// Reads the summary of a file of this version or an earlier one.
///
/// # Errors
/// The file is of another kind, or of a newer version.
pub(crate) fn read_summary(conn: &Connection, tip: Option<&StacksBlockId>) -> Result<StagingSummary, OpenError> {
    if !SCHEMA.is_made(conn)? {
        return Ok(StagingSummary::default());
    }
    look_inside(conn, tip).map_err(OpenError::store(Path::new(conn.path().unwrap_or_default())))
}

fn look_inside(conn: &Connection, tip: Option<&StacksBlockId>) -> Result<StagingSummary, StoreError> {
    let (known_event, known_burn_row) = known(conn)?;
    let tip_state = tip.map(|tip| rows::select_state(conn, tip)).transpose()?;
    let newest = "SELECT block_id FROM staging_blocks WHERE state = 'processed' ORDER BY arrival DESC LIMIT 1";
    Ok(StagingSummary {
        identity: select_identity(conn)?,
        newest_row: rows::select_newest_row(conn)?,
        known_event,
        known_burn_row,
        has_tip: !matches!(tip_state, Some(None | Some(StagingState::Orphaned { .. }))),
        newest_processed: conn.query_row(newest, [], |row| row.get(0).map(StacksBlockId)).optional()?,
    })
}

fn known(conn: &Connection) -> Result<(u64, u64), StoreError> {
    if !conn.column_exists(None, "staging_blocks", "known_event")? {
        return Ok((0, 0));
    }
    let sql = "SELECT known_event, known_burn_row FROM staging_blocks ORDER BY arrival DESC LIMIT 1";
    let row = conn.query_row(sql, [], |row| Ok((get_u64(row, "known_event")?, get_u64(row, "known_burn_row")?)));
    Ok(row.optional()?.unwrap_or_default())
}
