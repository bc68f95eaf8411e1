//! Processed blocks: their headers, with facts that the chain rules need.
//!
//! The table `nakamoto_block_headers` is keyed by `StacksBlockId`; the boot chain's one block is in `block_headers`.
//! Ancestors on any fork are look-ups in the MARF: each block's trie maps heights to block ids and back
//! (docs/CONSENSUS.md#opening-a-block), so [`Ancestry`] needs no walk and no second index.
//!
//! # Not here
//! Waiting blocks, and orphaned ones with their reasons: `staging`.

mod ancestry;
mod facts;
mod queries;
mod rejected;
mod reward;
mod tip;

pub use ancestry::Ancestry;
pub use facts::ChainHeaders;
pub(crate) use facts::burn_view_of;
pub use queries::mined_blocks_of;
pub(crate) use queries::{
    children_burn_views, insert_boot, insert_header, insert_mined, processed_event, select_header,
    select_headers_at_burn_heights, select_tenure, select_tenure_block_ids, select_tenure_starts,
};
pub(crate) use rejected::{insert_rejected, newest_rejected, prune_rejected, rejected};
pub use reward::MaturedReward;
pub(crate) use reward::matured_reward;
pub use tip::get_canonical_stacks_block;
pub(crate) use tip::highest_witness;

use clarity::costs::Cost;
use stacks_types::block::NakamotoStacksBlockHeader;
use stacks_types::ids::{BOOT_BLOCK_HASH, BlockHash, BurnBlockHash, StacksBlockId, StateRoot};

/// A processed block's header, and its tenure up to it.
#[derive(Debug, Clone)]
pub struct ProcessedHeader {
    /// Hash of its header and of its tenure's consensus hash.
    pub block_id: StacksBlockId,
    /// Its parent; the sentinel for the boot block.
    pub parent_block_id: StacksBlockId,
    /// Its header; the boot block has none.
    pub header: Option<NakamotoStacksBlockHeader>,
    /// Root of the state index after it.
    pub state_root: StateRoot,
    /// Stacks blocks before and including it; 0 for the boot block.
    pub chain_length: u64,
    /// The latest burn block that it witnessed.
    pub burn_view: BurnBlockHash,
    /// Height of the burn view.
    pub burn_height: u64,
    /// Time of the burn view, seconds since 1970.
    pub burn_time_s: u64,
    /// The tenure that it belongs to.
    pub tenure: TenureSoFar,
    /// Size of the encoded block in bytes; 0 for the boot block.
    pub size_bytes: u64,
}

/// A tenure up to and including one of its blocks.
#[derive(Debug, Clone)]
pub struct TenureSoFar {
    /// Tenures before and including it; 0 for the boot block.
    pub height: u64,
    /// Its first block.
    pub start: StacksBlockId,
    /// Cost so far.
    pub cost: Cost,
    /// Fees so far, micro-STX.
    pub fees: u128,
    /// Its coinbase, missed burn blocks included, micro-STX.
    pub coinbase: u128,
    /// Principal that receives its reward.
    pub recipient: String,
    /// Address of its producer.
    pub producer: String,
}

impl ProcessedHeader {
    /// The header row of the boot block: a processed block without a header, in no tenure. `burn_time_s` is in seconds
    /// since 1970.
    #[must_use]
    pub(crate) fn boot(state_root: StateRoot, burn_view: BurnBlockHash, burn_height: u64, burn_time_s: u64) -> Self {
        Self {
            block_id: StacksBlockId::BOOT,
            parent_block_id: StacksBlockId::SENTINEL,
            header: None,
            state_root,
            chain_length: 0,
            burn_view,
            burn_height,
            burn_time_s,
            tenure: TenureSoFar {
                height: 0,
                start: StacksBlockId::BOOT,
                cost: Cost::default(),
                fees: 0,
                coinbase: 0,
                recipient: String::new(),
                producer: String::new(),
            },
            size_bytes: 0,
        }
    }

    /// Hash of the header alone; zeros for the boot block.
    #[must_use]
    pub fn block_hash(&self) -> BlockHash {
        self.header.as_ref().map_or(BOOT_BLOCK_HASH, NakamotoStacksBlockHeader::block_hash)
    }

    /// Satoshis spent on this fork so far; 0 for the boot block.
    #[must_use]
    pub(crate) fn burn_spent(&self) -> u64 {
        self.header.as_ref().map_or(0, |header| header.burn_spent)
    }

    /// Whether it is the first block of its tenure.
    #[must_use]
    pub(crate) fn starts_tenure(&self) -> bool {
        self.block_id == self.tenure.start
    }
}
