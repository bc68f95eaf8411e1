//! A header table that holds what it was told.

use std::cell::RefCell;
use std::collections::BTreeMap;

use ::clarity::vm::database::HeadersDB;
use engine::state::BlockFacts;
use engine::value::{Principal, Standard};
use stacks_common::types::chainstate::{
    BlockHeaderHash, BurnchainHeaderHash, ConsensusHash, StacksAddress, StacksBlockId, VRFSeed,
};
use stacks_types::ids::StacksBlockId as BlockId;

/// What the VM can ask about a block.
#[derive(Debug, Clone)]
pub struct HeaderFacts {
    /// Hash of its header.
    pub block_hash: [u8; 32],
    /// Hash of its burn view.
    pub burn_hash: [u8; 32],
    /// Consensus hash of its burn view.
    pub consensus_hash: [u8; 20],
    /// Seed of its VRF proof.
    pub vrf_seed: [u8; 32],
    /// Time of its burn view, seconds since 1970.
    pub time_s: u64,
    /// Height of its burn view.
    pub burn_height: u32,
    /// Its producer.
    pub producer: Option<StacksAddress>,
    /// Satoshis that all producers spent, and that the elected one did.
    pub spent: (u128, u128),
    /// What its tenure earned, once that is mature.
    pub earned: Option<u128>,
}

/// Facts by block id.
#[derive(Debug, Default)]
pub struct FixedHeaders(RefCell<BTreeMap<[u8; 32], HeaderFacts>>);

impl FixedHeaders {
    /// From now on the block is known.
    pub fn insert(&self, id: &BlockId, facts: HeaderFacts) {
        self.0.borrow_mut().insert(id.0, facts);
    }

    fn ask<T>(&self, id: &StacksBlockId, answer: impl FnOnce(&HeaderFacts) -> T) -> Option<T> {
        self.0.borrow().get(&id.0).map(answer)
    }
}

impl FixedHeaders {
    /// What contracts can ask about a block.
    pub(super) fn block_facts(&self, id: &BlockId) -> Option<BlockFacts> {
        let facts = self.0.borrow();
        let facts = facts.get(&id.0)?;
        let account = facts.producer.and_then(|address| Standard::new(address.version, address.bytes.0));
        Some(BlockFacts {
            id: id.0,
            header_hash: facts.block_hash,
            time: Some(facts.time_s),
            burn_header_hash: facts.burn_hash,
            burn_time: facts.time_s,
            vrf_seed: facts.vrf_seed,
            miner: Principal::Standard(account.unwrap_or(Standard::transient())),
            spend_winner: facts.spent.1,
            spend_total: facts.spent.0,
            reward: facts.earned,
        })
    }
}

impl HeadersDB for FixedHeaders {
    fn get_stacks_block_header_hash_for_block(&self, id: &StacksBlockId) -> Option<BlockHeaderHash> {
        self.ask(id, |facts| BlockHeaderHash(facts.block_hash))
    }

    fn get_burn_header_hash_for_block(&self, id: &StacksBlockId) -> Option<BurnchainHeaderHash> {
        self.ask(id, |facts| BurnchainHeaderHash(facts.burn_hash))
    }

    fn get_consensus_hash_for_block(&self, id: &StacksBlockId) -> Option<ConsensusHash> {
        self.ask(id, |facts| ConsensusHash(facts.consensus_hash))
    }

    fn get_vrf_seed_for_block(&self, id: &StacksBlockId) -> Option<VRFSeed> {
        self.ask(id, |facts| VRFSeed(facts.vrf_seed))
    }

    fn get_burn_block_time_for_block(&self, id: &StacksBlockId) -> Option<u64> {
        self.ask(id, |facts| facts.time_s)
    }

    fn get_burn_block_height_for_block(&self, id: &StacksBlockId) -> Option<u32> {
        self.ask(id, |facts| facts.burn_height)
    }

    fn get_miner_address(&self, id: &StacksBlockId) -> Option<StacksAddress> {
        self.ask(id, |facts| facts.producer).flatten()
    }

    fn get_burnchain_tokens_spent_for_block(&self, id: &StacksBlockId) -> Option<u128> {
        self.ask(id, |facts| facts.spent.0)
    }

    fn get_burnchain_tokens_spent_for_winning_block(&self, id: &StacksBlockId) -> Option<u128> {
        self.ask(id, |facts| facts.spent.1)
    }

    fn get_tokens_earned_for_block(&self, id: &StacksBlockId) -> Option<u128> {
        self.ask(id, |facts| facts.earned).flatten()
    }
}
