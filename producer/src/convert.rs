//! Decodes the node's messages to the producer's own values.
//!
//! # Not here
//! What they mean: `decide`.

use client::writer_of;
use nakamoto_proto::v1;
use stacks_types::address::{AddressError, StacksAddress};
use stacks_types::block::{BlockDecodeError, NakamotoStacksBlock};
use stacks_types::ids::{BurnBlockHash, Hash160, IdError, SortitionHash, StacksBlockId, Txid};
use stacks_types::keys::LowS;
use stacks_types::proposal::SlotMessage;
use stacks_types::vrf::VrfPublicKey;

use crate::model::{
    BlockResponse, Executing, Millis, Mining, MiningMode, SignedBlock, Stacker, StackerSet, Template, View,
};

/// Why a message of the node cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConvertError {
    /// The named field is not set.
    #[error("{0} is not set")]
    Missing(&'static str),
    /// A hash does not have its length.
    #[error("hash")]
    Hash(#[from] IdError),
    /// An address is not a valid c32 address.
    #[error("address")]
    Address(#[from] AddressError),
    /// The signing mode is none of those known to this version.
    #[error("signing mode {0} is not known")]
    SigningMode(i32),
    /// The template does not decode as a block.
    #[error("template")]
    Template(#[from] BlockDecodeError),
}

impl From<ConvertError> for client::Failed {
    fn from(error: ConvertError) -> Self {
        tracing::error!(error = client::with_causes(&error), "the node's answer cannot be used");
        Self::Later(None)
    }
}

/// Decodes the view of the chain.
///
/// # Errors
/// [`ConvertError`] naming what is missing or malformed.
pub(crate) fn view(answer: &v1::GetProducerViewResponse) -> Result<View, ConvertError> {
    let tip = answer.tip.as_ref().ok_or(ConvertError::Missing("tip"))?;
    let burn_tip = answer.burn_tip.as_ref().ok_or(ConvertError::Missing("burn_tip"))?;
    let well_known = match answer.signing_mode() {
        v1::SigningMode::Ecdsa => false,
        v1::SigningMode::WellKnown => true,
        v1::SigningMode::Unspecified => return Err(ConvertError::SigningMode(answer.signing_mode)),
    };
    Ok(View {
        tip: StacksBlockId::try_from(tip.block_id.as_ref())?,
        chain_length: tip.chain_length,
        burn_tip: BurnBlockHash::try_from(burn_tip.burn_block_hash.as_ref())?,
        new_tenure: answer.new_tenure,
        elected: answer.elected,
        nonce: answer.nonce,
        mempool_count: answer.mempool_count,
        well_known,
        chain_id: answer.chain_id,
        mainnet: answer.mainnet,
        stackers: stackers(&answer.stackers)?,
        sequence: answer.sequence,
        slot_id: answer.producer_slot_id,
        mining: mining(answer.mining.as_ref()),
    })
}

/// Decodes the mining policy. Without a mode, or with an unknown one, the default applies.
fn mining(policy: Option<&v1::MiningPolicy>) -> Mining {
    let mode = match policy.map(v1::MiningPolicy::mode) {
        Some(v1::MiningMode::Auto) => MiningMode::Auto,
        Some(v1::MiningMode::Interval) => MiningMode::Interval,
        Some(v1::MiningMode::Manual) => MiningMode::Manual,
        Some(v1::MiningMode::Mixed | v1::MiningMode::Unspecified) | None => MiningMode::Mixed,
    };
    let interval = policy.and_then(|policy| policy.interval);
    let interval = interval.and_then(|interval| std::time::Duration::try_from(interval).ok());
    Mining {
        mode,
        interval_ms: interval.and_then(|interval| u64::try_from(interval.as_millis()).ok()),
        wanted: policy.is_some_and(|policy| policy.blocks_wanted > 0),
    }
}

/// Whether a producer is in the set, and so can be elected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Membership {
    /// Address and VRF key are in the set.
    Member,
    /// Its address is in the set, with another VRF key: its blocks would be refused.
    OtherVrfKey,
    /// Its address is not in the set.
    NotInSet,
}

impl Membership {
    /// Logs for the operator whether the producer can be elected, and if not, what is missing.
    pub(crate) fn log(self, address: &str, vrf_key: &VrfPublicKey) {
        let how = "the sets are the genesis' or AdminService.SetProducerSet's, from the next reward cycle on";
        match self {
            Self::Member => tracing::info!(address, "this producer is in the producer set"),
            Self::OtherVrfKey => {
                tracing::warn!(address, %vrf_key, "this producer is in the producer set with another VRF key; {how}");
            }
            Self::NotInSet => {
                tracing::warn!(address, "this producer is not in the producer set and will not be elected; {how}");
            }
        }
    }
}

/// Looks a producer up in the set by its address.
#[must_use]
pub(crate) fn membership(set: &[v1::ProducerSetMember], address: &str, vrf_key: &VrfPublicKey) -> Membership {
    match set.iter().find(|member| member.address == address) {
        Some(member) if member.vrf_public_key.as_ref() == vrf_key.0 => Membership::Member,
        Some(_) => Membership::OtherVrfKey,
        None => Membership::NotInSet,
    }
}

/// Decodes a stacker set, in signing order.
///
/// # Errors
/// [`ConvertError::Address`] when an address does not decode.
pub(crate) fn stackers(members: &[v1::StackerSetMember]) -> Result<StackerSet, ConvertError> {
    let member = |m: &v1::StackerSetMember| -> Result<Stacker, ConvertError> {
        Ok(Stacker { address: StacksAddress::parse(&m.address)?, weight: m.weight })
    };
    members.iter().map(member).collect()
}

/// Decodes a template. Parent, burn view and transactions are read from the block itself.
///
/// # Errors
/// [`ConvertError`] naming what is missing or malformed.
pub(crate) fn template(answer: v1::BlockTemplate) -> Result<Template, ConvertError> {
    let block = NakamotoStacksBlock::decode(&answer.block)?;
    Ok(Template {
        parent: block.header.parent_block_id,
        burn_view: block.header.bitcoin_block_hash,
        sortition_hash: SortitionHash::try_from(answer.sortition_hash.as_ref())?,
        new_tenure: answer.new_tenure,
        transactions: block.txs.len(),
        bytes: answer.block.to_vec(),
    })
}

/// The transaction that is executed for an unfinished template; `None` while there is none.
#[must_use]
pub(crate) fn executing(answer: &v1::GetTemplateResponse) -> Option<Executing> {
    let time = std::time::Duration::try_from(answer.executing_time?).ok()?;
    let txid = Txid::try_from(answer.executing_txid.as_ref()).ok()?;
    Some(Executing { txid, time_ms: u64::try_from(time.as_millis()).unwrap_or(Millis::MAX) })
}

/// The signer's account hash and its answer; `None` when the slot holds no answer to a proposal. One key is recovered,
/// from the signature that counts: the block's for an acceptance, the chunk's for a refusal, which has no other.
#[must_use]
pub(crate) fn answer(chunk: v1::StackerDbChunk) -> Option<(Hash160, BlockResponse)> {
    match SlotMessage::decode(&chunk.data).ok()? {
        SlotMessage::SignatureAccept { block_hash, signature } => {
            let key = signature.recover(block_hash.as_bytes(), LowS::Lax).ok()?;
            Some((key.hash160(), BlockResponse::Accept { block_hash, signature }))
        }
        SlotMessage::Reject { block_hash, reason_code, reason } => {
            Some((writer_of(chunk)?, BlockResponse::Reject { block_hash, code: reason_code, text: reason }))
        }
        SlotMessage::BlockProposal { .. } => None,
    }
}

/// Decodes the block that a producer's slot proposes; `None` when it holds something else.
#[must_use]
pub(crate) fn proposal(data: &[u8]) -> Option<SignedBlock> {
    let Ok(SlotMessage::BlockProposal { block: bytes }) = SlotMessage::decode(data) else { return None };
    let header = NakamotoStacksBlock::decode(&bytes).ok()?.header;
    Some(SignedBlock {
        block_hash: header.block_hash(),
        block_id: header.block_id(),
        parent: header.parent_block_id,
        burn_view: header.bitcoin_block_hash,
        chain_length: header.chain_length,
        bytes,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use stacks_types::ids::BlockHash;
    use stacks_types::keys::{MessageSignature, PrivateKey};
    use stacks_types::stackerdb::StackerDbChunk;

    fn response() -> v1::GetProducerViewResponse {
        v1::GetProducerViewResponse {
            tip: Some(v1::BlockRef { block_id: vec![1; 32].into(), chain_length: 7, ..v1::BlockRef::default() }),
            burn_tip: Some(v1::BurnBlock { burn_block_hash: vec![2; 32].into(), ..v1::BurnBlock::default() }),
            new_tenure: true,
            elected: true,
            nonce: 3,
            signing_mode: v1::SigningMode::Ecdsa.into(),
            stackers: vec![v1::StackerSetMember {
                address: "ST1SJ3DTE5DN7X54YDH5D64R3BCB6A2AG2ZQ8YPD5".to_owned(),
                weight: 5,
                slot_id: 9,
            }],
            sequence: 11,
            producer_slot_id: Some(0),
            ..v1::GetProducerViewResponse::default()
        }
    }

    #[test]
    fn a_producer_is_a_member_by_address_and_vrf_key() {
        let member = |address: &str, key: u8| v1::ProducerSetMember {
            address: address.to_owned(),
            vrf_public_key: vec![key; 32].into(),
            slot_id: 0,
        };
        let set = [member("A", 1), member("B", 2)];
        let of = |address: &str, key: u8| membership(&set, address, &VrfPublicKey([key; 32]));
        assert_eq!(
            [of("B", 2), of("B", 1), of("C", 2)],
            [Membership::Member, Membership::OtherVrfKey, Membership::NotInSet]
        );
    }

    #[test]
    fn a_view_is_read_field_by_field() {
        let view = view(&response()).unwrap();
        assert_eq!((view.tip, view.chain_length), (StacksBlockId([1; 32]), 7));
        assert_eq!((view.burn_tip, view.sequence, view.nonce), (BurnBlockHash([2; 32]), 11, 3));
        assert_eq!((view.new_tenure, view.elected, view.well_known, view.slot_id), (true, true, false, Some(0)));
        assert_eq!(view.stackers[0].weight, 5);
    }

    #[test]
    fn the_mining_policy_is_read_with_its_defaults() {
        assert_eq!(mining(None), Mining { mode: MiningMode::Mixed, interval_ms: None, wanted: false });
        let policy = |mode: v1::MiningMode, interval, blocks_wanted| {
            let interval = Some(prost_types::Duration { seconds: interval, nanos: 0 });
            mining(Some(&v1::MiningPolicy { mode: mode.into(), interval, blocks_wanted }))
        };
        let expected = Mining { mode: MiningMode::Manual, interval_ms: Some(3_000), wanted: true };
        assert_eq!(policy(v1::MiningMode::Manual, 3, 1), expected);
        assert_eq!(policy(v1::MiningMode::Manual, 3, 2), expected);
        let negative = policy(v1::MiningMode::Auto, -1, 0);
        assert_eq!(negative, Mining { mode: MiningMode::Auto, interval_ms: None, wanted: false });
    }

    #[test]
    fn what_a_late_template_executes_is_read_when_it_is_whole() {
        let response = |executing_txid: &[u8], seconds| v1::GetTemplateResponse {
            executing_txid: executing_txid.to_vec().into(),
            executing_time: Some(prost_types::Duration { seconds, nanos: 500_000_000 }),
            ..v1::GetTemplateResponse::default()
        };
        let expected = Executing { txid: Txid([7; 32]), time_ms: 2_500 };
        assert_eq!(executing(&response(&[7; 32], 2)), Some(expected));
        assert_eq!(executing(&response(&[7; 31], 2)), None);
        assert_eq!(executing(&v1::GetTemplateResponse::default()), None);
    }

    #[test]
    fn answers_that_are_not_whole_are_errors() {
        let mut short = response();
        short.tip.as_mut().unwrap().block_id = vec![1; 31].into();
        assert!(matches!(view(&short), Err(ConvertError::Hash(_))));
        assert!(matches!(
            view(&v1::GetProducerViewResponse { burn_tip: None, ..response() }),
            Err(ConvertError::Missing("burn_tip"))
        ));
        assert!(matches!(
            view(&v1::GetProducerViewResponse { signing_mode: 0, ..response() }),
            Err(ConvertError::SigningMode(0))
        ));
        assert!(template(v1::BlockTemplate::default()).is_err());
        let chunk = |data: &[u8]| v1::StackerDbChunk { data: data.to_vec().into(), ..v1::StackerDbChunk::default() };
        assert_eq!(answer(chunk(b"\xff")), None);
        assert_eq!(proposal(b"\xff"), None);
        assert_eq!(proposal(&SlotMessage::BlockProposal { block: vec![1] }.encode()), None);
        assert_eq!(answer(chunk(&SlotMessage::BlockProposal { block: vec![] }.encode())), None);
    }

    #[test]
    fn an_answer_is_of_who_signed_the_block_and_a_refusal_of_who_signed_the_chunk() {
        let [stacker, owner] = [b"stacker", b"owner--"].map(|seed| PrivateKey::from_seed(seed));
        let put = |message: &SlotMessage| {
            let chunk = StackerDbChunk::signed(3, 1, message.encode(), &owner);
            answer(v1::StackerDbChunk {
                slot_id: chunk.slot_id,
                slot_version: chunk.slot_version,
                signature: chunk.signature.0.to_vec().into(),
                data: chunk.data.into(),
            })
        };
        let block_hash = BlockHash([5; 32]);
        let signature = stacker.sign(block_hash.as_bytes());
        let accept = BlockResponse::Accept { block_hash, signature };
        assert_eq!(
            put(&SlotMessage::SignatureAccept { block_hash, signature }),
            Some((stacker.public_key().hash160(), accept))
        );
        let reject = BlockResponse::Reject { block_hash, code: 4, text: "why".to_owned() };
        assert_eq!(
            put(&SlotMessage::Reject { block_hash, reason_code: 4, reason: "why".to_owned() }),
            Some((owner.public_key().hash160(), reject))
        );
        let nobody = MessageSignature([0; 65]);
        assert_eq!(put(&SlotMessage::SignatureAccept { block_hash, signature: nobody }), None);
    }
}
