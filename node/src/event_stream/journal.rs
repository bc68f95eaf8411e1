//! The journal as the streams see it.

pub use chainstate::journal::{JournalBounds as Bounds, JournalEvent as Entry};

use crate::error::ApiError;

/// How much to read at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReadLimit {
    /// Most events.
    pub events: usize,
    /// Most bytes, but one event at least.
    pub bytes: usize,
}

/// One ordered list of events.
pub trait Journal: Send + Sync + 'static {
    /// Names the journal. Does not block.
    fn id(&self) -> [u8; 16];
    /// What can be read now. Does not block.
    fn bounds(&self) -> Bounds;
    /// Events from `from` on when all of them are in memory; none when `from` is above the newest. Does not block.
    fn read_memory(&self, from: u64, limit: ReadLimit) -> Option<Vec<Entry>>;
    /// Events from `from` on, from disk. Blocks.
    fn read_disk(&self, from: u64, limit: ReadLimit) -> Result<Vec<Entry>, ApiError>;
    /// Sequence of the event that announced a Stacks block processed. Blocks.
    fn sequence_of_block(&self, block_id: [u8; 32]) -> Result<Option<u64>, ApiError>;
    /// Sequence of the event that announced the canonical block with this chain_length processed. Blocks.
    fn sequence_of_height(&self, chain_length: u64) -> Result<Option<u64>, ApiError>;
    /// Calls `listener` with the newest sequence after each commit.
    fn listen(&self, listener: Box<dyn Fn(u64) + Send + Sync>);
}
