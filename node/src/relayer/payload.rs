//! How much of an event travels.

use std::sync::Arc;

use nakamoto_proto::v1;
use prost::Message as _;
use v1::event::Body;

use super::journal::Entry;

/// Largest event that travels whole. A StackerDB chunk (16 MiB at most) fits; the few blocks whose receipts make more
/// travel in header form, because no client takes a larger message (17 MiB is what the API asks clients to take).
pub const MAX_EVENT_BYTES: usize = (16 << 20) + (256 << 10);

/// How much of a block travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Payload {
    /// Everything.
    Full,
    /// Without receipts, chunk data and raw transactions.
    Header,
}

impl Payload {
    /// From the wire; unknown values mean the default, full.
    #[must_use]
    pub fn decode(mode: i32) -> Self {
        match v1::PayloadMode::try_from(mode) {
            Ok(v1::PayloadMode::Header) => Self::Header,
            Ok(v1::PayloadMode::Full | v1::PayloadMode::Unspecified) | Err(_) => Self::Full,
        }
    }

    /// The event as it travels, and its encoded length. Raw bytes in it are shared, not copied.
    #[must_use]
    pub fn shape(self, entry: &Entry) -> (v1::Event, usize) {
        match self {
            Self::Full if entry.encoded_len <= MAX_EVENT_BYTES => (v1::Event::clone(&entry.event), entry.encoded_len),
            Self::Full | Self::Header => {
                let event = header_form(&entry.event);
                let length = event.encoded_len();
                (event, length)
            }
        }
    }
}

fn header_form(event: &Arc<v1::Event>) -> v1::Event {
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
        Body::StackerdbChunks(chunks) => Body::StackerdbChunks(v1::StackerDbChunks {
            contract_id: chunks.contract_id.clone(),
            chunks: chunks.chunks.iter().map(without_data).collect(),
        }),
        Body::MempoolAccepted(accepted) => {
            Body::MempoolAccepted(v1::MempoolAccepted { txid: accepted.txid.clone(), transaction: bytes::Bytes::new() })
        }
        small => small.clone(),
    });
    v1::Event { sequence: event.sequence, kind: event.kind, observe_time: event.observe_time, body }
}

fn without_data(chunk: &v1::StackerDbChunk) -> v1::StackerDbChunk {
    v1::StackerDbChunk {
        slot_id: chunk.slot_id,
        slot_version: chunk.slot_version,
        signature: chunk.signature.clone(),
        data: bytes::Bytes::new(),
    }
}
