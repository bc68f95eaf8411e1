//! What a stream sends besides events: the tip, and the current content of StackerDB slots.

use nakamoto_proto::v1;

use crate::error::ApiError;

/// What streams read from the chain.
pub trait StreamContext: Send + Sync + 'static {
    /// The canonical Stacks tip as last announced. Does not block.
    fn tip(&self) -> v1::BlockRef;
    /// Ids of the StackerDBs that the node keeps. Blocks.
    fn stacker_dbs(&self) -> Result<Vec<String>, ApiError>;
    /// Ids of the slots that were written. Blocks.
    fn written_slots(&self, contract_id: &str) -> Result<Vec<u32>, ApiError>;
    /// The newest chunk of a slot. Blocks.
    fn chunk(&self, contract_id: &str, slot_id: u32) -> Result<v1::StackerDbChunk, ApiError>;
}
