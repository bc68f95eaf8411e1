//! What is posted to observers: the events of the journal, and the burn blocks and blocks of all time.

use std::ops::Range;
use std::sync::Arc;

use chainstate::journal::JournalEvent;

use crate::error::ApiError;
use crate::event_stream::journal::{Journal, ReadLimit};

/// Burn blocks and processed blocks of all time. Both calls block.
pub trait History: Send + Sync + 'static {
    /// Those with a sequence in `range`, in order, also where the journal has removed them; empty when there are none.
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
    /// The burn block that the first block cites: those after it came before the block, and later blocks may cite them. The block's
    /// own sequence for the boot block, whose burn block follows it.
    pub burn_block: u64,
    /// The first block.
    pub block: u64,
}

/// Journal and history. Cheap to clone.
#[derive(Clone)]
pub struct Source {
    /// All events, as long as they are kept.
    pub journal: Arc<dyn Journal>,
    /// Burn blocks and blocks, for ever.
    pub history: Arc<dyn History>,
}
