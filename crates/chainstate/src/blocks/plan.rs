//! What a block's place determines before any of its transactions runs: tenure, coinbase, rewards due.

use rusqlite::Connection;
use stacks_types::ids::MerkleRoot;

use super::ExecutionKey;
use crate::burn::BurnBlock;
use crate::db::StoreError;
use crate::execution::BlockContext;
use crate::headers::{Ancestry, MaturedReward, ProcessedHeader, burn_view_of, matured_reward};
use crate::params::ChainParams;

/// A block's place.
#[derive(Debug, Clone)]
pub struct BlockPlan {
    /// The processed block on which it builds.
    pub parent: ProcessedHeader,
    /// The burn block that it witnesses.
    pub burn_view: BurnBlock,
    /// Whether it is the first block of its tenure: its burn view is not its parent's.
    pub new_tenure: bool,
    /// Tenures before and including its own.
    pub tenure_height: u64,
    /// The tenure's coinbase in micro-STX: one for its burn block and one for each that was missed before it.
    pub coinbase: u128,
    /// Reward that is paid at its start; only with a new tenure.
    pub reward: Option<MaturedReward>,
}

/// Works out the place of a block on `parent` that witnesses `burn_view`.
///
/// # Errors
/// [`StoreError`] when the headers cannot be read.
pub fn plan_block(
    params: &ChainParams,
    conn: &Connection,
    ancestry: &Ancestry<'_>,
    parent: ProcessedHeader,
    burn_view: BurnBlock,
) -> Result<BlockPlan, StoreError> {
    let new_tenure = burn_view.hash != parent.burn_view;
    let tenure_height = parent.tenure.height + u64::from(new_tenure);
    if !new_tenure {
        let coinbase = parent.tenure.coinbase;
        return Ok(BlockPlan { parent, burn_view, new_tenure, tenure_height, coinbase, reward: None });
    }
    let reward = matured_reward(conn, ancestry, tenure_height, &parent, params.reward_maturity)?;
    let burn_blocks = burn_view.height.saturating_sub(parent.burn_height);
    let coinbase = params.coinbase_ustx.saturating_mul(burn_blocks.into());
    Ok(BlockPlan { parent, burn_view, new_tenure, tenure_height, coinbase, reward })
}

impl BlockPlan {
    /// `burn_spent` that the block's header must have, in satoshis.
    #[must_use]
    pub fn burn_spent(&self) -> u64 {
        let spent = if self.new_tenure { self.burn_view.satoshis_spent } else { 0 };
        self.parent.burn_spent().saturating_add(spent)
    }

    /// `chain_length` that the block's header must have.
    #[must_use]
    pub const fn chain_length(&self) -> u64 {
        self.parent.chain_length.saturating_add(1)
    }

    /// Key under which the execution of a block at this place with these transactions is kept.
    #[must_use]
    pub(crate) const fn execution_key(&self, transactions: MerkleRoot) -> ExecutionKey {
        (self.parent.block_id, self.burn_view.hash, transactions)
    }

    /// The place in the form that execution needs.
    #[must_use]
    pub(crate) fn context(&self) -> BlockContext {
        BlockContext {
            parent: self.parent.block_id,
            burn_view: burn_view_of(&self.burn_view),
            tenure_height: u32::try_from(self.tenure_height).unwrap_or(u32::MAX),
            new_tenure: self.new_tenure,
            tenure_cost_so_far: self.parent.tenure.cost,
        }
    }
}
