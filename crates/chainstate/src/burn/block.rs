//! A burn block, and the mock rules that make one from its parent. Pure: no database.

use crate::params::BurnParams;
use sha2::{Digest, Sha256};
use stacks_types::address::StacksAddress;
use stacks_types::ids::{BurnBlockHash, ConsensusHash, SortitionHash};

/// Part of every mock hash, so that none can be a hash of something else.
const HASH_TAG: &[u8] = b"mockamoto burn block";

/// The parent that the first burn block names; no block has this hash.
pub(super) const NO_PARENT: BurnBlockHash = BurnBlockHash([0; 32]);

/// A processed bitcoin block and its election (docs/CONSENSUS.md#burn-chain).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BurnBlock {
    /// SHA256(SHA256(tag ‖ parent hash ‖ height u64 BE ‖ salt u64 BE)), 32 bytes.
    pub hash: BurnBlockHash,
    /// Hash of its parent; zeros for the first block.
    pub parent: BurnBlockHash,
    /// The parent's height and one.
    pub height: u64,
    /// Seconds since 1970; never before its parent's.
    pub time_s: u64,
    /// SHA256(parent's sortition hash ‖ hash), 32 bytes; the first block's parent has zeros.
    pub sortition_hash: SortitionHash,
    /// RIPEMD160(SHA256(hash)), 20 bytes.
    pub consensus_hash: ConsensusHash,
    /// What this block's election cost, in satoshis (this block's alone, not the fork's sum).
    pub satoshis_spent: u64,
    /// Which child of its parent it is, from 0: what makes siblings differ. The same blocks mined in the same order
    /// have the same hashes on every node.
    pub salt: u64,
    /// Place in the order in which this node saw burn blocks, from 1. Local: not a part of the block.
    pub seen: u64,
}

/// A burn block with its reward cycle and elected producer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BurnBlockInfo {
    /// The block.
    pub block: BurnBlock,
    /// The reward cycle that it is in.
    pub reward_cycle: u64,
    /// The producer that was elected at it.
    pub elected_producer: StacksAddress,
}

/// The first block of a chain with these rules.
pub(super) fn first_block(params: &BurnParams) -> BurnBlock {
    let hash = hash_of(&NO_PARENT, params.first_height, 0);
    BurnBlock {
        hash,
        parent: NO_PARENT,
        height: params.first_height,
        time_s: params.first_time_s,
        sortition_hash: next_sortition_hash(&SortitionHash([0; 32]), &hash),
        consensus_hash: ConsensusHash::of_burn_block(&hash),
        satoshis_spent: params.satoshis_per_block,
        salt: 0,
        seen: 1,
    }
}

/// The child of `parent` at `height` that has `salt` older siblings and is the `seen`th block of this node.
pub(super) fn child_block(parent: &BurnBlock, height: u64, place: ChildPlace, params: &BurnParams) -> BurnBlock {
    let hash = hash_of(&parent.hash, height, place.salt);
    BurnBlock {
        hash,
        parent: parent.hash,
        height,
        time_s: place.time_s.max(parent.time_s),
        sortition_hash: next_sortition_hash(&parent.sortition_hash, &hash),
        consensus_hash: ConsensusHash::of_burn_block(&hash),
        satoshis_spent: params.satoshis_per_block,
        salt: place.salt,
        seen: place.seen,
    }
}

/// What a new block does not take from its parent.
#[derive(Debug, Clone, Copy)]
pub(super) struct ChildPlace {
    /// Number of older siblings.
    pub(super) salt: u64,
    /// Its number in the order in which this node saw burn blocks.
    pub(super) seen: u64,
    /// The clock's time in seconds since 1970.
    pub(super) time_s: u64,
}

fn hash_of(parent: &BurnBlockHash, height: u64, salt: u64) -> BurnBlockHash {
    let mut inner = Sha256::new();
    inner.update(HASH_TAG);
    inner.update(parent.0);
    inner.update(height.to_be_bytes());
    inner.update(salt.to_be_bytes());
    BurnBlockHash(Sha256::digest(inner.finalize()).into())
}

fn next_sortition_hash(parent: &SortitionHash, hash: &BurnBlockHash) -> SortitionHash {
    let mut hasher = Sha256::new();
    hasher.update(parent.0);
    hasher.update(hash.0);
    SortitionHash(hasher.finalize().into())
}
