//! What observers are told from: the journal, and the burn blocks and blocks of all time.

use std::ops::Range;
use std::sync::Arc;

use crate::error::ApiError;
use crate::event_stream::journal::{Entry, Journal, ReadLimit};

/// Burn blocks and processed blocks of all time. Both calls block.
pub trait History: Send + Sync + 'static {
    /// Those with a sequence in `range`, in order, also where the journal forgot them; empty when there are none.
    ///
    /// # Errors
    /// When they cannot be read.
    fn read(&self, range: Range<u64>, limit: ReadLimit) -> Result<Vec<Entry>, ApiError>;
    /// Sequence of the canonical block with this chain length; `None` when the chain is not that long.
    ///
    /// # Errors
    /// When it cannot be read.
    fn sequence_at_height(&self, height: u64) -> Result<Option<u64>, ApiError>;
}

/// Both. Cheap to clone.
#[derive(Clone)]
pub struct Source {
    /// Everything that is kept.
    pub journal: Arc<dyn Journal>,
    /// Burn blocks and blocks.
    pub history: Arc<dyn History>,
}
