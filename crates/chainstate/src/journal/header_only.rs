//! The short form of an event: ids and headers, without the large parts.

use nakamoto_proto::v1;
use v1::event::Body;

/// The event without receipts, chunk data and raw transactions.
#[must_use]
pub fn header_only(event: &v1::Event) -> v1::Event {
    let body = event.body.as_ref().map(|body| match body {
        Body::BlockProcessed(processed) => Body::BlockProcessed(v1::BlockProcessed {
            receipts: Vec::new(),
            block: processed.block.clone(),
            header: processed.header.clone(),
            burn_view: processed.burn_view.clone(),
            matured_rewards: processed.matured_rewards.clone(),
            parent: processed.parent.clone(),
            parent_burn_view: processed.parent_burn_view.clone(),
            cost: processed.cost,
            tenure_cost: processed.tenure_cost,
            new_tenure: processed.new_tenure,
            tenure_height: processed.tenure_height,
            size_bytes: processed.size_bytes,
        }),
        Body::StackerdbChunks(chunks) => Body::StackerdbChunks(without_data(chunks)),
        Body::MempoolAccepted(accepted) => Body::MempoolAccepted(v1::MempoolAccepted {
            txid: accepted.txid.clone(),
            transaction: prost::bytes::Bytes::new(),
        }),
        small => small.clone(),
    });
    v1::Event { sequence: event.sequence, kind: event.kind, observe_time: event.observe_time, body }
}

/// Chunks with versions and signatures, without their data.
#[must_use]
pub fn without_data(chunks: &v1::StackerDbChunks) -> v1::StackerDbChunks {
    let chunk = |chunk: &v1::StackerDbChunk| v1::StackerDbChunk {
        slot_id: chunk.slot_id,
        slot_version: chunk.slot_version,
        signature: chunk.signature.clone(),
        data: prost::bytes::Bytes::new(),
    };
    v1::StackerDbChunks { contract_id: chunks.contract_id.clone(), chunks: chunks.chunks.iter().map(chunk).collect() }
}
