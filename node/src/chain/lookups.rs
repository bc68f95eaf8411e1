//! What only the HTTP paths of the reference ask of the chain, in its own types.
//!
//! # Not here
//! JSON: `network::http`.

use std::time::Duration;

use bytes::Bytes;
use chainstate::burn::{BurnBlock, StackerSet};
use chainstate::headers::ProcessedHeader;
use clarity::vm::costs::ExecutionCost;
use stacks_types::ids::{ConsensusHash, Hash160, StacksBlockId, VrfSeed};
use stacks_types::keys::PublicKey;

use super::{ApiError, ContractRef, ValueAnswer};

/// Which tenure or sortition: each is named by its burn block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SortitionAt {
    /// By consensus hash, on any fork.
    Consensus([u8; 20]),
    /// By burn block hash, on any fork.
    BurnBlock([u8; 32]),
    /// By height on the canonical burn fork.
    Height(u64),
    /// The canonical burn tip.
    Latest,
}

/// Where the canonical tenure stands.
#[derive(Debug, Clone)]
pub struct TenureStand {
    /// The canonical tip.
    pub tip: ProcessedHeader,
    /// Its burn view.
    pub burn_view: BurnBlock,
    /// Consensus hash and first block of the tenure before; `None` in the boot block's.
    pub parent: Option<(ConsensusHash, StacksBlockId)>,
    /// Reward cycle of the canonical burn tip.
    pub reward_cycle: u64,
}

/// A tenure.
#[derive(Debug, Clone)]
pub struct Tenure {
    /// The burn block that elected its producer.
    pub burn_block: BurnBlock,
    /// Consensus hash of the election before; `None` for the first burn block, which has none.
    pub last_sortition: Option<ConsensusHash>,
    /// Its blocks, newest first; empty when its producer made none.
    pub blocks: Vec<ProcessedHeader>,
}

/// A burn block's election.
#[derive(Debug, Clone)]
pub struct Sortition {
    /// The burn block.
    pub burn_block: BurnBlock,
    /// Who was elected; `None` for the first burn block, with which the chain begins.
    pub election: Option<Election>,
}

/// What an election decided.
#[derive(Debug, Clone)]
pub struct Election {
    /// The producer's key hash.
    pub producer: Hash160,
    /// The tenure on which its own builds (or would build, as long as it has no block).
    pub parent_tenure: ConsensusHash,
    /// That tenure's first block.
    pub parent_start: StacksBlockId,
    /// VRF seed of that block's proof; the boot block has none.
    pub vrf_seed: Option<VrfSeed>,
    /// Consensus hash of the election before, if there was one.
    pub last: Option<ConsensusHash>,
}

/// A burn block on the way back from a tenure, with the bytes of its tenure's blocks.
#[derive(Debug, Clone)]
pub struct ForkTenure {
    /// The burn block.
    pub burn_block: BurnBlock,
    /// Whether a producer was elected.
    pub was_sortition: bool,
    /// First block of the tenure, if any.
    pub first_block: Option<StacksBlockId>,
    /// All its blocks, oldest first; `None` when it has none, or the answer would grow too large.
    pub blocks: Option<Vec<Bytes>>,
}

/// What `/v2/pox` is made of.
#[derive(Debug, Clone)]
pub struct Stacking {
    /// Height of the first burn block.
    pub first_burn_height: u64,
    /// Height of the canonical burn tip.
    pub burn_height: u64,
    /// Burn blocks a cycle.
    pub cycle_length: u64,
    /// The last burn blocks of a cycle, in which the next is prepared.
    pub prepare_length: u64,
    /// All micro-STX that exist at the Stacks tip.
    pub liquid_supply: u128,
    /// Cost limit of a tenure.
    pub cost_limit: ExecutionCost,
    /// The VM's rules.
    pub epoch: String,
}

/// What the chain's own settings say and no block changes.
#[derive(Debug, Clone)]
pub struct ChainRules {
    /// Burn blocks a cycle.
    pub cycle_length: u64,
    /// Cost limit of a tenure.
    pub cost_limit: ExecutionCost,
    /// The VM's rules.
    pub epoch: String,
}

/// The stackers of a cycle with the keys that are known: the chain names them by address, a key shows when it signs.
#[derive(Debug, Clone)]
pub struct CycleStackers {
    /// The set.
    pub set: StackerSet,
    /// Its keys, in the set's order.
    pub keys: Vec<Option<PublicKey>>,
}

/// What a payload would cost.
#[derive(Debug, Clone, PartialEq)]
pub struct FeeEstimate {
    /// Cost of running it on the tip.
    pub cost: ExecutionCost,
    /// A tenure's limit.
    pub limit: ExecutionCost,
    /// Micro-STX a byte: the floor, what passes half of the waiting transactions, what passes nearly all.
    pub rates: [f64; 3],
}

/// An account's nonces, pending transactions included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NonceStand {
    /// The next nonce at the tip.
    pub next: u64,
    /// Nonces of pending transactions from there on, rising.
    pub pending: Vec<u64>,
}

/// Reads that only the shim needs. They block where nothing else is said.
pub trait Lookups {
    /// Value of a constant, consensus bytes.
    fn constant(&self, contract: &ContractRef, name: &str) -> Result<Vec<u8>, ApiError>;
    /// Whether a contract implements a trait, declared or not.
    fn implements_trait(&self, contract: &ContractRef, definer: &str, name: &str) -> Result<bool, ApiError>;
    /// The text under the state key whose hash is `path`, as bytes.
    fn state_value(&self, path: [u8; 32], at: Option<[u8; 32]>, proof: bool) -> Result<ValueAnswer, ApiError>;
    /// A side-store entry of a contract, in the VM's text form.
    fn contract_metadata(&self, contract: &ContractRef, key: &str) -> Result<String, ApiError>;

    /// The canonical tenure.
    fn tenure_stand(&self) -> Result<TenureStand, ApiError>;
    /// A tenure with at most `limit` of its newest blocks.
    fn tenure(&self, at: SortitionAt, limit: usize) -> Result<Tenure, ApiError>;
    /// Blocks from `block_id` back to the first of its tenure or to `stop`, which is left out, newest first; as many as
    /// `max_bytes` holds.
    fn tenure_blocks(
        &self,
        block_id: [u8; 32],
        stop: Option<[u8; 32]>,
        max_bytes: usize,
    ) -> Result<Vec<Bytes>, ApiError>;
    /// Burn blocks from `start` back to `stop`, both included, at most `limit`; block bytes within `max_bytes`.
    fn fork(
        &self,
        start: [u8; 20],
        stop: [u8; 20],
        limit: usize,
        max_bytes: usize,
    ) -> Result<Vec<ForkTenure>, ApiError>;
    /// A sortition; with `with_last` the one before too.
    fn sortitions(&self, at: SortitionAt, with_last: bool) -> Result<Vec<Sortition>, ApiError>;

    /// The chain's settings. Does not block.
    fn rules(&self) -> ChainRules;
    /// The mocked stacking.
    fn stacking(&self) -> Result<Stacking, ApiError>;
    /// Stackers of a cycle that has begun or is the next; `None` for later ones.
    fn stackers_of_cycle(&self, cycle: u64) -> Result<Option<CycleStackers>, ApiError>;
    /// Blocks of a cycle that a key has signed.
    fn blocks_signed(&self, key: &PublicKey, cycle: u64) -> Result<u64, ApiError>;

    /// What a payload would cost; by its size alone when it cannot be run.
    fn estimate_fee(&self, payload: &[u8], time: Duration) -> Result<FeeEstimate, ApiError>;
    /// An account's nonces.
    fn nonces(&self, address: &str) -> Result<NonceStand, ApiError>;
}
