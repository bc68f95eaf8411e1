//! StackerDBs by the reference's paths and shapes (docs/COMPATIBILITY.md#stackerdb-over-http). A refused chunk is an
//! answer: 200 with `accepted: false`.

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use nakamoto_proto::v1;
use serde::Deserialize;
use serde_json::{Value, json};
use stacks_types::limits::MAX_CHUNK_BYTES;

use super::input::{Kind, hex_bytes, json_body, kind, path_contract_id};
use super::respond::{Answer, HttpError, json, octets};
use crate::rpc::grpc::Services;

/// A chunk is hex in JSON: two digits a byte, and room for the rest.
pub(super) const MAX_BODY_BYTES: usize = 2 * MAX_CHUNK_BYTES + 4096;

/// Body of a chunk's write.
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
    let slots = services.pool.read(move |chain| chain.slots(&contract)).await?;
    Ok(json(slots.iter().map(metadata).collect()))
}

/// GET /v2/stackerdb/{address}/{contract}/replicas: nobody replicates, this node keeps all chunks alone.
pub(super) async fn replicas(
    State(services): State<Services>,
    Path((address, name)): Path<(String, String)>,
) -> Answer {
    let contract = contract(&address, &name)?;
    services.pool.read(move |chain| chain.slots(&contract)).await?;
    Ok(json(json!([])))
}

/// GET /v2/stackerdb/{address}/{contract}/{slot}: the newest chunk.
pub(super) async fn newest(
    State(services): State<Services>,
    Path((address, name, slot)): Path<(String, String, String)>,
) -> Answer {
    chunk(&services, contract(&address, &name)?, &slot, None).await
}

/// GET /v2/stackerdb/{address}/{contract}/{slot}/{version}: the chunk, if that is its version.
pub(super) async fn version(
    State(services): State<Services>,
    Path((address, name, slot, version)): Path<(String, String, String, String)>,
) -> Answer {
    chunk(&services, contract(&address, &name)?, &slot, Some(number(&version)?)).await
}

async fn chunk(services: &Services, contract: String, slot: &str, version: Option<u32>) -> Answer {
    let slot = number(slot)?;
    let chunk = services.pool.read(move |chain| chain.chunk(&contract, slot, version)).await?;
    Ok(octets(chunk.data))
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
    let chunk = v1::StackerDbChunk {
        slot_id: body.slot_id,
        slot_version: body.slot_version,
        signature: hex_bytes("sig", &body.sig)?.into(),
        data: hex_bytes("data", &body.data)?.into(),
    };
    let answer = services.pool.write(move |chain| chain.put_chunk(&contract, chunk)).await?;
    Ok(json(ack(&answer)))
}

/// The reference's acknowledgement: the reason is JSON in a string, the metadata is what the slot holds now.
fn ack(answer: &v1::PutChunkResponse) -> Value {
    let mut ack = json!({ "accepted": answer.accepted });
    if !answer.accepted {
        let refusal = answer.refusal();
        // The numbers of the enum are the reference's plus one.
        let code = i32::from(refusal) - 1;
        let reason = json!({ "code": code, "message": message(refusal), "reason": answer.detail });
        ack["reason"] = reason.to_string().into();
        ack["code"] = code.into();
    }
    if let Some(stored) = &answer.metadata {
        ack["metadata"] = metadata(stored);
    }
    ack
}

fn message(refusal: v1::ChunkRefusal) -> &'static str {
    match refusal {
        v1::ChunkRefusal::DataAlreadyExists => "Data for this slot and version already exist",
        v1::ChunkRefusal::NoSuchSlot => "No such StackerDB slot",
        v1::ChunkRefusal::BadSigner => "Signature does not match slot signer",
        v1::ChunkRefusal::ChunkTooBig => "Chunk is too big",
        v1::ChunkRefusal::TooManySlotWrites => "Too many writes to this slot",
        v1::ChunkRefusal::Unspecified => "",
    }
}

fn metadata(slot: &v1::SlotMetadata) -> Value {
    json!({
        "slot_id": slot.slot_id,
        "slot_version": slot.slot_version,
        "data_hash": hex::encode(&slot.data_hash),
        "signature": hex::encode(&slot.signature),
    })
}

fn contract(address: &str, name: &str) -> Result<String, HttpError> {
    path_contract_id(address, name)
}

fn number(text: &str) -> Result<u32, HttpError> {
    text.parse().map_err(|_| HttpError::not_found("not found"))
}
