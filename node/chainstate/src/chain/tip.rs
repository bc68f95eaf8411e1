//! Follows the canonical tip: says how it moved, and lets the mempool follow.

use nakamoto_proto::ids::StacksBlockId;
use nakamoto_proto::transaction::BlockTransaction;
use nakamoto_proto::v1;
use rusqlite::Connection;

use super::meta::{select_meta, update_tip};
use super::{Chain, ChainReader, wire};
use crate::blocks::decode_block;
use crate::blocks::rules::is_coinbase;
use crate::db::{StoreError, WriteTx};
use crate::headers::{ProcessedHeader, canonical_stacks_block, select_header};

/// Most blocks that each list of a tip-changed event names; of a deeper reorganization, those next to the tips.
const EVENT_BLOCKS_MAX: usize = 4096;

/// How the canonical tip moved.
struct TipMove {
    old: ProcessedHeader,
    new: ProcessedHeader,
    common: ProcessedHeader,
    /// Newest first.
    rolled_back: Vec<ProcessedHeader>,
    /// Oldest first.
    applied: Vec<ProcessedHeader>,
}

impl Chain {
    /// Looks for the canonical tip in the transaction's view; if it moved, says so and lets the mempool follow.
    /// `appended` are the transactions of a block that this transaction commits.
    pub(super) fn follow_tip(
        &self,
        tx: &mut WriteTx<'_>,
        reader: &ChainReader,
        appended: Option<(&StacksBlockId, &[BlockTransaction])>,
    ) -> Result<(), StoreError> {
        let conn: &Connection = tx.sql();
        let meta = select_meta(conn)?.ok_or_else(|| StoreError::Corrupt("no genesis".to_owned()))?;
        let new = canonical_stacks_block(conn, reader.burn())?;
        if new == meta.tip {
            return Ok(());
        }
        let moved = tip_move(conn, &meta.tip, &new)?;
        update_tip(tx.sql(), &new)?;
        tx.emit(v1::EventKind::TipChanged, v1::event::Body::TipChanged(tip_event(&moved)), None)?;
        let mut mined = Vec::new();
        for block in &moved.applied {
            match appended {
                Some((id, transactions)) if *id == block.block_id => mined.extend_from_slice(transactions),
                _ => mined.extend(transactions_of(reader, &block.block_id)?),
            }
        }
        let mut orphaned = Vec::new();
        for block in moved.rolled_back.iter().rev() {
            orphaned.extend(transactions_of(reader, &block.block_id)?.into_iter().filter(|tx| !is_coinbase(tx)));
        }
        // The newest state that readers can see: an appended block's is published with this transaction.
        let base = if appended.is_some_and(|(id, _)| *id == new) { moved.new.parent_block_id } else { new };
        self.mempool_follows(tx, &base, &mined, orphaned)
    }
}

/// Walks from both tips to where they meet. As long as the reorganization is deep, which the event lists anyway.
fn tip_move(conn: &Connection, old: &StacksBlockId, new: &StacksBlockId) -> Result<TipMove, StoreError> {
    let header = |id: &StacksBlockId| {
        select_header(conn, id)?.ok_or_else(|| StoreError::Corrupt(format!("block {id} has no header")))
    };
    let (old, new) = (header(old)?, header(new)?);
    let (mut left, mut right) = (old.clone(), new.clone());
    let (mut rolled_back, mut applied) = (Vec::new(), Vec::new());
    while left.block_id != right.block_id {
        if left.chain_length >= right.chain_length {
            let parent = header(&left.parent_block_id)?;
            rolled_back.push(std::mem::replace(&mut left, parent));
        } else {
            let parent = header(&right.parent_block_id)?;
            applied.push(std::mem::replace(&mut right, parent));
        }
    }
    applied.reverse();
    Ok(TipMove { old, new, common: left, rolled_back, applied })
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

/// The transactions of a processed block; it is kept in staging.
fn transactions_of(reader: &ChainReader, block_id: &StacksBlockId) -> Result<Vec<BlockTransaction>, StoreError> {
    if *block_id == StacksBlockId::BOOT {
        return Ok(Vec::new());
    }
    let staged = reader.staging().get_staging_block(block_id)?;
    let staged = staged.ok_or_else(|| StoreError::Corrupt(format!("processed block {block_id} is not in staging")))?;
    let block = decode_block(&staged.data);
    Ok(block.map_err(|error| StoreError::Corrupt(format!("stored block {block_id}: {error}")))?.txs)
}
