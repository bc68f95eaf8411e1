//! Where a stream or page begins.

use nakamoto_proto::v1;
use v1::start_position::Position;

use super::cursor::Cursor;
use super::journal::{Bounds, Journal};
use crate::error::{ApiError, Unknown};

/// Why a start position cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum PositionError {
    /// Events before the oldest one kept are asked for.
    #[error("the journal begins at {oldest}, after {wanted}")]
    Pruned {
        /// First sequence wanted.
        wanted: u64,
        /// Oldest one kept.
        oldest: u64,
    },
    /// The position is beyond the newest event.
    #[error("the journal ends at {newest}, before {wanted}")]
    Ahead {
        /// First sequence wanted.
        wanted: u64,
        /// Newest one written.
        newest: u64,
    },
    /// The cursor was made by another node, or before this one's data was wiped.
    #[error("the cursor is of journal {theirs}, this is journal {ours}")]
    ForeignJournal {
        /// Journal of the cursor, hex.
        theirs: String,
        /// Journal of this node, hex.
        ours: String,
    },
    /// A field is wrong, or the journal cannot be read.
    #[error(transparent)]
    Api(#[from] ApiError),
}

/// What no position means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WhenNone {
    /// After the newest event: streams.
    Latest,
    /// At the oldest event kept: pages.
    Earliest,
}

/// The first sequence to read. May be one above the newest. Blocks only for positions that name a block.
///
/// # Errors
/// [`PositionError`].
pub fn resolve(
    journal: &dyn Journal,
    start: Option<v1::StartPosition>,
    default: WhenNone,
) -> Result<u64, PositionError> {
    let bounds = journal.bounds();
    let latest = bounds.newest.saturating_add(1);
    let earliest = bounds.oldest.max(1).min(latest);
    let wanted = match (start.and_then(|start| start.position), default) {
        (Some(Position::Latest(false)), _) => {
            return Err(ApiError::invalid("start.latest", "can only be true").into());
        }
        (Some(Position::Earliest(false)), _) => {
            return Err(ApiError::invalid("start.earliest", "can only be true").into());
        }
        (Some(Position::Latest(true)), _) | (None, WhenNone::Latest) => latest,
        (Some(Position::Earliest(true)), _) | (None, WhenNone::Earliest) => earliest,
        (Some(Position::FromSequence(0)), _) => {
            return Err(ApiError::invalid("start.from_sequence", "sequences start at 1").into());
        }
        (Some(Position::FromSequence(sequence)), _) => sequence,
        (Some(Position::AfterCursor(cursor)), _) => after_cursor(journal.id(), &cursor)?,
        (Some(Position::AfterBlockId(block_id)), _) => after_block(journal, &block_id)?,
        (Some(Position::FromBlockHeight(height)), _) => journal
            .sequence_of_height(height)?
            .ok_or_else(|| ApiError::NotFound { what: Unknown::Block, id: format!("at height {height}") })?,
    };
    within(bounds, wanted)
}

fn within(bounds: Bounds, wanted: u64) -> Result<u64, PositionError> {
    let Bounds { oldest, newest, .. } = bounds;
    if wanted < oldest {
        return Err(PositionError::Pruned { wanted, oldest });
    }
    if wanted > newest.saturating_add(1) {
        return Err(PositionError::Ahead { wanted, newest });
    }
    Ok(wanted)
}

fn after_cursor(journal_id: [u8; 16], bytes: &[u8]) -> Result<u64, PositionError> {
    let cursor = Cursor::decode(bytes).map_err(|error| ApiError::invalid("start.after_cursor", error))?;
    if cursor.journal_id != journal_id {
        let (theirs, ours) = (hex::encode(cursor.journal_id), hex::encode(journal_id));
        return Err(PositionError::ForeignJournal { theirs, ours });
    }
    Ok(cursor.sequence.saturating_add(1))
}

fn after_block(journal: &dyn Journal, bytes: &[u8]) -> Result<u64, PositionError> {
    let block_id = <[u8; 32]>::try_from(bytes)
        .map_err(|_| ApiError::invalid("start.after_block_id", format!("{} bytes, not 32", bytes.len())))?;
    let sequence = journal.sequence_of_block(block_id)?;
    let sequence = sequence.ok_or_else(|| ApiError::unknown(Unknown::Block, &block_id))?;
    Ok(sequence.saturating_add(1))
}
