//! Decodes the node's messages to this crate's own values.

use client::writer_of;
use nakamoto_proto::v1::{self, JobState};
use stacks_types::address::StacksAddress;
use stacks_types::ids::{BlockHash, BurnBlockHash, Hash160};
use stacks_types::proposal::SlotMessage;

use crate::model::{Outcome, Proposal, Refusal};

/// The proposal in a producer's slot; `None` when it holds something else.
pub(super) fn decode(chunk: v1::StackerDbChunk) -> Option<Box<Proposal>> {
    let slot_id = chunk.slot_id;
    let put_by = writer_of(chunk.clone());
    let Ok(SlotMessage::BlockProposal { block }) = SlotMessage::decode(&chunk.data) else {
        tracing::debug!(slot_id, "a producer's slot holds no proposal");
        return None;
    };
    Proposal::decode(slot_id, put_by, block)
        .inspect_err(|error| tracing::info!(slot_id, error = %error, "a proposal is no block"))
        .ok()
        .map(Box::new)
}

/// Hash and elected producer of a burn block; `None` when one of them is missing.
pub(super) fn elected(burn: &v1::BurnBlock) -> Option<(BurnBlockHash, Hash160)> {
    let hash = BurnBlockHash::try_from(burn.burn_block_hash.as_ref()).ok()?;
    let address = StacksAddress::parse(&burn.elected_producer).ok()?;
    Some((hash, address.hash160()))
}

pub(super) fn outcome_of(state: JobState, verdict: Option<v1::ValidationVerdict>) -> Outcome {
    let (JobState::Succeeded, Some(verdict)) = (state, verdict) else { return Outcome::NoVerdict };
    if verdict.valid {
        return match BlockHash::try_from(verdict.block_hash.as_ref()) {
            Ok(block_hash) => Outcome::Valid(block_hash),
            Err(_) => Outcome::NoVerdict,
        };
    }
    let rejection = verdict.rejection.unwrap_or_default();
    let text = format!("{}: {}", rejection.reason().as_str_name(), rejection.detail);
    Outcome::Invalid(Refusal::new(u32::try_from(rejection.reason).unwrap_or(0), text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_whole_verdict_is_a_verdict() {
        let valid = v1::ValidationVerdict { valid: true, block_hash: vec![1; 32].into(), ..Default::default() };
        let of = |state, verdict| outcome_of(state, verdict);
        assert_eq!(of(JobState::Succeeded, Some(valid.clone())), Outcome::Valid(BlockHash([1; 32])));
        assert_eq!(of(JobState::Expired, Some(valid.clone())), Outcome::NoVerdict);
        assert_eq!(of(JobState::Succeeded, None), Outcome::NoVerdict);
        let short = v1::ValidationVerdict { block_hash: vec![1; 31].into(), ..valid };
        assert_eq!(of(JobState::Succeeded, Some(short)), Outcome::NoVerdict);
        let mut rejection = v1::Rejection { detail: "why".to_owned(), ..Default::default() };
        rejection.set_reason(v1::RejectReason::BadStateRoot);
        let invalid = v1::ValidationVerdict { rejection: Some(rejection), ..Default::default() };
        let refusal = Refusal::new(18, "REJECT_REASON_BAD_STATE_ROOT: why".to_owned());
        assert_eq!(of(JobState::Succeeded, Some(invalid)), Outcome::Invalid(refusal));
    }
}
