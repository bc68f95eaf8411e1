//! The JSON bodies, field by field as the reference sends them (docs/COMPATIBILITY.md#observers), with a file for each endpoint.
//!
//! # Invariants
//! - A body depends only on the events and the [`View`], so a repeated post has the same body.

mod block_events;
mod cache;
mod drop_mempool_tx;
mod new_block;
mod new_burn_block;
mod new_mempool_tx;
mod proposal_response;
mod stackerdb_chunks;
mod values;

#[cfg(test)]
mod tests;

pub(crate) use block_events::{BlockEvent, of_receipt as receipt_events};
pub(super) use cache::{Body, PayloadCache};
pub(super) use drop_mempool_tx::reason as drop_reason;
pub(super) use new_block::is_boot;
pub(crate) use proposal_response::of_verdict as proposal_response;
pub(super) use proposal_response::verdict;
pub(crate) use values::Cost;

use std::sync::Arc;

use nakamoto_proto::v1;

use super::keys::TransactionFilter;

/// Paths to which observers get posts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Endpoint {
    /// A processed block, or the boot block.
    NewBlock,
    NewBurnBlock,
    /// Transactions that entered the mempool.
    NewMempoolTx,
    /// Transactions that left the mempool without being mined.
    DropMempoolTx,
    /// Written slots of a StackerDB.
    StackerDbChunks,
    /// The verdict on a proposal.
    ProposalResponse,
}

impl Endpoint {
    /// The path, appended to the observer's address in a URL.
    pub(super) const fn path(self) -> &'static str {
        match self {
            Self::NewBlock => "/new_block",
            Self::NewBurnBlock => "/new_burn_block",
            Self::NewMempoolTx => "/new_mempool_tx",
            Self::DropMempoolTx => "/drop_mempool_tx",
            Self::StackerDbChunks => "/stackerdb_chunks",
            Self::ProposalResponse => "/proposal_response",
        }
    }
}

/// What differs in `/new_block` between observers. Observers with the same view share their bodies.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct View {
    /// Which events of transactions are in the body.
    pub(super) transactions: TransactionFilter,
    /// Whether the interfaces of deployed contracts are left out.
    pub(super) without_contract_interfaces: bool,
}

/// Why an event has no body: a bug, as the node itself wrote the event.
#[derive(Debug, thiserror::Error)]
pub(super) enum EncodeError {
    /// A part of the event is missing.
    #[error("event {sequence} has no {part}")]
    Missing { sequence: u64, part: &'static str },
    /// A value has no JSON form.
    #[error("event {sequence} has no JSON form")]
    Json {
        sequence: u64,
        #[source]
        source: serde_json::Error,
    },
}

/// Events of one post: one event, or several accepted transactions.
#[derive(Debug, Clone)]
pub(super) struct PostedEvents {
    /// The first event, which every post has.
    pub(super) first: Arc<v1::Event>,
    /// Further events, only in `/new_mempool_tx`.
    pub(super) more: Vec<Arc<v1::Event>>,
}

impl PostedEvents {
    /// Sequences of the first and of the last event.
    pub(super) fn range(&self) -> (u64, u64) {
        let first = self.first.sequence;
        (first, self.more.last().map_or(first, |last| last.sequence))
    }
}

/// Encodes the body of one post.
pub(super) fn encode(endpoint: Endpoint, posted: &PostedEvents, view: &View) -> Result<Vec<u8>, EncodeError> {
    let event = posted.first.as_ref();
    let sequence = event.sequence;
    let missing = |part| EncodeError::Missing { sequence, part };
    let json = |source| EncodeError::Json { sequence, source };
    match endpoint {
        Endpoint::NewBlock => serde_json::to_vec(&new_block::of(event, view).map_err(missing)?).map_err(json),
        Endpoint::NewBurnBlock => serde_json::to_vec(&new_burn_block::of(event).map_err(missing)?).map_err(json),
        Endpoint::NewMempoolTx => serde_json::to_vec(&new_mempool_tx::of(posted).map_err(missing)?).map_err(json),
        Endpoint::DropMempoolTx => serde_json::to_vec(&drop_mempool_tx::of(event).map_err(missing)?).map_err(json),
        Endpoint::StackerDbChunks => serde_json::to_vec(&stackerdb_chunks::of(event).map_err(missing)?).map_err(json),
        Endpoint::ProposalResponse => serde_json::to_vec(&proposal_response::of(event).map_err(missing)?).map_err(json),
    }
}
