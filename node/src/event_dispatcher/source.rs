//! What is posted to observers: the journal's events, and all burn blocks and blocks that ever were.

use std::ops::Range;
use std::sync::Arc;

use chainstate::journal::JournalEvent;

use crate::error::ApiError;
use crate::event_stream::journal::{Journal, ReadLimit};

/// All burn blocks and processed blocks that ever were. Both calls block.
pub trait History: Send + Sync + 'static {
    /// Burn blocks and blocks with a sequence in `range`, in order, even if the journal has removed them; empty when
    /// there are none.
    ///
    /// # Errors
    /// When the database cannot be read.
    fn read(&self, range: Range<u64>, limit: ReadLimit) -> Result<Vec<JournalEvent>, ApiError>;
    /// Where a replay from the canonical block with this chain length begins; `None` when the chain is not that long.
    ///
    /// # Errors
    /// When the database cannot be read.
    fn replay_start(&self, height: u64) -> Result<Option<ReplayStart>, ApiError>;
}

/// Where a replay begins, by sequence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReplayStart {
    /// The burn block that the first block cites. Burn blocks between it and the block are posted too, as later blocks
    /// may cite them. For the boot block, whose burn block follows it, the block's own sequence.
    pub burn_block: u64,
    /// The first block.
    pub block: u64,
}

/// Journal and history. Cheap to clone.
#[derive(Clone)]
pub struct Source {
    /// All events, as long as they are kept.
    pub journal: Arc<dyn Journal>,
    /// All burn blocks and blocks.
    pub history: Arc<dyn History>,
}
