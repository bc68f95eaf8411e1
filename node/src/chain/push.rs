//! Pushed blocks: checked, stored, and answered in the words of the contract.

use chainstate::blocks::Rejection;
use chainstate::chain::{StoreOutcome, wire};
use nakamoto_proto::v1;
use stacks_types::ids::StacksBlockId;

use super::NodeChain;
use crate::error::ApiError;
use crate::limits::RETRY_AFTER;

pub(super) fn push(node: &NodeChain, block: &[u8]) -> Result<v1::PushBlockResponse, ApiError> {
    let answer = |outcome: v1::PushOutcome, id: Option<StacksBlockId>, rejection| v1::PushBlockResponse {
        outcome: outcome.into(),
        block_id: id.map(|id| wire::id(&id)).unwrap_or_default(),
        rejection,
    };
    match node.chain.store_block(block)? {
        StoreOutcome::Stored(id) => Ok(answer(v1::PushOutcome::Accepted, Some(id), None)),
        StoreOutcome::AlreadyKnown(id, rejection) => {
            let rejection = rejection.as_ref().map(Rejection::to_wire);
            Ok(answer(v1::PushOutcome::AlreadyKnown, Some(id), rejection))
        }
        StoreOutcome::Rejected(id, rejection) => Ok(answer(v1::PushOutcome::Rejected, id, Some(rejection.to_wire()))),
        StoreOutcome::StagingFull => Err(ApiError::Busy { reason: "STAGING_FULL", retry_after: RETRY_AFTER }),
    }
}
