//! Questions about the burn chain (docs/CONSENSUS.md#burn-chain).

use super::block::{BurnBlock, BurnBlockInfo};
use super::error::{BurnLookupError, BurnOpenError};
use super::producers::{select_elected, select_producers};
use super::rows::{self, Link};
use super::rules::select_rules;
use super::schema::SCHEMA;
use super::stackers::{StackerSet, select_stackers};
use crate::db::{StoreError, to_integer};
use crate::params::{BurnParams, Producer};
use rusqlite::Connection;
use stacks_types::ids::{BurnBlockHash, ConsensusHash};
use std::path::Path;

/// A connection that answers questions about the burn chain and cannot change it.
#[derive(Debug)]
pub struct ProcessedBurnDb {
    pub(super) conn: Connection,
    pub(super) rules: BurnParams,
}

impl ProcessedBurnDb {
    /// Opens the burn database that a [`super::BurnDbWriter`] has made at `path`.
    ///
    /// # Errors
    /// When there is no such file, or it is not a burn database, or it is empty or damaged.
    pub(crate) fn open(path: &Path) -> Result<Self, BurnOpenError> {
        let conn = sqlite::open_reader(path)?;
        SCHEMA.check(&conn)?;
        let rules = select_rules(&conn)?.ok_or_else(|| StoreError::impossible("burn_rules.id"))?;
        Ok(Self { conn, rules })
    }

    /// The rules that the chain was made with.
    #[must_use]
    pub(crate) const fn rules(&self) -> &BurnParams {
        &self.rules
    }

    /// The canonical burn block: the greatest height; of several, the one seen first. None only in a file without
    /// blocks.
    ///
    /// # Errors
    /// When the database fails.
    pub(crate) fn get_canonical_burn_block(&self) -> Result<Option<BurnBlock>, BurnLookupError> {
        Ok(rows::select_canonical(&self.conn)?)
    }

    /// The answer of [`Self::get_canonical_burn_block`] when the `seen`th block was the newest. Never changes.
    ///
    /// # Errors
    /// When the database fails.
    pub(crate) fn canonical_as_of(&self, seen: u64) -> Result<Option<BurnBlock>, BurnLookupError> {
        Ok(rows::select_canonical_as_of(&self.conn, seen)?)
    }

    /// Height of the canonical burn block; of the first block in a file without any.
    ///
    /// # Errors
    /// When the database fails.
    pub(crate) fn canonical_height(&self) -> Result<u64, StoreError> {
        Ok(rows::select_canonical(&self.conn)?.map_or(self.rules.first_height, |block| block.height))
    }

    /// The block with this hash.
    ///
    /// # Errors
    /// [`BurnLookupError::UnknownBurnBlock`], or when the database fails.
    pub(crate) fn get_burn_block(&self, hash: &BurnBlockHash) -> Result<BurnBlock, BurnLookupError> {
        rows::select_by_hash(&self.conn, hash)?.ok_or(BurnLookupError::UnknownBurnBlock(*hash))
    }

    /// Whether a block with this hash is known.
    ///
    /// # Errors
    /// When the database fails.
    pub fn is_known(&self, hash: &BurnBlockHash) -> Result<bool, BurnLookupError> {
        Ok(rows::select_link(&self.conn, hash)?.is_some())
    }

    /// The block with this consensus hash.
    ///
    /// # Errors
    /// [`BurnLookupError::UnknownConsensusHash`], or when the database fails.
    pub(crate) fn get_burn_block_by_consensus_hash(&self, hash: &ConsensusHash) -> Result<BurnBlock, BurnLookupError> {
        let block = rows::select_by_consensus_hash(&self.conn, hash)?;
        block.ok_or(BurnLookupError::UnknownConsensusHash(*hash))
    }

    /// The block at `height` on the fork that ends in `fork_tip`, in O(log n); none above the tip or below the chain.
    ///
    /// # Errors
    /// [`BurnLookupError::UnknownBurnBlock`] for the tip, or when the database fails.
    pub(crate) fn get_burn_block_at_height(
        &self,
        height: u64,
        fork_tip: &BurnBlockHash,
    ) -> Result<Option<BurnBlock>, BurnLookupError> {
        let tip = self.link(fork_tip)?;
        match rows::ancestor_at(&self.conn, tip, height)? {
            Some(link) => Ok(Some(rows::select_by_seen(&self.conn, link.seen)?)),
            None => Ok(None),
        }
    }

    /// Whether the two are equal or the first is an ancestor of the second, in O(log n).
    ///
    /// # Errors
    /// [`BurnLookupError::UnknownBurnBlock`] for either, or when the database fails.
    pub fn is_ancestor_of(&self, ancestor: &BurnBlockHash, other: &BurnBlockHash) -> Result<bool, BurnLookupError> {
        let ancestor = self.link(ancestor)?;
        let other = self.link(other)?;
        let at = rows::ancestor_at(&self.conn, other, ancestor.height)?;
        Ok(at.is_some_and(|at| at.seen == ancestor.seen))
    }

    /// Up to `limit` blocks that were seen after the `seen`th, on all forks, in the order seen. With 0 the first block
    /// comes first.
    ///
    /// Lets a follower that was away find what it missed.
    ///
    /// # Errors
    /// When the database fails.
    pub(crate) fn burn_blocks_after(&self, seen: u64, limit: u32) -> Result<Vec<BurnBlock>, BurnLookupError> {
        Ok(rows::select_after(&self.conn, seen, limit)?)
    }

    /// The producers of the reward cycle that `at` is in, in the order of their rotation.
    ///
    /// # Errors
    /// [`BurnLookupError::UnknownBurnBlock`], or when the database fails.
    pub(crate) fn get_producer_set(&self, at: &BurnBlockHash) -> Result<Vec<Producer>, BurnLookupError> {
        let cycle = self.cycle_of(self.link(at)?.height);
        Ok(self.producers_of_cycle(cycle)?)
    }

    /// The producers of a reward cycle, begun or not.
    ///
    /// # Errors
    /// When the database fails.
    pub(crate) fn producers_of_cycle(&self, cycle: u64) -> Result<Vec<Producer>, StoreError> {
        select_producers(&self.conn, to_integer("reward cycle", cycle)?)
    }

    /// The producer elected at `at`: the set of its cycle rotates by burn height. A set that is in force from the first
    /// block on starts with its first member.
    ///
    /// # Errors
    /// [`BurnLookupError::UnknownBurnBlock`], or when the database fails.
    pub fn elected_producer(&self, at: &BurnBlockHash) -> Result<Producer, BurnLookupError> {
        let height = self.link(at)?.height;
        let turn = to_integer("burn height", height.saturating_sub(self.rules.first_height))?;
        let elected = select_elected(&self.conn, to_integer("reward cycle", self.cycle_of(height))?, turn)?;
        Ok(elected.ok_or_else(|| StoreError::impossible("producers.position"))?)
    }

    /// A known block with its reward cycle and elected producer.
    ///
    /// # Errors
    /// [`BurnLookupError::UnknownBurnBlock`], or when the database fails.
    pub fn describe(&self, block: &BurnBlock) -> Result<BurnBlockInfo, BurnLookupError> {
        Ok(BurnBlockInfo {
            block: block.clone(),
            reward_cycle: self.cycle_of(block.height),
            elected_producer: self.elected_producer(&block.hash)?.address,
        })
    }

    /// The stackers of the reward cycle that `at` is in.
    ///
    /// # Errors
    /// [`BurnLookupError::UnknownBurnBlock`], or when the database fails.
    pub fn get_stacker_set(&self, at: &BurnBlockHash) -> Result<StackerSet, BurnLookupError> {
        let cycle = self.cycle_of(self.link(at)?.height);
        Ok(self.stackers_of_cycle(cycle)?)
    }

    /// The stackers of a reward cycle, begun or not.
    ///
    /// # Errors
    /// When the database fails.
    pub fn stackers_of_cycle(&self, cycle: u64) -> Result<StackerSet, StoreError> {
        let stackers = select_stackers(&self.conn, to_integer("reward cycle", cycle)?)?;
        Ok(StackerSet { cycle, stackers })
    }

    /// The reward cycle of a burn height, from 0; heights below the first block count to cycle 0.
    #[must_use]
    pub(crate) fn cycle_of(&self, height: u64) -> u64 {
        let since_first = height.saturating_sub(self.rules.first_height);
        since_first.checked_div(self.rules.reward_cycle_length).unwrap_or(0)
    }

    fn link(&self, hash: &BurnBlockHash) -> Result<Link, BurnLookupError> {
        rows::select_link(&self.conn, hash)?.ok_or(BurnLookupError::UnknownBurnBlock(*hash))
    }
}
