//! Where a stream or page begins.

use chainstate::journal::JournalBounds;
use chainstate::read::Unknown;
use nakamoto_proto::v1;
use v1::start_position::Position;

use super::cursor::Cursor;
use super::journal::{Journal, time_of};
use crate::error::ApiError;

/// Why a start position cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PositionError {
    /// It is before the oldest event that is kept.
    #[error("the journal begins at {oldest}, after {wanted}")]
    Pruned {
        /// First sequence that is wanted.
        wanted: u64,
        /// Oldest sequence that is kept.
        oldest: u64,
    },
    /// It is after the newest event.
    #[error("the journal ends at {newest}, before {wanted}")]
    Ahead {
        /// First sequence that is wanted.
        wanted: u64,
        /// Newest sequence in the journal.
        newest: u64,
    },
    /// The cursor belongs to another node, or to this one before its data was wiped.
    #[error("the cursor is of journal {theirs}, this is journal {ours}")]
    ForeignJournal {
        /// Id of the cursor's journal, hex.
        theirs: String,
        /// Id of this node's journal, hex.
        ours: String,
    },
    /// The data folder was put back from a copy after the cursor was made.
    #[error("event {sequence} is another one than the cursor's: the data folder was put back from a copy since")]
    OtherEvent {
        /// Sequence of the cursor's event.
        sequence: u64,
    },
    /// A field of the position is wrong, or the journal cannot be read.
    #[error(transparent)]
    Api(#[from] ApiError),
}

/// Where to begin without a position.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WhenNone {
    /// After the newest event; for streams.
    Latest,
    /// At the oldest event that is kept; for pages.
    Earliest,
}

/// Sequence of the first event to read; it may be one above the newest. Blocks for cursors and for positions that name a block.
///
/// # Errors
/// [`PositionError`]: the journal has no such place.
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
        (Some(Position::AfterCursor(cursor)), _) => after_cursor(journal, bounds, &cursor)?,
        (Some(Position::AfterBlockId(block_id)), _) => after_block(journal, &block_id)?,
        (Some(Position::FromBlockHeight(height)), _) => journal
            .sequence_of_height(height)?
            .ok_or_else(|| ApiError::NotFound { what: Unknown::Block, id: format!("at height {height}") })?,
    };
    within(bounds, wanted)
}

fn within(bounds: JournalBounds, wanted: u64) -> Result<u64, PositionError> {
    let JournalBounds { oldest, newest, .. } = bounds;
    if wanted < oldest {
        return Err(PositionError::Pruned { wanted, oldest });
    }
    if wanted > newest.saturating_add(1) {
        return Err(PositionError::Ahead { wanted, newest });
    }
    Ok(wanted)
}

fn after_cursor(journal: &dyn Journal, bounds: JournalBounds, bytes: &[u8]) -> Result<u64, PositionError> {
    let cursor = Cursor::decode(bytes).map_err(|error| ApiError::invalid("start.after_cursor", error))?;
    let sequence = cursor.sequence;
    if cursor.journal_id != journal.id() {
        let (theirs, ours) = (hex::encode(cursor.journal_id), hex::encode(journal.id()));
        return Err(PositionError::ForeignJournal { theirs, ours });
    }
    if let Some(time_ms) = cursor.time_ms
        && (bounds.oldest..=bounds.newest).contains(&sequence)
        && time_of(journal, sequence)?.is_some_and(|found| found != time_ms)
    {
        return Err(PositionError::OtherEvent { sequence });
    }
    Ok(sequence.saturating_add(1))
}

fn after_block(journal: &dyn Journal, bytes: &[u8]) -> Result<u64, PositionError> {
    let block_id = <[u8; 32]>::try_from(bytes)
        .map_err(|_| ApiError::invalid("start.after_block_id", format!("{} bytes, not 32", bytes.len())))?;
    let sequence = journal.sequence_of_block(block_id)?;
    let sequence = sequence.ok_or_else(|| ApiError::unknown(Unknown::Block, &block_id))?;
    Ok(sequence.saturating_add(1))
}
