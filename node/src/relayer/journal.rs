//! The journal as the relayer sees it.

use std::sync::Arc;

use nakamoto_proto::v1;

use crate::chain::ApiError;

/// An event with its place.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Place in the journal, from 1.
    pub sequence: u64,
    /// The event.
    pub event: Arc<v1::Event>,
    /// Length of its encoding in bytes.
    pub encoded_len: usize,
}

/// What can be read now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// Oldest sequence kept; above `newest` when nothing is kept.
    pub oldest: u64,
    /// Newest sequence written; 0 when nothing ever was.
    pub newest: u64,
}

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
    /// Calls `listener` with the newest sequence after each commit.
    fn listen(&self, listener: Box<dyn Fn(u64) + Send + Sync>);
}
