//! StackerDBs in the reference's paths and shapes (docs/COMPATIBILITY.md#stackerdb-over-http). A refused chunk is not
//! an error: 200 with `accepted: false`.

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use chainstate::chain::{ChunkOutcome, Snapshot};
use chainstate::read::{self, Unknown};
use chainstate::stackerdb::{PutRefusal, SlotMetadata};
use serde::Deserialize;
use serde_json::{Value, json};
use stacks_types::keys::MessageSignature;
use stacks_types::limits::MAX_CHUNK_BYTES;
use stacks_types::stackerdb::StackerDbChunk;

use super::input::{Kind, hex_bytes, json_body, kind, path_contract_id};
use super::respond::{Answer, HttpError, json, octets};
use crate::error::ApiError;
use crate::rpc::grpc::Services;

/// A chunk is hex in JSON: two digits a byte, and room for the other fields.
pub(super) const MAX_BODY_BYTES: usize = 2 * MAX_CHUNK_BYTES + 4096;

/// Body of a chunk write.
#[derive(Deserialize)]
struct ChunkBody {
    slot_id: u32,
    slot_version: u32,
    sig: String,
    data: String,
}

/// GET /v2/stackerdb/{address}/{contract}: the metadata of all slots.
pub(super) async fn slots(State(services): State<Services>, Path((address, name)): Path<(String, String)>) -> Answer {
    let contract = contract(&address, &name)?;
    let slots = services.pool.read(move |snapshot| read::stackerdb::slots(snapshot, &contract)).await?;
    Ok(json(slots.iter().map(metadata).collect()))
}

/// GET /v2/stackerdb/{address}/{contract}/replicas: always empty, as only this node keeps the chunks.
pub(super) async fn replicas(
    State(services): State<Services>,
    Path((address, name)): Path<(String, String)>,
) -> Answer {
    let contract = contract(&address, &name)?;
    services.pool.read(move |snapshot| read::stackerdb::slots(snapshot, &contract)).await?;
    Ok(json(json!([])))
}

/// GET /v2/stackerdb/{address}/{contract}/{slot}: the newest chunk.
pub(super) async fn newest(
    State(services): State<Services>,
    Path((address, name, slot)): Path<(String, String, String)>,
) -> Answer {
    chunk(&services, contract(&address, &name)?, &slot, None).await
}

/// GET /v2/stackerdb/{address}/{contract}/{slot}/{version}: the chunk, if it has this version.
pub(super) async fn version(
    State(services): State<Services>,
    Path((address, name, slot, version)): Path<(String, String, String, String)>,
) -> Answer {
    chunk(&services, contract(&address, &name)?, &slot, Some(number(&version)?)).await
}

async fn chunk(services: &Services, contract: String, slot: &str, version: Option<u32>) -> Answer {
    let slot = number(slot)?;
    let read = move |snapshot: &Snapshot<'_>| read::stackerdb::find_chunk(snapshot, &contract, slot, version);
    // In the reference an empty slot has zero bytes.
    Ok(octets(services.pool.read(read).await?.map_or_else(Bytes::new, |chunk| chunk.data.into())))
}

/// POST /v2/stackerdb/{address}/{contract}/chunks.
pub(super) async fn put(
    State(services): State<Services>,
    Path((address, name)): Path<(String, String)>,
    headers: HeaderMap,
    body: Bytes,
) -> Answer {
    let contract = contract(&address, &name)?;
    if kind(&headers)? != Kind::Json {
        return Err(HttpError::bad_request("Content-Type must be application/json"));
    }
    let body: ChunkBody = json_body(&body)?;
    let (signature, data) = (hex_bytes("sig", &body.sig)?, hex_bytes("data", &body.data)?);
    let signature = <[u8; 65]>::try_from(signature)
        .map_err(|bytes| ApiError::invalid("chunk.signature", format!("{} bytes, not 65", bytes.len())))?;
    let chunk = StackerDbChunk {
        slot_id: body.slot_id,
        slot_version: body.slot_version,
        signature: MessageSignature(signature),
        data,
    };
    let name = contract.clone();
    match services.pool.write(move |chain| Ok(chain.chainstate().put_chunk(name, chunk)?)).await? {
        ChunkOutcome::Accepted(stored) => Ok(json(json!({ "accepted": true, "metadata": metadata(&stored) }))),
        ChunkOutcome::Refused { refusal, stored } => Ok(json(refused(&refusal, stored.as_ref()))),
        ChunkOutcome::NoSuchDb => Err(ApiError::NotFound { what: Unknown::StackerDb, id: contract }.into()),
    }
}

/// The reference's acknowledgement: the reason is JSON in a string, the metadata is the slot's current one. `detail` is
/// our addition.
fn refused(refusal: &PutRefusal, stored: Option<&SlotMetadata>) -> Value {
    let code = refusal.code();
    let (message, reason) = words(refusal);
    let reason = json!({ "code": code, "message": message, "reason": reason, "detail": refusal.to_string() });
    let mut ack = json!({ "accepted": false, "reason": reason.to_string(), "code": code });
    if let Some(stored) = stored {
        ack["metadata"] = metadata(stored);
    }
    ack
}

/// The reference's name and sentence for a refusal.
const fn words(refusal: &PutRefusal) -> (&'static str, &'static str) {
    match refusal {
        PutRefusal::DataAlreadyExists { .. } => ("DataAlreadyExists", "Data for this slot and version already exist"),
        PutRefusal::NoSuchSlot { .. } => ("NoSuchSlot", "No such StackerDB slot"),
        PutRefusal::BadSigner { .. } => ("BadSigner", "Signature does not match slot signer"),
        PutRefusal::ChunkTooBig { .. } => ("ChunkTooBig", "Chunk exceeds the replica's configured chunk size"),
        PutRefusal::TooManySlotWrites { .. } => {
            ("TooManySlotWrites", "Slot version exceeds the replica's configured maximum writes")
        }
    }
}

fn metadata(slot: &SlotMetadata) -> Value {
    json!({
        "slot_id": slot.slot_id,
        "slot_version": slot.slot_version,
        "data_hash": slot.data_hash.to_hex(),
        "signature": hex::encode(slot.signature.0),
    })
}

fn contract(address: &str, name: &str) -> Result<String, HttpError> {
    Ok(path_contract_id(address, name)?.to_string())
}

fn number(text: &str) -> Result<u32, HttpError> {
    text.parse().map_err(|_| HttpError::not_found("not found"))
}
