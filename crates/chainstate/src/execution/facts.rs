//! What contracts can ask about blocks and burn blocks: facts outside of the state, in the header table and the burn
//! database.

use clarity::state::BlockFacts;
use stacks_types::ids::{BurnBlockHash, StacksBlockId};

/// The burn block that a block in execution witnessed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BurnView {
    /// Its height on the burn chain.
    pub height: u64,
    /// Hash of the burn block.
    pub hash: BurnBlockHash,
    /// Its time, seconds since 1970; blocks that witness it have the same time.
    pub time_s: u64,
}

/// A fact that may not exist, or why it cannot be read.
pub type Fact<T> = Result<Option<T>, Box<dyn std::error::Error + Send + Sync>>;

/// The chain to which a state belongs.
pub trait ChainFacts {
    /// Facts about a processed block as a block of tenure `tenure_height` sees it: what a tenure earned is known only
    /// to later ones (docs/CONSENSUS.md#transactions-of-this-chain).
    ///
    /// # Errors
    /// When it cannot be read.
    fn block(&self, id: &StacksBlockId, tenure_height: u64) -> Fact<BlockFacts>;

    /// The burn block of this height on the fork of `tip`.
    ///
    /// # Errors
    /// When it cannot be read.
    fn burn_block_hash(&self, height: u64, tip: &BurnBlockHash) -> Fact<BurnBlockHash>;
}
