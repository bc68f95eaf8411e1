//! Answers the VM's questions about the burn chain by the rules of the epoch.
//!
//! Before epoch 3.0, contracts see the parent block's burn block; from 3.0 on, the burn tip that the block in execution
//! witnessed (docs/CONSENSUS.md#heights). The VM of this release only knows the older rule: it asks for the burn height
//! and consensus hash of the parent block and of no other, so from 3.0 on those two questions are answered with the
//! burn view.
//!
//! # Not here
//! The header table behind the questions: whoever implements [`HeadersDB`] over it.

use ::clarity::vm::database::HeadersDB;
use stacks_common::types::StacksEpochId;
use stacks_common::types::chainstate::{
    BlockHeaderHash, BurnchainHeaderHash, ConsensusHash, StacksAddress, StacksBlockId, VRFSeed,
};

/// The burn block that a block in execution witnessed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BurnView {
    /// Its height on the burn chain.
    pub height: u32,
    /// Its consensus hash (docs/CONSENSUS.md#burn-chain), 20 bytes.
    pub consensus_hash: [u8; 20],
}

/// True from epoch 3.0 on: contracts see the burn tip, and heights count tenures.
pub(crate) fn has_nakamoto_views(epoch: StacksEpochId) -> bool {
    epoch >= StacksEpochId::Epoch30
}

/// The header table, seen by the rules of one epoch.
pub(crate) struct EpochHeaders<'a> {
    headers: &'a dyn HeadersDB,
    /// The burn view, where it replaces the parent's burn block.
    view: Option<BurnView>,
}

impl<'a> EpochHeaders<'a> {
    /// The table as seen by a block of `epoch` that witnessed `view`.
    pub(crate) fn new(headers: &'a dyn HeadersDB, epoch: StacksEpochId, view: BurnView) -> Self {
        Self { headers, view: has_nakamoto_views(epoch).then_some(view) }
    }
}

impl HeadersDB for EpochHeaders<'_> {
    fn get_stacks_block_header_hash_for_block(&self, block: &StacksBlockId) -> Option<BlockHeaderHash> {
        self.headers.get_stacks_block_header_hash_for_block(block)
    }

    fn get_burn_header_hash_for_block(&self, block: &StacksBlockId) -> Option<BurnchainHeaderHash> {
        self.headers.get_burn_header_hash_for_block(block)
    }

    fn get_consensus_hash_for_block(&self, block: &StacksBlockId) -> Option<ConsensusHash> {
        match self.view {
            Some(view) => Some(ConsensusHash(view.consensus_hash)),
            None => self.headers.get_consensus_hash_for_block(block),
        }
    }

    fn get_vrf_seed_for_block(&self, block: &StacksBlockId) -> Option<VRFSeed> {
        self.headers.get_vrf_seed_for_block(block)
    }

    fn get_burn_block_time_for_block(&self, block: &StacksBlockId) -> Option<u64> {
        self.headers.get_burn_block_time_for_block(block)
    }

    fn get_burn_block_height_for_block(&self, block: &StacksBlockId) -> Option<u32> {
        match self.view {
            Some(view) => Some(view.height),
            None => self.headers.get_burn_block_height_for_block(block),
        }
    }

    fn get_miner_address(&self, block: &StacksBlockId) -> Option<StacksAddress> {
        self.headers.get_miner_address(block)
    }

    fn get_burnchain_tokens_spent_for_block(&self, block: &StacksBlockId) -> Option<u128> {
        self.headers.get_burnchain_tokens_spent_for_block(block)
    }

    fn get_burnchain_tokens_spent_for_winning_block(&self, block: &StacksBlockId) -> Option<u128> {
        self.headers.get_burnchain_tokens_spent_for_winning_block(block)
    }

    fn get_tokens_earned_for_block(&self, block: &StacksBlockId) -> Option<u128> {
        self.headers.get_tokens_earned_for_block(block)
    }
}
