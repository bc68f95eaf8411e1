//! Makes the boot block in a new folder, with its events.

use clarity::costs::Cost;
use nakamoto_proto::v1;
use stacks_types::ids::StacksBlockId;

use crate::burn::BurnBlock;
use crate::chain::chain_meta::{Meta, insert_meta};
use crate::chain::{NakamotoChainState, lock};
use crate::db::{OpenError, StoreError};
use crate::execution::genesis::{BootBlock, execute_boot_block};
use crate::headers::{ProcessedHeader, burn_view_of, insert_boot};
use crate::store::WriteTx;
use crate::wire;

impl NakamotoChainState {
    /// Executes and commits the boot block; announces the first burn block before it.
    pub(in crate::chain) fn make_genesis(&self, journal_id: [u8; 16]) -> Result<(), OpenError> {
        let stored = |error| OpenError::store(&self.inner.folder)(error);
        // Not `read`: its snapshot begins with a look at the tip, and there is none yet.
        let reader = self.take_reader().map_err(stored)?;
        let first = reader.burn_tip_as_of(1).map_err(stored)?;
        let headers = reader.headers(StacksBlockId::BOOT);
        let boot = execute_boot_block(reader.block_env(&headers), burn_view_of(&first))?;
        sqlite::crash_point("genesis:executed");
        let burn_event = wire::burn_block(&reader.burn().describe(&first).map_err(|error| stored(error.into()))?);
        let meta = Meta {
            journal_id,
            params: self.params().fingerprint(),
            tip: StacksBlockId::BOOT,
            announced_burn_row: first.seen,
            announced_staging_row: 0,
        };
        let chain = self.clone();
        let commit = move |tx: &mut WriteTx<'_>| chain.commit_genesis(tx, &boot, &first, burn_event, &meta);
        self.inner.store.write(commit).map_err(stored)?;
        Ok(())
    }

    fn commit_genesis(
        &self,
        tx: &mut WriteTx<'_>,
        boot: &BootBlock,
        first: &BurnBlock,
        burn_event: v1::BurnBlock,
        meta: &Meta,
    ) -> Result<(), StoreError> {
        let header = ProcessedHeader::boot(boot.executed.state_root, first.hash, first.height, first.time_s);
        let body = v1::BurnBlockEvent { burn_block: Some(burn_event.clone()), is_canonical_tip: true };
        tx.emit(v1::EventKind::BurnBlock, v1::event::Body::BurnBlock(body), None)?;
        let body = boot_event(boot, &header, burn_event)?;
        let event =
            tx.emit(v1::EventKind::BlockProcessed, v1::event::Body::BlockProcessed(body), Some(&header.block_id.0))?;
        let pending = self.inner.marf.commit(tx.sql(), &boot.executed.trie, marf::BlockId(header.block_id.0))?;
        let index = self.inner.marf.clone();
        tx.with_commit(move || {
            let published = index.publish(pending);
            move || index.retract(published)
        });
        tx.after_commit(|| sqlite::crash_point("genesis:committed"));
        insert_boot(tx.sql(), &header, &event.encoded)?;
        boot.executed.commit_contracts(tx.sql(), &header.block_id)?;
        insert_meta(tx.sql(), meta)?;
        let burn = lock(&self.inner.burn);
        self.configure_stackerdbs(tx, &burn, first.height, first.height)
    }
}

fn boot_event(
    boot: &BootBlock,
    header: &ProcessedHeader,
    burn_view: v1::BurnBlock,
) -> Result<v1::BlockProcessed, StoreError> {
    let receipts = boot.transactions.iter().map(|boot| (&boot.receipt, boot.transaction.encode()));
    let zero = wire::cost(&Cost::default());
    Ok(v1::BlockProcessed {
        block: Some(wire::block_ref(header)),
        header: None,
        burn_view: Some(burn_view),
        new_tenure: false,
        tenure_height: 0,
        receipts: wire::receipts(receipts),
        matured_rewards: Vec::new(),
        cost: Some(zero),
        tenure_cost: Some(zero),
        size_bytes: 0,
        parent: None,
        parent_burn_view: None,
    })
}
