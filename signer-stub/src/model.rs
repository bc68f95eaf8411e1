//! The signer's knowledge as its decisions use it.
//!
//! # Not here
//! Deciding: `decide`.

use nakamoto_proto::v1::RejectReason;
use stacks_types::block::{BlockDecodeError, NakamotoStacksBlock};
use stacks_types::ids::{BlockHash, BurnBlockHash, Hash160, StacksBlockId};

/// Milliseconds on the process's monotonic clock.
pub(crate) type Millis = u64;

/// Facts of the chain; they do not change.
#[derive(Debug, Clone)]
pub(crate) struct Chain {
    /// Id of the contract whose slots hold proposals.
    pub producers_db: String,
    /// Id of the contract whose slots hold the signers' answers.
    pub signers_db: String,
}

/// The canonical tips at one place of the journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Tips {
    /// Id of the canonical Stacks tip.
    pub tip: StacksBlockId,
    /// Chain length of the canonical tip.
    pub chain_length: u64,
    /// Hash of the canonical burn tip.
    pub burn_tip: BurnBlockHash,
    /// Account hash of the producer elected at the burn tip.
    pub elected: Hash160,
}

/// A proposal, decoded as far as it can be judged without the chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Proposal {
    /// The producer's slot that holds it.
    pub slot_id: u32,
    /// Account hash of the key that signed the chunk; `None` when no key can be recovered.
    pub put_by: Option<Hash160>,
    /// Hash that signers sign.
    pub block_hash: BlockHash,
    /// Id of the block that it builds on.
    pub parent: StacksBlockId,
    /// Burn block of its tenure.
    pub burn_view: BurnBlockHash,
    /// Its height in the Stacks chain.
    pub chain_length: u64,
    /// Account hash of the key that signed as producer; `None` when no key can be recovered.
    pub producer: Option<Hash160>,
    /// The encoded block, without stacker signatures.
    pub bytes: Vec<u8>,
}

impl Proposal {
    /// Decodes a proposed block.
    ///
    /// # Errors
    /// [`BlockDecodeError`] when the bytes do not decode as a block.
    pub(crate) fn decode(slot_id: u32, put_by: Option<Hash160>, bytes: Vec<u8>) -> Result<Self, BlockDecodeError> {
        let header = NakamotoStacksBlock::decode(&bytes)?.header;
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
pub(crate) struct Refusal {
    /// Below 1000: a `RejectReason` of the gRPC contract, as validation gave it. From 1000: this signer's own, below.
    pub code: u32,
    /// Text for people, with the values that decided.
    pub text: String,
}

impl Refusal {
    /// The parent is not the canonical tip.
    pub(crate) const STALE_PARENT: u32 = 1001;
    /// The burn view is not the canonical burn tip, and the producer elected there has not put the proposal into its
    /// own slot; or the burn view is on an abandoned bitcoin fork.
    pub(crate) const STALE_BURN_VIEW: u32 = 1002;
    /// Another block with the same parent was signed on this bitcoin fork.
    pub(crate) const CONFLICTS: u32 = 1003;
    /// The chain length is not the tip's plus one.
    pub(crate) const BAD_CHAIN_LENGTH: u32 = RejectReason::BadChainLength as u32;
    /// The producer's signature is not by the producer elected at the burn view.
    pub(crate) const BAD_PRODUCER: u32 = RejectReason::BadProducer as u32;

    /// Makes a refusal from its two parts.
    #[must_use]
    pub(crate) const fn new(code: u32, text: String) -> Self {
        Self { code, text }
    }
}

/// How a validation ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The node found the block with this hash valid.
    Valid(BlockHash),
    /// The block breaks a rule; the node's reason.
    Invalid(Refusal),
    /// The node has no verdict, for example after a restart: request it again.
    NoVerdict,
    /// No signer here is a stacker at the proposal's burn view: its signature would not count.
    NotAsked,
}
