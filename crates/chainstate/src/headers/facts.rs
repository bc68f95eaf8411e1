//! Answers what contracts ask about ancestors and the burn chain, from the header table and the burn database.

use clarity::principal::{Principal, Standard};
use clarity::state::BlockFacts;
use marf::Marf;
use rusqlite::Connection;
use stacks_types::ids::{BurnBlockHash, StacksBlockId};

use super::reward::reward_of_tenure;
use super::{Ancestry, ProcessedHeader, select_header, select_tenure_starts};
use crate::burn::{BurnBlock, ProcessedBurnDb};
use crate::db::StoreError;
use crate::execution::{BurnView, ChainFacts, Fact};
use crate::params::ChainParams;

/// The header table and the burn database as contracts see them.
pub struct ChainHeaders<'a> {
    /// The chain's rules.
    pub params: &'a ChainParams,
    /// `chainstate.sqlite`.
    pub conn: &'a Connection,
    /// The burn database.
    pub burn: &'a ProcessedBurnDb,
    /// For ancestors.
    pub marf: &'a Marf,
    /// Parent of the block in execution, or the block that is read: rewards are those of this fork.
    pub tip: StacksBlockId,
}

/// The burn view of a block that witnesses this burn block.
pub(crate) const fn burn_view_of(block: &BurnBlock) -> BurnView {
    BurnView { height: block.height, hash: block.hash, time_s: block.time_s }
}

impl ChainHeaders<'_> {
    /// The reward of a block's tenure as tenure `seen_by` sees it: none until the following tenure is mature too. The
    /// network waits as well, since the following tenure there decides about the fees
    /// (docs/CONSENSUS.md#transactions-of-this-chain).
    fn reward(&self, header: &ProcessedHeader, seen_by: u64) -> Result<Option<u128>, StoreError> {
        let Some(tip) = select_header(self.conn, &self.tip)? else { return Ok(None) };
        let next_is_mature = header.tenure.height + 1 + u64::from(self.params.reward_maturity);
        if next_is_mature >= seen_by {
            return Ok(None);
        }
        let starts = select_tenure_starts(self.conn, header.tenure.height)?;
        let Some(start) = starts.into_iter().find(|start| *start == header.tenure.start) else { return Ok(None) };
        let reward = reward_of_tenure(self.conn, &Ancestry(self.marf), &start, &tip)?;
        Ok(Some(reward.coinbase + reward.fees))
    }
}

/// The producer of a block's tenure; the boot block has none.
fn miner(header: &ProcessedHeader) -> Principal {
    Principal::Standard(Standard::parse(&header.tenure.producer).unwrap_or(Standard::transient()))
}

impl ChainFacts for ChainHeaders<'_> {
    fn block(&self, id: &StacksBlockId, tenure_height: u64) -> Fact<BlockFacts> {
        let Some(header) = select_header(self.conn, id)? else { return Ok(None) };
        let spent = u128::from(self.burn.get_burn_block(&header.burn_view)?.satoshis_spent);
        Ok(Some(BlockFacts {
            id: id.0,
            header_hash: header.block_hash().0,
            // A block has the time of the burn block that it witnessed.
            time: Some(header.burn_time_s),
            burn_header_hash: header.burn_view.0,
            burn_time: header.burn_time_s,
            vrf_seed: header.header.as_ref().map_or([0; 32], |header| header.vrf_proof.seed().0),
            miner: miner(&header),
            // Only the elected producer spends.
            spend_winner: spent,
            spend_total: spent,
            reward: self.reward(&header, tenure_height)?,
        }))
    }

    fn burn_block_hash(&self, height: u64, tip: &BurnBlockHash) -> Fact<BurnBlockHash> {
        Ok(self.burn.get_burn_block_at_height(height, tip)?.map(|block| block.hash))
    }
}
