//! Follows the canonical tip: finds it, announces how it moved, and lets the mempool follow.
//!
//! # Invariants
//! - The tip in `meta` is the canonical Stacks block as of the burn tip that the journal has announced.
//! - The work is bounded by the depth of the reorganization, not by the length of the chain.

use nakamoto_proto::v1;
use rusqlite::Connection;
use stacks_types::ids::StacksBlockId;
use stacks_types::transaction::BlockTransaction;

use crate::burn::BurnBlock;
use crate::chain::chain_meta::{select_meta, update_tip};
use crate::chain::{ChainReader, NakamotoChainState};
use crate::db::StoreError;
use crate::headers::{ProcessedHeader, highest_witness, select_header};
use crate::store::WriteTx;
use crate::wire;

/// Most blocks that each list of a tip-changed event names; of a deeper reorganization, those nearest the tips.
const EVENT_BLOCKS_MAX: usize = 4096;

/// What may move the tip.
pub(in crate::chain) enum TipCause<'a> {
    /// This transaction commits a block with these transactions.
    Appended(&'a ProcessedHeader, &'a [BlockTransaction]),
    /// This transaction announces a new canonical burn tip.
    BurnTip {
        /// The burn tip before.
        old: &'a BurnBlock,
        new: &'a BurnBlock,
    },
}

/// How the canonical tip moved.
pub(in crate::chain) struct TipMove {
    old: ProcessedHeader,
    pub(in crate::chain) new: ProcessedHeader,
    common: ProcessedHeader,
    /// Newest first.
    pub(in crate::chain) rolled_back: Vec<ProcessedHeader>,
    /// Oldest first.
    pub(in crate::chain) applied: Vec<ProcessedHeader>,
}

impl NakamotoChainState {
    /// Finds the canonical tip in the transaction's view; if it moved, announces that and lets the mempool follow.
    /// Returns the tip.
    pub(in crate::chain) fn follow_tip(
        &self,
        tx: &mut WriteTx<'_>,
        reader: &ChainReader,
        cause: &TipCause<'_>,
    ) -> Result<ProcessedHeader, StoreError> {
        let conn: &Connection = tx.sql();
        let meta = select_meta(conn)?.ok_or_else(|| StoreError::Corrupt("no genesis".to_owned()))?;
        let tip = header(conn, &meta.tip)?;
        let new = match cause {
            TipCause::Appended(block, _) => {
                let burn_tip = reader.burn_tip_as_of(meta.announced_burn_row)?;
                tip_after_append(reader, &tip, block, &burn_tip)?
            }
            TipCause::BurnTip { old, new } => tip_after_burn_tip(conn, reader, &tip, old, new)?,
        };
        if new == tip.block_id {
            return Ok(tip);
        }
        debug_assert!(
            tx.is_alone(),
            "later jobs would read the state of the old tip, and large blocks would take seconds"
        );
        let moved = tip_move(conn, tip, &new)?;
        update_tip(tx.sql(), &new)?;
        tx.emit(v1::EventKind::TipChanged, v1::event::Body::TipChanged(tip_event(&moved)), None)?;
        self.mempool_follows(tx, reader, &moved, cause)?;
        Ok(moved.new)
    }
}

impl TipCause<'_> {
    /// The transactions of a processed block, which is kept in staging, or of the one that is being committed.
    pub(in crate::chain) fn transactions_of(
        &self,
        reader: &ChainReader,
        block_id: &StacksBlockId,
    ) -> Result<Vec<BlockTransaction>, StoreError> {
        match self {
            Self::Appended(block, transactions) if block.block_id == *block_id => Ok(transactions.to_vec()),
            Self::Appended(..) | Self::BurnTip { .. } => stored_transactions(reader, block_id),
        }
    }

    /// Whether this transaction commits the block: then its state is not published yet.
    pub(in crate::chain) fn commits(&self, block_id: &StacksBlockId) -> bool {
        matches!(self, Self::Appended(block, _) if block.block_id == *block_id)
    }
}

/// The burn tip is unchanged, so the tip moves only to a block of its fork, which then extends it: see `headers::tip`.
fn tip_after_append(
    reader: &ChainReader,
    tip: &ProcessedHeader,
    block: &ProcessedHeader,
    burn_tip: &BurnBlock,
) -> Result<StacksBlockId, StoreError> {
    let higher = (block.burn_height, block.chain_length) > (tip.burn_height, tip.chain_length);
    let moves = higher && reader.burn().is_ancestor_of(&block.burn_view, &burn_tip.hash)?;
    Ok(if moves { block.block_id } else { tip.block_id })
}

/// If the new burn tip extends the old one, only blocks that witnessed the new burn blocks can be added; otherwise the
/// whole rule applies.
fn tip_after_burn_tip(
    conn: &Connection,
    reader: &ChainReader,
    tip: &ProcessedHeader,
    old: &BurnBlock,
    new: &BurnBlock,
) -> Result<StacksBlockId, StoreError> {
    if reader.burn().is_ancestor_of(&old.hash, &new.hash)? {
        let above = highest_witness(conn, reader.burn(), new, old.height.saturating_add(1))?;
        return Ok(above.unwrap_or(tip.block_id));
    }
    Ok(highest_witness(conn, reader.burn(), new, 0)?.unwrap_or(StacksBlockId::BOOT))
}

fn header(conn: &Connection, id: &StacksBlockId) -> Result<ProcessedHeader, StoreError> {
    select_header(conn, id)?.ok_or_else(|| StoreError::Corrupt(format!("block {id} has no header")))
}

/// Walks from both tips to their common ancestor: as many steps as the reorganization is deep; the event lists these
/// blocks anyway.
fn tip_move(conn: &Connection, old: ProcessedHeader, new: &StacksBlockId) -> Result<TipMove, StoreError> {
    let new = header(conn, new)?;
    let (mut left, mut right) = (old.clone(), new.clone());
    let (mut rolled_back, mut applied) = (Vec::new(), Vec::new());
    while left.block_id != right.block_id {
        if left.chain_length >= right.chain_length {
            let parent = header(conn, &left.parent_block_id)?;
            rolled_back.push(std::mem::replace(&mut left, parent));
        } else {
            let parent = header(conn, &right.parent_block_id)?;
            applied.push(std::mem::replace(&mut right, parent));
        }
    }
    applied.reverse();
    Ok(TipMove { old, new, common: left, rolled_back, applied })
}

/// The blocks between a processed block and a tip, oldest first, without the common ones.
pub(in crate::chain) fn blocks_between(
    conn: &Connection,
    old: &StacksBlockId,
    tip: &StacksBlockId,
) -> Result<Vec<StacksBlockId>, StoreError> {
    let moved = tip_move(conn, header(conn, old)?, tip)?;
    Ok(moved.applied.iter().map(|block| block.block_id).collect())
}

fn tip_event(moved: &TipMove) -> v1::TipChanged {
    let skip = moved.applied.len().saturating_sub(EVENT_BLOCKS_MAX);
    v1::TipChanged {
        old_tip: Some(wire::block_ref(&moved.old)),
        new_tip: Some(wire::block_ref(&moved.new)),
        common_ancestor: Some(wire::block_ref(&moved.common)),
        rolled_back: moved.rolled_back.iter().take(EVENT_BLOCKS_MAX).map(wire::block_ref).collect(),
        applied: moved.applied.iter().skip(skip).map(wire::block_ref).collect(),
    }
}

fn stored_transactions(reader: &ChainReader, block_id: &StacksBlockId) -> Result<Vec<BlockTransaction>, StoreError> {
    if *block_id == StacksBlockId::BOOT {
        return Ok(Vec::new());
    }
    reader.staging().transactions_of(block_id)
}

#[cfg(test)]
mod tests {
    use stacks_types::ids::{BurnBlockHash, StateRoot};

    use super::*;

    fn block(chain_length: u64) -> ProcessedHeader {
        let boot = ProcessedHeader::boot(StateRoot([0; 32]), BurnBlockHash([0; 32]), 0, 0);
        ProcessedHeader { block_id: StacksBlockId([1; 32]), chain_length, ..boot }
    }

    #[test]
    fn of_a_reorganization_that_is_too_deep_the_blocks_next_to_the_tips_are_named() {
        let most = EVENT_BLOCKS_MAX as u64;
        for depth in [most, most + 1, 3 * most] {
            let moved = TipMove {
                old: block(depth),
                new: block(depth),
                common: block(0),
                rolled_back: (1..=depth).rev().map(block).collect(),
                applied: (1..=depth).map(block).collect(),
            };
            let event = tip_event(&moved);
            let lengths = |list: &[v1::BlockRef]| list.iter().map(|block| block.chain_length).collect::<Vec<_>>();
            let next_to_tip: Vec<_> = (depth - most + 1..=depth).collect();
            assert_eq!(lengths(&event.applied), next_to_tip, "oldest first");
            assert_eq!(lengths(&event.rolled_back), next_to_tip.into_iter().rev().collect::<Vec<_>>(), "newest first");
        }
    }
}
