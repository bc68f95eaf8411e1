//! A burn chain without forks or stacking, whose hashes a test makes up.

use ::clarity::vm::StacksEpoch;
use ::clarity::vm::ast::ASTRules;
use ::clarity::vm::database::BurnStateDB;
use ::clarity::vm::types::TupleData;
use stacks_common::types::StacksEpochId;
use stacks_common::types::chainstate::{BurnchainHeaderHash, ConsensusHash, SortitionId};

/// What the VM can ask about the burn chain.
#[derive(Debug, Clone, Copy)]
pub struct FixedBurn {
    /// Height of the first burn block.
    pub first_height: u32,
    /// Burn blocks of a reward cycle, and of its prepare phase.
    pub cycle: (u32, u32),
    /// The sortition of a consensus hash.
    pub sortition: fn(&ConsensusHash) -> SortitionId,
    /// Height of a sortition.
    pub height: fn(&SortitionId) -> u32,
    /// Hash of the burn block at a height, seen from a sortition.
    pub burn_hash: fn(u32, &SortitionId) -> Option<[u8; 32]>,
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
        Some((self.height)(sortition))
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
        (self.burn_hash)(height, sortition).map(BurnchainHeaderHash)
    }

    fn get_sortition_id_from_consensus_hash(&self, hash: &ConsensusHash) -> Option<SortitionId> {
        Some((self.sortition)(hash))
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
