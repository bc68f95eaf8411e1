//! What the signer knows, in the words of its decisions.
//!
//! # Not here
//! Deciding: `decide`.

use stacks_types::block::{BlockDecodeError, NakamotoBlock};
use stacks_types::ids::{BlockHash, BurnBlockHash, Hash160, StacksBlockId};

/// Milliseconds on the process's monotonic clock.
pub type Millis = u64;

/// The canonical tips at one place of the journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tips {
    /// Canonical Stacks tip.
    pub tip: StacksBlockId,
    /// Chain length of the canonical tip.
    pub chain_length: u64,
    /// Canonical burn tip.
    pub burn_tip: BurnBlockHash,
    /// Account hash of the producer elected there.
    pub elected: Hash160,
}

/// A proposal, decoded as far as it can be judged without the chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposal {
    /// The producer's slot in which it stands.
    pub slot_id: u32,
    /// Account hash of who put it there; `None` when no key recovers.
    pub put_by: Option<Hash160>,
    /// What is signed.
    pub block_hash: BlockHash,
    /// The parent it builds on.
    pub parent: StacksBlockId,
    /// The burn block that the block witnesses.
    pub burn_view: BurnBlockHash,
    /// Its place in the chain.
    pub chain_length: u64,
    /// Account hash of the key that signed as producer; `None` when no key recovers.
    pub producer: Option<Hash160>,
    /// The encoded block.
    pub bytes: Vec<u8>,
}

impl Proposal {
    /// Reads a proposed block.
    ///
    /// # Errors
    /// [`BlockDecodeError`] when the bytes are no block.
    pub fn decode(slot_id: u32, put_by: Option<Hash160>, bytes: Vec<u8>) -> Result<Self, BlockDecodeError> {
        let header = NakamotoBlock::decode(&bytes)?.header;
        Ok(Self {
            slot_id,
            put_by,
            block_hash: header.block_hash(),
            parent: header.parent_block_id,
            burn_view: header.bitcoin_block_hash,
            chain_length: header.chain_length,
            producer: header.recover_producer().ok().map(|key| key.hash160()),
            bytes,
        })
    }
}

/// Why a proposal is not signed: a code for programs and a text for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Below 1000: a `RejectReason` of the gRPC contract, as validation gave it. From 1000: this signer's own, below.
    pub code: u32,
    /// The values behind it.
    pub text: String,
}

impl Refusal {
    /// The parent is not the canonical tip.
    pub const STALE_PARENT: u32 = 1001;
    /// The burn view is not the canonical burn tip, and the producer elected there has not put the proposal; or it is on an
    /// abandoned bitcoin fork.
    pub const STALE_BURN_VIEW: u32 = 1002;
    /// Another block with the same parent was signed on this bitcoin fork.
    pub const CONFLICTS: u32 = 1003;
    /// The chain length is not the tip's plus one.
    pub const BAD_CHAIN_LENGTH: u32 = 5;
    /// The producer's signature is not by the producer elected at the burn view.
    pub const BAD_PRODUCER: u32 = 10;

    /// A refusal.
    #[must_use]
    pub const fn new(code: u32, text: String) -> Self {
        Self { code, text }
    }
}

/// How a validation ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The node found the block with this hash valid.
    Valid(BlockHash),
    /// It breaks a rule.
    Invalid(Refusal),
    /// There is no verdict; ask again.
    NoVerdict,
    /// This signer is no stacker at the proposal's burn view: its signature would not count.
    NotAsked,
}
