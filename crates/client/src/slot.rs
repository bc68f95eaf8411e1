//! Writes to one StackerDB slot: signs each chunk, and keeps its version above the stored one.

use nakamoto_proto::v1::{ChunkRefusal, PutChunkRequest};
use stacks_types::keys::PrivateKey;

use super::node::{Node, unary};

/// A slot has one writer, so the first refusal gives the right version; more than this many mean that there is another writer.
const MAX_ATTEMPTS: u32 = 3;

/// Why a chunk was not stored.
#[derive(Debug, thiserror::Error)]
pub enum PutError {
    /// The call failed: the node is away or refuses the caller.
    #[error("the node did not take the chunk")]
    Call(#[source] Box<tonic::Status>),
    /// The node refused the chunk, and says why.
    #[error("slot {slot_id} of {contract_id} refused the chunk: {detail} ({refusal})")]
    Refused {
        /// Id of the StackerDB contract.
        contract_id: String,
        /// Number of the slot in the StackerDB.
        slot_id: u32,
        /// Name of the reason in the proto.
        refusal: &'static str,
        /// Details from the node, for people.
        detail: String,
    },
}

/// The writer of one slot. Learns the stored version from a refusal, so it needs no record of its own.
#[derive(Debug, Clone)]
pub struct SlotWriter {
    contract_id: String,
    slot_id: u32,
    next_version: u32,
}

impl SlotWriter {
    /// A writer of slot `slot_id` in the StackerDB `contract_id` (`ADDRESS.name`).
    #[must_use]
    pub const fn new(contract_id: String, slot_id: u32) -> Self {
        Self { contract_id, slot_id, next_version: 1 }
    }

    /// Number of the slot that this writes.
    #[must_use]
    pub const fn slot_id(&self) -> u32 {
        self.slot_id
    }

    /// Signs `data` with `key` and stores it as the slot's newest version, which is returned.
    ///
    /// # Errors
    /// [`PutError::Call`] when the call failed (try again), [`PutError::Refused`] when the slot refuses the chunk.
    pub async fn put(&mut self, node: &Node, key: &PrivateKey, data: &[u8]) -> Result<u32, PutError> {
        let mut refused = None;
        for _ in 0..MAX_ATTEMPTS {
            let version = self.next_version;
            let chunk = stacks_types::stackerdb::StackerDbChunk::signed(self.slot_id, version, data.to_vec(), key);
            let request = PutChunkRequest {
                contract_id: self.contract_id.clone(),
                chunk: Some(nakamoto_proto::v1::StackerDbChunk {
                    slot_id: chunk.slot_id,
                    slot_version: chunk.slot_version,
                    signature: chunk.signature.as_bytes().to_vec().into(),
                    data: chunk.data.into(),
                }),
            };
            let answer = unary(node.stackerdb().put_chunk(request)).await.map_err(|s| PutError::Call(Box::new(s)))?;
            if answer.accepted {
                self.next_version = version.saturating_add(1);
                return Ok(version);
            }
            let refusal = answer.refusal();
            refused = Some((refusal, answer.detail));
            match (refusal, answer.metadata) {
                (ChunkRefusal::DataAlreadyExists, Some(stored)) => {
                    self.next_version = stored.slot_version.saturating_add(1);
                }
                _ => break,
            }
        }
        let (refusal, detail) = refused.unwrap_or((ChunkRefusal::Unspecified, String::new()));
        Err(PutError::Refused {
            contract_id: self.contract_id.clone(),
            slot_id: self.slot_id,
            refusal: refusal.as_str_name(),
            detail,
        })
    }
}
