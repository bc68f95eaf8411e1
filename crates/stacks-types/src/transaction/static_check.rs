//! Rules for transactions that need no chain state (docs/CONSENSUS.md#payloads).
//!
//! # Not here
//! Which payloads this node takes (docs/CONSENSUS.md#transactions-of-this-chain), nonces, fees: `chainstate`.

use crate::address::HashMode;

use super::auth::SpendingCondition;
use super::payload::{ContractVersion, TransactionPayload};
use super::post_condition::{NonFungibleCode, PostCondition};
use super::tx::{PostConditionMode, StacksTransaction};

/// An epoch of the network: a set of consensus rules. Ordered by time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "the names say all there is")]
pub enum Epoch {
    Epoch20,
    Epoch2_05,
    Epoch21,
    Epoch22,
    Epoch23,
    Epoch24,
    Epoch25,
    Epoch30,
    Epoch31,
    Epoch32,
    Epoch33,
    Epoch34,
    Epoch40,
    Epoch41,
}

impl Epoch {
    /// All epochs, oldest first.
    pub const ALL: [Self; 14] = [
        Self::Epoch20,
        Self::Epoch2_05,
        Self::Epoch21,
        Self::Epoch22,
        Self::Epoch23,
        Self::Epoch24,
        Self::Epoch25,
        Self::Epoch30,
        Self::Epoch31,
        Self::Epoch32,
        Self::Epoch33,
        Self::Epoch34,
        Self::Epoch40,
        Self::Epoch41,
    ];
    /// The newest known epoch.
    pub const NEWEST: Self = Self::Epoch41;

    /// Usual name, such as "2.05" or "3.0".
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Epoch20 => "2.0",
            Self::Epoch2_05 => "2.05",
            Self::Epoch21 => "2.1",
            Self::Epoch22 => "2.2",
            Self::Epoch23 => "2.3",
            Self::Epoch24 => "2.4",
            Self::Epoch25 => "2.5",
            Self::Epoch30 => "3.0",
            Self::Epoch31 => "3.1",
            Self::Epoch32 => "3.2",
            Self::Epoch33 => "3.3",
            Self::Epoch34 => "3.4",
            Self::Epoch40 => "4.0",
            Self::Epoch41 => "4.1",
        }
    }

    /// The epoch with this usual name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|epoch| epoch.name() == name)
    }

    /// The newest Clarity version that a versioned contract may ask for; `None` in epochs without versioned contracts.
    #[must_use]
    pub const fn newest_clarity(self) -> Option<ContractVersion> {
        match self {
            Self::Epoch20 | Self::Epoch2_05 => None,
            Self::Epoch21 | Self::Epoch22 | Self::Epoch23 | Self::Epoch24 | Self::Epoch25 => {
                Some(ContractVersion::Clarity2)
            }
            Self::Epoch30 | Self::Epoch31 | Self::Epoch32 => Some(ContractVersion::Clarity3),
            Self::Epoch33 => Some(ContractVersion::Clarity4),
            Self::Epoch34 => Some(ContractVersion::Clarity5),
            Self::Epoch40 | Self::Epoch41 => Some(ContractVersion::Clarity6),
        }
    }
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
    /// The first epoch rule that the transaction breaks, if any. With `plain_coinbase`, coinbases carry no VRF proof in
    /// any epoch. It is true for this node, which has the proof in the header (docs/CONSENSUS.md#blocks), and false for
    /// the reference's rule, by which coinbases carry a proof from epoch 3.0.
    #[must_use]
    pub fn epoch_rejects(&self, epoch: Epoch, plain_coinbase: bool) -> Option<StaticRejection> {
        self.auth_rejects(epoch)
            .or_else(|| self.post_conditions_reject(epoch))
            .or_else(|| self.payload_rejects(epoch, plain_coinbase))
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

    fn payload_rejects(&self, epoch: Epoch, plain_coinbase: bool) -> Option<StaticRejection> {
        let without_proof =
            || (!plain_coinbase && epoch >= Epoch::Epoch30).then_some(StaticRejection::CoinbaseWithoutProof { epoch });
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
            TransactionPayload::NakamotoCoinbase { .. } if plain_coinbase => Some(StaticRejection::CoinbaseWithProof),
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
