//! A state in a folder, with what the published VM asks of the chain around it.

use std::path::Path;

use ::clarity::vm::StacksEpoch;
use ::clarity::vm::ast::ASTRules;
use ::clarity::vm::database::{BurnStateDB, HeadersDB};
use ::clarity::vm::types::TupleData;
use stacks_common::types::StacksEpochId;
use stacks_common::types::chainstate::{
    BlockHeaderHash, BurnchainHeaderHash, ConsensusHash, SortitionId, StacksAddress, StacksBlockId, VRFSeed,
};
use stacks_common::util::hash::Hash160;
use stacks_types::ids::StacksBlockId as BlockId;

use super::{BlockEnv, ContractCache, ExecutedBlock};
use crate::db::StoreError;
use crate::params::ChainParams;
use crate::test_support::{FixedHeaders, HeaderFacts, ScratchState};

/// A burn chain without forks or stacking, whose hashes a test makes up.
#[derive(Debug, Clone, Copy)]
pub struct FixedBurn {
    /// Height of the first burn block.
    pub first_height: u32,
    /// Burn blocks of a reward cycle, and of its prepare phase.
    pub cycle: (u32, u32),
    /// The sortition of a consensus hash.
    pub sortition: fn(&[u8; 20]) -> [u8; 32],
    /// Height of a sortition.
    pub height: fn(&[u8; 32]) -> u32,
    /// Hash of the burn block at a height, seen from a sortition.
    pub burn_hash: fn(u32, &[u8; 32]) -> Option<[u8; 32]>,
}

/// Executes and commits blocks of a test's own making.
pub struct OldState {
    /// The state, whose headers are a test's to add.
    pub state: ScratchState,
    contracts: ContractCache,
    burn: FixedBurn,
}

impl OldState {
    /// An empty state in an empty folder.
    ///
    /// # Errors
    /// When the folder cannot be used.
    pub fn new(folder: &Path, params: ChainParams, burn: FixedBurn) -> Result<Self, StoreError> {
        let state = ScratchState::new(folder, params, burn.burn_hash)?;
        Ok(Self { state, contracts: ContractCache::default(), burn })
    }

    /// What execution needs.
    #[must_use]
    pub fn env(&self) -> BlockEnv<'_> {
        BlockEnv {
            params: &self.state.params,
            marf: &self.state.marf,
            side: &self.state.connection,
            contracts: &self.contracts,
            headers: &self.state.headers,
            burn: &self.burn,
        }
    }

    /// Commits an executed block under its id.
    ///
    /// # Errors
    /// When the id is taken, or nothing can be written.
    pub fn commit(&self, executed: &ExecutedBlock, id: &BlockId) -> Result<(), StoreError> {
        self.state.commit_with(&executed.trie, id, |tx| executed.commit_metadata(tx, id))
    }
}

impl BurnStateDB for FixedBurn {
    fn get_v1_unlock_height(&self) -> u32 {
        u32::MAX
    }

    fn get_v2_unlock_height(&self) -> u32 {
        u32::MAX
    }

    fn get_v3_unlock_height(&self) -> u32 {
        u32::MAX
    }

    fn get_pox_3_activation_height(&self) -> u32 {
        u32::MAX
    }

    fn get_pox_4_activation_height(&self) -> u32 {
        u32::MAX
    }

    fn get_burn_block_height(&self, sortition: &SortitionId) -> Option<u32> {
        Some((self.height)(&sortition.0))
    }

    fn get_burn_start_height(&self) -> u32 {
        self.first_height
    }

    fn get_pox_prepare_length(&self) -> u32 {
        self.cycle.1
    }

    fn get_pox_reward_cycle_length(&self) -> u32 {
        self.cycle.0
    }

    fn get_pox_rejection_fraction(&self) -> u64 {
        0
    }

    fn get_burn_header_hash(&self, height: u32, sortition: &SortitionId) -> Option<BurnchainHeaderHash> {
        (self.burn_hash)(height, &sortition.0).map(BurnchainHeaderHash)
    }

    fn get_sortition_id_from_consensus_hash(&self, hash: &ConsensusHash) -> Option<SortitionId> {
        Some(SortitionId((self.sortition)(&hash.0)))
    }

    fn get_stacks_epoch(&self, _: u32) -> Option<StacksEpoch> {
        None
    }

    fn get_stacks_epoch_by_epoch_id(&self, _: &StacksEpochId) -> Option<StacksEpoch> {
        None
    }

    fn get_ast_rules(&self, _: u32) -> ASTRules {
        ASTRules::PrecheckSize
    }

    fn get_pox_payout_addrs(&self, _: u32, _: &SortitionId) -> Option<(Vec<TupleData>, u128)> {
        None
    }
}

fn ask<T>(headers: &FixedHeaders, id: &StacksBlockId, answer: impl FnOnce(&HeaderFacts) -> T) -> Option<T> {
    headers.ask(&BlockId(id.0), answer)
}

impl HeadersDB for FixedHeaders {
    fn get_stacks_block_header_hash_for_block(&self, id: &StacksBlockId) -> Option<BlockHeaderHash> {
        ask(self, id, |facts| BlockHeaderHash(facts.block_hash))
    }

    fn get_burn_header_hash_for_block(&self, id: &StacksBlockId) -> Option<BurnchainHeaderHash> {
        ask(self, id, |facts| BurnchainHeaderHash(facts.burn_hash))
    }

    fn get_consensus_hash_for_block(&self, id: &StacksBlockId) -> Option<ConsensusHash> {
        ask(self, id, |facts| ConsensusHash(facts.consensus_hash))
    }

    fn get_vrf_seed_for_block(&self, id: &StacksBlockId) -> Option<VRFSeed> {
        ask(self, id, |facts| VRFSeed(facts.vrf_seed))
    }

    fn get_burn_block_time_for_block(&self, id: &StacksBlockId) -> Option<u64> {
        ask(self, id, |facts| facts.time_s)
    }

    fn get_burn_block_height_for_block(&self, id: &StacksBlockId) -> Option<u32> {
        ask(self, id, |facts| facts.burn_height)
    }

    fn get_miner_address(&self, id: &StacksBlockId) -> Option<StacksAddress> {
        let producer = ask(self, id, |facts| facts.producer).flatten()?;
        Some(StacksAddress { version: producer.version(), bytes: Hash160(producer.hash) })
    }

    fn get_burnchain_tokens_spent_for_block(&self, id: &StacksBlockId) -> Option<u128> {
        ask(self, id, |facts| facts.spent.0)
    }

    fn get_burnchain_tokens_spent_for_winning_block(&self, id: &StacksBlockId) -> Option<u128> {
        ask(self, id, |facts| facts.spent.1)
    }

    fn get_tokens_earned_for_block(&self, id: &StacksBlockId) -> Option<u128> {
        ask(self, id, |facts| facts.earned).flatten()
    }
}
