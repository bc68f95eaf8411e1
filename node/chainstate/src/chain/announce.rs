//! Tells the journal what the burn and staging databases hold that it has not heard of.
//!
//! Those two are files of their own, so that mining a burn block or storing a block never waits for block processing.
//! The journal remembers how far it has read them. The normal path and recovery after a crash are therefore the same.

use nakamoto_proto::ids::StacksBlockId;
use nakamoto_proto::v1;

use super::meta::update_announced;
use super::{Chain, ChainReader, lock, wire};
use crate::blocks::decode_block;
use crate::burn::BurnBlock;
use crate::db::{StoreError, WriteTx};
use crate::staging::StagedBlock;

/// Most rows of each database that one transaction announces: bounds how long other writes wait for it.
const ROWS_MAX: u32 = 256;

impl Chain {
    /// Announces new burn blocks and stored blocks, marks what has become processable, and follows the canonical tip.
    /// Returns whether there was anything; call again until there is not.
    ///
    /// # Errors
    /// [`StoreError`]; nothing was announced, call again.
    pub fn announce(&self) -> Result<bool, StoreError> {
        let reader = self.take_reader()?;
        let meta = reader.meta()?;
        // Stored blocks first: a burn block that one of them cites was mined before, so it is in the next list.
        let staged = reader.staging().blocks_after(meta.announced_staging_row, ROWS_MAX)?;
        let burn_blocks = reader.burn().burn_blocks_after(meta.announced_burn_row, ROWS_MAX)?;
        if staged.is_empty() && burn_blocks.is_empty() {
            self.put_back(reader);
            return Ok(false);
        }
        self.mark_attachable(&reader, &staged, &burn_blocks)?;
        let burn_row = burn_blocks.last().map_or(meta.announced_burn_row, |block| block.seen);
        let staging_row = staged.last().map_or(meta.announced_staging_row, |block| block.row);
        let chain = self.clone();
        let reader = self.inner.store.write_all(move |tx| {
            announce_burn_blocks(tx, &reader, &burn_blocks)?;
            for block in &staged {
                announce_stored(tx, block)?;
            }
            update_announced(tx.sql(), burn_row, staging_row)?;
            if !burn_blocks.is_empty() {
                let tip = reader.burn_tip()?;
                chain.configure_stackerdbs(tx, &tip.hash)?;
                chain.follow_tip(tx, &reader, None)?;
                chain.collect_mempool_garbage(tx)?;
            }
            Ok(reader)
        })?;
        self.put_back(reader);
        Ok(true)
    }

    fn mark_attachable(
        &self,
        reader: &ChainReader,
        staged: &[StagedBlock],
        burn_blocks: &[BurnBlock],
    ) -> Result<(), StoreError> {
        for block in burn_blocks {
            lock(&self.inner.staging).set_burn_attachable(&block.hash)?;
        }
        for block in staged {
            // The parent or the burn view may have arrived between the block's check and its row.
            if !block.burn_attachable && reader.burn().is_known(&block.burn_block_hash)? {
                lock(&self.inner.staging).set_burn_attachable(&block.burn_block_hash)?;
            }
            if !block.stacks_attachable && reader.header(&block.parent_block_id)?.is_some() {
                lock(&self.inner.staging).set_stacks_attachable(&block.parent_block_id)?;
            }
        }
        Ok(())
    }
}

fn announce_burn_blocks(
    tx: &mut WriteTx<'_>,
    reader: &ChainReader,
    burn_blocks: &[BurnBlock],
) -> Result<(), StoreError> {
    let tip = reader.burn_tip()?;
    for block in burn_blocks {
        let body = v1::BurnBlockEvent {
            burn_block: Some(wire::burn_block(reader.burn(), block)?),
            is_canonical_tip: block.hash == tip.hash,
        };
        tx.emit(v1::EventKind::BurnBlock, v1::event::Body::BurnBlock(body), None)?;
    }
    Ok(())
}

fn announce_stored(tx: &mut WriteTx<'_>, staged: &StagedBlock) -> Result<(), StoreError> {
    let block = decode_block(&staged.data)
        .map_err(|error| StoreError::Corrupt(format!("stored block {}: {error}", staged.block_id)))?;
    let parent: StacksBlockId = block.header.parent_block_id;
    let body = v1::BlockStored { block: Some(wire::header_ref(&block.header)), parent_block_id: wire::id(&parent) };
    tx.emit(v1::EventKind::BlockStored, v1::event::Body::BlockStored(body), None)?;
    Ok(())
}
