//! StackerDB slots.

use std::time::Instant;

use chainstate::chain::{ChunkOutcome, StackerDbContext, wire};
use chainstate::stackerdb::{PutRefusal, SlotMetadata, get_chunk, list_contracts, list_instances, list_metadata};
use nakamoto_proto::v1;
use stacks_types::address::StacksAddress;
use stacks_types::ids::Hash160;
use stacks_types::keys::MessageSignature;
use stacks_types::stackerdb::StackerDbChunk;

use super::NodeChain;
use crate::error::{ApiError, Unknown};

impl NodeChain {
    /// Writes a StackerDB slot.
    pub fn put_chunk(&self, contract_id: &str, chunk: v1::StackerDbChunk) -> Result<v1::PutChunkResponse, ApiError> {
        let signature = <[u8; 65]>::try_from(chunk.signature.as_ref())
            .map_err(|_| ApiError::invalid("chunk.signature", format!("{} bytes, not 65", chunk.signature.len())))?;
        let chunk = StackerDbChunk {
            slot_id: chunk.slot_id,
            slot_version: chunk.slot_version,
            signature: MessageSignature(signature),
            data: chunk.data.into(),
        };
        let answer = match self.chain.put_chunk(contract_id.to_owned(), chunk)? {
            ChunkOutcome::Accepted(stored) => v1::PutChunkResponse {
                accepted: true,
                metadata: Some(metadata(self, &stored)),
                ..v1::PutChunkResponse::default()
            },
            ChunkOutcome::Refused { refusal, stored } => v1::PutChunkResponse {
                accepted: false,
                refusal: code(&refusal).into(),
                detail: refusal.to_string(),
                metadata: stored.map(|stored| metadata(self, &stored)),
            },
            ChunkOutcome::NoSuchDb => return Err(unknown(contract_id)),
        };
        Ok(answer)
    }
}

fn code(refusal: &PutRefusal) -> v1::ChunkRefusal {
    match refusal {
        PutRefusal::DataAlreadyExists { .. } => v1::ChunkRefusal::DataAlreadyExists,
        PutRefusal::NoSuchSlot { .. } => v1::ChunkRefusal::NoSuchSlot,
        PutRefusal::BadSigner { .. } => v1::ChunkRefusal::BadSigner,
        PutRefusal::ChunkTooBig { .. } => v1::ChunkRefusal::ChunkTooBig,
        PutRefusal::TooManySlotWrites { .. } => v1::ChunkRefusal::TooManySlotWrites,
    }
}

impl NodeChain {
    /// A StackerDB chunk: the newest, or only that version.
    pub fn chunk(&self, contract_id: &str, slot_id: u32, version: Option<u32>) -> Result<v1::StackerDbChunk, ApiError> {
        self.read(|reader| {
            if let Some(chunk) = get_chunk(reader.conn(), contract_id, slot_id, version)? {
                return Ok(wire::chunk(&chunk));
            }
            let slots = list_metadata(reader.conn(), contract_id)?.ok_or_else(|| unknown(contract_id))?;
            let known = slots.iter().any(|slot| slot.slot_id == slot_id);
            let what = if known { Unknown::Chunk } else { Unknown::Slot };
            Err(ApiError::NotFound { what, id: format!("{contract_id}/{slot_id}") })
        })
    }

    /// Metadata of all slots of a StackerDB.
    pub fn slots(&self, contract_id: &str) -> Result<Vec<v1::SlotMetadata>, ApiError> {
        let slots = self.read(|reader| Ok(list_metadata(reader.conn(), contract_id)?))?;
        let slots = slots.ok_or_else(|| unknown(contract_id))?;
        Ok(slots.iter().map(|slot| metadata(self, slot)).collect())
    }

    /// The StackerDBs that are kept.
    pub fn stacker_dbs(&self) -> Result<Vec<String>, ApiError> {
        self.read(|reader| Ok(list_instances(reader.conn())?))
    }

    /// Contracts that are StackerDBs by their functions, each with why what it says is no configuration, or nothing.
    pub fn stacker_db_contracts(&self) -> Result<Vec<v1::StackerDbContract>, ApiError> {
        let contracts = self.read(|reader| Ok(list_contracts(reader.conn())?))?;
        let contracts = contracts.into_iter();
        Ok(contracts.map(|kept| v1::StackerDbContract { contract_id: kept.contract, refusal: kept.refusal }).collect())
    }

    /// Makes the StackerDBs of contracts follow the tip; false when they are there. Called by the follower only.
    pub fn follow_stacker_dbs(&self, stopped: &dyn Fn() -> bool) -> Result<bool, ApiError> {
        let begun = Instant::now();
        let context = StackerDbContext { now: &|| begun.elapsed(), stopped };
        Ok(self.chain.follow_stackerdbs(&context)?)
    }
}

fn metadata(node: &NodeChain, slot: &SlotMetadata) -> v1::SlotMetadata {
    v1::SlotMetadata {
        slot_id: slot.slot_id,
        slot_version: slot.slot_version,
        data_hash: wire::bytes(&slot.data_hash.0),
        signature: wire::bytes(&slot.signature.0),
        signer: owner(node, slot.owner).to_string(),
    }
}

/// Slots know their owner by key hash; its single-signature address names it.
fn owner(node: &NodeChain, hash160: Hash160) -> StacksAddress {
    StacksAddress::of_key_hash(hash160, node.chain.params().mainnet)
}

fn unknown(contract_id: &str) -> ApiError {
    ApiError::NotFound { what: Unknown::StackerDb, id: contract_id.to_owned() }
}
