//! What streams tell beside events, read from the chain.

use nakamoto_proto::v1;

use super::NodeChain;
use crate::error::ApiError;
use crate::event_stream::context::StreamContext;

impl StreamContext for NodeChain {
    fn tip(&self) -> v1::BlockRef {
        self.tip_ref()
    }

    fn stacker_dbs(&self) -> Result<Vec<String>, ApiError> {
        Self::stacker_dbs(self)
    }

    fn written_slots(&self, contract_id: &str) -> Result<Vec<u32>, ApiError> {
        let slots = self.slots(contract_id)?;
        Ok(slots.iter().filter(|slot| slot.slot_version > 0).map(|slot| slot.slot_id).collect())
    }

    fn chunk(&self, contract_id: &str, slot_id: u32) -> Result<v1::StackerDbChunk, ApiError> {
        Self::chunk(self, contract_id, slot_id, None)
    }
}
