//! A staged block as its callers see it.

use crate::rejection::Rejection;
use stacks_types::ids::{BurnBlockHash, StacksBlockId};

/// A block to be stored. The caller has done the checks that need no execution.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NewBlock<'a> {
    /// The block's id.
    pub block_id: StacksBlockId,
    /// Its parent's id.
    pub parent_block_id: StacksBlockId,
    /// Its burn view.
    pub burn_block_hash: BurnBlockHash,
    /// Its `chain_length`.
    pub chain_length: u64,
    /// Whether its burn view is known to this node.
    pub burn_attachable: bool,
    /// Whether chain state has its parent. A parent that staging knows to be processed counts too, so that one is not
    /// missed if it is processed between the caller's check and the store.
    pub stacks_attachable: bool,
    /// The encoded block, at most 2 MiB (docs/CONSENSUS.md#blocks).
    pub data: &'a [u8],
}

/// The state of a staged block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StagingState {
    /// It waits to be processed.
    Stored,
    /// It is part of chain state.
    Processed,
    /// It can never be processed.
    Orphaned {
        /// The broken rule, with at most [`super::writer::MAX_ORPHAN_DETAIL_BYTES`] of text.
        rejection: Rejection,
        /// The ancestor that broke the rule, when it was not the block itself.
        ancestor: Option<StacksBlockId>,
    },
}

/// A stored block with its state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StagedBlock {
    /// Place in the order of arrival, from 1; numbers of deleted blocks are not used again.
    pub row: u64,
    /// The block's id.
    pub block_id: StacksBlockId,
    /// Its parent's id.
    pub parent_block_id: StacksBlockId,
    /// Its burn view.
    pub burn_block_hash: BurnBlockHash,
    /// Its `chain_length`.
    pub chain_length: u64,
    /// Whether its burn view is known.
    pub burn_attachable: bool,
    /// Whether its parent is processed.
    pub stacks_attachable: bool,
    /// Its state.
    pub state: StagingState,
    /// The encoded block. Empty for an orphan whose bytes were dropped.
    pub data: Vec<u8>,
}
