//! The producer's knowledge as its decisions use it: plain values, decoded once from the node's messages.
//!
//! # Not here
//! Decoding: `convert`. Deciding: `decide`.

use std::sync::Arc;

use stacks_types::address::StacksAddress;
use stacks_types::ids::{BlockHash, BurnBlockHash, SortitionHash, StacksBlockId, Txid};
use stacks_types::keys::MessageSignature;

/// Milliseconds on the process's monotonic clock.
pub(crate) type Millis = u64;

/// A member of a stacker set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stacker {
    /// Address of the signing key.
    pub address: StacksAddress,
    /// Share in the set's total weight; 70 % of that must sign.
    pub weight: u32,
}

/// The stackers of a reward cycle, in signing order.
pub(crate) type StackerSet = Arc<[Stacker]>;

/// What to build on: the node's state at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct View {
    /// Id of the canonical Stacks tip.
    pub tip: StacksBlockId,
    /// Chain length of the canonical tip.
    pub chain_length: u64,
    /// Hash of the canonical burn tip.
    pub burn_tip: BurnBlockHash,
    /// Whether the next block is the first of its tenure.
    pub new_tenure: bool,
    /// Whether this producer is elected at the burn tip.
    pub elected: bool,
    /// Next nonce of this producer's account at the tip.
    pub nonce: u64,
    /// Number of pending transactions.
    pub mempool_count: u64,
    /// Whether signatures are the published constant instead of ECDSA.
    pub well_known: bool,
    /// Chain id that transactions must have.
    pub chain_id: u32,
    /// Whether addresses are of mainnet.
    pub mainnet: bool,
    /// The stackers at the burn tip.
    pub stackers: StackerSet,
    /// Sequence of the last journal event whose effect this view holds.
    pub sequence: u64,
    /// This producer's slot in `.producers`, when it is in the set.
    pub slot_id: Option<u32>,
    /// The mining policy of the node.
    pub mining: Mining,
}

/// When a producer builds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MiningMode {
    /// At once for a transaction or a new tenure.
    Auto,
    /// At the end of an interval.
    Interval,
    /// For the reasons of `Auto` and of `Interval`.
    Mixed,
    /// Only when an admin requests a block.
    Manual,
}

/// When to make blocks, as set by the node's admin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Mining {
    /// When a producer builds.
    pub mode: MiningMode,
    /// Time from the beginning of a block to that of an empty one after it; `None` = this producer's own setting.
    pub interval_ms: Option<Millis>,
    /// Whether an admin has requested a block, whatever the mode.
    pub wanted: bool,
}

/// A block with its producer's signature: the only one for its tenure and height.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SignedBlock {
    /// The hash that the stackers sign.
    pub block_hash: BlockHash,
    /// Id of the block once it is in the chain.
    pub block_id: StacksBlockId,
    /// Id of the block that it builds on.
    pub parent: StacksBlockId,
    /// Burn block of its tenure.
    pub burn_view: BurnBlockHash,
    /// Its height in the Stacks chain.
    pub chain_length: u64,
    /// Encoded block without stacker signatures.
    pub bytes: Vec<u8>,
}

/// A signed block with the stackers that decide on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Candidate {
    /// The block as its producer signed it.
    pub block: Arc<SignedBlock>,
    /// The stacker set at its burn view.
    pub stackers: StackerSet,
}

/// A view, the blocks that this producer has signed, and the proposals of others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ProducerContext {
    /// State of the node.
    pub view: View,
    /// Blocks signed earlier that can still follow the tip: their parent is the tip, and their burn view is the burn
    /// tip or an ancestor of it. Oldest burn view first.
    pub unfinished: Vec<Candidate>,
    /// Proposals of other producers that can still follow the tip, in the order of their proposal. Anybody can finish
    /// one once enough stackers have signed.
    pub others: Vec<Candidate>,
    /// Whether this producer signed a block for the next height of the burn tip's tenure, whatever its parent.
    pub signed_here: bool,
}

/// The transaction that the node is executing for a template.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Executing {
    /// Id of the transaction.
    pub txid: Txid,
    /// How long it has run so far.
    pub time_ms: Millis,
}

/// A block to sign, as the node assembled it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Template {
    /// Encoded block without VRF proof and signatures.
    pub bytes: Vec<u8>,
    /// Id of the block that it builds on.
    pub parent: StacksBlockId,
    /// Burn block of its tenure.
    pub burn_view: BurnBlockHash,
    /// Input of its VRF proof.
    pub sortition_hash: SortitionHash,
    /// Whether it is the first of its tenure, and so has a coinbase.
    pub new_tenure: bool,
    /// Number of its transactions, the coinbase among them.
    pub transactions: usize,
}

/// A signer's answer to a proposal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum BlockResponse {
    /// The signer signed.
    Accept {
        block_hash: BlockHash,
        /// Signature over that hash.
        signature: MessageSignature,
    },
    /// The signer refused.
    Reject {
        block_hash: BlockHash,
        /// Reason code: a `RejectReason` of the proto.
        code: u32,
        /// Reason for people.
        text: String,
    },
}
