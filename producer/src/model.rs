//! What the producer knows, in the words of its decisions: plain values, decoded once from the node's answers.
//!
//! # Not here
//! Decoding: `convert`. Deciding: `decide`.

use std::sync::Arc;

use stacks_types::address::StacksAddress;
use stacks_types::ids::{BlockHash, BurnBlockHash, SortitionHash, StacksBlockId, Txid};
use stacks_types::keys::MessageSignature;

/// Milliseconds on the process's monotonic clock.
pub type Millis = u64;

/// A member of a stacker set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stacker {
    /// Address of the signing key.
    pub address: StacksAddress,
    /// Weight of its signature.
    pub weight: u32,
}

/// The stackers of a reward cycle, in signing order.
pub type StackerSet = Arc<[Stacker]>;

/// What to build on, as the node sees it at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct View {
    /// The canonical Stacks tip.
    pub tip: StacksBlockId,
    /// Chain length of the canonical tip.
    pub chain_length: u64,
    /// The canonical burn tip.
    pub burn_tip: BurnBlockHash,
    /// Whether the next block is the first of its tenure.
    pub new_tenure: bool,
    /// Whether this producer is elected at the burn tip.
    pub elected: bool,
    /// Next nonce of this producer's account at the tip.
    pub nonce: u64,
    /// Transactions that wait in the mempool.
    pub mempool_count: u64,
    /// Whether signatures are the published constant instead of ECDSA.
    pub well_known: bool,
    /// Chain id that transactions carry.
    pub chain_id: u32,
    /// Whether addresses are mainnet's.
    pub mainnet: bool,
    /// The stackers at the burn tip.
    pub stackers: StackerSet,
    /// Journal sequence whose effect this view holds.
    pub sequence: u64,
    /// This producer's slot in `.producers`, when it is in the set.
    pub slot_id: Option<u32>,
    /// When to make blocks.
    pub mining: Mining,
}

/// What makes a producer build.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MiningMode {
    /// A transaction or a new tenure, at once.
    Auto,
    /// An interval's end.
    Interval,
    /// As `Auto`; and an interval's end.
    Mixed,
    /// Only the wish for a block.
    Manual,
}

/// When to make blocks, as the node's admin says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mining {
    /// When blocks are wanted.
    pub mode: MiningMode,
    /// Time from the beginning of a block to that of one without transactions; `None` = the operator's choice for this producer.
    pub interval_ms: Option<Millis>,
    /// Whether a block is wanted at once, whatever the mode.
    pub wanted: bool,
}

/// A block that its producer has signed: final for its tenure and height.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedBlock {
    /// What stackers sign.
    pub block_hash: BlockHash,
    /// Its name once it is in the chain.
    pub block_id: StacksBlockId,
    /// The block that it builds on.
    pub parent: StacksBlockId,
    /// The burn view: names the tenure.
    pub burn_view: BurnBlockHash,
    /// Place in the chain.
    pub chain_length: u64,
    /// Encoded block without stacker signatures.
    pub bytes: Vec<u8>,
}

/// A signed block with the stackers that decide about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// The block as its producer signed it.
    pub block: Arc<SignedBlock>,
    /// The stackers at its burn view.
    pub stackers: StackerSet,
}

/// A view, and what this producer's own record says about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProducerContext {
    /// The node's view.
    pub view: View,
    /// Blocks signed before that can still follow the tip: their parent is the tip, and their burn view is the burn tip
    /// or an ancestor of it. Oldest burn view first.
    pub unfinished: Vec<Candidate>,
    /// Proposals of other producers that can still follow the tip, in the order in which they were made. They can be
    /// finished by anybody once enough stackers have signed.
    pub others: Vec<Candidate>,
    /// Whether a block was signed for the next height of the burn tip's tenure, whatever its parent.
    pub signed_here: bool,
}

/// What the node executes for a template.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Executing {
    /// The transaction.
    pub txid: Txid,
    /// For how long so far.
    pub time_ms: Millis,
}

/// A template, fetched and decoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    /// Encoded block without proof and signatures.
    pub bytes: Vec<u8>,
    /// The parent it builds on.
    pub parent: StacksBlockId,
    /// The burn block that the template witnesses.
    pub burn_view: BurnBlockHash,
    /// What its VRF proof is made over.
    pub sortition_hash: SortitionHash,
    /// Whether it is the first of its tenure.
    pub new_tenure: bool,
    /// Number of its transactions.
    pub transactions: usize,
}

/// What a signer answered to a proposal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// It signed.
    Accept {
        /// The block that was signed.
        block_hash: BlockHash,
        /// Its signature over the hash.
        signature: MessageSignature,
    },
    /// It refused.
    Reject {
        /// The block that was refused.
        block_hash: BlockHash,
        /// Reason code.
        code: u32,
        /// For people.
        text: String,
    },
}
