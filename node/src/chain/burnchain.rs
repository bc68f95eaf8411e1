//! The mocked bitcoin, and what a producer must know.

use chainstate::burn::{BurnBlock, StackerSet};
use chainstate::chain::{ChainReader, wire};
use chainstate::stackerdb::{list_metadata, producers_contract};
use nakamoto_proto::v1;
use stacks_types::address::StacksAddress;
use stacks_types::ids::BurnBlockHash;

use super::NodeChain;
use crate::error::{ApiError, Unknown};

/// How a burn block is named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BurnBlockAt {
    /// By hash, on any fork.
    Hash([u8; 32]),
    /// By height on the fork of a tip; `None` means the canonical one.
    Height(u64, Option<[u8; 32]>),
    /// The canonical tip.
    Tip,
}

impl NodeChain {
    /// A burn block: by hash on any fork, by height on the canonical one, or its tip.
    pub fn burn_block(&self, at: BurnBlockAt) -> Result<v1::GetBurnBlockResponse, ApiError> {
        self.read(|reader| {
            let burn = reader.burn();
            let tip = newest(reader)?;
            let block = match at {
                BurnBlockAt::Tip => tip.clone(),
                BurnBlockAt::Hash(hash) => burn.get_burn_block(&BurnBlockHash(hash))?,
                BurnBlockAt::Height(height, fork) => {
                    let fork = fork.map_or(tip.hash, BurnBlockHash);
                    let unknown = || ApiError::NotFound { what: Unknown::BurnBlock, id: format!("at height {height}") };
                    burn.get_burn_block_at_height(height, &fork)?.ok_or_else(unknown)?
                }
            };
            Ok(v1::GetBurnBlockResponse {
                burn_block: Some(wire::burn_block(burn, &block)?),
                is_canonical: burn.is_ancestor_of(&block.hash, &tip.hash)?,
            })
        })
    }

    /// Whether `ancestor` is `descendant` or an ancestor of it.
    pub fn is_burn_ancestor(&self, ancestor: [u8; 32], descendant: [u8; 32]) -> Result<bool, ApiError> {
        self.read(|reader| Ok(reader.burn().is_ancestor_of(&BurnBlockHash(ancestor), &BurnBlockHash(descendant))?))
    }

    /// Producers as of a burn block; `None` means the canonical tip.
    pub fn producer_set(&self, at: Option<[u8; 32]>) -> Result<v1::GetProducerSetResponse, ApiError> {
        self.read(|reader| {
            let at = place(reader, at)?;
            let producers = reader.burn().get_producer_set(&at)?;
            let member = |(slot_id, producer): (u32, chainstate::params::Producer)| v1::ProducerSetMember {
                address: producer.address.to_string(),
                vrf_public_key: wire::bytes(&producer.vrf_public_key.0),
                slot_id,
            };
            Ok(v1::GetProducerSetResponse { producers: (0..).zip(producers).map(member).collect() })
        })
    }

    /// Stackers as of a burn block; `None` means the canonical tip.
    pub fn stacker_set(&self, at: Option<[u8; 32]>) -> Result<v1::GetStackerSetResponse, ApiError> {
        self.read(|reader| {
            let set = reader.burn().get_stacker_set(&place(reader, at)?)?;
            Ok(v1::GetStackerSetResponse { stackers: members(&set), reward_cycle: set.cycle })
        })
    }
}

fn place(reader: &ChainReader, at: Option<[u8; 32]>) -> Result<BurnBlockHash, ApiError> {
    match at {
        Some(hash) => Ok(BurnBlockHash(hash)),
        None => Ok(newest(reader)?.hash),
    }
}

/// The canonical burn tip, announced or not: who has just mined a block finds it.
fn newest(reader: &ChainReader) -> Result<BurnBlock, ApiError> {
    let tip = reader.burn().get_canonical_burn_block()?;
    tip.ok_or_else(|| ApiError::internal("the burn database has no block"))
}

fn members(set: &StackerSet) -> Vec<v1::StackerSetMember> {
    let member = |(slot_id, stacker): (u32, &chainstate::params::Stacker)| v1::StackerSetMember {
        address: stacker.address.to_string(),
        weight: stacker.weight,
        slot_id,
    };
    (0..).zip(&set.stackers).map(member).collect()
}

impl NodeChain {
    /// What a producer must know before it asks for a template.
    pub fn producer_view(&self, address: &str) -> Result<v1::GetProducerViewResponse, ApiError> {
        let address = StacksAddress::parse(address).map_err(|error| ApiError::invalid("producer_address", error))?;
        let (identity, mempool_count) = (self.identity(), self.chain.pending_count());
        // Before the snapshot: it then holds at least the effect of everything up to it.
        let sequence = self.chain.journal().newest_sequence();
        self.read(|reader| {
            let (tip, burn_tip) = (reader.tip()?, reader.burn_tip()?);
            let burn = reader.burn();
            Ok(v1::GetProducerViewResponse {
                new_tenure: tip.burn_view != burn_tip.hash,
                elected: burn.elected_producer(&burn_tip.hash)?.address == address,
                nonce: reader.account(&address.to_principal(), Some(&tip.block_id))?.nonce,
                stackers: members(&burn.get_stacker_set(&burn_tip.hash)?),
                producer_slot_id: producer_slot(self, reader, &address)?,
                tip: Some(wire::block_ref(&tip)),
                burn_tip: Some(wire::burn_block(burn, &burn_tip)?),
                mempool_count,
                signing_mode: identity.signing_mode.into(),
                chain_id: identity.chain_id,
                mainnet: identity.mainnet,
                sequence,
                mining: Some(reader.mining()?.to_wire()),
            })
        })
    }
}

/// Where the producer may put proposals; it keeps a slot for a while when it is no member any more.
fn producer_slot(node: &NodeChain, reader: &ChainReader, address: &StacksAddress) -> Result<Option<u32>, ApiError> {
    let slots = list_metadata(reader.conn(), &producers_contract(node.chain.params().mainnet))?.unwrap_or_default();
    Ok(slots.iter().find(|slot| slot.owner == address.hash160()).map(|slot| slot.slot_id))
}
