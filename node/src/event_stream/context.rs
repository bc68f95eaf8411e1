//! What a stream tells beside events: the tip, and what StackerDB slots hold now.

use nakamoto_proto::v1;

use crate::error::ApiError;

/// Read by the streams.
pub trait StreamContext: Send + Sync + 'static {
    /// The canonical Stacks tip as last announced. Does not block.
    fn tip(&self) -> v1::BlockRef;
    /// The StackerDBs that are kept. Blocks.
    fn stacker_dbs(&self) -> Result<Vec<String>, ApiError>;
    /// Numbers of the slots that were written. Blocks.
    fn written_slots(&self, contract_id: &str) -> Result<Vec<u32>, ApiError>;
    /// The chunk of a slot. Blocks.
    fn chunk(&self, contract_id: &str, slot_id: u32) -> Result<v1::StackerDbChunk, ApiError>;
}
