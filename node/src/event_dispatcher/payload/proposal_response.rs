//! `/proposal_response`: the verdict on a proposal, tagged by `result` (docs/COMPATIBILITY.md#block-proposals). HTTP
//! requests for a verdict get the same body.

use std::time::Duration;

use nakamoto_proto::v1;
use serde::Serialize;
use v1::RejectReason;
use v1::event::Body;

use super::values::{Cost, Hex};

/// Body of a post or an answer.
#[derive(Serialize)]
#[serde(tag = "result")]
pub(crate) enum ProposalResponse<'a> {
    Ok {
        signer_signature_hash: Hex<'a>,
        cost: Cost,
        size: u64,
        validation_time_ms: u64,
        /// This chain does not replay transactions.
        replay_tx_hash: Option<u64>,
        replay_tx_exhausted: bool,
    },
    Reject {
        signer_signature_hash: Hex<'a>,
        reason: &'a str,
        reason_code: &'static str,
        failed_txid: Option<Hex<'a>>,
    },
}

/// The verdict of a finished validation.
pub(in super::super) fn verdict(event: &v1::Event) -> Option<&v1::ValidationVerdict> {
    match &event.body {
        Some(Body::ValidationFinished(finished)) => finished.verdict.as_ref(),
        _ => None,
    }
}

pub(super) fn of(event: &v1::Event) -> Result<ProposalResponse<'_>, &'static str> {
    of_verdict(verdict(event).ok_or("verdict")?)
}

/// The body for a fetched verdict.
///
/// # Errors
/// Name of the part that the verdict lacks.
pub(crate) fn of_verdict(verdict: &v1::ValidationVerdict) -> Result<ProposalResponse<'_>, &'static str> {
    let signer_signature_hash = Hex(&verdict.block_hash);
    if !verdict.valid {
        let rejection = verdict.rejection.as_ref().ok_or("rejection")?;
        let failed_txid = (!rejection.failed_txid.is_empty()).then_some(Hex(&rejection.failed_txid));
        let (reason, reason_code) = (rejection.detail.as_str(), reason_code(rejection.reason()));
        return Ok(ProposalResponse::Reject { signer_signature_hash, reason, reason_code, failed_txid });
    }
    let duration = verdict.validation_duration.and_then(|duration| Duration::try_from(duration).ok());
    Ok(ProposalResponse::Ok {
        signer_signature_hash,
        cost: Cost::of(verdict.cost.as_ref()),
        size: verdict.size_bytes,
        validation_time_ms: u64::try_from(duration.unwrap_or_default().as_millis()).unwrap_or(u64::MAX),
        replay_tx_hash: None,
        replay_tx_exhausted: false,
    })
}

/// The reference's reason code that is closest to our rule.
const fn reason_code(reason: RejectReason) -> &'static str {
    match reason {
        RejectReason::UnknownParent => "UnknownParent",
        RejectReason::UnknownBurnBlock => "NoSuchTenure",
        RejectReason::BurnViewRegressed => "NonCanonicalTenure",
        RejectReason::HasSibling => "InvalidParentBlock",
        RejectReason::BadTxMerkleRoot | RejectReason::BadStateRoot => "BadBlockHash",
        RejectReason::BadTransaction | RejectReason::CostExceeded => "BadTransaction",
        RejectReason::BadVersion
        | RejectReason::BadEncoding
        | RejectReason::TooLarge
        | RejectReason::BadChainLength
        | RejectReason::BadBurnSpent
        | RejectReason::BadProducer
        | RejectReason::BadVrfProof
        | RejectReason::BadStackerSignatures
        | RejectReason::NotEnoughStackers
        | RejectReason::BadCoinbase => "InvalidBlock",
        RejectReason::Unspecified => "ChainstateError",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_has_a_name_of_the_reference() {
        let names = (0..).map_while(|number| RejectReason::try_from(number).ok()).map(reason_code);
        assert_eq!(
            names.collect::<Vec<_>>(),
            [
                "ChainstateError",
                "InvalidBlock",
                "InvalidBlock",
                "InvalidBlock",
                "UnknownParent",
                "InvalidBlock",
                "InvalidBlock",
                "NoSuchTenure",
                "NonCanonicalTenure",
                "InvalidParentBlock",
                "InvalidBlock",
                "InvalidBlock",
                "InvalidBlock",
                "InvalidBlock",
                "BadBlockHash",
                "InvalidBlock",
                "BadTransaction",
                "BadTransaction",
                "BadBlockHash",
            ]
        );
    }
}
