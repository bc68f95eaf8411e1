//! What a stream tells beside events: the tip, and what StackerDB slots hold now.

use nakamoto_proto::v1;

use crate::chain::{ApiError, ChainApi};

/// Read by the streams.
pub trait Surroundings: Send + Sync + 'static {
    /// The canonical Stacks tip as last announced. Does not block.
    fn tip(&self) -> v1::BlockRef;
    /// The StackerDBs that are kept. Blocks.
    fn stacker_dbs(&self) -> Result<Vec<String>, ApiError>;
    /// Numbers of the slots that were written. Blocks.
    fn written_slots(&self, contract_id: &str) -> Result<Vec<u32>, ApiError>;
    /// The chunk of a slot. Blocks.
    fn chunk(&self, contract_id: &str, slot_id: u32) -> Result<v1::StackerDbChunk, ApiError>;
}

impl<T: ChainApi> Surroundings for T {
    fn tip(&self) -> v1::BlockRef {
        self.tip_ref()
    }

    fn stacker_dbs(&self) -> Result<Vec<String>, ApiError> {
        ChainApi::stacker_dbs(self)
    }

    fn written_slots(&self, contract_id: &str) -> Result<Vec<u32>, ApiError> {
        let slots = self.slots(contract_id)?;
        Ok(slots.iter().filter(|slot| slot.slot_version > 0).map(|slot| slot.slot_id).collect())
    }

    fn chunk(&self, contract_id: &str, slot_id: u32) -> Result<v1::StackerDbChunk, ApiError> {
        ChainApi::chunk(self, contract_id, slot_id, None)
    }
}
