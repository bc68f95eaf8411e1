//! Answers the VM's questions about ancestors and the burn chain from the header table and the burn database.
//!
//! A sortition is named by its burn block: the VM's `SortitionId` holds the burn block's hash.
//!
//! The VM's traits know no errors, only "not found". A row that cannot be read is logged and not found; the block's root
//! then differs and the block is refused, so that a damaged file is never executed on.

use std::fmt::Display;

use ::clarity::vm::ast::ASTRules;
use ::clarity::vm::costs::ExecutionCost;
use ::clarity::vm::database::{BurnStateDB, HeadersDB};
use ::clarity::vm::types::TupleData;
use marf::Marf;
use rusqlite::Connection;
use stacks_common::types::chainstate::{
    BlockHeaderHash, BurnchainHeaderHash, ConsensusHash, SortitionId, StacksAddress, StacksBlockId, VRFSeed,
};
use stacks_common::types::{StacksEpoch, StacksEpochId};
use stacks_common::util::hash::Hash160;
use stacks_types::address::StacksAddress as Address;
use stacks_types::ids::{BurnBlockHash, ConsensusHash as BurnConsensusHash, StacksBlockId as BlockId};

use super::{Ancestry, ProcessedHeader, select_header, select_tenure_starts};
use crate::blocks::reward_of_tenure;
use crate::burn::{BurnBlock, BurnDbReader, BurnLookupError};
use crate::params::ChainParams;

/// Length of the prepare phase that contracts see; stacking is mocked, so nothing depends on it.
pub const POX_PREPARE_LENGTH: u32 = 1;
/// The VM's number for "network epoch 3.0" in peer versions.
const NETWORK_EPOCH_3_0: u8 = 0x0b;

/// The header table and the burn database as the VM sees them.
pub struct ChainHeaders<'a> {
    /// The chain's rules.
    pub params: &'a ChainParams,
    /// `chainstate.sqlite`.
    pub conn: &'a Connection,
    /// The burn database.
    pub burn: &'a BurnDbReader,
    /// For ancestors.
    pub marf: &'a Marf,
    /// Parent of the block in execution, or the block that is read: matured rewards are seen from here.
    pub tip: BlockId,
}

impl ChainHeaders<'_> {
    fn header(&self, id: &StacksBlockId) -> Option<ProcessedHeader> {
        found("header", select_header(self.conn, &BlockId(id.0))).flatten()
    }

    fn burn_block(&self, hash: &BurnBlockHash) -> Option<BurnBlock> {
        match self.burn.get_burn_block(hash) {
            Ok(block) => Some(block),
            Err(BurnLookupError::UnknownBurnBlock(_)) => None,
            Err(error) => found("burn block", Err(error)),
        }
    }

    fn view_of(&self, id: &StacksBlockId) -> Option<BurnBlock> {
        self.burn_block(&self.header(id)?.burn_view)
    }

    fn reward(&self, id: &StacksBlockId) -> Option<u128> {
        let (tip, header) = (self.header(&StacksBlockId(self.tip.0))?, self.header(id)?);
        if header.tenure.height + u64::from(self.params.reward_maturity) > tip.tenure.height {
            return None;
        }
        let starts = found("tenure", select_tenure_starts(self.conn, header.tenure.height))?;
        let start = starts.into_iter().find(|start| *start == header.tenure.start)?;
        let reward = reward_of_tenure(self.conn, &Ancestry(self.marf), &start, &tip);
        found("reward", reward).map(|reward| reward.coinbase + reward.fees)
    }
}

fn found<T, E: Display>(what: &str, result: Result<T, E>) -> Option<T> {
    result.inspect_err(|error| tracing::error!(what, %error, "cannot be read")).ok()
}

fn height32(height: u64) -> Option<u32> {
    u32::try_from(height).ok()
}

impl HeadersDB for ChainHeaders<'_> {
    fn get_stacks_block_header_hash_for_block(&self, id: &StacksBlockId) -> Option<BlockHeaderHash> {
        self.header(id).map(|header| BlockHeaderHash(header.block_hash().0))
    }

    fn get_burn_header_hash_for_block(&self, id: &StacksBlockId) -> Option<BurnchainHeaderHash> {
        self.header(id).map(|header| BurnchainHeaderHash(header.burn_view.0))
    }

    fn get_consensus_hash_for_block(&self, id: &StacksBlockId) -> Option<ConsensusHash> {
        self.view_of(id).map(|burn| ConsensusHash(burn.consensus_hash.0))
    }

    fn get_vrf_seed_for_block(&self, id: &StacksBlockId) -> Option<VRFSeed> {
        let header = self.header(id)?.header?;
        Some(VRFSeed(header.vrf_proof.seed().0))
    }

    fn get_burn_block_time_for_block(&self, id: &StacksBlockId) -> Option<u64> {
        self.header(id).map(|header| header.burn_time_s)
    }

    fn get_burn_block_height_for_block(&self, id: &StacksBlockId) -> Option<u32> {
        height32(self.header(id)?.burn_height)
    }

    fn get_miner_address(&self, id: &StacksBlockId) -> Option<StacksAddress> {
        let header = self.header(id)?;
        let address = Address::parse(&header.tenure.producer).ok()?;
        Some(StacksAddress::new(address.version, Hash160(address.hash160.0)))
    }

    fn get_burnchain_tokens_spent_for_block(&self, id: &StacksBlockId) -> Option<u128> {
        self.view_of(id).map(|burn| burn.satoshis_spent.into())
    }

    fn get_burnchain_tokens_spent_for_winning_block(&self, id: &StacksBlockId) -> Option<u128> {
        // One producer is elected and alone spends.
        self.get_burnchain_tokens_spent_for_block(id)
    }

    fn get_tokens_earned_for_block(&self, id: &StacksBlockId) -> Option<u128> {
        self.reward(id)
    }
}

impl BurnStateDB for ChainHeaders<'_> {
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
        0
    }

    fn get_pox_4_activation_height(&self) -> u32 {
        0
    }

    fn get_burn_block_height(&self, sortition_id: &SortitionId) -> Option<u32> {
        height32(self.burn_block(&BurnBlockHash(sortition_id.0))?.height)
    }

    fn get_burn_start_height(&self) -> u32 {
        height32(self.params.burn.first_height).unwrap_or(u32::MAX)
    }

    fn get_pox_prepare_length(&self) -> u32 {
        POX_PREPARE_LENGTH
    }

    fn get_pox_reward_cycle_length(&self) -> u32 {
        height32(self.params.burn.reward_cycle_length).unwrap_or(u32::MAX)
    }

    fn get_pox_rejection_fraction(&self) -> u64 {
        0
    }

    fn get_burn_header_hash(&self, height: u32, sortition_id: &SortitionId) -> Option<BurnchainHeaderHash> {
        // From epoch 3.0 on, a block sees the burn block that it witnessed, and those before.
        let tip = BurnBlockHash(sortition_id.0);
        let block = found("burn block", self.burn.get_burn_block_at_height(height.into(), &tip)).flatten()?;
        Some(BurnchainHeaderHash(block.hash.0))
    }

    fn get_sortition_id_from_consensus_hash(&self, consensus_hash: &ConsensusHash) -> Option<SortitionId> {
        match self.burn.get_burn_block_by_consensus_hash(&BurnConsensusHash(consensus_hash.0)) {
            Ok(block) => Some(SortitionId(block.hash.0)),
            Err(BurnLookupError::UnknownConsensusHash(_)) => None,
            Err(error) => found("burn block", Err(error)),
        }
    }

    fn get_stacks_epoch(&self, _height: u32) -> Option<StacksEpoch<ExecutionCost>> {
        Some(StacksEpoch {
            epoch_id: self.params.epoch,
            start_height: 0,
            end_height: u64::MAX,
            block_limit: self.params.tenure_cost_limit.clone(),
            network_epoch: NETWORK_EPOCH_3_0,
        })
    }

    fn get_stacks_epoch_by_epoch_id(&self, epoch_id: &StacksEpochId) -> Option<StacksEpoch<ExecutionCost>> {
        self.get_stacks_epoch(0).filter(|epoch| epoch.epoch_id >= *epoch_id)
    }

    fn get_ast_rules(&self, _height: u32) -> ASTRules {
        ASTRules::PrecheckSize
    }

    fn get_pox_payout_addrs(&self, height: u32, sortition_id: &SortitionId) -> Option<(Vec<TupleData>, u128)> {
        // The mocked bitcoin pays nobody.
        self.get_burn_header_hash(height, sortition_id).map(|_| (Vec::new(), 0))
    }
}
