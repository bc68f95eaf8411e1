//! The journal as the streams read it.

use chainstate::journal::{JournalBounds, JournalEvent};

use crate::error::ApiError;

/// Size of one read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReadLimit {
    /// Most events of one read.
    pub events: usize,
    /// Most bytes of one read; at least one event is read all the same.
    pub bytes: usize,
}

/// An ordered list of events.
pub trait Journal: Send + Sync + 'static {
    /// Id of the journal. Does not block.
    fn id(&self) -> [u8; 16];
    /// First and last event that can be read now. Does not block.
    fn bounds(&self) -> JournalBounds;
    /// Events from `from` on; empty when it is above the newest, `None` when not all of them are in memory. Does not block.
    fn read_memory(&self, from: u64, limit: ReadLimit) -> Option<Vec<JournalEvent>>;
    /// Events from `from` on, read from the disk. Blocks.
    fn read_disk(&self, from: u64, limit: ReadLimit) -> Result<Vec<JournalEvent>, ApiError>;
    /// Sequence of the event that says that a Stacks block was processed. Blocks.
    fn sequence_of_block(&self, block_id: [u8; 32]) -> Result<Option<u64>, ApiError>;
    /// Sequence of that event for the canonical block with this chain length. Blocks.
    fn sequence_of_height(&self, chain_length: u64) -> Result<Option<u64>, ApiError>;
    /// Calls `listener` with the newest sequence after each commit.
    fn listen(&self, listener: Box<dyn Fn(u64) + Send + Sync>);
}
