//! A header table with fixed rows.

use std::cell::RefCell;
use std::collections::BTreeMap;

use clarity::principal::{Principal, Standard};
use clarity::state::BlockFacts;
use stacks_types::ids::StacksBlockId;

/// What contracts can ask about a block.
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
    pub producer: Option<Standard>,
    /// Satoshis that all producers spent, and that the elected one spent.
    pub spent: (u128, u128),
    /// Reward of its tenure, once that is mature.
    pub earned: Option<u128>,
}

/// Facts by block id.
#[derive(Debug, Default)]
pub struct FixedHeaders(RefCell<BTreeMap<[u8; 32], HeaderFacts>>);

impl FixedHeaders {
    /// Adds a block.
    pub fn insert(&self, id: &StacksBlockId, facts: HeaderFacts) {
        self.0.borrow_mut().insert(id.0, facts);
    }

    /// Applies `answer` to a known block.
    pub(crate) fn ask<T>(&self, id: &StacksBlockId, answer: impl FnOnce(&HeaderFacts) -> T) -> Option<T> {
        self.0.borrow().get(&id.0).map(answer)
    }
}

impl FixedHeaders {
    /// What contracts can ask about a block.
    pub(super) fn block_facts(&self, id: &StacksBlockId) -> Option<BlockFacts> {
        self.ask(id, |facts| BlockFacts {
            id: id.0,
            header_hash: facts.block_hash,
            time: Some(facts.time_s),
            burn_header_hash: facts.burn_hash,
            burn_time: facts.time_s,
            vrf_seed: facts.vrf_seed,
            miner: Principal::Standard(facts.producer.unwrap_or(Standard::transient())),
            spend_winner: facts.spent.1,
            spend_total: facts.spent.0,
            reward: facts.earned,
        })
    }
}
