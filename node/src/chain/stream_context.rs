//! What streams send beside events, read from the chain.

use chainstate::read;
use chainstate::stackerdb::list_instances;
use chainstate::wire;
use nakamoto_proto::v1;

use super::NodeChain;
use crate::error::ApiError;
use crate::event_stream::context::StreamContext;

impl StreamContext for NodeChain {
    fn tip(&self) -> v1::BlockRef {
        self.tip_ref()
    }

    fn stacker_dbs(&self) -> Result<Vec<String>, ApiError> {
        Ok(self.chain.read(|snapshot| list_instances(snapshot.conn()))?)
    }

    fn written_slots(&self, contract_id: &str) -> Result<Vec<u32>, ApiError> {
        let slots = self.chain.read(|snapshot| read::stackerdb::slots(snapshot, contract_id))?;
        Ok(slots.iter().filter(|slot| slot.slot_version > 0).map(|slot| slot.slot_id).collect())
    }

    fn chunk(&self, contract_id: &str, slot_id: u32) -> Result<v1::StackerDbChunk, ApiError> {
        let chunk = self.chain.read(|snapshot| read::stackerdb::chunk(snapshot, contract_id, slot_id, None))?;
        Ok(wire::chunk(chunk))
    }
}
