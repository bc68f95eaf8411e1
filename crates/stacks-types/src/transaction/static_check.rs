//! Rules for transactions that need no chain state (docs/CONSENSUS.md#payloads).
//!
//! # Not here
//! Which payloads this node takes (docs/CONSENSUS.md#transactions-of-this-chain), nonces, fees: `chainstate`.

use crate::address::HashMode;

use super::auth::SpendingCondition;
use super::epoch::Epoch;
use super::payload::{ContractVersion, TransactionPayload};
use super::post_condition::{NonFungibleCode, PostCondition};
use super::tx::{PostConditionMode, StacksTransaction};

/// Where the VRF proof of a tenure is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CoinbaseRule {
    /// In the header of its first block, and in no coinbase: this chain's rule (docs/CONSENSUS.md#blocks).
    Plain,
    /// In its coinbase, from epoch 3.0 on: the reference's rule.
    WithVrfProof,
}

/// Why a transaction cannot be in any block of an epoch.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StaticRejection {
    /// The transaction uses something that the epoch does not have yet.
    #[error("{what} needs epoch {needed}, this is {epoch}", needed = needed.name(), epoch = epoch.name())]
    TooEarly {
        /// What the transaction uses.
        what: &'static str,
        /// First epoch that has it.
        needed: Epoch,
        /// Epoch of the block.
        epoch: Epoch,
    },
    /// The transaction asks for a Clarity version that the epoch does not have yet.
    #[error("clarity version {version} is newer than epoch {epoch} has", version = version.to_byte(), epoch = epoch.name())]
    ClarityVersion {
        /// Version that the transaction asks for.
        version: ContractVersion,
        /// Epoch of the block.
        epoch: Epoch,
    },
    /// A coinbase lacks the VRF proof that it must carry.
    #[error("coinbase without vrf proof in epoch {epoch}", epoch = epoch.name())]
    CoinbaseWithoutProof {
        /// Epoch of the block.
        epoch: Epoch,
    },
    /// A coinbase carries a VRF proof, which it must not.
    #[error("coinbase with vrf proof, which this chain has in its headers")]
    CoinbaseWithProof,
}

impl StacksTransaction {
    /// The first epoch rule that the transaction breaks, if any.
    #[must_use]
    pub fn epoch_rejects(&self, epoch: Epoch, coinbase: CoinbaseRule) -> Option<StaticRejection> {
        self.auth_rejects(epoch)
            .or_else(|| self.post_conditions_reject(epoch))
            .or_else(|| self.payload_rejects(epoch, coinbase))
    }

    fn auth_rejects(&self, epoch: Epoch) -> Option<StaticRejection> {
        let conditions = std::iter::once(self.auth.origin()).chain(self.auth.sponsor());
        let order_independent = |mode: HashMode| mode.is_order_independent();
        conditions
            .map(SpendingCondition::hash_mode)
            .any(order_independent)
            .then(|| too_early("order-independent multi-sig", Epoch::Epoch30, epoch))
            .flatten()
    }

    fn post_conditions_reject(&self, epoch: Epoch) -> Option<StaticRejection> {
        if self.post_condition_mode == PostConditionMode::Originator {
            let rejection = too_early("post-condition mode originator", Epoch::Epoch34, epoch);
            if rejection.is_some() {
                return rejection;
            }
        }
        self.post_conditions.iter().find_map(|condition| match condition {
            PostCondition::NonFungible { code: NonFungibleCode::MaybeSent, .. } => {
                too_early("non-fungible condition maybe-sent", Epoch::Epoch34, epoch)
            }
            PostCondition::Staking { .. } | PostCondition::Pox { .. } => {
                too_early("staking or pox post-condition", Epoch::Epoch40, epoch)
            }
            PostCondition::Stx { .. } | PostCondition::Fungible { .. } | PostCondition::NonFungible { .. } => None,
        })
    }

    fn payload_rejects(&self, epoch: Epoch, coinbase: CoinbaseRule) -> Option<StaticRejection> {
        let needs_proof = coinbase == CoinbaseRule::WithVrfProof && epoch >= Epoch::Epoch30;
        let without_proof = || needs_proof.then_some(StaticRejection::CoinbaseWithoutProof { epoch });
        match &self.payload {
            TransactionPayload::VersionedSmartContract { version, .. } => match epoch.newest_clarity() {
                None => too_early("versioned contract", Epoch::Epoch21, epoch),
                Some(newest) => {
                    (*version > newest).then_some(StaticRejection::ClarityVersion { version: *version, epoch })
                }
            },
            TransactionPayload::Coinbase { .. } => without_proof(),
            TransactionPayload::CoinbaseToAltRecipient { .. } => {
                too_early("coinbase to an alternative recipient", Epoch::Epoch21, epoch).or_else(without_proof)
            }
            TransactionPayload::NakamotoCoinbase { .. } if coinbase == CoinbaseRule::Plain => {
                Some(StaticRejection::CoinbaseWithProof)
            }
            TransactionPayload::NakamotoCoinbase { .. } => too_early("coinbase with vrf proof", Epoch::Epoch30, epoch),
            TransactionPayload::TenureChange(_) => too_early("tenure change", Epoch::Epoch30, epoch),
            TransactionPayload::TokenTransfer { .. }
            | TransactionPayload::SmartContract { .. }
            | TransactionPayload::ContractCall(_)
            | TransactionPayload::PoisonMicroblock(_) => None,
        }
    }
}

fn too_early(what: &'static str, needed: Epoch, epoch: Epoch) -> Option<StaticRejection> {
    (epoch < needed).then_some(StaticRejection::TooEarly { what, needed, epoch })
}
