//! Writes to StackerDB slots: signs each chunk with a version above the stored one.

use std::collections::VecDeque;

use nakamoto_proto::v1::{self, ChunkRefusal, PutChunksRequest};
use stacks_types::ids::Hash160;
use stacks_types::keys::{MessageSignature, PrivateKey};
use stacks_types::stackerdb::StackerDbChunk;
use tonic::Status;

use super::node::{Node, unary};

/// A slot has one writer, so the first refusal already tells the right version; this many mean that there is another
/// writer.
const MAX_ATTEMPTS: u32 = 3;

/// Most chunks of one call, as the node accepts them.
const MAX_CHUNKS: usize = 64;

/// Why a chunk was not stored.
#[derive(Debug, thiserror::Error)]
pub enum PutError {
    /// The call failed: the node is down or refuses the caller.
    #[error("the node did not take the chunk")]
    Call(#[source] Box<Status>),
    /// The node refused the chunk, with a reason.
    #[error(transparent)]
    Refused(#[from] SlotRefusal),
}

/// A node's reason for not storing a chunk.
#[derive(Debug, thiserror::Error)]
#[error("slot {slot_id} refused the chunk: {detail} ({refusal})")]
pub struct SlotRefusal {
    /// Number of the slot in the StackerDB.
    pub slot_id: u32,
    /// Name of the reason in the proto.
    pub refusal: &'static str,
    /// Details from the node, for people.
    pub detail: String,
}

/// Account hash of the key that signed a chunk; `None` when no key can be recovered.
#[must_use]
pub fn writer_of(chunk: v1::StackerDbChunk) -> Option<Hash160> {
    let signature = <[u8; 65]>::try_from(chunk.signature.as_ref()).ok()?;
    let chunk = StackerDbChunk {
        slot_id: chunk.slot_id,
        slot_version: chunk.slot_version,
        signature: MessageSignature(signature),
        data: chunk.data.into(),
    };
    chunk.signer().ok()
}

/// The writer of one slot. It learns the stored version from a refusal, so it keeps no record.
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

    /// Number of the writer's slot.
    #[must_use]
    pub const fn slot_id(&self) -> u32 {
        self.slot_id
    }

    /// Signs `data` with `key` and stores it as the slot's newest version.
    ///
    /// # Errors
    /// [`PutError::Call`] when the call failed (try again), [`PutError::Refused`] when the slot refuses the chunk.
    pub async fn put(&mut self, node: &Node, key: &PrivateKey, data: Vec<u8>) -> Result<(), PutError> {
        let mut write = SlotWrite::new(self, key, [data]);
        put_all(node, std::slice::from_mut(&mut write)).await.map_err(|status| PutError::Call(Box::new(status)))?;
        Ok(write.outcome()?)
    }
}

/// The chunks that one writer puts into its slot, one after the other.
#[derive(Debug)]
pub struct SlotWrite<'a> {
    writer: &'a mut SlotWriter,
    key: &'a PrivateKey,
    /// Data that is not stored yet.
    left: VecDeque<Vec<u8>>,
    attempts: u32,
    refusal: Option<SlotRefusal>,
}

impl<'a> SlotWrite<'a> {
    /// A write of several chunks, given by their data, oldest first, and signed by `key`.
    pub fn new(writer: &'a mut SlotWriter, key: &'a PrivateKey, data: impl Into<VecDeque<Vec<u8>>>) -> Self {
        Self { writer, key, left: data.into(), attempts: 0, refusal: None }
    }

    /// Whether the slot took all chunks, after [`put_all`].
    ///
    /// # Errors
    /// [`SlotRefusal`] of the first chunk that the slot refused.
    pub fn outcome(self) -> Result<(), SlotRefusal> {
        self.refusal.map_or(Ok(()), Err)
    }

    /// The next chunk to store, if any.
    fn chunk(&self) -> Option<v1::StackerDbChunk> {
        let data = self.left.front().filter(|_| self.refusal.is_none())?.clone();
        let SlotWriter { slot_id, next_version, .. } = *self.writer;
        let chunk = stacks_types::stackerdb::StackerDbChunk::signed(slot_id, next_version, data, self.key);
        Some(v1::StackerDbChunk {
            slot_id,
            slot_version: next_version,
            signature: chunk.signature.as_bytes().to_vec().into(),
            data: chunk.data.into(),
        })
    }

    /// Applies the node's answer to the chunk.
    fn learn(&mut self, outcome: v1::PutChunkResponse) {
        if outcome.accepted {
            self.writer.next_version = self.writer.next_version.saturating_add(1);
            self.left.pop_front();
            self.attempts = 0;
            return;
        }
        self.attempts = self.attempts.saturating_add(1);
        let refusal = outcome.refusal();
        match (refusal, outcome.metadata) {
            (ChunkRefusal::DataAlreadyExists, Some(stored)) if self.attempts < MAX_ATTEMPTS => {
                self.writer.next_version = stored.slot_version.saturating_add(1);
            }
            _ => {
                let (slot_id, refusal) = (self.writer.slot_id, refusal.as_str_name());
                self.refusal = Some(SlotRefusal { slot_id, refusal, detail: outcome.detail });
            }
        }
    }
}

/// Stores all these writes, which must be to one StackerDB. Each call puts the next chunk of every slot, as many as one
/// call takes: a slot's second chunk follows when the first is stored.
///
/// # Errors
/// The status of a call that failed. Each write knows what it has stored, and continues from there when it is put again.
pub async fn put_all(node: &Node, writes: &mut [SlotWrite<'_>]) -> Result<(), Status> {
    loop {
        let due = writes.iter_mut().filter_map(|write| write.chunk().map(|chunk| (write, chunk)));
        let (due, chunks): (Vec<_>, Vec<_>) = due.take(MAX_CHUNKS).unzip();
        let Some(first) = due.first() else { return Ok(()) };
        let request = PutChunksRequest { contract_id: first.writer.contract_id.clone(), chunks };
        let answer = unary(node.stackerdb().put_chunks(request)).await?;
        if answer.outcomes.len() != due.len() {
            return Err(Status::internal("the node answered to another number of chunks than it was given"));
        }
        due.into_iter().zip(answer.outcomes).for_each(|(write, outcome)| write.learn(outcome));
    }
}
