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
    /// Sequence of the canonical block with this chain length; `None` when the chain is not that long.
    ///
    /// # Errors
    /// When the database cannot be read.
    fn sequence_at_height(&self, height: u64) -> Result<Option<u64>, ApiError>;
}

/// Journal and history. Cheap to clone.
#[derive(Clone)]
pub struct Source {
    /// All events, as long as they are kept.
    pub journal: Arc<dyn Journal>,
    /// Burn blocks and blocks, for ever.
    pub history: Arc<dyn History>,
}
