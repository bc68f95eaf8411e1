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
    /// It has stored something, so the version that it knows is its own.
    has_stored: bool,
    /// What became of the last chunk is not known: its call may fail after it was stored.
    is_unsure: bool,
    /// Another process has written with this key, which was logged.
    is_shared: bool,
}

impl SlotWriter {
    /// A writer of slot `slot_id` in the StackerDB `contract_id` (`ADDRESS.name`).
    #[must_use]
    pub const fn new(contract_id: String, slot_id: u32) -> Self {
        Self { contract_id, slot_id, next_version: 1, has_stored: false, is_unsure: false, is_shared: false }
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
    /// The writer was unsure of what it stored before the call that is under way.
    was_unsure: bool,
}

impl<'a> SlotWrite<'a> {
    /// A write of several chunks, given by their data, oldest first, and signed by `key`.
    pub fn new(writer: &'a mut SlotWriter, key: &'a PrivateKey, data: impl Into<VecDeque<Vec<u8>>>) -> Self {
        Self { writer, key, left: data.into(), attempts: 0, refusal: None, was_unsure: false }
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

    /// The chunk is on its way.
    fn sent(&mut self) {
        self.was_unsure = std::mem::replace(&mut self.writer.is_unsure, true);
    }

    /// Warns of a stored chunk that this writer did not put there, once.
    fn compare(&mut self, stored: &v1::SlotMetadata) {
        let is_sure = self.writer.has_stored && !self.was_unsure && !self.writer.is_shared;
        let Some(ours) = self.chunk().filter(|_| is_sure) else { return };
        let writer = &mut *self.writer;
        if stored.data_hash.as_ref() != StackerDbChunk::hash_of(&ours.data).0 {
            writer.is_shared = true;
            tracing::warn!(
                contract = writer.contract_id,
                version = stored.slot_version,
                "slot {} was written by this key from another process",
                writer.slot_id
            );
        }
    }

    /// Applies the node's answer to the chunk.
    fn learn(&mut self, outcome: v1::PutChunkResponse) {
        if let (ChunkRefusal::DataAlreadyExists, Some(stored)) = (outcome.refusal(), &outcome.metadata) {
            self.compare(stored);
        }
        self.writer.is_unsure = false;
        if outcome.accepted {
            self.writer.has_stored = true;
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
        let (mut due, chunks): (Vec<_>, Vec<_>) = due.take(MAX_CHUNKS).unzip();
        let Some(first) = due.first() else { return Ok(()) };
        let request = PutChunksRequest { contract_id: first.writer.contract_id.clone(), chunks };
        due.iter_mut().for_each(|write| write.sent());
        let answer = unary(node.stackerdb().put_chunks(request)).await?;
        if answer.outcomes.len() != due.len() {
            return Err(Status::internal("the node answered to another number of chunks than it was given"));
        }
        due.into_iter().zip(answer.outcomes).for_each(|(write, outcome)| write.learn(outcome));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(accepted: bool, stored: &[u8]) -> v1::PutChunkResponse {
        let data_hash = StackerDbChunk::hash_of(stored).0.to_vec().into();
        let metadata = v1::SlotMetadata { slot_id: 7, slot_version: 9, data_hash, ..Default::default() };
        let refusal = if accepted { ChunkRefusal::Unspecified } else { ChunkRefusal::DataAlreadyExists };
        v1::PutChunkResponse { accepted, refusal: refusal.into(), metadata: Some(metadata), ..Default::default() }
    }

    /// Puts data, and learns each answer; `None` = the call failed.
    fn put(writer: &mut SlotWriter, data: &[u8], answers: &[Option<v1::PutChunkResponse>]) {
        let key = PrivateKey::from_seed(b"a writer");
        let mut write = SlotWrite::new(writer, &key, [data.to_vec()]);
        for answer in answers {
            write.sent();
            answer.iter().for_each(|answer| write.learn(answer.clone()));
        }
    }

    #[test]
    fn another_writer_with_this_key_is_noticed() {
        let mut writer = SlotWriter::new("A.b".to_owned(), 7);
        let [ours, theirs] = [b"ours".as_slice(), b"theirs"];
        put(&mut writer, ours, &[Some(answer(false, theirs)), Some(answer(true, ours))]);
        assert!(!writer.is_shared, "it may have been this key's process before");
        put(&mut writer, ours, &[Some(answer(false, ours)), Some(answer(true, ours))]);
        assert!(!writer.is_shared, "it is what was to be stored");
        put(&mut writer, theirs, &[None]);
        put(&mut writer, ours, &[Some(answer(false, theirs)), Some(answer(true, ours))]);
        assert!(!writer.is_shared, "the call that failed may have stored it");
        put(&mut writer, ours, &[Some(answer(false, theirs))]);
        assert!(writer.is_shared);
    }
}
