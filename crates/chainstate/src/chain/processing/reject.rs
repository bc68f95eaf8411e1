//! Handles a stored block that broke a rule: announces it in the journal, and keeps the verdict where that is allowed.
//!
//! Most rules judge data that a block's id commits to, so the id is refused from then on. Stackers' signatures are not
//! part of the id: a block that fails by them is forgotten, and the same block with good signatures is accepted later.
//! Otherwise anyone could get a block refused by sending it first with bad signatures.

use nakamoto_proto::v1;
use prost::bytes::Bytes;
use stacks_types::ids::StacksBlockId;

use crate::blocks::{CheckError, Rejection, check_standalone, decode_block};
use crate::burn::BurnLookupError;
use crate::chain::{ChainReader, NakamotoChainState, lock};
use crate::db::StoreError;
use crate::headers::{insert_rejected, newest_rejected};
use crate::staging::{MarkError, StagedBlock, StagingState};
use crate::wire;

impl NakamotoChainState {
    /// Rejects a stored block. Its stored descendants go with it: their parent will never be processed.
    pub(in crate::chain) fn reject(
        &self,
        reader: &ChainReader,
        staged: &StagedBlock,
        rejection: &Rejection,
    ) -> Result<(), StoreError> {
        let id = staged.block_id;
        let mut events = vec![rejected_event(staged, rejection)];
        if !rejection.holds_for_id() {
            // After a crash between the two lines the block is judged and announced once more.
            self.emit_rejected(events, None)?;
            return lock(&self.inner.staging).forget(&id);
        }
        // Before they are marked: marking deletes the bytes of many, and the events need more than their rows hold.
        self.announce_what_is_stored(reader)?;
        let announced = reader.meta()?.announced_staging_row;
        for descendant in reader.staging().stored_descendants(&id)? {
            // One after the other: all of them with their bytes can be hundreds of megabytes.
            let Some(descendant) = reader.staging().get_staging_block(&descendant)? else { continue };
            // Later descendants are rejected when they are announced.
            if descendant.row <= announced {
                events.push(rejected_event(&descendant, &Rejection::UnknownParent(descendant.parent_block_id)));
            }
        }
        self.emit_rejected(events, Some((id, rejection.clone())))?;
        sqlite::crash_point("reject:before_mark");
        match lock(&self.inner.staging).mark_orphaned(&id, rejection) {
            // A newer block may have replaced one that waited for its burn view.
            Ok(_) | Err(MarkError::UnknownBlock(_)) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Marks the block of the newest verdict, if a crash or a full disk prevented its mark. Older ones are marked, as
    /// each round of the coordinator begins with this.
    ///
    /// A descendant that came after the verdict has no event yet. If it were announced as a waiting block first, it
    /// would never get one.
    pub(in crate::chain) fn finish_verdict(&self, reader: &ChainReader) -> Result<(), StoreError> {
        let Some((id, rejection)) = newest_rejected(reader.conn())? else { return Ok(()) };
        if reader.staging().state(&id)? == Some(StagingState::Stored) {
            lock(&self.inner.staging).mark_orphaned(&id, &rejection)?;
        }
        Ok(())
    }

    fn emit_rejected(
        &self,
        events: Vec<v1::BlockRejected>,
        verdict: Option<(StacksBlockId, Rejection)>,
    ) -> Result<(), StoreError> {
        self.inner.store.write(move |tx| {
            let mut newest = 0;
            for body in events {
                let event = tx.emit(v1::EventKind::BlockRejected, v1::event::Body::BlockRejected(body), None)?;
                newest = event.sequence;
            }
            sqlite::crash_point("reject:inserted");
            tx.after_commit(|| sqlite::crash_point("reject:committed"));
            match verdict {
                Some((id, rejection)) => insert_rejected(tx.sql(), &id, &rejection, newest),
                None => Ok(()),
            }
        })
    }

    /// Releases blocks whose burn view has been announced since, after checking their signatures, which needs the view.
    /// Blocks of a view that is known but not announced wait: its event must precede theirs. Stops at the first block
    /// that fails, rejects it, and returns it with the broken rule; call again for the rest.
    pub(in crate::chain) fn attach_burn_views(
        &self,
        reader: &ChainReader,
    ) -> Result<Option<(StacksBlockId, Rejection)>, StoreError> {
        for hash in reader.staging().burn_hashes_waited_for()? {
            match reader.burn().get_burn_block(&hash) {
                Ok(burn_block) if burn_block.seen <= reader.meta()?.announced_burn_row => {}
                Ok(_) | Err(BurnLookupError::UnknownBurnBlock(_)) => continue,
                Err(error) => return Err(error.into()),
            }
            for staged in reader.staging().waiting_for_burn_block(&hash)? {
                let checked = match decode_block(&staged.data) {
                    Ok(block) => check_standalone(reader.rule_env(), &block),
                    Err(rejection) => Err(rejection.into()),
                };
                match checked {
                    Ok(_) => {}
                    Err(CheckError::Rejected(rejection)) => {
                        self.announce_before(reader, &staged)?;
                        self.reject(reader, &staged, &rejection)?;
                        return Ok(Some((staged.block_id, rejection)));
                    }
                    Err(CheckError::Store(error)) => return Err(error),
                }
            }
            lock(&self.inner.staging).set_burn_attachable(&hash)?;
        }
        Ok(None)
    }
}

/// The event of a rejected block. Without the block's bytes the block hash is empty: the row does not have it.
pub(in crate::chain) fn rejected_event(staged: &StagedBlock, rejection: &Rejection) -> v1::BlockRejected {
    let block = match decode_block(&staged.data) {
        Ok(block) => wire::header_ref(&block.header),
        Err(_) => v1::BlockRef {
            block_id: wire::id(&staged.block_id),
            block_hash: Bytes::new(),
            chain_length: staged.chain_length,
            burn_block_hash: wire::bytes(&staged.burn_block_hash.0),
        },
    };
    v1::BlockRejected { block: Some(block), rejection: Some(wire::rejection(rejection)) }
}
